import {
  BASE,
  clearCofactor,
  encodeToCurve,
  GENERATOR_FULL,
  IDENTITY,
  multiply,
  pointToBytes,
  randomBelow,
  reduceScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { ensure } from '../errors.js';

const COFACTOR = 8n;
const SMALL_MULTIPLES: readonly Point[] = (() => {
  const multiples = [IDENTITY];
  for (let i = 1; i < 8; i++) multiples.push(multiples[i - 1]!.add(GENERATOR_FULL));
  return multiples;
})();

/** A request and the secrets that undo its blinding. Lives through all attempts of one evaluation, no longer. */
export interface BlindedRequest {
  /** u; undefined in a dummy. */
  readonly identity: FieldElement | undefined;
  /** P; the identity of the group in a dummy, so that a dummy takes every step that a real request takes. */
  readonly point: Point;
  /** r = rho mod l. Secret. */
  readonly blind: Scalar;
  /** B' as sent. */
  readonly sent: Uint8Array;
  /** B = 8·B' = P + r·G. */
  readonly blinded: Point;
}

/** rho·G0 for rho below 8l. */
function multiplyFull(rho: bigint): Point {
  // noble multiplies by scalars below l; 8·G0 = G, so the three low bits of rho go by themselves. Every entry is
  // looked at, so that the choice does not show in the time it takes.
  const low = Number(rho % COFACTOR);
  const small = SMALL_MULTIPLES.reduce((chosen, point, i) => (i === low ? point : chosen), IDENTITY);
  return multiply(BASE, (rho / COFACTOR) as Scalar).add(small);
}

/** {@link blindRequest} with a given rho: for vectors. */
export function blindRequestWith(
  identity: FieldElement | undefined,
  rho: bigint,
): BlindedRequest | undefined {
  const { elligator, point } =
    identity === undefined ? { elligator: IDENTITY, point: IDENTITY } : encodeToCurve(identity);
  ensure(
    identity === undefined || !point.is0(),
    'invalid_argument',
    'an identity has no point in the subgroup',
  );
  const eighth = elligator.add(multiplyFull(rho));
  const blinded = clearCofactor(eighth);
  if (blinded.is0()) return undefined;
  return { identity, point, blind: reduceScalar(rho), sent: pointToBytes(eighth), blinded };
}

/**
 * B' = Q + rho·G0, rho uniform below 8l: uniform in the whole curve group (protocol section 5, step 2). Without an
 * identity a dummy, rho·G0, which nobody can tell from a real request.
 */
export function blindRequest(identity?: FieldElement): BlindedRequest {
  for (;;) {
    // Evaluators refuse a B of the identity; one in l blinds makes one.
    const request = blindRequestWith(identity, randomBelow(COFACTOR * SUBGROUP_ORDER));
    if (request) return request;
  }
}
