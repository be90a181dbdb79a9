import {
  coordinates,
  multiply,
  reduceScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { identityOf, type Pair } from './register-values.js';

/** What the committee's evaluation of one identity yields, as far as a proof needs it. Secret. */
export interface ProvableEvaluation {
  /** N = k·P, P = encodeToCurve(u) with the sign that that function gives it. */
  readonly evaluated: Point;
  /** c. */
  readonly challenge: bigint;
  /** s. */
  readonly response: Scalar;
}

/** 1/8 modulo l, which is 1 modulo 8. */
const EIGHTH = reduceScalar((7n * SUBGROUP_ORDER + 1n) / 8n);

/** x, y of M = (1/8)·N, so that N = 8·M for an N of the subgroup. */
export function eighthOf(evaluated: Point): Pair<FieldElement> {
  const { x, y } = coordinates(multiply(evaluated, EIGHTH));
  return [x, y];
}

/** The identity of a document's slots under a mask. Throws `missing_field` where one of them is absent. */
export function identityOfMask(
  { slots, present }: { readonly slots: readonly FieldElement[]; readonly present: number },
  fingerprintId: FieldElement,
  mask: number,
): FieldElement {
  const absent = mask & ~present;
  if (absent !== 0)
    throw new CountersealError(
      'missing_field',
      `the document lacks slot ${31 - Math.clz32(absent & -absent)}, which one of its fingerprints needs`,
    );
  return identityOf(fingerprintId, BigInt(mask), slots);
}
