import { hash } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of the parts, one after the other. Whoever calls makes sure that their boundaries are unambiguous. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = hash('sha256', parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/** Length-prefixed ASCII (one byte of length): the head of every domain-separated message. */
export function prefixed(text: string): Uint8Array {
  const bytes = utf8ToBytes(text);
  return Uint8Array.of(bytes.length, ...bytes);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
