import * as P from 'micro-packed';
import { CountersealError } from '../errors.js';
import { type Codec, decodeCanonical, encode, listOf, u64 } from './codec.js';
import { sha256 } from './hash.js';
import type { AppState } from './meta.js';
import { stateKeyHash } from './state-node.js';
import type { StateKey } from './state-keys.js';
import type { Height } from './units.js';

/**
 * Snapshots of the ledger at a height, in the shape of ABCI's. First the log: every record with the transaction that
 * it is of; then the state: every key and value in the order of the hashes of the keys. The nodes of both trees follow
 * from those and are not sent. Two nodes make the same snapshot of a height, byte by byte, so its chunks can be had
 * from several.
 *
 * Payloads are not in it: they lie beside consensus, and some of them have been erased for good.
 */
export interface Snapshot {
  readonly height: Height;
  readonly format: number;
  /** The number of chunks. */
  readonly chunks: number;
  /** Of the metadata. */
  readonly hash: Uint8Array;
  /** The canonical bytes of a {@link Manifest}. */
  readonly metadata: Uint8Array;
}

export interface SnapshotChunkId {
  readonly height: Height;
  readonly format: number;
  readonly chunk: number;
}

/** A chunk that somebody sent. */
export interface AppliedChunk {
  readonly index: number;
  readonly chunk: Uint8Array;
  /** As the engine calls whoever sent it. */
  readonly sender: string;
}

export const SNAPSHOT_FORMAT = 1;

/** ABCI's results of `OfferSnapshot`. */
export const OFFER_RESULTS = {
  accept: 1,
  /** No snapshot can be restored here: the ledger is not empty. */
  abort: 2,
  /** Not this snapshot: it is not what the app hash is of, or of another network. */
  reject: 3,
  reject_format: 4,
  /** Nothing from whoever offers it: its metadata cannot have been made by a node. */
  reject_sender: 5,
} as const;
export type OfferResult = keyof typeof OFFER_RESULTS;

/** ABCI's results of `ApplySnapshotChunk`. */
export const APPLY_RESULTS = {
  accept: 1,
  /** No snapshot has been accepted, or the store failed. */
  abort: 2,
  /** Fetch this chunk again, from somebody else. */
  retry: 3,
  /** Offer the snapshot again and start with its first chunk: this was not the next one. */
  retry_snapshot: 4,
  /** Every chunk is the one that was announced, and they do not make the state of the app hash. */
  reject_snapshot: 5,
} as const;

export interface ApplyResult {
  readonly result: keyof typeof APPLY_RESULTS;
  /** Chunks that must be fetched again. */
  readonly refetchChunks: readonly number[];
  /** Who sent what was not announced. */
  readonly rejectSenders: readonly string[];
}

/** What a snapshot is of. Where the app hash is known, all of it is checked but the hashes of the chunks. */
export interface Manifest extends AppState {
  readonly genesisHash: Uint8Array;
  readonly height: Height;
  /** SHA-256 of each chunk. */
  readonly chunks: readonly Uint8Array[];
}

/** A chunk's items together; the items of the ledger are at most some 12 KiB each. */
export const SNAPSHOT_CHUNK_BYTES = 1_048_576;
const CHUNK_KINDS = ['log', 'state'] as const;
export type ChunkKind = (typeof CHUNK_KINDS)[number];

const manifestCodec: Codec<Manifest> = P.struct({
  genesisHash: P.bytes(32),
  height: u64<Height>(),
  stateRoot: P.bytes(32),
  logSize: u64(),
  logRoot: P.bytes(32),
  chunks: listOf(P.U32BE, P.bytes(32)),
});

export function snapshotOf(manifest: Manifest): Snapshot {
  const metadata = encode(manifestCodec, manifest, 'a snapshot');
  const { height, chunks } = manifest;
  return { height, format: SNAPSHOT_FORMAT, chunks: chunks.length, hash: sha256(metadata), metadata };
}

/** The manifest of a snapshot, or undefined if its metadata is not one. */
export function manifestOf({ metadata }: Pick<Snapshot, 'metadata'>): Manifest | undefined {
  try {
    return decodeCanonical(manifestCodec, metadata, 'a snapshot', 'invalid_argument');
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_argument') return undefined;
    throw error;
  }
}

/** A record and its transaction, or a state key (ASCII) and its value. */
export type ChunkItem = readonly [first: Uint8Array, second: Uint8Array];

/** Collects items into one chunk: kind (1), then each item's two parts, each after its length (4, big-endian). */
export class ChunkWriter {
  private readonly parts: Uint8Array[];
  private size = 0;

  constructor(
    kind: ChunkKind,
    private readonly limit: number,
  ) {
    this.parts = [Uint8Array.of(CHUNK_KINDS.indexOf(kind))];
  }

  /** Whether there was room for the item. */
  add(item: ChunkItem): boolean {
    const size = this.size + item.reduce((sum, part) => sum + 4 + part.length, 0);
    if (size > this.limit && this.size > 0) return false;
    this.size = size;
    for (const part of item) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      this.parts.push(length, part);
    }
    return true;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.parts));
  }
}

/** The items of a chunk, or undefined for what is not one. */
export function readChunk(
  chunk: Uint8Array,
): { readonly kind: ChunkKind; readonly items: readonly ChunkItem[] } | undefined {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  const kind = CHUNK_KINDS[bytes[0] ?? CHUNK_KINDS.length];
  const parts: Uint8Array[] = [];
  let at = 1;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    // Copies: a value that is kept does not hold the chunk.
    parts.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (!kind || at !== bytes.length || parts.length % 2 !== 0 || parts.length === 0) return undefined;
  const items = Array.from({ length: parts.length / 2 }, (_, i): ChunkItem => [
    parts[2 * i]!,
    parts[2 * i + 1]!,
  ]);
  return { kind, items };
}

/** The state key of an item, and its hash; undefined for bytes that are none. */
export function stateKeyOf([bytes]: ChunkItem):
  { readonly key: StateKey; readonly hash: Uint8Array } | undefined {
  const key = Buffer.from(bytes).toString('latin1') as StateKey;
  // Nothing but consensus state: a key of another range would overwrite the trees, or the position.
  return /^s\/[\x21-\x7e]+$/.test(key) && key.length <= 255 ? { key, hash: stateKeyHash(key) } : undefined;
}
