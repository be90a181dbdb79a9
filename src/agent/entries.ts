import { ensure } from '../errors.js';
import {
  dayOf,
  equalBytes,
  transactionHash,
  type EntryState,
  type IndexedEntry,
  type LogRecord,
  type Purpose,
  type Sequence,
  type UnixMs,
  type VerdictLabel,
} from '../ledger/index.js';
import { DAY_MS } from '../time.js';
import type { KeptEvaluation } from './kept-evaluation.js';
import type { StoreSession } from './store.js';

/** What a member keeps of its own entry. Sealed on disk. Bytes in hexadecimal, field elements in decimal. */
export interface OwnEntry {
  readonly nullifier: string;
  /** Unset until the ledger has it. */
  readonly sequence?: number;
  readonly purpose: string;
  readonly documentKind: number;
  /**
   * SHA-256 of the file that was registered, or of the encoded document where it came from a table or folder; empty
   * where the entry was found in the log again.
   */
  readonly fileHash: string;
  /** The encoded document: kind and canonical strings; empty where only the log knows of the entry. */
  readonly document: string;
  readonly tags: readonly [exact: string, near: string];
  readonly transaction: string;
  readonly payload: string;
  /** Milliseconds: when the proof was made, and the time of the block. */
  readonly createdAt: number;
  /** Milliseconds: not to be submitted before. Left out: at once. */
  readonly notBefore?: number;
  readonly registeredAt?: number;
  /** Position in the log of the record that registered it. */
  readonly index?: number;
  /** What the ledger said when it was registered. */
  readonly verdict?: VerdictLabel;
  /** Of its possession fingerprint; unset where the document lacks one of its slots, or the log alone knows of it. */
  readonly possession?: KeptEvaluation;
  /** The exact document key, decimal: it opens the notices of others' entries of the document. */
  readonly exactKey?: string;
  /** Why the ledger refused it. Should it be taken later all the same, its record settles the entry. */
  readonly refused?: string;
}

/** An own entry that is on the ledger. */
export type RegisteredEntry = OwnEntry & { readonly sequence: Sequence };

const PREFIX = 'own/entry/';
const sequenceKey = (sequence: number) => `own/sequence/${sequence}`;
const indexKey = (period: number, index: number) => `own/index/${period}/${index}`;

export function putEntry(session: StoreSession, entry: OwnEntry): void {
  session.putSealed(PREFIX + entry.nullifier, entry);
  if (entry.sequence !== undefined) session.putSealed(sequenceKey(entry.sequence), entry.nullifier);
}

/**
 * Notes that an own entry is on the ledger, when its record comes into the copy: what the log says counts, and not what
 * the node answered to whoever submitted.
 */
export function settleEntry(session: StoreSession, { index, time, txHash, body }: LogRecord): void {
  if (body.type !== 'register') return;
  const entry = session.getSealed<OwnEntry>(PREFIX + body.nullifier.toString());
  if (!entry || entry.sequence !== undefined) return;
  // The same nullifier in another transaction is no entry of this agent's: it is used up all the same.
  if (!equalBytes(transactionHash(Buffer.from(entry.transaction, 'base64')), txHash)) return;
  const known = { ...entry };
  delete known.refused;
  putEntry(session, {
    ...known,
    sequence: body.entry,
    registeredAt: time,
    index,
    verdict: body.verdict.label,
  });
}

export const entryByNullifier = (session: StoreSession, nullifier: string): OwnEntry | undefined =>
  session.getSealed<OwnEntry>(PREFIX + nullifier);

export const listEntries = (session: StoreSession): Promise<OwnEntry[]> =>
  session.listSealed<OwnEntry>(PREFIX);

export const isOwn = (session: StoreSession, sequence: number): boolean =>
  session.hasSealed(sequenceKey(sequence));

export function ownEntry(session: StoreSession, sequence: number): RegisteredEntry | undefined {
  const nullifier = session.getSealed<string>(sequenceKey(sequence));
  return nullifier === undefined ? undefined : session.getSealed<RegisteredEntry>(PREFIX + nullifier);
}

/** As {@link ownEntry}. Throws `not_found`. */
export function ownEntryOrThrow(session: StoreSession, sequence: number): RegisteredEntry {
  const entry = ownEntry(session, sequence);
  ensure(entry, 'not_found', `this member has no entry ${sequence}`, 'entry');
  return entry;
}

const orderKey = (txHash: Uint8Array) => `own/order/${Buffer.from(txHash).toString('hex')}`;

/** Notes that this agent signed an action, before it leaves. */
export const noteOrder = (session: StoreSession, txHash: Uint8Array): void =>
  session.putSealed(orderKey(txHash), true);

/** Whether this agent signed the action of a record. */
export const hasOrdered = (session: StoreSession, txHash: Uint8Array): boolean =>
  session.hasSealed(orderKey(txHash));

/**
 * Takes the lowest index of a period that was not used; undefined where all below `quota` were. `isUsed` tells of
 * indices that are used although this store does not know it.
 */
export function reserveIndex(
  session: StoreSession,
  period: number,
  quota: number,
  isUsed: (index: number) => boolean = () => false,
): number | undefined {
  for (let index = 0; index < quota; index++) {
    if (session.hasSealed(indexKey(period, index)) || isUsed(index)) continue;
    session.putSealed(indexKey(period, index), true);
    return index;
  }
  return undefined;
}

/** What becomes of an entry's payload. */
export interface PayloadView {
  /** `over`: its term has passed, and nodes delete it by themselves. */
  readonly status: 'kept' | 'erased' | 'over';
  /** The last day on which nodes keep it, unless it is erased before: YYYY-MM-DD. */
  readonly retainUntil: string;
}

export function payloadView(
  { retainDays }: Pick<Purpose, 'retainDays'>,
  { registered }: Pick<IndexedEntry, 'registered'>,
  erased: boolean,
  time: UnixMs,
): PayloadView {
  const last = registered + retainDays;
  return {
    status: erased ? 'erased' : dayOf(time) > last ? 'over' : 'kept',
    retainUntil: new Date(last * DAY_MS).toISOString().slice(0, 10),
  };
}

/** Notes that an index is used up. */
export const useIndex = (session: StoreSession, period: number, index: number): void =>
  session.putSealed(indexKey(period, index), true);

/** An own entry as commands show it. */
export interface EntryView {
  readonly entry: OwnEntry;
  /**
   * `pending` until in a block; `expired` if it was not submitted while the ledger took it, and is to be proved again;
   * `refused` if the ledger would not have it.
   */
  readonly state: EntryState | 'pending' | 'expired' | 'refused';
}

/** Whether an entry stands for its document now: it is on the ledger, and was not given up or replaced. */
export const isLive = (state: EntryView['state']): boolean =>
  state === 'registered' || state === 'engaged' || state === 'settled';
