/** The documents of the customs story follow from it; those of its first set are in examples/customs. */
export const CUSTOMS_SEED = 'customs-269';
