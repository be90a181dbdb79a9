import * as P from 'micro-packed';
import { CountersealError } from '../errors.js';
import { type Codec, decodeCanonical, encode, u64 } from './codec.js';
import { equalBytes, prefixed, sha256 } from './hash.js';
import { ENCODING_VERSION } from './limits.js';
import { EMPTY_LOG_ROOT, logRoot } from './merkle-log.js';
import { META_KEY, STATE_RANGE } from './state-keys.js';
import { stateRoot } from './state-tree.js';
import type { Store } from './store.js';
import type { Height, UnixMs } from './units.js';

/** What the app hash is over: all of consensus state, and no clock. */
export interface AppState {
  readonly stateRoot: Uint8Array;
  readonly logSize: number;
  readonly logRoot: Uint8Array;
}

/** Where a ledger stands after its last committed block. */
export interface LedgerMeta extends AppState {
  readonly genesisHash: Uint8Array;
  readonly height: Height;
  /** Of the last block. */
  readonly time: UnixMs;
  /** The version of the state tree: the height of the last block that changed anything. */
  readonly treeVersion: number;
}

const metaCodec: Codec<LedgerMeta> = P.struct({
  genesisHash: P.bytes(32),
  height: u64<Height>(),
  time: u64<UnixMs>(),
  logSize: u64(),
  logRoot: P.bytes(32),
  treeVersion: u64(),
  stateRoot: P.bytes(32),
});

export const encodeMeta = (meta: LedgerMeta): Uint8Array => encode(metaCodec, meta, 'the ledger position');

/** SHA-256(domain, state root, log size, log root). */
export function appHash({ stateRoot: root, logSize, logRoot: log }: AppState): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(logSize));
  return sha256(prefixed(`counterseal/app-hash/v${ENCODING_VERSION}`), root, size, log);
}

/**
 * Reads where a store stands; undefined if it is empty. Throws `failed_precondition` if it is another network's,
 * `data_corrupted` if what it says of itself does not agree with its trees.
 */
export async function readMeta(store: Store, genesisHash: Uint8Array): Promise<LedgerMeta | undefined> {
  const bytes = store.get(META_KEY);
  if (!bytes) {
    for await (const [key] of store.iterate({ ...STATE_RANGE, limit: 1 }))
      throw new CountersealError('data_corrupted', `the ledger has state (${key}) and no position`);
    return undefined;
  }
  const meta = decodeCanonical(metaCodec, bytes, 'the ledger position', 'data_corrupted');
  if (!equalBytes(meta.genesisHash, genesisHash))
    throw new CountersealError(
      'failed_precondition',
      'the data directory belongs to another network: its genesis is not this one',
    );
  if (!equalBytes(stateRoot(store, meta.treeVersion), meta.stateRoot))
    throw new CountersealError(
      'data_corrupted',
      'the root of the state tree is not the one that was committed',
    );
  if (!equalBytes(logRoot(store, meta.logSize), meta.logRoot))
    throw new CountersealError('data_corrupted', 'the root of the log is not the one that was committed');
  return meta;
}

/** Where a network stands before its genesis is written. */
export const emptyMeta = (genesisHash: Uint8Array, time: UnixMs): LedgerMeta => ({
  genesisHash,
  height: 0 as Height,
  time,
  logSize: 0,
  logRoot: EMPTY_LOG_ROOT,
  treeVersion: 0,
  stateRoot: new Uint8Array(32),
});
