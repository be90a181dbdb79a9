/** How many insurers insure one person for life: one more than is usual. */
export const lifeInsurersOf = (threshold: number): number => Math.max(threshold + 1, 2);

/** How many insurers take part: three of them meet over one ship. */
export const insurersOf = (threshold: number): number => Math.max(lifeInsurersOf(threshold), 3);
