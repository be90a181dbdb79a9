import { Field } from '@noble/curves/abstract/modular.js';
import {
  FIELD_ORDER,
  GENERATOR_FULL,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
} from '../../src/crypto/index.js';

const F = Field(FIELD_ORDER);
const A = 168700n;
const D = 168696n;

/** A point of order 8: l·G0. noble takes scalars below l. */
const TORSION_GENERATOR = GENERATOR_FULL.multiply(SUBGROUP_ORDER - 1n).add(GENERATOR_FULL);

/** The points of order `order` (2, 4 or 8). */
export function pointsOfOrder(order: 2 | 4 | 8): Point[] {
  const step = 8 / order;
  const multiples: Point[] = [];
  for (let i = 1; i < order; i += 2) multiples.push(TORSION_GENERATOR.multiplyUnsafe(BigInt(i * step)));
  return multiples;
}

export type Coordinates = readonly [FieldElement, FieldElement];

const roots = (x: bigint): bigint[] => {
  if (x !== 0n && F.pow(x, (FIELD_ORDER - 1n) / 2n) !== 1n) return [];
  const root = F.sqrt(x);
  return [root, F.neg(root)];
};

export const onCurve = ([x, y]: Coordinates): boolean =>
  F.eql(F.add(F.mul(A, F.sqr(x)), F.sqr(y)), F.add(1n, F.mul(D, F.mul(F.sqr(x), F.sqr(y)))));

/**
 * Every pair that the doubling formula takes to (X, Y), on the curve or not: with t = x·y it reads
 * X·(1 + d·t²) = 2t and Y·(1 - d·t²) = y² - a·x².
 */
export function halves([X, Y]: Coordinates): Coordinates[] {
  const found: Coordinates[] = [];
  for (const root of roots(F.sub(1n, F.mul(D, F.sqr(X))))) {
    const t = F.div(F.add(1n, root), F.mul(D, X));
    const w = F.mul(Y, F.sub(1n, F.mul(D, F.sqr(t))));
    for (const inner of roots(F.add(F.sqr(w), F.mul(4n * A, F.sqr(t)))))
      for (const x of roots(F.div(F.sub(inner, w), 2n * A)))
        if (x !== 0n) found.push([x, F.div(t, x)] as unknown as Coordinates);
  }
  return found;
}

/** A pair off the curve that three doublings by formula take to `point`, if there is one. */
export function offCurveEighth(point: Point): Coordinates | undefined {
  const { x, y } = point.toAffine();
  let level: Coordinates[] = [[x, y] as unknown as Coordinates];
  for (let i = 0; i < 3; i++) level = level.flatMap(halves);
  return level.find((pair) => !onCurve(pair));
}
