import { ensure } from '../errors.js';
import { isRejection, parseTransaction, type ParsedTransaction } from './admission.js';
import { applyGenesisMembers } from './apply.js';
import { Executor } from './executor.js';
import type { Genesis } from './genesis.js';
import {
  BLOCK_MAX_BYTES,
  BLOCK_MAX_TRANSACTIONS,
  DAY_MS,
  NULLIFIERS_PRUNED_PER_BLOCK,
  STALE_NODES_PRUNED_PER_COMMIT,
  STATE_VERSIONS_KEPT,
} from './limits.js';
import { encodeRecord, type LogRecord, type RecordBody } from './log-record.js';
import { MemberRegistry } from './members.js';
import { appendLeaf, leafHash, logRoot } from './merkle-log.js';
import { appHash, emptyMeta, encodeMeta, type LedgerMeta, readMeta } from './meta.js';
import { type Network, networkOf } from './network.js';
import { Overlay } from './overlay.js';
import type { ProofVerifier } from './proof-verifier.js';
import { LedgerReader, transactionValue } from './reader.js';
import { type Rejection, RESULT_CODES } from './results.js';
import {
  META_KEY,
  recordKey,
  staleNodesUpTo,
  stateKeys,
  type StateKey,
  transactionKey,
} from './state-keys.js';
import { countersCodec, encodeState } from './state-values.js';
import { updateTree } from './state-tree.js';
import type { Store, Write } from './store.js';
import { dayOf, type Height, type LogIndex, type UnixMs, unixMs } from './units.js';

export interface MachineOptions {
  readonly genesis: Genesis;
  readonly store: Store;
  readonly verifier: ProofVerifier;
}

export interface Block {
  readonly height: Height;
  /** Not before the last block's. */
  readonly time: UnixMs;
  readonly transactions: readonly Uint8Array[];
}

/** What became of a transaction in a block. */
export type TransactionResult =
  { readonly name: 'ok'; readonly code: 0; readonly record: LogRecord } | Rejection;

/** A block that was executed and not yet committed. */
export interface FinalizedBlock {
  readonly block: Block;
  /** One for each transaction, in their order. */
  readonly results: readonly TransactionResult[];
  /** The new leaves of the log. */
  readonly records: readonly LogRecord[];
  readonly appHash: Uint8Array;
  readonly meta: LedgerMeta;
  readonly writes: readonly Write[];
}

export interface LedgerInfo {
  readonly height: Height;
  readonly time: UnixMs;
  readonly appHash: Uint8Array;
  readonly logSize: number;
}

/**
 * The replicated state machine, shaped like ABCI 2.0: what it answers follows from the committed state, the block and
 * nothing else: no clock, no randomness, no order of arrival. One block at a time.
 */
export class StateMachine {
  readonly reader: LedgerReader;
  private readonly executor: Executor;
  private readonly store: Store;

  private constructor(
    readonly network: Network,
    { store, verifier }: MachineOptions,
    private committed: LedgerMeta | undefined,
  ) {
    this.store = store;
    this.executor = new Executor(network, verifier);
    this.reader = new LedgerReader(store, () => this.meta);
  }

  /**
   * Over a store that is empty or this network's. Throws `failed_precondition` for another network's,
   * `data_corrupted` for a damaged one.
   */
  static async open(options: MachineOptions): Promise<StateMachine> {
    const network = await networkOf(options.genesis);
    return new StateMachine(network, options, await readMeta(options.store, network.hash));
  }

  /** The last committed position; height 0 before the first block, also where `initChain` is still to come. */
  info(): LedgerInfo {
    const { height, time, logSize } = this.meta;
    return { height, time, logSize, appHash: appHash(this.meta) };
  }

  /** Writes the genesis' state, unless it is there. Returns the app hash. */
  async initChain(): Promise<Uint8Array> {
    if (!this.committed) {
      const view = new Overlay(this.store);
      view.put(stateKeys.network, this.network.hash);
      view.put(stateKeys.counters, encodeState(countersCodec, { entries: 0 }));
      applyGenesisMembers(view, MemberRegistry.fromGenesis(this.network.genesis), this.network.genesis.time);
      const { root, writes } = updateTree(this.store, undefined, 0, stateChanges(view));
      const meta = { ...this.meta, stateRoot: root };
      await this.store.write([...view.writes(), ...writes, { key: META_KEY, value: encodeMeta(meta) }]);
      this.committed = meta;
    }
    return this.info().appHash;
  }

  /**
   * Whether a transaction could enter the next block. `now` is the engine's clock; a `recheck` skips what depends on
   * the transaction alone. Rejects only where a proof could not be verified.
   */
  async checkTx(
    bytes: Uint8Array,
    { type, now }: { readonly type: 'new' | 'recheck'; readonly now: UnixMs },
  ): Promise<Rejection | undefined> {
    const parsed = parseTransaction(bytes);
    if (isRejection(parsed)) return parsed;
    const outcome = await this.executor.admit(
      { network: this.network, view: this.store, time: unixMs(Math.max(now, this.meta.time)) },
      parsed,
      type === 'recheck',
    );
    return typeof outcome === 'function' ? undefined : outcome;
  }

  /** Of the candidates, in their order, those that are valid one after the other and fit into a block. */
  async prepareProposal(block: Block, maxBytes = BLOCK_MAX_BYTES): Promise<Uint8Array[]> {
    const fitting: Uint8Array[] = [];
    let size = 0;
    for (const bytes of block.transactions.slice(0, BLOCK_MAX_TRANSACTIONS)) {
      if (size + bytes.length > maxBytes) break;
      size += bytes.length;
      fitting.push(bytes);
    }
    const { results } = await this.execute({ ...block, transactions: fitting });
    return fitting.filter((_, i) => results[i]!.code === RESULT_CODES.ok);
  }

  /** Whether a proposed block is one that `prepareProposal` could have made: within limits, every transaction valid. */
  async processProposal(block: Block): Promise<boolean> {
    const size = block.transactions.reduce((sum, bytes) => sum + bytes.length, 0);
    if (size > BLOCK_MAX_BYTES || block.transactions.length > BLOCK_MAX_TRANSACTIONS) return false;
    const { results } = await this.execute(block);
    return results.every(({ code }) => code === RESULT_CODES.ok);
  }

  /**
   * Executes the next block. Changes nothing: {@link commit} does. An invalid transaction gets its code; rejects only
   * where a proof could not be verified, or the block is not the next one (`invalid_argument`).
   */
  async finalizeBlock(block: Block): Promise<FinalizedBlock> {
    const { results, records, view } = await this.execute(block);
    const { meta } = this;
    if (records.length === 0) {
      const next = { ...meta, height: block.height, time: block.time };
      return { block, results, records, appHash: appHash(next), meta: next, writes: [metaWrite(next)] };
    }
    await this.pruneNullifiers(view, block.time);
    const tree = updateTree(this.store, meta.treeVersion, block.height, stateChanges(view));
    const logSize = meta.logSize + records.length;
    const next: LedgerMeta = {
      ...meta,
      height: block.height,
      time: block.time,
      logSize,
      logRoot: logRoot(view, logSize),
      treeVersion: block.height,
      stateRoot: tree.root,
    };
    const writes = [...view.writes(), ...tree.writes, metaWrite(next)];
    return { block, results, records, appHash: appHash(next), meta: next, writes };
  }

  /**
   * Makes a finalized block durable in one batch, with what the engine keeps beside it. Throws `io`; then the machine
   * stands where it stood, and the store has to be opened again to learn whether the batch was written.
   */
  async commit(finalized: FinalizedBlock, beside: readonly Write[] = []): Promise<void> {
    this.ensureNext(finalized.block);
    const stale: Write[] = [];
    const outdated = finalized.meta.treeVersion - STATE_VERSIONS_KEPT;
    if (finalized.records.length > 0 && outdated >= 0) {
      const range = { ...staleNodesUpTo(outdated), limit: STALE_NODES_PRUNED_PER_COMMIT };
      for await (const [key, node] of this.store.iterate(range))
        stale.push(
          { key, value: undefined },
          { key: Buffer.from(node).toString('latin1'), value: undefined },
        );
    }
    await this.store.write([...finalized.writes, ...stale, ...beside]);
    this.committed = finalized.meta;
  }

  private get meta(): LedgerMeta {
    return this.committed ?? emptyMeta(this.network.hash, this.network.genesis.time);
  }

  private ensureNext(block: Block): void {
    ensure(this.committed, 'failed_precondition', 'the chain has not been initialised');
    ensure(
      block.height === this.meta.height + 1 && block.time >= this.meta.time,
      'invalid_argument',
      `block ${block.height} at ${block.time} does not follow block ${this.meta.height} at ${this.meta.time}`,
    );
  }

  private async execute(
    block: Block,
  ): Promise<{ results: TransactionResult[]; records: LogRecord[]; view: Overlay }> {
    this.ensureNext(block);
    const { network, store } = this;
    const { time, height } = block;
    const parsed = block.transactions.map(parseTransaction);
    const candidates = parsed.filter((item): item is ParsedTransaction => !isRejection(item));
    await this.executor.prefetchProofs({ network, view: store, time }, candidates);

    const view = new Overlay(store);
    const results: TransactionResult[] = [];
    const records: LogRecord[] = [];
    for (const [i, item] of parsed.entries()) {
      const outcome = isRejection(item) ? item : await this.executor.admit({ network, view, time }, item);
      if (typeof outcome !== 'function' || isRejection(item)) {
        results.push(outcome as Rejection);
        continue;
      }
      const index = (this.meta.logSize + records.length) as LogIndex;
      const body: RecordBody = outcome(view, { index, time });
      const record: LogRecord = { index, height, time, txHash: item.hash, body };
      const leaf = encodeRecord(record);
      view.put(recordKey(index), leaf);
      view.put(transactionKey(item.hash), transactionValue(index, block.transactions[i]!));
      appendLeaf(view, index, leafHash(leaf));
      records.push(record);
      results.push({ name: 'ok', code: RESULT_CODES.ok, record });
    }
    return { results, records, view };
  }

  /** Forgets nullifiers of periods that no block from now on admits: the state grows with entries alone. */
  private async pruneNullifiers(view: Overlay, time: UnixMs): Promise<void> {
    const firstAdmitted = dayOf(unixMs(Math.max(0, time - DAY_MS)));
    const range = { ...stateKeys.nullifiersBefore(firstAdmitted), limit: NULLIFIERS_PRUNED_PER_BLOCK };
    for await (const [key] of this.store.iterate(range)) view.delete(key);
  }
}

const metaWrite = (meta: LedgerMeta): Write => ({ key: META_KEY, value: encodeMeta(meta) });

const stateChanges = (view: Overlay): { key: StateKey; value: Uint8Array | undefined }[] =>
  view
    .writes()
    .filter((write): write is { key: StateKey; value: Uint8Array | undefined } => write.key.startsWith('s/'));
