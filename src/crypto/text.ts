import { bytesToNumberBE } from '@noble/curves/utils.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CountersealError } from '../errors.js';
import type { FieldElement } from './field.js';
import { DOMAIN, poseidon } from './poseidon.js';

const LIMB_BYTES = 31;
const MAX_LIMBS = 13;
/** The longest string that has a field element. */
export const TEXT_MAX_BYTES = LIMB_BYTES * MAX_LIMBS;

/**
 * text(s) = H(1, byte length, limbs): the canonical UTF-8 string in 31-byte big-endian limbs (protocol section 3).
 * Throws `invalid_argument` for an empty string, one over 403 bytes, or one with an unpaired surrogate.
 */
export function text(s: string): FieldElement {
  // An unpaired surrogate would become U+FFFD: two strings, one value.
  if (!s.isWellFormed()) throw new CountersealError('invalid_argument', 'a text has an unpaired surrogate');
  const b = utf8ToBytes(s);
  if (b.length === 0) throw new CountersealError('invalid_argument', 'a text must not be empty');
  if (b.length > TEXT_MAX_BYTES)
    throw new CountersealError('invalid_argument', `a text must not be longer than ${TEXT_MAX_BYTES} bytes`);
  const limbs: bigint[] = [];
  for (let i = 0; i < b.length; i += LIMB_BYTES) limbs.push(bytesToNumberBE(b.subarray(i, i + LIMB_BYTES)));
  return poseidon([DOMAIN.text, BigInt(b.length), ...limbs]);
}
