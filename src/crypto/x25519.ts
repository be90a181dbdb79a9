import { createPrivateKey, createPublicKey } from 'node:crypto';
import { ensure } from '../errors.js';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The 32-byte public key of a 32-byte private key (RFC 7748, section 6.1). */
export function x25519PublicKey(privateKey: Uint8Array): Uint8Array {
  ensure(privateKey.length === 32, 'invalid_argument', 'an X25519 private key is 32 bytes');
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, privateKey]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(-32));
}
