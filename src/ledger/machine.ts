import { ensure } from '../errors.js';
import { DAY_MS } from '../time.js';
import { isRejection, parseTransaction, type ParsedTransaction } from './admission.js';
import type {
  Block,
  CommitResult,
  FinalizedBlock,
  LedgerApplication,
  LedgerInfo,
  TransactionResult,
} from './application.js';
import { applyGenesisMembers } from './apply.js';
import { eventsOf } from './events.js';
import { Executor } from './executor.js';
import type { Genesis } from './genesis.js';
import {
  BLOCK_MAX_BYTES,
  BLOCK_MAX_TRANSACTIONS,
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
import { answerQuery, type QueryRequest, type QueryResponse } from './query.js';
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
import { retainHeightOf, SnapshotLibrary } from './snapshot-library.js';
import { applied, judgeOffer, SnapshotRestore } from './snapshot-restore.js';
import type { AppliedChunk, ApplyResult, OfferResult, Snapshot, SnapshotChunkId } from './snapshot.js';
import type { Store, Write } from './store.js';
import type { CacheUses } from './verdict-cache.js';
import { dayOf, type LogIndex, type UnixMs, unixMs } from './units.js';

export interface MachineOptions {
  readonly genesis: Genesis;
  readonly store: Store;
  readonly verifier: ProofVerifier;
  /** Of the snapshots that are taken; who wants to be a source beside others has theirs. */
  readonly snapshotChunkBytes?: number;
}

/**
 * The replicated state machine: what it answers follows from the committed state, the block and nothing else: no clock,
 * no randomness, no order of arrival. One block at a time.
 */
export class StateMachine implements LedgerApplication {
  readonly reader: LedgerReader;
  private readonly executor: Executor;
  private readonly store: Store;
  private restoring: SnapshotRestore | undefined;

  private constructor(
    readonly network: Network,
    { store, verifier }: MachineOptions,
    private readonly snapshots: SnapshotLibrary,
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
    await SnapshotRestore.eraseUnfinished(options.store);
    const meta = await readMeta(options.store, network.hash);
    const snapshots = await SnapshotLibrary.open(options.store, options.snapshotChunkBytes);
    return new StateMachine(network, options, snapshots, meta);
  }

  info(): LedgerInfo {
    const { height, time, logSize } = this.meta;
    return { height, time, logSize, appHash: appHash(this.meta) };
  }

  async initChain(): Promise<Uint8Array> {
    if (!this.committed) {
      await this.dropRestoring();
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

  async processProposal(block: Block): Promise<boolean> {
    const size = block.transactions.reduce((sum, bytes) => sum + bytes.length, 0);
    if (size > BLOCK_MAX_BYTES || block.transactions.length > BLOCK_MAX_TRANSACTIONS) return false;
    const { results } = await this.execute(block);
    return results.every(({ code }) => code === RESULT_CODES.ok);
  }

  async finalizeBlock(block: Block): Promise<FinalizedBlock> {
    const { results, records, view } = await this.execute(block);
    const { meta } = this;
    const answer = {
      ...{ block, results, records, validatorUpdates: [], consensusParamUpdates: undefined },
      events: results.map((result) => (result.name === 'ok' ? eventsOf(result.record) : [])),
    };
    if (records.length === 0) {
      const next = { ...meta, height: block.height, time: block.time };
      return { ...answer, appHash: appHash(next), meta: next, writes: [metaWrite(next)] };
    }
    await this.pruneOutdated(view, block.time);
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
    return { ...answer, appHash: appHash(next), meta: next, writes };
  }

  async commit(finalized: FinalizedBlock, beside: readonly Write[] = []): Promise<CommitResult> {
    this.ensureNext(finalized.block);
    const stale: Write[] = [];
    const kept = Math.min(finalized.meta.treeVersion - STATE_VERSIONS_KEPT, this.snapshots.oldestVersion);
    if (finalized.records.length > 0 && kept >= 0) {
      const range = { ...staleNodesUpTo(kept), limit: STALE_NODES_PRUNED_PER_COMMIT };
      for await (const [key, node] of this.store.iterate(range))
        stale.push(
          { key, value: undefined },
          { key: Buffer.from(node).toString('latin1'), value: undefined },
        );
    }
    await this.store.write([...finalized.writes, ...stale, ...beside]);
    this.committed = finalized.meta;
    return { retainHeight: retainHeightOf(this.snapshots.list()) };
  }

  query(request: QueryRequest): QueryResponse {
    return answerQuery(this.committed && this.reader, request);
  }

  listSnapshots(): readonly Snapshot[] {
    return this.snapshots.list();
  }

  async takeSnapshot(): Promise<Snapshot> {
    ensure(this.meta.height > 0, 'failed_precondition', 'there is no block yet to take a snapshot of');
    return this.snapshots.take(this.meta);
  }

  /** Offers no snapshot any more: none then holds back the pruning of tree nodes. */
  dropSnapshots(): Promise<void> {
    return this.snapshots.drop();
  }

  /** How often verdicts on proofs were remembered. */
  get proofCache(): CacheUses {
    return this.executor.proofCache;
  }

  loadSnapshotChunk(id: SnapshotChunkId): Promise<Uint8Array | undefined> {
    return this.snapshots.load(id);
  }

  async offerSnapshot(snapshot: Snapshot, trustedAppHash: Uint8Array): Promise<OfferResult> {
    if (this.committed) return 'abort';
    const manifest = judgeOffer(this.network, snapshot, trustedAppHash);
    if (typeof manifest === 'string') return manifest;
    await this.dropRestoring();
    this.restoring = await SnapshotRestore.begin(this.network, this.store, manifest);
    return 'accept';
  }

  async applySnapshotChunk(chunk: AppliedChunk): Promise<ApplyResult> {
    const { restoring } = this;
    if (!restoring) return applied('abort');
    // Where the store fails nothing goes on from here.
    this.restoring = undefined;
    const { restored, ...result } = await restoring.apply(chunk);
    if (restored) this.committed = restored;
    else if (result.result === 'accept' || result.result === 'retry') this.restoring = restoring;
    else await SnapshotRestore.eraseUnfinished(this.store);
    return result;
  }

  private async dropRestoring(): Promise<void> {
    this.restoring = undefined;
    await SnapshotRestore.eraseUnfinished(this.store);
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

  /**
   * Forgets nullifiers and messages' addresses of periods that no block from now on admits: the state grows with entries
   * alone.
   */
  private async pruneOutdated(view: Overlay, time: UnixMs): Promise<void> {
    const firstAdmitted = dayOf(unixMs(Math.max(0, time - DAY_MS)));
    for (const before of [stateKeys.nullifiersBefore(firstAdmitted), stateKeys.messagesBefore(firstAdmitted)])
      for await (const [key] of this.store.iterate({ ...before, limit: NULLIFIERS_PRUNED_PER_BLOCK }))
        view.delete(key);
  }
}

const metaWrite = (meta: LedgerMeta): Write => ({ key: META_KEY, value: encodeMeta(meta) });

const stateChanges = (view: Overlay): { key: StateKey; value: Uint8Array | undefined }[] =>
  view
    .writes()
    .filter((write): write is { key: StateKey; value: Uint8Array | undefined } => write.key.startsWith('s/'));
