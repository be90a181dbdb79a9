import type { FieldElement } from '../crypto/index.js';
import { encodeDocument } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  dayOf,
  decodeTransaction,
  equalBytes,
  PERIOD_LEEWAY_MS,
  transactionHash,
  unixMs,
  type LogIndex,
  type LogRecord,
  type Network,
  type RegisterRecord,
} from '../ledger/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { DAY_MS } from '../time.js';
import { entryByNullifier, putEntry, useIndex, type OwnEntry } from './entries.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { documentIn } from './share.js';
import type { AgentStore } from './store.js';

export interface RecoveryParts {
  readonly keys: MemberKeys;
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: Pick<LedgerClient, 'transaction' | 'payload'>;
}

export interface Recovered {
  readonly sequence: number;
  readonly purpose: string;
  /** What came back with it; `nothing`: it can be settled, released or cancelled all the same. */
  readonly document: 'document' | 'nothing';
  /** Why nothing did. */
  readonly reason?: string;
}

interface Found {
  readonly record: LogRecord & { readonly body: RegisterRecord };
  readonly period: number;
  readonly index: number;
}

/** Nullifiers between two looks at the event loop. */
const STEP = 500;

/**
 * Finds entries of this member in the log that its folder does not know, from a position on: those that were made after
 * a backup, or by a registration that was under way when the folder was lost. Every index that the records can have, in
 * every period that they can be of, is tried: indices are used from the lowest on, but several registrations at once,
 * deferred ones and ones that failed leave gaps of any width, so the margin is all of it (0.1 ms each).
 */
export async function recoverEntries(
  { keys, network, store, copy, ledger }: RecoveryParts,
  from: number,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Recovered[]> {
  await copy.sync();
  const records = await store.use((session) => {
    const { size } = copy.replica(session);
    const unknown = new Map<FieldElement, Found['record']>();
    for (let at = from; at < size; at++) {
      const record = copy.record(session, at as LogIndex);
      const { body } = record;
      if (body.type !== 'register') continue;
      if (entryByNullifier(session, body.nullifier.toString())?.sequence !== undefined) continue;
      unknown.set(body.nullifier, { ...record, body });
    }
    return unknown;
  });
  const found = await ownAmong(records, keys, network, onProgress);
  const recovered: Recovered[] = [];
  for (const { record, period, index } of found) {
    const { entry, reason } = await entryOf(record, { keys, network, ledger });
    await store.use((session) => {
      // One that waited under this nullifier was never registered: this record used the index up.
      putEntry(session, entry);
      useIndex(session, period, index);
    });
    recovered.push({
      sequence: record.body.entry,
      purpose: entry.purpose,
      document: entry.document === '' ? 'nothing' : 'document',
      ...(reason === undefined ? {} : { reason }),
    });
  }
  return recovered;
}

async function ownAmong(
  records: ReadonlyMap<FieldElement, Found['record']>,
  keys: MemberKeys,
  network: Network,
  onProgress: (done: number, total: number) => void,
): Promise<Found[]> {
  // The proof of an entry holds its index below the quota of its purpose (R5).
  const quotas = new Map<number, number>();
  for (const { time, body } of records.values()) {
    const { quota } = network.purposes.get(body.purpose)!;
    for (const at of [time - DAY_MS, time, time + PERIOD_LEEWAY_MS]) {
      const period = dayOf(unixMs(at));
      quotas.set(period, Math.max(quotas.get(period) ?? 0, quota));
    }
  }
  const total = [...quotas.values()].reduce((sum, quota) => sum + quota, 0);
  const found: Found[] = [];
  let done = 0;
  for (const [period, quota] of quotas)
    for (let index = 0; index < quota; index++) {
      const record = records.get(keys.nullifier(period, index));
      if (record) found.push({ record, period, index });
      if (++done % STEP !== 0) continue;
      onProgress(done, total);
      await new Promise((resolve) => setImmediate(resolve));
    }
  return found.sort((a, b) => a.record.index - b.record.index);
}

/** An entry of which only the log and the seed are left. */
async function entryOf(
  { body, index, time, txHash }: Found['record'],
  { keys, network, ledger }: Pick<RecoveryParts, 'keys' | 'network' | 'ledger'>,
): Promise<{ entry: OwnEntry; reason?: string }> {
  const { nullifier, purpose, documentKind, tags, entry: sequence, verdict } = body;
  const own = keys.entry(nullifier);
  const bare: OwnEntry = {
    nullifier: nullifier.toString(),
    sequence,
    purpose,
    documentKind,
    fileHash: '',
    document: '',
    tags: [tags[0].toString(), tags[1].toString()],
    transaction: '',
    payload: '',
    createdAt: time,
    registeredAt: time,
    index,
    verdict: verdict.label,
  };
  let entry = bare;
  try {
    const transaction = await ledger.transaction(txHash);
    const decoded = decodeTransaction(transaction);
    ensure(
      decoded.type === 'register' &&
        equalBytes(transactionHash(transaction), txHash) &&
        equalBytes(decoded.claims.controlKey, own.controlKey),
      'data_corrupted',
      'the transaction of an own entry is another one',
    );
    entry = { ...entry, transaction: Buffer.from(transaction).toString('base64') };
    const { claims } = decoded;
    const payload = await ledger.payload(claims.payloadHash);
    entry = { ...entry, payload: Buffer.from(payload).toString('base64') };
    const convergent = network.purposes.get(purpose)?.saltPolicy === 'convergent';
    if (convergent)
      return {
        entry,
        reason: 'whoever holds the document opens it (it is convergent), and this folder no longer does',
      };
    const document = await documentIn(payload, own.salt, claims, network.id);
    return { entry: { ...entry, document: Buffer.from(encodeDocument(document)).toString('utf8') } };
  } catch (error) {
    // The entry is found, and can be acted on, whatever is missing of it.
    if (!(error instanceof CountersealError)) throw error;
    return { entry, reason: error.message };
  }
}
