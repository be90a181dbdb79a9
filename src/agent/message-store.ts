import { equalBytes, type LogRecord } from '../ledger/index.js';
import type { MessageBody } from './message-content.js';
import type { StoreSession } from './store.js';

/** A message of a conversation, as this folder keeps it. Sealed on disk, and there when the nodes' copy has gone. */
export interface KeptMessage {
  /** Position in the log; the conversation's order. */
  readonly index: number;
  /** Milliseconds: of the block. */
  readonly time: number;
  /** The own entry, and the other one. */
  readonly entry: number;
  readonly other: number;
  readonly direction: 'sent' | 'received';
  readonly id: string;
  readonly previous: string | null;
  readonly acknowledges: readonly string[];
  readonly body: MessageBody;
}

/** A message of this agent before its record has come: on disk before any of it leaves. */
export type SendingMessage = Omit<KeptMessage, 'index' | 'time'> & {
  /** Decimal. */
  readonly address: string;
  /** Hexadecimal. */
  readonly bodyHash: string;
};

/** Where the entry of somebody else gets its messages. */
export interface Peer {
  /** Hexadecimal. */
  readonly mailbox: string;
}

const SENDING = 'own/sending/';
const mailKey = (index: number) => `own/mail/${index}`;
const conversationKey = (entry: number, other: number) => `own/conversation/${entry}/${other}`;
const peerKey = (entry: number, other: number) => `own/peer/${entry}/${other}`;
const idKey = ({ entry, other, direction, id }: KeptMessage) =>
  `own/mail-id/${entry}/${other}/${direction}/${id}`;
const WATCHED = 'own/mail-watch';
const LATE = 'own/mail-late';

/** The position in the log up to which a watch has handed over what came. */
export const watchedMail = (session: StoreSession): number => session.getSealed<number>(WATCHED) ?? 0;
export const moveWatchedMail = (session: StoreSession, to: number): void => session.putSealed(WATCHED, to);

/** Messages that were found when the watch had gone past their place, in the order in which they were. */
export const lateMail = (session: StoreSession): readonly KeptMessage[] =>
  session.getSealed<KeptMessage[]>(LATE) ?? [];
export function forgetLateMail(session: StoreSession, handedOver: readonly KeptMessage[]): void {
  const done = new Set(handedOver.map(idKey));
  session.putSealed(
    LATE,
    lateMail(session).filter((message) => !done.has(idKey(message))),
  );
}

/** The messages of own entries that came with a record of the log. */
export const mailAt = (session: StoreSession, index: number): readonly KeptMessage[] =>
  session.getSealed<KeptMessage[]>(mailKey(index)) ?? [];

/** All messages between an own entry and another one, in the order of the log. */
export function conversationOf(session: StoreSession, entry: number, other: number): readonly KeptMessage[] {
  const indices = session.getSealed<number[]>(conversationKey(entry, other)) ?? [];
  return [...indices]
    .sort((a, b) => a - b)
    .flatMap((index) => mailAt(session, index))
    .filter((message) => message.entry === entry && message.other === other);
}

/** Keeps a message, once, and once only where it came at two addresses. */
export function keepMessage(session: StoreSession, message: KeptMessage): void {
  const { entry, other, index, direction } = message;
  const same = (one: KeptMessage) => idKey(one) === idKey(message);
  if (session.hasSealed(idKey(message)) || mailAt(session, index).some(same)) return;
  session.putSealed(idKey(message), true);
  session.putSealed(mailKey(index), [...mailAt(session, index), message]);
  if (direction === 'received' && index < watchedMail(session))
    session.putSealed(LATE, [...lateMail(session), message]);
  const key = conversationKey(entry, other);
  session.putSealed(key, [...new Set([...(session.getSealed<number[]>(key) ?? []), index])]);
}

export const peerOf = (session: StoreSession, entry: number, other: number): Peer | undefined =>
  session.getSealed<Peer>(peerKey(entry, other));
export const keepPeer = (session: StoreSession, entry: number, other: number, peer: Peer): void =>
  session.putSealed(peerKey(entry, other), peer);

/** Notes a message that is about to leave. */
export const noteSending = (session: StoreSession, message: SendingMessage): void =>
  session.putSealed(SENDING + message.address, message);

/** Notes that an own message is on the ledger, when its record comes into the copy. */
export function settleMessage(session: StoreSession, { index, time, body }: LogRecord): void {
  if (body.type !== 'message') return;
  const sending = session.getSealed<SendingMessage>(SENDING + body.address.toString());
  // Somebody else was faster at this address: the message goes to another one.
  if (!sending || !equalBytes(Buffer.from(sending.bodyHash, 'hex'), body.bodyHash)) return;
  const { entry, other, direction, id, previous, acknowledges, body: said } = sending;
  keepMessage(session, { index, time, entry, other, direction, id, previous, acknowledges, body: said });
}
