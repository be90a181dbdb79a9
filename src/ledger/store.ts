/**
 * Where the state machine keeps what it knows. A key is ASCII text; keys are ordered by their bytes. Every driver
 * passes the suite in test/ledger/store-suite.ts.
 */
export interface Store {
  /**
   * The value that was last written, or undefined. Synchronous, because a block asks for thousands of small values.
   * Throws `data_corrupted` where the driver can tell that the value is not what was written; `io` if it cannot read.
   */
  get(key: string): Uint8Array | undefined;
  /** Entries with gte <= key < lt in ascending order, as they were when the iteration began, at most `limit`. */
  iterate(range: KeyRange): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /**
   * All of it or nothing, on disk when the promise resolves. The later of two writes to one key counts.
   * Throws `io`; then it is unknown which of the two happened until the store is opened again.
   */
  write(batch: readonly Write[]): Promise<void>;
  /**
   * Frees what was deleted or overwritten in a range, as far as the driver can: after this, none of its files holds it,
   * unless an iteration that began before is still under way. Throws `io`.
   */
  compact(range: Pick<KeyRange, 'gte' | 'lt'>): Promise<void>;
  close(): Promise<void>;
}

export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
  readonly limit?: number;
}

/** `value` undefined deletes the key, present or not. */
export interface Write {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** What reads: a store, or an overlay over one. */
export type Reader = Pick<Store, 'get'>;
