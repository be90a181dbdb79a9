import { CountersealError, ensure } from '../errors.js';
import { equalBytes, sha256 } from './hash.js';
import { decodeRecord } from './log-record.js';
import { leafHash } from './merkle-log.js';
import type { LedgerMeta } from './meta.js';
import { logNodeKey, recordRange, STATE_RANGE, type StateKey } from './state-keys.js';
import { EMPTY_HASH, stateInnerHash, stateKeyHash, stateLeafHash } from './state-node.js';
import type { Store } from './store.js';
import type { LogIndex } from './units.js';

interface HashedLeaf {
  readonly keyHash: Uint8Array;
  readonly hash: Uint8Array;
}

/**
 * Recomputes the state root from every value and the log's leaves from every record, without the trees' own nodes.
 * Reads the whole store; throws `data_corrupted` with what does not agree.
 */
export async function auditStore(store: Store, meta: LedgerMeta): Promise<void> {
  const leaves: HashedLeaf[] = [];
  for await (const [key, value] of store.iterate(STATE_RANGE)) {
    const keyHash = stateKeyHash(key as StateKey);
    leaves.push({ keyHash, hash: stateLeafHash(keyHash, sha256(value)) });
  }
  leaves.sort((a, b) => Buffer.compare(a.keyHash, b.keyHash));
  ensure(
    equalBytes(rootOf(leaves, 0), meta.stateRoot),
    'data_corrupted',
    'the state does not have the root that was committed',
  );

  let next = 0;
  for await (const [key, bytes] of store.iterate(recordRange(0 as LogIndex, meta.logSize as LogIndex))) {
    const stored = store.get(logNodeKey(0, next));
    const agrees = stored && equalBytes(stored, leafHash(bytes)) && indexOf(bytes) === next;
    if (!agrees)
      throw new CountersealError('data_corrupted', `${key} is not the record that the log commits to`);
    next++;
  }
  ensure(next === meta.logSize, 'data_corrupted', `the log has ${next} records, not ${meta.logSize}`);
}

function indexOf(bytes: Uint8Array): number | undefined {
  try {
    return decodeRecord(bytes).index;
  } catch {
    return undefined;
  }
}

/** The binary sparse tree's root by definition: a single leaf stands for its whole subtree. */
function rootOf(leaves: readonly HashedLeaf[], depth: number): Uint8Array {
  if (leaves.length === 0) return EMPTY_HASH;
  if (leaves.length === 1) return leaves[0]!.hash;
  const right = leaves.findIndex(({ keyHash }) => (keyHash[depth >> 3]! >> (7 - (depth & 7))) & 1);
  const middle = right < 0 ? leaves.length : right;
  return stateInnerHash(rootOf(leaves.slice(0, middle), depth + 1), rootOf(leaves.slice(middle), depth + 1));
}
