import { equalBytes, sha256 } from './hash.js';
import { EMPTY_HASH, stateInnerHash, stateKeyHash, stateLeafHash } from './state-node.js';
import type { StateKey } from './state-keys.js';

/** That a key has a value in the state tree, or none. */
export interface StateProof {
  /** From the end of the walk up to the root: at most 256. */
  readonly siblings: readonly Uint8Array[];
  /** Where the walk along the key's path ends: the key's leaf, another one, or (undefined) an empty subtree. */
  readonly leaf: { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array } | undefined;
}

/**
 * Whether `proof` shows that `key` has `value` (undefined: is absent) in the tree with `root`.
 *
 * The place of the end of the walk follows from the key asked for, never from the proof: another leaf proves absence
 * only where it lies on the key's own path.
 */
export function verifyStateProof(
  root: Uint8Array,
  key: StateKey,
  value: Uint8Array | undefined,
  proof: StateProof,
): boolean {
  const { siblings, leaf } = proof;
  const keyHash = stateKeyHash(key);
  if (siblings.length > 256 || siblings.some((sibling) => sibling.length !== 32)) return false;
  if (leaf && (leaf.keyHash.length !== 32 || leaf.valueHash.length !== 32)) return false;
  if (value === undefined) {
    if (leaf && (equalBytes(leaf.keyHash, keyHash) || !sharePrefix(leaf.keyHash, keyHash, siblings.length)))
      return false;
  } else if (!leaf || !equalBytes(leaf.keyHash, keyHash) || !equalBytes(leaf.valueHash, sha256(value))) {
    return false;
  }
  let node = leaf ? stateLeafHash(leaf.keyHash, leaf.valueHash) : EMPTY_HASH;
  for (const [i, sibling] of siblings.entries()) {
    const right = bit(keyHash, siblings.length - 1 - i) === 1;
    node = right ? stateInnerHash(sibling, node) : stateInnerHash(node, sibling);
  }
  return equalBytes(node, root);
}

const bit = (bytes: Uint8Array, i: number): number => (bytes[i >> 3]! >> (7 - (i & 7))) & 1;

function sharePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i < bits; i++) if (bit(a, i) !== bit(b, i)) return false;
  return true;
}
