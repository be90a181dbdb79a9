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
  /** u. */
  readonly identity: FieldElement;
  /** P = encode(u). */
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
export function blindRequestWith(identity: FieldElement, rho: bigint): BlindedRequest {
  const { elligator, point } = encodeToCurve(identity);
  ensure(!point.is0(), 'invalid_argument', 'an identity has no point in the subgroup');
  const eighth = elligator.add(multiplyFull(rho));
  return {
    identity,
    point,
    blind: reduceScalar(rho),
    sent: pointToBytes(eighth),
    blinded: clearCofactor(eighth),
  };
}

/**
 * B' = Q + rho·G0, rho uniform below 8l: uniform in the whole curve group (protocol section 5, step 2). That B is the
 * identity, which evaluators refuse, happens once in l requests.
 */
export const blindRequest = (identity: FieldElement): BlindedRequest =>
  blindRequestWith(identity, randomBelow(COFACTOR * SUBGROUP_ORDER));
