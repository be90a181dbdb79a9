import { type FieldElement, text } from '../crypto/index.js';
import { fingerprintRow } from '../documents/index.js';
import { fingerprintSignals } from '../proofs/fingerprint-signals.js';
import { messageBinding, type MessageClaims, messageLabel } from './message-claims.js';
import type { Network } from './network.js';

/** No entry stands behind a message, so there is no nullifier to show. */
export const MESSAGE_NULLIFIER = 0n as FieldElement;

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
