import { setImmediate as nextTurn } from 'node:timers/promises';
import * as P from 'micro-packed';
import { CountersealError, ensure } from '../errors.js';
import { type Codec, decodeCanonical, encode, listOf, u64 } from './codec.js';
import { equalBytes, sha256 } from './hash.js';
import { SNAPSHOTS_KEPT } from './limits.js';
import { decodeRecord } from './log-record.js';
import type { LedgerMeta } from './meta.js';
import { transactionIn } from './reader.js';
import { recordKey, recordRange, SNAPSHOT_RANGE, snapshotKey, transactionKey } from './state-keys.js';
import { leavesFrom } from './state-tree.js';
import {
  ChunkWriter,
  type Manifest,
  manifestOf,
  type Snapshot,
  SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_FORMAT,
  type SnapshotChunkId,
  snapshotOf,
} from './snapshot.js';
import type { Store, Write } from './store.js';
import type { Height, LogIndex } from './units.js';

/** Items that are read in one turn of the event loop. */
const ITEMS_PER_TURN = 32;

/** A snapshot, and where its chunks begin: with these they are read again, so they are not stored. */
interface Volume {
  readonly snapshot: Snapshot;
  readonly manifest: Manifest;
  readonly treeVersion: number;
  /** Log indices, then hashes of state keys. */
  readonly logStarts: readonly LogIndex[];
  readonly stateStarts: readonly Uint8Array[];
}

type StoredVolume = Pick<Volume, 'treeVersion' | 'logStarts' | 'stateStarts'> & Pick<Snapshot, 'metadata'>;
const volumeCodec: Codec<StoredVolume> = P.struct({
  metadata: P.bytes(P.U32BE),
  treeVersion: u64(),
  logStarts: listOf(P.U32BE, u64<LogIndex>()),
  stateStarts: listOf(P.U32BE, P.bytes(32)),
});

interface Built<T> {
  readonly bytes: Uint8Array;
  /** Where the next chunk begins; undefined after the last. */
  readonly next: T | undefined;
}

/**
 * The snapshots of this node. None of them is a copy: the log only grows, and the state tree of a version is kept as
 * long as a snapshot is of it. So a snapshot costs the nodes that have been replaced since, blocks are committed while
 * it is taken and read, and what was offered before a restart can be had after it.
 */
export class SnapshotLibrary {
  /** The version of the snapshot that is being taken. */
  private taking: number | undefined;

  private constructor(
    private readonly store: Store,
    private readonly chunkBytes: number,
    private volumes: readonly Volume[],
  ) {}

  /** Throws `data_corrupted` where a stored snapshot is damaged. */
  static async open(store: Store, chunkBytes = SNAPSHOT_CHUNK_BYTES): Promise<SnapshotLibrary> {
    const volumes: Volume[] = [];
    for await (const [, bytes] of store.iterate(SNAPSHOT_RANGE)) volumes.push(volumeOf(bytes));
    return new SnapshotLibrary(store, chunkBytes, volumes);
  }

  /** Oldest first. */
  list(): readonly Snapshot[] {
    return this.volumes.map(({ snapshot }) => snapshot);
  }

  /** The oldest version of the state tree of which nothing may be pruned; Infinity if there is none. */
  get oldestVersion(): number {
    return Math.min(...this.volumes.map(({ treeVersion }) => treeVersion), this.taking ?? Infinity);
  }

  /** Takes a snapshot of a committed position, which must be the last one when this is called. */
  async take(meta: LedgerMeta): Promise<Snapshot> {
    const known = this.volumes.find(({ snapshot }) => snapshot.height === meta.height);
    if (known) return known.snapshot;
    ensure(this.taking === undefined, 'failed_precondition', 'another snapshot is being taken');
    this.taking = meta.treeVersion;
    try {
      const volume = await this.survey(meta);
      const outdated = this.volumes.slice(0, Math.max(0, this.volumes.length + 1 - SNAPSHOTS_KEPT));
      await this.store.write([
        write(volume),
        ...outdated.map(({ snapshot }) => ({ key: snapshotKey(snapshot.height), value: undefined })),
      ]);
      this.volumes = [...this.volumes.slice(outdated.length), volume];
      return volume.snapshot;
    } finally {
      this.taking = undefined;
    }
  }

  /** Forgets all of them. */
  async drop(): Promise<void> {
    const dropped = this.volumes;
    this.volumes = [];
    if (dropped.length === 0) return;
    await this.store.write(
      dropped.map(({ snapshot }) => ({ key: snapshotKey(snapshot.height), value: undefined })),
    );
  }

  /** A chunk, or undefined if there is none. Throws `data_corrupted` where it is not what was announced. */
  async load({ height, format, chunk }: SnapshotChunkId): Promise<Uint8Array | undefined> {
    const volume = this.volumes.find(({ snapshot }) => snapshot.height === height);
    const hash = format === SNAPSHOT_FORMAT ? volume?.manifest.chunks[chunk] : undefined;
    if (!volume || !hash) return undefined;
    try {
      const { bytes } = await this.build(volume, chunk);
      ensure(
        equalBytes(sha256(bytes), hash),
        'data_corrupted',
        `chunk ${chunk} of the snapshot of block ${height} is not what it was`,
      );
      return bytes;
    } catch (error) {
      // Its nodes may be pruned once it has been replaced.
      if (!this.volumes.includes(volume)) return undefined;
      throw error;
    }
  }

  private build(
    { logStarts, stateStarts, treeVersion, manifest }: Volume,
    chunk: number,
  ): Promise<Built<unknown>> {
    const start = logStarts[chunk];
    if (start !== undefined) return this.buildLog(start, manifest.logSize);
    return this.buildState(stateStarts[chunk - logStarts.length]!, treeVersion);
  }

  private async survey(meta: LedgerMeta): Promise<Volume> {
    const { genesisHash, height, stateRoot, logSize, logRoot, treeVersion } = meta;
    // The chunks of a log that has grown are the same but for the last.
    const earlier = this.volumes.at(-1);
    const logStarts: LogIndex[] = [...(earlier?.logStarts.slice(0, -1) ?? [])];
    const chunks: Uint8Array[] = [...(earlier?.manifest.chunks.slice(0, logStarts.length) ?? [])];
    let index = earlier?.logStarts.at(-1) ?? (logSize > 0 ? (0 as LogIndex) : undefined);
    while (index !== undefined) {
      const { bytes, next }: Built<LogIndex> = await this.buildLog(index, logSize);
      logStarts.push(index);
      chunks.push(sha256(bytes));
      index = next;
    }
    const stateStarts: Uint8Array[] = [];
    let from: Uint8Array | undefined = new Uint8Array(32);
    while (from !== undefined) {
      const { bytes, next }: Built<Uint8Array> = await this.buildState(from, treeVersion);
      stateStarts.push(from);
      chunks.push(sha256(bytes));
      from = next;
    }
    const manifest: Manifest = { genesisHash, height, stateRoot, logSize, logRoot, chunks };
    return { snapshot: snapshotOf(manifest), manifest, treeVersion, logStarts, stateStarts };
  }

  private async buildLog(from: LogIndex, size: number): Promise<Built<LogIndex>> {
    const chunk = new ChunkWriter('log', this.chunkBytes);
    let index: number = from;
    for (;;) {
      const end = Math.min(size, index + ITEMS_PER_TURN);
      for await (const [key, record] of this.store.iterate(recordRange(index as LogIndex, end as LogIndex))) {
        if (key !== recordKey(index as LogIndex)) break;
        if (!chunk.add([record, this.transactionOf(record)]))
          return { bytes: chunk.bytes(), next: index as LogIndex };
        index++;
      }
      ensure(index === end, 'data_corrupted', `record ${index} of the log is missing`);
      if (index === size) return { bytes: chunk.bytes(), next: undefined };
      await nextTurn();
    }
  }

  private transactionOf(record: Uint8Array): Uint8Array {
    const { index, txHash } = decodeRecord(record);
    const value = this.store.get(transactionKey(txHash));
    if (!value)
      throw new CountersealError(
        'data_corrupted',
        `the transaction of record ${index} of the log is missing`,
      );
    return transactionIn(value).bytes;
  }

  private async buildState(from: Uint8Array, version: number): Promise<Built<Uint8Array>> {
    const chunk = new ChunkWriter('state', this.chunkBytes);
    let items = 0;
    for (const { key, keyHash, value } of leavesFrom(this.store, version, from)) {
      if (!chunk.add([Buffer.from(key, 'latin1'), value])) return { bytes: chunk.bytes(), next: keyHash };
      if (++items % ITEMS_PER_TURN === 0) await nextTurn();
    }
    return { bytes: chunk.bytes(), next: undefined };
  }
}

const write = ({ snapshot, treeVersion, logStarts, stateStarts }: Volume): Write => {
  const stored = { metadata: snapshot.metadata, treeVersion, logStarts, stateStarts };
  return { key: snapshotKey(snapshot.height), value: encode(volumeCodec, stored, 'a snapshot') };
};

function volumeOf(bytes: Uint8Array): Volume {
  const { metadata, ...starts } = decodeCanonical(volumeCodec, bytes, 'a snapshot', 'data_corrupted');
  const manifest = manifestOf({ metadata });
  ensure(
    manifest && manifest.chunks.length === starts.logStarts.length + starts.stateStarts.length,
    'data_corrupted',
    'a stored snapshot is damaged',
  );
  return { snapshot: snapshotOf(manifest), manifest, ...starts };
}

/** Below which blocks need not be kept; see `CommitResult`. */
export const retainHeightOf = (snapshots: readonly Snapshot[]): Height =>
  snapshots[0]?.height ?? (0 as Height);
