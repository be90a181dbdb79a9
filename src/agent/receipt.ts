import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError, ensure } from '../errors.js';
import {
  checkpointOf,
  countEntries,
  decodeRecord,
  encodeReceipt,
  equalBytes,
  findRegistration,
  logRoot,
  makeReceipt,
  receiptKey,
  recordKey,
  statePrefix,
  type LogIndex,
  type Network,
  type Sequence,
} from '../ledger/index.js';
import { verifyReceipt, type ProvedReceipt } from '../receipts/verify.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { ownEntry } from './entries.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { AgentStore } from './store.js';

/** At least so many entries share the prefix that a node is asked for: it cannot tell which one is meant. */
export const ANONYMITY_SET_MIN = 128;
const DIGIT = 16;

/** Tries, a second apart, with a checkpoint that witnesses cosigned; then as many with the newest one. */
const TRIES = 6;
const PAUSE_MS = 1_000;

export interface ReceiptParts {
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: Pick<LedgerClient, 'stateSubtree'>;
}

export interface ReceiptOptions {
  /** Adds the own transaction, which shows commitment and control key. */
  readonly withTransaction?: boolean;
  /** Between tries. */
  readonly pauseMs?: number;
}

export interface MadeReceipt {
  /** The content of the receipt's file. */
  readonly text: string;
  readonly proved: ProvedReceipt;
}

/**
 * How many digits of a state key's hash a node may be told. Of the three pieces of a receipt the agent has two: record
 * and inclusion proof follow from its copy of the log, and so does the value of the tag's list. Only how that list hangs
 * under the state root it cannot compute, because commitments and control keys are not in the log. It asks for a prefix
 * that at least {@link ANONYMITY_SET_MIN} exact tags share, and of a small ledger for everything: the node learns that
 * some agent makes a receipt, and not of which entry. To ask for the proof of one key would be to name it; to fetch all
 * of the state every time would hide no more than this does in a crowd, at a cost that grows with the ledger.
 */
export function prefixDigits(entries: number): number {
  let digits = 0;
  for (let shared = entries / DIGIT; shared >= ANONYMITY_SET_MIN; shared /= DIGIT) digits++;
  return digits;
}

/**
 * A receipt of an entry: an own one, or anybody's. Throws `not_found`, `unavailable`, and `data_corrupted` where the node's log and state do not agree.
 */
export async function receiptOf(
  { network, store, copy, ledger }: ReceiptParts,
  sequence: number,
  { withTransaction = false, pauseMs = PAUSE_MS }: ReceiptOptions = {},
): Promise<MadeReceipt> {
  await copy.sync();
  const { index, prefix, transaction } = await store.use((session) => {
    const { size } = copy.replica(session);
    const found = findRegistration(session.view, sequence as Sequence, size);
    ensure(found !== undefined, 'not_found', `the ledger has no entry ${sequence}`, 'entry');
    const own = ownEntry(session, sequence);
    ensure(
      own !== undefined || !withTransaction,
      'not_found',
      `this member has no entry ${sequence}: only its author has the transaction`,
      'entry',
    );
    const { body } = decodeRecord(session.view.get(recordKey(found))!);
    if (body.type !== 'register') throw new CountersealError('internal', 'found another record');
    return {
      index: found,
      prefix: statePrefix(receiptKey(body), prefixDigits(countEntries(session.view, size))),
      transaction:
        own && withTransaction ? new Uint8Array(Buffer.from(own.transaction, 'base64')) : undefined,
    };
  });

  for (let attempt = 0; attempt < 2 * TRIES; attempt++) {
    if (attempt > 0) await sleep(pauseMs);
    const { checkpoint, nodes } = await ledger.stateSubtree(prefix, attempt >= TRIES);
    const signed = checkpointOf(network.genesis, checkpoint);
    await copy.sync();
    const receipt = await store.use((session) => {
      const { size } = copy.replica(session);
      // Not yet cosigned, or of a node that is ahead of the one that was read from.
      if (signed.size <= index || signed.size > size) return undefined;
      ensure(
        equalBytes(logRoot(session.view, signed.size), signed.root),
        'data_corrupted',
        'a checkpoint of the node commits to another log than the one that it sent: it is not to be trusted',
      );
      const made = makeReceipt({
        view: session.view,
        index: index as LogIndex,
        checkpoint,
        nodes,
        ...(transaction ? { transaction } : {}),
      });
      ensure(
        made !== undefined || signed.size < size,
        'data_corrupted',
        "the state that the node signed does not have the tag's list that follows from its log",
      );
      return made;
    });
    if (!receipt) continue;
    const text = encodeReceipt(receipt);
    const operatorKeys = network.genesis.operators.map(({ checkpointKey }) => checkpointKey);
    return { text, proved: verifyReceipt(text, { networkId: network.id, operatorKeys }) };
  }
  throw new CountersealError(
    'unavailable',
    `no checkpoint for a receipt of entry ${sequence} was to be had: the ledger is busy, try again`,
  );
}
