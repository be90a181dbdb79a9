import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import { CountersealError, ensure } from '../errors.js';

export const AEAD_KEY_BYTES = 32;
const NONCE_BYTES = 24;
/** What {@link seal} adds to a plaintext: nonce and authentication tag. */
export const AEAD_OVERHEAD = NONCE_BYTES + 16;

/**
 * A 32-byte key by HKDF-SHA256 (RFC 5869). The info is the parts, each behind its length, so that no two lists of
 * parts give one key.
 */
export function deriveKey(secret: Uint8Array, ...info: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = info.flatMap((part) => {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [length, bytes];
  });
  return hkdf(sha256, secret, undefined, concatBytes(...parts), AEAD_KEY_BYTES);
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a random nonce, which leads the result. */
export function seal(key: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  return concatBytes(nonce, xchacha20poly1305(key, nonce, additionalData).encrypt(plaintext));
}

/** Undoes {@link seal}. Throws `decryption_failed` for a wrong key, other additional data or a changed text. */
export function open(key: Uint8Array, sealed: Uint8Array, additionalData: Uint8Array): Uint8Array {
  if (sealed.length < AEAD_OVERHEAD)
    throw new CountersealError('decryption_failed', 'a ciphertext is too short to be one');
  try {
    return xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES), additionalData).decrypt(
      sealed.subarray(NONCE_BYTES),
    );
  } catch (cause) {
    throw new CountersealError('decryption_failed', 'a ciphertext did not authenticate', { cause });
  }
}

/** How long a plaintext is when it has been padded by {@link padForSeal} and sealed. */
export function sealedLength(plaintextLength: number, minimum = 1024): number {
  let size = minimum;
  while (size < plaintextLength + 1 + AEAD_OVERHEAD) size *= 2;
  return size;
}

/**
 * Pads so that what {@link seal} makes of it is a power of two in length, at least `minimum`: a 1, then zeros
 * (ISO/IEC 7816-4), so that a ciphertext's length says little of a document.
 */
export function padForSeal(plaintext: Uint8Array, minimum = 1024): Uint8Array {
  const padded = new Uint8Array(sealedLength(plaintext.length, minimum) - AEAD_OVERHEAD);
  padded.set(plaintext);
  padded[plaintext.length] = 0x80;
  return padded;
}

/** Undoes {@link padForSeal}. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  ensure(
    end >= 0 && padded[end] === 0x80,
    'decryption_failed',
    'a decrypted text is not padded as it must be',
  );
  return padded.subarray(0, end);
}
