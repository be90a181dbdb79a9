import { CountersealError, ensure } from '../errors.js';
import { entryAt } from './admission.js';
import { decodeRecord, type LogRecord, type MessageRecord } from './log-record.js';
import { consistencyProof, inclusionProof, logRoot } from './merkle-log.js';
import { appHash, type LedgerMeta } from './meta.js';
import { recordKey, recordRange, type StateKey, transactionKey } from './state-keys.js';
import type { StateProof } from './state-proof.js';
import { proveState, stateRoot } from './state-tree.js';
import type { Entry } from './state-values.js';
import type { Store } from './store.js';
import type { Height, LogIndex, Sequence, UnixMs } from './units.js';

/** Records that one call returns at most. */
export const RECORDS_PER_READ_MAX = 1000;

/** What the store keeps of an included transaction: its log index (8 bytes, big-endian), then its bytes. */
export function transactionValue(index: LogIndex, bytes: Uint8Array): Uint8Array {
  const value = Buffer.alloc(8 + bytes.length);
  value.writeBigUInt64BE(BigInt(index));
  value.set(bytes, 8);
  return value;
}

/** The inverse of {@link transactionValue}. */
export function transactionIn(value: Uint8Array): { readonly index: LogIndex; readonly bytes: Uint8Array } {
  const index = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0)) as LogIndex;
  return { index, bytes: value.subarray(8) };
}

/** Reads what has been committed. There is no lookup by tag: who wants one reads the log and keeps a copy. */
export class LedgerReader {
  constructor(
    private readonly store: Store,
    private readonly position: () => LedgerMeta,
  ) {}

  meta(): LedgerMeta & { readonly appHash: Uint8Array } {
    const meta = this.position();
    return { ...meta, appHash: appHash(meta) };
  }

  /**
   * The canonical bytes of up to `limit` committed records from an index on, ascending, as the log hashes them; none
   * at the log's end.
   */
  async recordsFrom(from: LogIndex, limit: number = RECORDS_PER_READ_MAX): Promise<Uint8Array[]> {
    const to = Math.min(this.position().logSize, from + Math.min(limit, RECORDS_PER_READ_MAX)) as LogIndex;
    const records: Uint8Array[] = [];
    if (to <= from) return records;
    for await (const [, bytes] of this.store.iterate(recordRange(from, to))) records.push(bytes);
    ensure(records.length === to - from, 'data_corrupted', 'records of the log are missing');
    return records;
  }

  /** Throws `not_found` beyond the end of the log. */
  record(index: LogIndex): LogRecord {
    const bytes = this.recordBytes(index);
    return stored(() => decodeRecord(bytes));
  }

  /** The canonical bytes of a record. Throws `not_found` beyond the end of the log. */
  recordBytes(index: LogIndex): Uint8Array {
    ensure(index < this.position().logSize, 'not_found', `the log has no record ${index} yet`);
    const bytes = this.store.get(recordKey(index));
    if (!bytes) throw new CountersealError('data_corrupted', `record ${index} of the log is missing`);
    return bytes;
  }

  /** Of the first `size` records, those of messages that are not older than a time. */
  async *messagesSince(
    time: UnixMs,
    size: number = this.position().logSize,
  ): AsyncGenerator<LogRecord & { readonly body: MessageRecord }> {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.record(middle as LogIndex).time < time) low = middle + 1;
      else high = middle;
    }
    for (let from = low; from < size; from += RECORDS_PER_READ_MAX)
      for (const bytes of await this.recordsFrom(from as LogIndex, size - from)) {
        const { body, ...record } = stored(() => decodeRecord(bytes));
        if (body.type === 'message') yield { ...record, body };
      }
  }

  /** How many records there were after a block, and the version of the state tree. Not for blocks to come. */
  positionAt(height: Height): { readonly logSize: number; readonly version: number } {
    const { height: latest, logSize, treeVersion } = this.position();
    if (height >= latest) return { logSize, version: treeVersion };
    // Every record bears the height of its block, and only blocks with records make a version.
    let low = 0;
    let high = logSize;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.record(middle as LogIndex).height <= height) low = middle + 1;
      else high = middle;
    }
    return { logSize: low, version: low === 0 ? 0 : this.record((low - 1) as LogIndex).height };
  }

  /** An included transaction by its hash, or undefined. */
  transaction(txHash: Uint8Array): { readonly index: LogIndex; readonly bytes: Uint8Array } | undefined {
    const value = this.store.get(transactionKey(txHash));
    return value && transactionIn(value);
  }

  entry(sequence: Sequence): Entry | undefined {
    return entryAt(this.store, sequence);
  }

  /**
   * The value of a state key and its proof against the state root of a version: the latest, or one of the last
   * STATE_VERSIONS_KEPT. Throws `not_found` for a version that is gone or was never made.
   */
  stateProof(
    key: StateKey,
    version: number = this.position().treeVersion,
  ): { readonly value: Uint8Array | undefined; readonly proof: StateProof; readonly version: number } {
    return this.atVersion(version, () => ({ ...proveState(this.store, version, key), version }));
  }

  /** The state root of a version; throws as {@link stateProof} does. */
  stateRoot(version: number): Uint8Array {
    return this.atVersion(version, () => stateRoot(this.store, version));
  }

  /** RFC 6962 audit path of a record in the log of `size` leaves (the latest by default). */
  inclusionProof(index: LogIndex, size: number = this.position().logSize): Uint8Array[] {
    this.ensureSize(size);
    return inclusionProof(this.store, index, size);
  }

  /** RFC 6962 consistency proof between two sizes. */
  consistencyProof(from: number, to: number = this.position().logSize): Uint8Array[] {
    this.ensureSize(to);
    return consistencyProof(this.store, from, to);
  }

  /** The root that the log had at a size. */
  logRoot(size: number): Uint8Array {
    this.ensureSize(size);
    return logRoot(this.store, size);
  }

  private atVersion<T>(version: number, read: () => T): T {
    const latest = this.position().treeVersion;
    ensure(
      Number.isSafeInteger(version) && version >= 0 && version <= latest,
      'not_found',
      'no such state version',
    );
    try {
      return read();
    } catch (error) {
      // A version before the latest may have been pruned, or be that of a block that changed nothing.
      if (version === latest || !(error instanceof CountersealError) || error.code !== 'data_corrupted')
        throw error;
      throw new CountersealError('not_found', `the state of version ${version} is not kept`, {
        cause: error,
      });
    }
  }

  private ensureSize(size: number): void {
    ensure(
      Number.isSafeInteger(size) && size >= 0 && size <= this.position().logSize,
      'invalid_argument',
      `the log has ${this.position().logSize} records`,
    );
  }
}

/** What was stored must decode: if not, the store is damaged, not the question. */
function stored<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new CountersealError('data_corrupted', 'a stored record of the log is damaged', { cause });
  }
}
