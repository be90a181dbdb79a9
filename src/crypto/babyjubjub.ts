import { babyjubjub } from '@noble/curves/misc.js';
import { bytesToNumberBE, concatBytes, numberToBytesBE } from '@noble/curves/utils.js';
import { CountersealError } from '../errors.js';
import { FIELD_ORDER, type FieldElement, type Scalar } from './field.js';

/** A point of Baby Jubjub (EIP-2494, a = 168700, d = 168696). */
export type Point = InstanceType<typeof babyjubjub.Point>;
const { Point } = babyjubjub;

/** The neutral element (0, 1). */
export const IDENTITY: Point = Point.ZERO;
/** G = Base8: generates the subgroup of prime order l. */
export const BASE: Point = Point.BASE;
/** G0: EIP-2494's generator of the full group of order 8l; G = 8·G0. */
export const GENERATOR_FULL: Point = Point.fromAffine({
  x: 995203441582195749578291179787384436505546430278305826713579947235728471134n,
  y: 5472060717959818805561601436314318772137091100104008585924551046643952123905n,
});
GENERATOR_FULL.assertValidity();

/**
 * A point that arrived: coordinates below p, on the curve, not the identity (protocol section 3). Says nothing of
 * the subgroup: {@link assertInSubgroup} or {@link clearCofactor} comes next. Throws `invalid_point`.
 */
export function pointFromAffine(x: bigint, y: bigint): Point {
  if (x < 0n || x >= FIELD_ORDER || y < 0n || y >= FIELD_ORDER)
    throw new CountersealError('invalid_point', 'a coordinate of a point is not below p');
  const point = Point.fromAffine({ x, y });
  try {
    // SAFETY: `fromAffine` does not check the curve equation, and `multiply` accepts what it returns.
    point.assertValidity();
  } catch (cause) {
    throw new CountersealError('invalid_point', 'a point is not on the curve, or is the identity', { cause });
  }
  return point;
}

/** 64 bytes: x, y, each 32 big-endian. Throws `invalid_point`. */
export function pointFromBytes(b: Uint8Array): Point {
  if (!(b instanceof Uint8Array) || b.length !== 64)
    throw new CountersealError('invalid_point', 'a point is 64 bytes: x and y, each 32 big-endian');
  return pointFromAffine(bytesToNumberBE(b.subarray(0, 32)), bytesToNumberBE(b.subarray(32)));
}

/** 64 bytes: x, y, each 32 big-endian. */
export function pointToBytes(point: Point): Uint8Array {
  const { x, y } = point.toAffine();
  return concatBytes(numberToBytesBE(x, 32), numberToBytesBE(y, 32));
}

/** The affine coordinates as field elements. */
export function coordinates(point: Point): { x: FieldElement; y: FieldElement } {
  const { x, y } = point.toAffine();
  return { x: x as FieldElement, y: y as FieldElement };
}

/** Whether l·Q is the identity. */
export const inSubgroup = (point: Point): boolean => point.isTorsionFree();

/** Throws `invalid_point` unless l·Q is the identity. */
export function assertInSubgroup(point: Point, what = 'a point'): void {
  if (!inSubgroup(point))
    throw new CountersealError('invalid_point', `${what} is not in the prime-order subgroup`);
}

/** A point that arrived and must lie in the subgroup, as keys and shares do. Throws `invalid_point`. */
export function subgroupPointFromAffine(x: bigint, y: bigint, what?: string): Point {
  const point = pointFromAffine(x, y);
  assertInSubgroup(point, what);
  return point;
}

/** 8·Q. */
export const clearCofactor = (point: Point): Point => point.clearCofactor();

/** s·Q for a secret or public scalar, 0 included (noble's `multiply` refuses 0). */
export function multiply(point: Point, s: Scalar): Point {
  return s === 0n ? IDENTITY : point.multiply(s);
}
