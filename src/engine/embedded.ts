import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytesToHex } from '@noble/hashes/utils.js';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import {
  addSignatureLine,
  BLOCK_MAX_BYTES,
  BLOCK_MAX_TRANSACTIONS,
  type CacheUses,
  encodeRecord,
  erasedPayloadOf,
  isRejection,
  type LedgerApplication,
  type LedgerReader,
  type LogIndex,
  type LogRecord,
  type ParsedTransaction,
  parseTransaction,
  readSubtree,
  type Rejection,
  signCheckpoint,
  StateMachine,
  type Store,
  type SubtreeNode,
  type UnixMs,
} from '../ledger/index.js';
import { DAY_MS } from '../time.js';
import { CommitSignal } from './commit-signal.js';
import { backupOf, type BackupExtras } from './backup.js';
import { HeadFile } from './head-file.js';
import { LevelStore } from './level-store.js';
import type { EmbeddedOptions, LogBatch, SignedCheckpoint, SubmitResult } from './engine-types.js';
import { kindOf, type SubmittedKind, verdictOf } from './observer.js';
import { type Payload, payloadOf, Payloads, retainDaysOf } from './payloads.js';
import { Turnstile } from './turnstile.js';

/** Transactions that may wait, in checking or for a block, before submitters are told to come back. */
export const QUEUE_MAX = 4096;
/** Records in one message of a stream: at 3 KiB each well below what gRPC carries. */
export const STREAM_BATCH_RECORDS = 256;

const STOPS: ReadonlySet<ErrorCode> = new Set(['data_corrupted', 'io']);

interface Pending {
  readonly key: string;
  readonly kind: SubmittedKind;
  readonly bytes: Uint8Array;
  readonly payload: Payload | undefined;
  resolve(result: SubmitResult): void;
  reject(error: unknown): void;
}

/**
 * One process that is the whole ledger. Submitted transactions are checked side by side, so that their proofs verify
 * in batches; what is ready makes a block, and a block is one synchronous batch (group commit). A submitter is
 * answered when its transaction is on disk.
 */
export class EmbeddedEngine {
  private readonly ready: Pending[] = [];
  private readonly pending = new Map<string, Promise<SubmitResult>>();
  private readonly commits = new CommitSignal();
  /** Blocks and erasures write one after the other. */
  private readonly writing = new Turnstile();
  private readonly clock: () => number;
  private readonly queueMax: number;
  private readonly sweeper: NodeJS.Timeout;
  private sweeping: Promise<void> | undefined;
  private freeing: Promise<void> = Promise.resolve();
  private producing: Promise<void> | undefined;
  private failure: CountersealError | undefined;
  private closed = false;
  private backingUp = false;
  private note: SignedCheckpoint | undefined;
  /** The newest checkpoint that a witness cosigned. */
  private cosigned: SignedCheckpoint | undefined;

  private constructor(
    private readonly machine: StateMachine,
    /** Everything that can be read of what is committed. */
    readonly reader: LedgerReader,
    private readonly payloads: Payloads,
    private readonly store: Store,
    private readonly head: HeadFile,
    private readonly options: EmbeddedOptions,
  ) {
    this.clock = options.clock ?? Date.now;
    this.queueMax = options.queueMax ?? QUEUE_MAX;
    void this.eraseExpiredPayloads();
    this.sweeper = setInterval(() => void this.eraseExpiredPayloads(), DAY_MS).unref();
  }

  /**
   * Opens a ledger, or starts one. Throws `failed_precondition` for the directory of another network or one that is
   * in use, `data_corrupted` for a damaged one, `io`.
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
    const { directory, genesis, verifier } = options;
    ensure(
      options.signer.name === genesis.networkId,
      'invalid_argument',
      "the checkpoint key must bear the network's name",
    );
    try {
      mkdirSync(directory, { recursive: true });
    } catch (cause) {
      throw new CountersealError('io', `the data directory ${directory} cannot be made`, { cause });
    }
    const store = options.store ?? (await LevelStore.open(join(directory, 'ledger')));
    let head: HeadFile | undefined;
    try {
      const machine = await StateMachine.open({ genesis, store, verifier });
      head = HeadFile.open(join(directory, 'head'));
      ensureNothingLost(machine, head);
      await machine.initChain();
      const payloads = new Payloads(store);
      return new EmbeddedEngine(machine, machine.reader, payloads, store, head, options);
    } catch (error) {
      head?.close();
      await store.close();
      throw error;
    }
  }

  /** Whether transactions are accepted, and if not, why. */
  status(): { readonly accepting: boolean; readonly reason: string | undefined; readonly waiting: number } {
    const reason = this.closed ? 'the ledger is closed' : (this.failure?.message ?? this.options.held);
    return { accepting: reason === undefined, reason, waiting: this.pending.size };
  }

  /**
   * Submits a transaction, with its payload if it registers or is a message. Resolves when it is durable or refused by the rules; one
   * that is in the log already gets its first answer again.
   *
   * Throws `invalid_argument` for a wrong payload; `unavailable` when the queue is full or the ledger closes;
   * `io` once the disk has failed: then what was not answered may or may not have been written, and submitting again
   * after a restart tells.
   */
  async submit(bytes: Uint8Array, payload?: Uint8Array): Promise<SubmitResult> {
    ensure(!this.closed, 'unavailable', 'the ledger is closing');
    if (this.failure) throw this.failure;
    const parsed = parseTransaction(bytes);
    const kind = kindOf(parsed);
    if (isRejection(parsed)) return this.refused(kind, parsed);
    const key = bytesToHex(parsed.hash);
    const known = this.pending.get(key) ?? this.included(parsed);
    if (known) return known;
    ensure(this.options.held === undefined, 'unavailable', this.options.held ?? '');
    ensure(
      this.pending.size < this.queueMax,
      'unavailable',
      'too many transactions are waiting: retry later',
    );
    const kept = payloadOf(parsed, payload);
    const result = this.process({ key, kind, bytes: new Uint8Array(bytes), payload: kept }).finally(() =>
      this.pending.delete(key),
    );
    this.pending.set(key, result);
    return result;
  }

  /** The signed note of the last committed block. */
  checkpoint(): string {
    return this.signedCheckpoint().text;
  }

  /** The same, with what it takes to have it cosigned. */
  signedCheckpoint(): SignedCheckpoint {
    const { height, time, logSize: size, logRoot: root, stateRoot, treeVersion } = this.reader.meta();
    if (this.note?.height !== height) {
      const origin = this.options.genesis.networkId;
      const text = signCheckpoint({ origin, size, root, stateRoot, height, time }, this.options.signer);
      this.note = { height, size, treeVersion, text };
    }
    return this.note;
  }

  /** Attaches the verified cosignatures of witnesses to a checkpoint of this ledger. */
  attachCosignatures(checkpoint: SignedCheckpoint, lines: readonly string[]): void {
    if (lines.length === 0 || checkpoint.height < (this.cosigned?.height ?? 0)) return;
    this.cosigned = { ...checkpoint, text: lines.reduce(addSignatureLine, checkpoint.text) };
    if (this.note?.height === checkpoint.height) this.note = this.cosigned;
  }

  /**
   * A part of the state tree, and the checkpoint that signs it: the newest that a witness cosigned, as long as its
   * state is kept, unless `newest` is wanted. Throws `invalid_argument` for a prefix that is malformed or too short.
   */
  stateSubtree(prefix: string, newest = false): { checkpoint: string; nodes: SubtreeNode[] } {
    const { cosigned } = this;
    if (cosigned && !newest) {
      try {
        return { checkpoint: cosigned.text, nodes: readSubtree(this.store, cosigned.treeVersion, prefix) };
      } catch (error) {
        if (!(error instanceof CountersealError) || error.code !== 'not_found') throw error;
      }
    }
    const { text, treeVersion } = this.signedCheckpoint();
    return { checkpoint: text, nodes: readSubtree(this.store, treeVersion, prefix) };
  }

  /**
   * The log from a position on, in batches that end with a checkpoint; with `follow`, until `signal` aborts or the
   * ledger closes. A slow reader costs nothing: it reads what is committed when it comes back for more. Throws
   * `invalid_argument` for a position beyond the log's end.
   */
  async *records(
    from: LogIndex,
    { follow = false, signal }: { readonly follow?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<LogBatch> {
    let position: number = from;
    for (;;) {
      const seen = this.commits.count;
      const checkpoint = this.checkpoint();
      const size = this.reader.meta().logSize;
      ensure(
        position <= size,
        'invalid_argument',
        `the log has ${size} records, position ${position} is beyond them`,
      );
      do {
        const limit = Math.min(STREAM_BATCH_RECORDS, size - position);
        const records = await this.reader.recordsFrom(position as LogIndex, limit);
        const start = position as LogIndex;
        position += records.length;
        yield { from: start, records, checkpoint: position === size ? checkpoint : '' };
      } while (position < size && !signal?.aborted);
      if (!follow || !(await this.commits.after(seen, signal))) return;
    }
  }

  /** The ciphertext of a hash, or undefined: never stored here, or erased. */
  payload(hash: Uint8Array): Uint8Array | undefined {
    return this.payloads.read(hash);
  }

  /** Erases a ciphertext; the log, tags and verdicts go on without it. Who may ask is for the caller to know. */
  async erasePayload(hash: Uint8Array): Promise<void> {
    await this.writing.through(() => this.payloads.erase(hash));
    this.freePayloads();
  }

  /** Whether the author of an entry has had this payload erased, on every node. */
  isErased(hash: Uint8Array): boolean {
    return this.payloads.isErased(hash);
  }

  /**
   * Erases the payloads whose purposes' terms have passed: done at the start and once a day. Each node does so by its
   * own clock; nothing in consensus depends on it. Where the disk fails, the ledger accepts nothing more.
   */
  eraseExpiredPayloads(): Promise<void> {
    this.sweeping ??= this.sweep().finally(() => {
      this.sweeping = undefined;
      this.freePayloads();
    });
    return this.sweeping;
  }

  /** How often verdicts on proofs were remembered. */
  proofCache(): CacheUses {
    return this.machine.proofCache;
  }

  /**
   * All that is committed now, as the bytes of a backup file, while later blocks are committed. One at a time. Throws
   * `failed_precondition` before the first block or while another one is made, `unavailable` when the ledger closes.
   */
  async *backup(extras: BackupExtras): AsyncGenerator<Uint8Array> {
    ensure(!this.closed, 'unavailable', 'the ledger is closing');
    ensure(!this.backingUp, 'failed_precondition', 'another backup is being made: wait for its end');
    this.backingUp = true;
    try {
      const checkpoint = this.signedCheckpoint();
      const { machine, reader, payloads } = this;
      const { signer } = this.options;
      const source = { machine, reader, signer, payload: (hash: Uint8Array) => payloads.read(hash) };
      for await (const bytes of backupOf(source, checkpoint, extras)) {
        yield bytes;
        ensure(!this.closed, 'unavailable', 'the ledger is closing');
      }
    } finally {
      this.backingUp = false;
      // Nobody fetches it: it would only keep the nodes of its state tree from being pruned.
      if (!this.closed) await this.machine.dropSnapshots();
    }
  }

  /** Accepts nothing more, answers what was accepted, ends the streams and closes the database. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.sweeper);
    await Promise.allSettled(this.pending.values());
    await this.producing;
    await this.sweeping;
    await this.freeing;
    this.commits.end();
    this.head.close();
    await this.store.close();
  }

  private included({ hash }: ParsedTransaction): SubmitResult | undefined {
    const transaction = this.reader.transaction(hash);
    return transaction && answer(this.reader.record(transaction.index));
  }

  private async process(submitted: Omit<Pending, 'resolve' | 'reject'>): Promise<SubmitResult> {
    const now = this.clock() as UnixMs;
    const rejection = await this.machine.checkTx(submitted.bytes, { type: 'new', now });
    if (rejection) return this.refused(submitted.kind, rejection);
    if (this.failure) throw this.failure;
    return new Promise((resolve, reject) => {
      this.ready.push({ ...submitted, resolve, reject });
      this.producing ??= this.produce();
    });
  }

  /** Makes blocks while anything is ready. */
  private async produce(): Promise<void> {
    // Whoever became ready in this turn joins the first block.
    await nextTurn();
    while (this.ready.length > 0 && !this.failure) await this.makeBlock(this.takeBlock());
    if (this.failure) for (const waiting of this.ready.splice(0)) waiting.reject(this.failure);
    // In the same turn as the last look at `ready`: whoever comes next starts anew.
    this.producing = undefined;
  }

  private takeBlock(): Pending[] {
    let count = 0;
    let size = 0;
    for (const { bytes } of this.ready) {
      size += bytes.length;
      if (count === BLOCK_MAX_TRANSACTIONS || (count > 0 && size > BLOCK_MAX_BYTES)) break;
      count++;
    }
    return this.ready.splice(0, count);
  }

  private async makeBlock(batch: readonly Pending[]): Promise<void> {
    const { height, time } = this.machine.info();
    const started = performance.now();
    const block = {
      height: (height + 1) as typeof height,
      // A clock that was set back does not set the ledger back.
      time: Math.max(time, this.clock()) as UnixMs,
      transactions: batch.map(({ bytes }) => bytes),
    };
    let finalized;
    try {
      finalized = await this.machine.finalizeBlock(block);
    } catch (error) {
      // Nothing was written. A damaged or unreadable store stops the ledger; a verifier in trouble stops these alone.
      if (error instanceof CountersealError && STOPS.has(error.code)) this.fail(error);
      for (const waiting of batch) waiting.reject(this.failure ?? error);
      return;
    }
    const { results, records } = finalized;
    if (records.length > 0) {
      try {
        const included = batch.flatMap(({ payload }, i) => {
          const result = results[i]!;
          if (!payload || result.name !== 'ok') return [];
          const retainDays = retainDaysOf(this.machine.network, result.record.body)!;
          return [{ ...payload, retainDays, time: block.time }];
        });
        const erased = finalized.writes.flatMap(({ key }) => erasedPayloadOf(key) ?? []);
        await this.writing.through(() =>
          this.machine.commit(finalized, [...this.payloads.keep(included), ...this.payloads.erasing(erased)]),
        );
        if (erased.length > 0) this.freePayloads();
        this.head.write({ height: block.height, appHash: bytesToHex(finalized.appHash) });
      } catch (error) {
        this.fail(error);
        for (const waiting of batch) waiting.reject(this.failure);
        return;
      }
    }
    batch.forEach((waiting, i) => {
      const result = results[i]!;
      waiting.resolve(
        result.name === 'ok' ? this.done(waiting.kind, result.record) : this.refused(waiting.kind, result),
      );
    });
    const { observer } = this.options;
    if (records.length > 0)
      observer?.block({ records: records.length, seconds: (performance.now() - started) / 1000 });
    if (records.length > 0) this.commits.announce();
  }

  private done(kind: SubmittedKind, record: LogRecord): SubmitResult {
    const { observer } = this.options;
    observer?.transaction(kind, 'ok');
    const label = verdictOf(record);
    if (label) observer?.verdict(label);
    return answer(record);
  }

  private refused(kind: SubmittedKind, rejection: Rejection): SubmitResult {
    this.options.observer?.transaction(kind, rejection.name);
    return { included: false, rejection };
  }

  private async sweep(): Promise<void> {
    const batch = (): Promise<boolean> =>
      this.writing.through(() => this.payloads.eraseExpired(this.clock() as UnixMs));
    try {
      await this.writing.through(() => this.payloads.eraseErased());
      while (!this.closed && !this.failure && (await batch()));
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * Has the store rewrite its files without the payloads that were deleted. What fails, or is cut short, is done at the
   * next start or day: that it is to be done was written in the batch that deleted.
   */
  private freePayloads(): void {
    this.freeing = this.freeing.then(async () => {
      if (this.failure) return;
      try {
        const hashes = await this.payloads.toFree();
        if (hashes.length === 0) return;
        await this.payloads.free(hashes);
        await this.writing.through(() => this.payloads.freed(hashes));
      } catch (error) {
        // The payloads are deleted all the same; whether the disk can be written, the next block finds out.
        if (error instanceof CountersealError && error.code === 'data_corrupted') this.fail(error);
      }
    });
  }

  /** From here on the ledger can be read and not written. */
  private fail(cause: unknown): void {
    const known = cause instanceof CountersealError ? cause : undefined;
    this.failure ??= new CountersealError(
      known?.code === 'data_corrupted' ? 'data_corrupted' : 'io',
      `the ledger accepts nothing more: ${known?.message ?? 'an unexpected error'}; mend it and restart`,
      { cause },
    );
  }
}

const answer = (record: LogRecord): SubmitResult => ({
  included: true,
  index: record.index,
  record,
  leaf: encodeRecord(record),
});

/** Throws `data_corrupted` where the database is behind, or beside, what was acknowledged. */
function ensureNothingLost(machine: LedgerApplication, file: HeadFile): void {
  const head = file.read();
  if (!head) return;
  const { height, appHash } = machine.info();
  ensure(
    head.height < height || (head.height === height && head.appHash === bytesToHex(appHash)),
    'data_corrupted',
    `the database is at block ${height} and block ${head.height} was acknowledged: restore a backup`,
  );
}
