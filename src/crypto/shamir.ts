import { Field } from '@noble/curves/abstract/modular.js';
import { ensure } from '../errors.js';
import { IDENTITY, type Point } from './babyjubjub.js';
import { randomScalar, reduceScalar, SUBGROUP_ORDER, type Scalar } from './field.js';

const Fl = Field(SUBGROUP_ORDER);

/** A share of a secret: the polynomial's value at `id`, 1 <= id. */
export interface Share {
  readonly id: number;
  readonly value: Scalar;
}

/** The Lagrange coefficient at 0 of share `id` among `ids` (Shamir, CACM 1979). */
export function lagrangeAtZero(ids: readonly number[], id: number): Scalar {
  ensure(
    ids.includes(id) && new Set(ids).size === ids.length,
    'invalid_argument',
    'a share is missing or named twice',
  );
  let numerator = 1n;
  let denominator = 1n;
  for (const other of ids) {
    if (other === id) continue;
    numerator = Fl.mul(numerator, BigInt(other));
    denominator = Fl.mul(denominator, reduceScalar(BigInt(other - id)));
  }
  return Fl.div(numerator, denominator) as Scalar;
}

/**
 * Lagrange's interpolation at 0 in the exponent: k·B of the k_i·B of as many ids as it takes. Over their common
 * denominator the coefficients are integers of a few bits, so that one long multiplication does, rather than one for
 * each share. Its time depends on ids and points: for what is public.
 */
export function interpolateAtZero(points: ReadonlyMap<number, Point>): Point {
  const ids = [...points.keys()];
  const fractions = ids.map((id) => {
    const others = ids.filter((other) => other !== id).map(BigInt);
    return {
      numerator: others.reduce((product, other) => product * other, 1n),
      denominator: others.reduce((product, other) => product * (other - BigInt(id)), 1n),
    };
  });
  const common = fractions.reduce(
    (multiple, { denominator }) => leastCommonMultiple(multiple, denominator),
    1n,
  );
  const sum = [...points.values()].reduce((acc, point, i) => {
    const { numerator, denominator } = fractions[i]!;
    const coefficient = (numerator * common) / denominator;
    return acc.add(
      coefficient < 0n
        ? point.negate().multiplyUnsafe(reduceScalar(-coefficient))
        : point.multiplyUnsafe(reduceScalar(coefficient)),
    );
  }, IDENTITY);
  return common === 1n ? sum : sum.multiplyUnsafe(Fl.inv(reduceScalar(common)));
}

const magnitude = (x: bigint): bigint => (x < 0n ? -x : x);
const greatestCommonDivisor = (x: bigint, y: bigint): bigint =>
  y === 0n ? magnitude(x) : greatestCommonDivisor(y, x % y);
const leastCommonMultiple = (x: bigint, y: bigint): bigint =>
  magnitude((x / greatestCommonDivisor(x, y)) * y);

/** t-of-n shares of a secret by a uniform polynomial of degree t - 1. */
export function splitSecret(secret: Scalar, threshold: number, total: number): Share[] {
  ensure(
    Number.isInteger(threshold) &&
      threshold >= 2 &&
      Number.isInteger(total) &&
      total >= threshold &&
      total <= 255,
    'invalid_argument',
    'a threshold must be from 2 to the number of shares, at most 255',
  );
  const coefficients: bigint[] = [secret, ...Array.from({ length: threshold - 1 }, randomScalar)];
  return Array.from({ length: total }, (_, i) => ({
    id: i + 1,
    value: coefficients.reduceRight((sum, c) => Fl.add(Fl.mul(sum, BigInt(i + 1)), c), 0n) as Scalar,
  }));
}

/** The secret that `shares` of one polynomial determine; the caller knows how many it takes. */
export function combineShares(shares: readonly Share[]): Scalar {
  const ids = shares.map((share) => share.id);
  return reduceScalar(shares.reduce((sum, share) => sum + lagrangeAtZero(ids, share.id) * share.value, 0n));
}
