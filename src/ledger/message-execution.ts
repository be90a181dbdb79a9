import { checkPeriod, membersState, type Scene } from './admission.js';
import { type Codec, u32 } from './codec.js';
import { isAcceptedRoot } from './members.js';
import type { MessageRecord } from './log-record.js';
import type { Network } from './network.js';
import type { Overlay } from './overlay.js';
import { reject, type Rejection } from './results.js';
import { messagesPerDay, roleMaskOf } from './schema.js';
import { stateKeys } from './state-keys.js';
import { encodeState, readState } from './state-values.js';
import type { Reader } from './store.js';
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
  if (!takesMessage(network, view, claims))
    return reject('messages_full', `the network takes no more messages of this day under ${claims.purpose}`);
  return { roleMask };
}

const PRESENT = Uint8Array.of(1);
const countCodec: Codec<number> = u32();

type MessageDay = Pick<MessageRecord, 'period' | 'purpose'>;

const messagesOf = (view: Reader, { period, purpose }: MessageDay): number =>
  readState(view, stateKeys.messageCount(period, purpose), countCodec) ?? 0;

/** Whether a day takes another message under the purpose; of the state of a node and the copy of an agent alike. */
export const takesMessage = (network: Network, view: Reader, message: MessageDay): boolean =>
  messagesOf(view, message) < messagesPerDay(network.genesis.schema);

export const countMessage = (view: Overlay, message: MessageDay): void =>
  view.put(
    stateKeys.messageCount(message.period, message.purpose),
    encodeState(countCodec, messagesOf(view, message) + 1),
  );

export function applyMessage(
  view: Overlay,
  { claims: { documentKind, purpose, period, slot, address, bodyHash } }: MessageTransaction,
): MessageRecord {
  view.put(stateKeys.message(period, address), PRESENT);
  countMessage(view, { period, purpose });
  return { type: 'message', documentKind, purpose, period, slot, address, bodyHash };
}
