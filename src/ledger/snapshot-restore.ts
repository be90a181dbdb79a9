import { CountersealError } from '../errors.js';
import { equalBytes, sha256 } from './hash.js';
import { decodeRecord, type LogRecord } from './log-record.js';
import { appendLeaf, leafHash, logRoot } from './merkle-log.js';
import { appHash, encodeMeta, type LedgerMeta } from './meta.js';
import type { Network } from './network.js';
import { Overlay } from './overlay.js';
import { transactionValue } from './reader.js';
import {
  META_KEY,
  recordKey,
  RESTORED_RANGES,
  RESTORING_KEY,
  type StateKey,
  stateKeys,
  transactionKey,
} from './state-keys.js';
import { stateRoot, updateTree } from './state-tree.js';
import {
  type ApplyResult,
  type AppliedChunk,
  type ChunkItem,
  type ChunkKind,
  type Manifest,
  manifestOf,
  type OfferResult,
  readChunk,
  type Snapshot,
  SNAPSHOT_FORMAT,
  stateKeyOf,
} from './snapshot.js';
import type { Store } from './store.js';
import { transactionHash } from './transactions.js';
import type { Height } from './units.js';

/** Items that are written in one batch: what a turn of the event loop bears. */
const ITEMS_PER_BATCH = 32;
const KEYS_PER_BATCH = 1000;

/** What becomes of an offer, or the manifest of one that can be accepted. */
export function judgeOffer(
  network: Network,
  snapshot: Snapshot,
  trustedAppHash: Uint8Array,
): Manifest | Exclude<OfferResult, 'accept'> {
  if (snapshot.format !== SNAPSHOT_FORMAT) return 'reject_format';
  const manifest = equalBytes(sha256(snapshot.metadata), snapshot.hash) ? manifestOf(snapshot) : undefined;
  const { height, chunks } = snapshot;
  if (!manifest || chunks === 0 || manifest.chunks.length !== chunks || manifest.height !== height)
    return 'reject_sender';
  const ours = equalBytes(manifest.genesisHash, network.hash);
  return ours && equalBytes(appHash(manifest), trustedAppHash) ? manifest : 'reject';
}

/**
 * Writes a snapshot into an empty store, chunk by chunk. Until the last one is in and the roots are those of the
 * manifest, the store has no position: what was written of a snapshot that fails, or of one that a crash interrupted,
 * is erased.
 */
export class SnapshotRestore {
  private nextChunk = 0;
  private logSize = 0;
  private lastRecord: LogRecord | undefined;
  private lastKeyHash: Uint8Array | undefined;

  private constructor(
    private readonly network: Network,
    private readonly store: Store,
    private readonly manifest: Manifest,
  ) {}

  /** Begins in a store without a position. */
  static async begin(network: Network, store: Store, manifest: Manifest): Promise<SnapshotRestore> {
    await store.write([{ key: RESTORING_KEY, value: new Uint8Array() }]);
    return new SnapshotRestore(network, store, manifest);
  }

  /** Erases what a restoration that did not come to its end has left. */
  static async eraseUnfinished(store: Store): Promise<void> {
    if (store.get(RESTORING_KEY) === undefined) return;
    for (const range of RESTORED_RANGES) {
      for (let found = KEYS_PER_BATCH; found === KEYS_PER_BATCH;) {
        const keys: string[] = [];
        for await (const [key] of store.iterate({ ...range, limit: KEYS_PER_BATCH })) keys.push(key);
        await store.write(keys.map((key) => ({ key, value: undefined })));
        found = keys.length;
      }
    }
    await store.write([{ key: RESTORING_KEY, value: undefined }]);
  }

  /** Applies a chunk; `restored` is the position that has been reached, once it is durable. */
  async apply({
    index,
    chunk,
    sender,
  }: AppliedChunk): Promise<ApplyResult & { readonly restored?: LedgerMeta }> {
    if (index !== this.nextChunk) return applied('retry_snapshot');
    if (!equalBytes(sha256(chunk), this.manifest.chunks[index]!))
      return { result: 'retry', refetchChunks: [index], rejectSenders: sender ? [sender] : [] };
    // From here on the chunk is what the snapshot's maker announced: what is wrong with it is wrong with the snapshot.
    const content = readChunk(chunk);
    if (!content || !(await this.write(content))) return applied('reject_snapshot');
    this.nextChunk++;
    if (this.nextChunk < this.manifest.chunks.length) return applied('accept');
    const restored = await this.finish();
    return restored ? { ...applied('accept'), restored } : applied('reject_snapshot');
  }

  private async write({ kind, items }: { kind: ChunkKind; items: readonly ChunkItem[] }): Promise<boolean> {
    for (let at = 0; at < items.length; at += ITEMS_PER_BATCH) {
      const batch = items.slice(at, at + ITEMS_PER_BATCH);
      if (!(await (kind === 'log' ? this.writeLog(batch) : this.writeState(batch)))) return false;
    }
    return true;
  }

  private async writeLog(items: readonly ChunkItem[]): Promise<boolean> {
    const view = new Overlay(this.store);
    for (const [leaf, transaction] of items) {
      const record = recordOf(leaf);
      const follows =
        record?.index === this.logSize && equalBytes(record.txHash, transactionHash(transaction));
      if (!record || !follows) return false;
      view.put(recordKey(record.index), leaf);
      view.put(transactionKey(record.txHash), transactionValue(record.index, transaction));
      appendLeaf(view, record.index, leafHash(leaf));
      this.lastRecord = record;
      this.logSize++;
    }
    await this.store.write(view.writes());
    return true;
  }

  private async writeState(items: readonly ChunkItem[]): Promise<boolean> {
    // The version of the tree is the height of the last record.
    if (this.logSize !== this.manifest.logSize) return false;
    const changes: { key: StateKey; value: Uint8Array }[] = [];
    let last = this.lastKeyHash;
    for (const item of items) {
      const found = stateKeyOf(item);
      if (!found || (last && Buffer.compare(last, found.hash) >= 0)) return false;
      last = found.hash;
      changes.push({ key: found.key, value: item[1] });
    }
    const previous = this.lastKeyHash && this.treeVersion;
    const { writes } = updateTree(this.store, previous, this.treeVersion, changes);
    await this.store.write([...changes, ...writes]);
    this.lastKeyHash = last;
    return true;
  }

  private async finish(): Promise<LedgerMeta | undefined> {
    const { manifest, network, store, treeVersion } = this;
    const { height, stateRoot: state, logSize, logRoot: log } = manifest;
    const complete = this.lastKeyHash && this.logSize === logSize && treeVersion <= height;
    if (!complete || !equalBytes(stateRoot(store, treeVersion), state)) return undefined;
    if (!equalBytes(logRoot(store, logSize), log)) return undefined;
    // The genesis in the manifest is its maker's word; this one is in the state.
    const networkHash = store.get(stateKeys.network);
    if (!networkHash || !equalBytes(networkHash, network.hash)) return undefined;
    const meta: LedgerMeta = {
      genesisHash: network.hash,
      height,
      // A block without records may have been later; the next one only must not be earlier than this.
      time: this.lastRecord?.time ?? network.genesis.time,
      logSize,
      logRoot: log,
      treeVersion,
      stateRoot: state,
    };
    await store.write([
      { key: META_KEY, value: encodeMeta(meta) },
      { key: RESTORING_KEY, value: undefined },
    ]);
    return meta;
  }

  private get treeVersion(): Height {
    return this.lastRecord?.height ?? (0 as Height);
  }
}

export const applied = (result: ApplyResult['result']): ApplyResult => ({
  result,
  refetchChunks: [],
  rejectSenders: [],
});

function recordOf(leaf: Uint8Array): LogRecord | undefined {
  try {
    return decodeRecord(leaf);
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_argument') return undefined;
    throw error;
  }
}
