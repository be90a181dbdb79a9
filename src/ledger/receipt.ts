import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { readVerifiedCheckpoint } from './checkpoint.js';
import { decodeRecord, type RegisterRecord } from './log-record.js';
import { inclusionProof } from './merkle-log.js';
import { recordKey, stateKeys, type StateKey } from './state-keys.js';
import { verifyStateProof } from './state-proof.js';
import { proveFromSubtree, type SubtreeNode } from './state-subtree.js';
import type { Reader } from './store.js';
import { equalBytes } from './hash.js';
import { transactionHash } from './transactions.js';
import type { LogIndex, Sequence } from './units.js';

const bytes = z.base64().min(4).max(16_384);
const hash = z.base64().length(44);

/**
 * A receipt as a file (protocol section 7, "Receipt"): all that an outsider needs, with the network's operator keys, to
 * see that an entry is on the ledger. src/receipts/verify.ts verifies it. Bytes are base64.
 */
export const receiptSchema = z.strictObject({
  format: z.literal('counterseal-receipt'),
  version: z.literal(1),
  /** C2SP signed note of an operator, with the cosignatures that there were; commits to the log and to the state. */
  checkpoint: z.string().max(16_384),
  /** The log record that registered the entry: the leaf, which says when, and what the ledger answered. */
  record: bytes,
  /** RFC 6962 audit path of the leaf in the log of the checkpoint's size, from the leaf up. */
  inclusion: z.array(hash).max(64),
  /** The value of the exact tag's key in the checkpoint's state: who has this tag, first come first, and their states. */
  tagList: bytes,
  /** The siblings of that value's leaf in the state tree, from the leaf up. */
  tagProof: z.array(hash).max(256),
  /** The transaction, if its author wants to show commitment and control key: the record names its hash. */
  transaction: bytes.optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The content of a receipt's file. */
export const encodeReceipt = (receipt: Receipt): string =>
  `${JSON.stringify(receiptSchema.parse(receipt), null, 2)}\n`;

/** Reads a receipt without verifying it; throws `invalid_argument` with the field at fault. */
export function decodeReceipt(text: string): Receipt {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'the receipt is not JSON', { cause });
  }
  const parsed = receiptSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new CountersealError('invalid_argument', `the receipt is wrong at ${path || 'its root'}`, {
    field: path,
    cause: parsed.error,
  });
}

/** Where in the log an entry was registered; undefined if that is not among the first `size` records. */
export function findRegistration(records: Reader, entry: Sequence, size: number): LogIndex | undefined {
  // Entries are numbered in the order of the log: search by halves, each time for the next registration.
  let low: number = entry;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = nextRegistration(records, middle, high);
    if (!next || next.entry > entry) high = middle;
    else if (next.entry === entry) return next.index;
    else low = next.index + 1;
  }
  return undefined;
}

function nextRegistration(records: Reader, from: number, to: number) {
  for (let at = from; at < to; at++) {
    const { index, body } = decodeRecord(readRecord(records, at));
    if (body.type === 'register') return { index, entry: body.entry };
  }
  return undefined;
}

/** How many entries the first `size` records have registered. */
export function countEntries(records: Reader, size: number): number {
  for (let at = size - 1; at >= 0; at--) {
    const { body } = decodeRecord(readRecord(records, at));
    if (body.type === 'register') return body.entry + 1;
  }
  return 0;
}

/** The state key that a receipt of an entry proves. */
export const receiptKey = ({ purpose, tags }: Pick<RegisterRecord, 'purpose' | 'tags'>): StateKey =>
  stateKeys.tag(purpose, tags[0]);

export interface ReceiptSource {
  /** A copy of the log as {@link Replica} keeps it, with the records under their keys: at least the checkpoint's size. */
  readonly view: Reader;
  readonly index: LogIndex;
  /** The signed note of a checkpoint, verified. */
  readonly checkpoint: string;
  /** Nodes of the state tree at that checkpoint, the way to {@link receiptKey} among them. */
  readonly nodes: readonly SubtreeNode[];
  readonly transaction?: Uint8Array;
}

/**
 * Makes a receipt of an entry. The list of the tag is the reader's own, rebuilt from the log: the node only says how it
 * hangs together with the state root that it signed. Undefined where the two differ: that is how it is while the copy is
 * newer than the checkpoint, and of a copy of the same size it means that the node's log and state do not agree.
 */
export function makeReceipt({
  view,
  index,
  checkpoint,
  nodes,
  transaction,
}: ReceiptSource): Receipt | undefined {
  const { size, stateRoot } = readVerifiedCheckpoint(checkpoint);
  const record = readRecord(view, index);
  const { txHash, body } = decodeRecord(record);
  ensure(body.type === 'register', 'invalid_argument', `record ${index} of the log registers no entry`);
  ensure(
    transaction === undefined || equalBytes(transactionHash(transaction), txHash),
    'invalid_argument',
    'the transaction is not the one that the record names',
  );
  const key = receiptKey(body);
  const list = view.get(key);
  if (!list) throw new CountersealError('data_corrupted', 'the copy of the ledger lacks the tag of an entry');
  const proof = proveFromSubtree(nodes, key, list);
  if (!proof || !verifyStateProof(stateRoot, key, list, proof)) return undefined;
  return {
    format: 'counterseal-receipt',
    version: 1,
    checkpoint,
    record: base64(record),
    inclusion: inclusionProof(view, index, size).map(base64),
    tagList: base64(list),
    tagProof: proof.siblings.map(base64),
    ...(transaction ? { transaction: base64(transaction) } : {}),
  };
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');

function readRecord(records: Reader, index: number): Uint8Array {
  const record = records.get(recordKey(index as LogIndex));
  if (!record) throw new CountersealError('data_corrupted', `record ${index} of the log is missing`);
  return record;
}
