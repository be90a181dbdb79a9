import { Field } from '@noble/curves/abstract/modular.js';
import { coordinates, FIELD_ORDER, pointFromAffine, type FieldElement, type Point } from '../crypto/index.js';

const F = Field(FIELD_ORDER);
/** Baby Jubjub's Montgomery form y² = x³ + A·x² + x (EIP-2494). */
const A = 168698n;
const Z = 5n;

/** y on the Montgomery form of a point given in Edwards form. The point must not have order 1 or 2. */
export function montgomeryY(point: Point): FieldElement {
  const { x, y } = coordinates(point);
  return F.div(F.div(F.add(1n, y), F.sub(1n, y)), x) as FieldElement;
}

/**
 * Q, whose y on the Montgomery form is `y`, if Q or -Q is the Elligator point of u; undefined if neither is. The
 * mirror of the circuit: it checks what a prover claims, and takes no root itself.
 */
export function claimedElligatorPoint(u: FieldElement, y: FieldElement): Point | undefined {
  if (y === 0n) return undefined;
  const curve = (x: bigint): bigint => F.mul(x, F.add(F.mul(x, F.add(x, A)), 1n));
  const x1 = F.neg(F.div(A, F.add(1n, F.mul(Z, F.sqr(u)))));
  const x2 = F.sub(F.neg(x1), A);
  const x = [x1, x2].find((candidate) => F.eql(curve(candidate), F.sqr(y)));
  return x === undefined ? undefined : pointFromAffine(F.div(x, y), F.div(F.sub(x, 1n), F.add(x, 1n)));
}
