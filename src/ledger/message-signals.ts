import { type FieldElement, text } from '../crypto/index.js';
import { fingerprintRow } from '../documents/index.js';
import { fingerprintSignals } from '../proofs/fingerprint-signals.js';
import { messageBindingHash, type MessageClaims, messageLabel } from './message-claims.js';
import type { Network } from './network.js';

/** No entry stands behind a message, so there is no nullifier to show. */
export const MESSAGE_NULLIFIER = 0n as FieldElement;

/**
 * The public signal that ties a message's proof to all of its claims: the first 31 bytes, as a big-endian integer, of
 * SHA-256 over domain, network id and claims.
 */
export function messageBinding(networkId: string, claims: MessageClaims): FieldElement {
  const digest = messageBindingHash(networkId, claims).subarray(0, 31);
  return BigInt(`0x${Buffer.from(digest).toString('hex')}`) as FieldElement;
}

/** The public signals that the `fingerprint` proof of a message must hold for. Needs `initPoseidon()`. */
export function messageSignals(
  { id, oprfKey }: Pick<Network, 'id' | 'oprfKey'>,
  claims: MessageClaims,
  roleMask: number,
): readonly bigint[] {
  const { possession } = fingerprintRow(claims.documentKind);
  return fingerprintSignals({
    tag: claims.address,
    commitment: claims.commitment,
    kind: claims.documentKind,
    purpose: text(messageLabel(claims)),
    fingerprintId: text(possession.name),
    mask: possession.mask,
    ofElement: false,
    oprfKey,
    membersRoot: claims.membersRoot,
    roleMask,
    convergent: false,
    nullifier: MESSAGE_NULLIFIER,
    binding: messageBinding(id, claims),
  });
}
