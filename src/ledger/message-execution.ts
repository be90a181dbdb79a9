import { checkPeriod, membersState, type Scene } from './admission.js';
import { isAcceptedRoot } from './members.js';
import type { MessageRecord } from './log-record.js';
import type { Overlay } from './overlay.js';
import { reject, type Rejection } from './results.js';
import { roleMaskOf } from './schema.js';
import { stateKeys } from './state-keys.js';
import type { MessageTransaction } from './transactions.js';

/**
 * All of a message but its proof, the cheapest check first. The roles are those that may register such a document for
 * the purpose: only who has an entry of it has anything to say, and whoever else holds it could only be in the way.
 */
export function checkMessage(
  { network, view, time }: Scene,
  { claims }: MessageTransaction,
): Rejection | { readonly roleMask: number } {
  const period = checkPeriod(claims.period, time);
  if (period) return period;
  const purpose = network.purposes.get(claims.purpose);
  if (!purpose) return reject('unknown_purpose', `the network has no purpose ${claims.purpose}`);
  const roleMask = roleMaskOf(purpose, claims.documentKind);
  if (roleMask === undefined)
    return reject('kind_not_allowed', `${claims.purpose} takes no documents of kind ${claims.documentKind}`);
  if (claims.epoch !== network.epoch)
    return reject('wrong_epoch', `the OPRF key is of epoch ${network.epoch}, not ${claims.epoch}`);
  if (!isAcceptedRoot(membersState(view).roots, claims.membersRoot, time))
    return reject('unknown_members_root', 'the members have changed since the proof was made');
  if (view.get(stateKeys.message(claims.period, claims.address)))
    return reject('address_used', 'a message was sent to this address');
  return { roleMask };
}

const PRESENT = Uint8Array.of(1);

export function applyMessage(
  view: Overlay,
  { claims: { documentKind, purpose, period, slot, address, bodyHash } }: MessageTransaction,
): MessageRecord {
  view.put(stateKeys.message(period, address), PRESENT);
  return { type: 'message', documentKind, purpose, period, slot, address, bodyHash };
}
