import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { CountersealError } from '../errors.js';

/** p: the order of the BN254 scalar field, in which the circuits compute. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** l: the prime order of Baby Jubjub's subgroup (EIP-2494). */
export const SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041n;

declare const fieldBrand: unique symbol;
declare const scalarBrand: unique symbol;
/** An integer modulo p, 0 <= x < p. */
export type FieldElement = bigint & { readonly [fieldBrand]: true };
/** An integer modulo l, 0 <= s < l. */
export type Scalar = bigint & { readonly [scalarBrand]: true };

/** Checks a field element that arrived; throws `invalid_argument`. */
export function fieldElement(x: bigint): FieldElement {
  if (typeof x !== 'bigint' || x < 0n || x >= FIELD_ORDER)
    throw new CountersealError('invalid_argument', 'a field element must be an integer from 0 to p - 1');
  return x as FieldElement;
}

/** Checks a scalar that arrived; throws `invalid_argument`. */
export function scalar(x: bigint): Scalar {
  if (typeof x !== 'bigint' || x < 0n || x >= SUBGROUP_ORDER)
    throw new CountersealError('invalid_argument', 'a scalar must be an integer from 0 to l - 1');
  return x as Scalar;
}

/** The non-negative remainder of any integer modulo l. */
export function reduceScalar(x: bigint): Scalar {
  const r = x % SUBGROUP_ORDER;
  return (r < 0n ? r + SUBGROUP_ORDER : r) as Scalar;
}

/** The non-negative remainder of any integer modulo p. */
export function reduceField(x: bigint): FieldElement {
  const r = x % FIELD_ORDER;
  return (r < 0n ? r + FIELD_ORDER : r) as FieldElement;
}

function bytes32(b: Uint8Array): bigint {
  if (!(b instanceof Uint8Array) || b.length !== 32)
    throw new CountersealError('invalid_argument', 'a field element or scalar is 32 bytes');
  return bytesToNumberBE(b);
}

/** 32 bytes, big-endian, below p. */
export const fieldFromBytes = (b: Uint8Array): FieldElement => fieldElement(bytes32(b));
export const fieldToBytes = (x: FieldElement): Uint8Array => numberToBytesBE(x, 32);
/** 32 bytes, big-endian, below l. */
export const scalarFromBytes = (b: Uint8Array): Scalar => scalar(bytes32(b));
export const scalarToBytes = (x: Scalar): Uint8Array => numberToBytesBE(x, 32);

/** The canonical decimal form: digits without sign, space or leading zero. Throws `invalid_argument`. */
export function fieldFromDecimal(s: string): FieldElement {
  if (typeof s !== 'string' || s.length > 77 || !/^(0|[1-9][0-9]*)$/.test(s))
    throw new CountersealError(
      'invalid_argument',
      'a field element in text form is a decimal number below p',
    );
  return fieldElement(BigInt(s));
}

/**
 * Uniform below `bound`, by rejection, from the operating system's generator: no bias, because a biased nonce or
 * blind gives a key away after some thousand uses.
 */
export function randomBelow(bound: bigint): bigint {
  const bits = bound.toString(2).length;
  const length = Math.ceil(bits / 8);
  for (;;) {
    const b = randomBytes(length);
    b[0]! &= 0xff >> (length * 8 - bits);
    const x = bytesToNumberBE(b);
    if (x < bound) return x;
  }
}

/** A uniform scalar other than 0. */
export function randomScalar(): Scalar {
  return (1n + randomBelow(SUBGROUP_ORDER - 1n)) as Scalar;
}

/** A uniform field element. */
export const randomFieldElement = (): FieldElement => randomBelow(FIELD_ORDER) as FieldElement;
