import * as P from 'micro-packed';
import { type FieldElement, fieldElement } from '../crypto/index.js';
import { CountersealError, type ErrorCode } from '../errors.js';
import { equalBytes } from './hash.js';
import { PURPOSE_MAX_BYTES } from './limits.js';

/**
 * The pieces of the ledger's canonical encodings: big-endian, of fixed width, length-prefixed only where the length
 * varies. One value has one encoding; what decodes encodes to the same bytes again.
 */
export type Codec<T> = P.CoderType<T>;

/** A field element: 32 bytes big-endian, below p. */
export const field: Codec<FieldElement> = P.apply(P.U256BE, {
  encode: (x: bigint): FieldElement => fieldElement(x),
  decode: (x: FieldElement): bigint => fieldElement(x),
});

/** 64 bits on the wire, at most 2^53 - 1 as a number: nothing that is counted here comes near. */
export function u64<T extends number = number>(): Codec<T> {
  return P.apply(P.U64BE, {
    encode: (x: bigint): T => {
      if (x > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('number above 2^53 - 1');
      return Number(x) as T;
    },
    decode: (x: T): bigint => {
      if (!Number.isSafeInteger(x)) throw new Error('not a safe integer');
      return BigInt(x);
    },
  });
}

export const u32 = <T extends number = number>(): Codec<T> => P.U32BE as unknown as Codec<T>;

export const listOf = <T>(length: Codec<number> | number, item: Codec<T>): Codec<readonly T[]> =>
  P.array(length, item) as unknown as Codec<readonly T[]>;

export const fieldPair = listOf(2, field) as unknown as Codec<readonly [FieldElement, FieldElement]>;

/** The name of a purpose: 1 to 32 lower-case letters, digits and hyphens. */
export const PURPOSE_PATTERN = new RegExp(`^[a-z][a-z0-9-]{0,${PURPOSE_MAX_BYTES - 1}}$`);

/** In whose name tags of `goods` are made, whatever the purpose of the entry: they link documents of all kinds. */
export const GOODS_SCOPE_NAME = 'goods';

export const purposeName: Codec<string> = P.validate(P.string(P.U8), (s) => {
  if (!PURPOSE_PATTERN.test(s)) throw new Error('not the name of a purpose');
  return s;
});

/** The full name of a fingerprint: `invoice/possession@1`. */
export const fingerprintName: Codec<string> = P.validate(P.string(P.U8), (s) => {
  if (!/^[a-z][a-z0-9/-]{0,39}@[1-9][0-9]{0,3}$/.test(s)) throw new Error('not the name of a fingerprint');
  return s;
});

/** One byte that names a member of a closed list by its position. */
export function choice<T extends string>(values: readonly T[]): Codec<T> {
  return P.apply(P.U8, {
    encode: (n: number): T => {
      const value = values[n];
      if (value === undefined) throw new Error('value outside its closed list');
      return value;
    },
    decode: (value: T): number => {
      const n = values.indexOf(value);
      if (n < 0) throw new Error('value outside its closed list');
      return n;
    },
  });
}

/** One byte, bit i for values[i]; listed in the order of the closed list, each once. */
export function choices<T extends string>(values: readonly T[]): Codec<readonly T[]> {
  return P.apply(P.U8, {
    encode: (bits: number): readonly T[] => {
      if (bits >> values.length !== 0) throw new Error('bit outside its closed list');
      return values.filter((_, i) => (bits >> i) & 1);
    },
    decode: (chosen: readonly T[]): number => {
      let bits = 0;
      for (const value of chosen) {
        const i = values.indexOf(value);
        if (i < 0 || (bits >> i) & 1) throw new Error('value outside its closed list, or listed twice');
        bits |= 1 << i;
      }
      return bits;
    },
  });
}

/** Encodes; a value that does not fit its type throws `invalid_argument`. */
export function encode<T>(codec: Codec<T>, value: T, what: string): Uint8Array {
  try {
    return codec.encode(value);
  } catch (cause) {
    throw new CountersealError('invalid_argument', `${what} cannot be encoded: a value is out of range`, {
      cause,
    });
  }
}

/**
 * Decodes canonical bytes or throws `code`. Encoding the result again and comparing is a belt over the codecs' braces:
 * should one of them ever accept two encodings, this refuses the second.
 */
export function decodeCanonical<T>(codec: Codec<T>, bytes: Uint8Array, what: string, code: ErrorCode): T {
  let value: T;
  let again: Uint8Array;
  try {
    value = codec.decode(bytes);
    again = codec.encode(value);
  } catch (cause) {
    throw new CountersealError(code, `${what} is not canonically encoded`, { cause });
  }
  if (!equalBytes(again, bytes)) throw new CountersealError(code, `${what} is not canonically encoded`);
  return value;
}
