import { CountersealError } from '../errors.js';

/** Those guarantees of a statement that do not hold. */
export const broken = <G extends string>(holds: Readonly<Record<G, boolean>>): G[] =>
  (Object.keys(holds) as G[]).filter((guarantee) => !holds[guarantee]);

/** Throws `invalid_argument`, naming the first, where guarantees do not hold; `meanings` says what each is. */
export function ensureUnbroken<G extends string>(
  meanings: Readonly<Record<G, string>>,
  [first]: readonly G[],
): void {
  if (first !== undefined)
    throw new CountersealError(
      'invalid_argument',
      `there is no such proof: it would have to show that ${meanings[first]} (${first})`,
    );
}
