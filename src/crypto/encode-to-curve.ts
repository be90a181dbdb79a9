import { Field } from '@noble/curves/abstract/modular.js';
import { clearCofactor, pointFromAffine, type Point } from './babyjubjub.js';
import { FIELD_ORDER, type FieldElement } from './field.js';
import { CountersealError } from '../errors.js';

const F = Field(FIELD_ORDER);
/** Baby Jubjub's Montgomery form B·y² = x³ + A·x² + x with A = 168698, B = 1 (EIP-2494). */
const A = 168698n;
/** The smallest non-residue that Elligator 2 takes here. */
const Z = 5n;

const isSquare = (x: bigint): boolean => F.is0(x) || F.eql(F.pow(x, (FIELD_ORDER - 1n) / 2n), 1n);

/**
 * encode(u): Elligator 2 onto the Montgomery form (RFC 9380, section 6.7.1), to Edwards, times 8 (protocol section
 * 5). The sign of x is free: whatever is derived from the point uses y alone.
 * Throws `invalid_argument` where y = 0 on the Montgomery side: no sender can produce that by chance.
 */
export function encodeToCurve(u: FieldElement): { elligator: Point; point: Point } {
  // 1 + Z·u² is never 0: -1/Z would have to be a square, and it is not.
  const x1 = F.neg(F.div(A, F.add(1n, F.mul(Z, F.sqr(u)))));
  const curve = (x: bigint): bigint => F.mul(x, F.add(F.mul(x, F.add(x, A)), 1n));
  const x = isSquare(curve(x1)) ? x1 : F.sub(F.neg(x1), A);
  const y = F.sqrt(curve(x));
  if (F.is0(y)) throw new CountersealError('invalid_argument', 'an identity has no point on the curve');
  // x = -1 is on no point of the curve: A - 2 = d is not a square (what makes the Edwards form complete).
  const elligator = pointFromAffine(F.div(x, y), F.div(F.sub(x, 1n), F.add(x, 1n)));
  return { elligator, point: clearCofactor(elligator) };
}
