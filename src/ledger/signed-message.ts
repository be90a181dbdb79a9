import type { FieldElement } from '../crypto/index.js';
import { prefixed, sha256 } from './hash.js';
import { ENCODING_VERSION } from './limits.js';

/**
 * Every message that is signed starts with its own domain and the network's id, each length-prefixed: a signature
 * serves one network and one kind of transaction.
 */
export const signedMessage = (domain: string, networkId: string, ...parts: Uint8Array[]): Uint8Array =>
  Buffer.concat([prefixed(`counterseal/${domain}/v${ENCODING_VERSION}`), prefixed(networkId), ...parts]);

/**
 * The public signal that ties a proof to the rest of its transaction: the first 31 bytes, as a big-endian integer, of
 * SHA-256 over a message with a domain of its own (protocol section 6, R7).
 */
export function bindingOf(domain: string, networkId: string, claims: Uint8Array): FieldElement {
  const digest = sha256(signedMessage(domain, networkId, claims));
  return BigInt(`0x${Buffer.from(digest.subarray(0, 31)).toString('hex')}`) as FieldElement;
}
