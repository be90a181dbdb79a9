import { utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256 } from './hash.js';
import type { StateKey } from './state-keys.js';

/** The nodes of the state tree, their hashes and how they are stored. */
export interface Leaf {
  readonly kind: 'leaf';
  /** Kept beside its hash, so that a tree of an earlier version still says what its values are. */
  readonly key: StateKey;
  readonly keyHash: Uint8Array;
  readonly value: Uint8Array;
}
/** Four levels of the binary tree: sixteen places, of which some are empty. */
export interface Internal {
  readonly kind: 'internal';
  readonly children: readonly (NodeRef | undefined)[];
}
export type TreeNode = Leaf | Internal;

export interface NodeRef {
  readonly version: number;
  readonly hash: Uint8Array;
  readonly leaf: boolean;
}

// Different first bytes: no leaf can be read as an inner node. Both differ from the log's by their length and domain.
const LEAF = Buffer.concat([Uint8Array.of(0), Buffer.from('counterseal state leaf')]);
const INNER = Buffer.concat([Uint8Array.of(1), Buffer.from('counterseal state node')]);

/** Stands for an empty subtree of any height. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(32);

export const stateKeyHash = (key: StateKey): Uint8Array => sha256(utf8ToBytes(key));

export const leafOf = (key: StateKey, value: Uint8Array): Leaf => ({
  kind: 'leaf',
  key,
  keyHash: stateKeyHash(key),
  value,
});

export const stateLeafHash = (keyHash: Uint8Array, valueHash: Uint8Array): Uint8Array =>
  sha256(LEAF, keyHash, valueHash);
export const stateInnerHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(INNER, left, right);

export const leafHashOf = (leaf: Leaf): Uint8Array => stateLeafHash(leaf.keyHash, sha256(leaf.value));
export const internalHash = (node: Internal): Uint8Array => rangeHash(node.children, 0, 16);

/** The binary tree's hash over `width` places from `start`: a leaf that is alone there stands for the whole range. */
export function rangeHash(children: Internal['children'], start: number, width: number): Uint8Array {
  let count = 0;
  let only: NodeRef | undefined;
  for (let i = start; i < start + width; i++) {
    if (!children[i]) continue;
    count++;
    only = children[i];
  }
  if (!only) return EMPTY_HASH;
  if (width === 1 || (count === 1 && only.leaf)) return only.hash;
  const half = width / 2;
  return stateInnerHash(rangeHash(children, start, half), rangeHash(children, start + half, half));
}

const LEAF_TAG = 0;
const INTERNAL_TAG = 1;
const REF_BYTES = 1 + 1 + 6 + 32;

/**
 * Leaf: 0, length of the key (1), key, value. Internal: 1, then for each child in ascending order its place (1), whether it is a
 * leaf (1), version (6, big-endian) and hash (32). Not part of consensus: only the hashes are.
 */
export function encodeNode(node: TreeNode): Uint8Array {
  if (node.kind === 'leaf') {
    const key = utf8ToBytes(node.key);
    return Buffer.concat([Uint8Array.of(LEAF_TAG, key.length), key, node.value]);
  }
  const present = node.children.filter((child) => child !== undefined).length;
  const out = Buffer.alloc(1 + present * REF_BYTES);
  out[0] = INTERNAL_TAG;
  let at = 1;
  node.children.forEach((child, place) => {
    if (!child) return;
    out[at] = place;
    out[at + 1] = child.leaf ? 1 : 0;
    out.writeUIntBE(child.version, at + 2, 6);
    out.set(child.hash, at + 8);
    at += REF_BYTES;
  });
  return out;
}

/** Undefined for what is not a node. */
export function decodeNode(bytes: Uint8Array): TreeNode | undefined {
  if (bytes[0] === LEAF_TAG) {
    const end = 2 + (bytes[1] ?? Infinity);
    if (bytes.length < end) return undefined;
    return leafOf(Buffer.from(bytes.subarray(2, end)).toString('latin1') as StateKey, bytes.subarray(end));
  }
  if (bytes[0] !== INTERNAL_TAG || (bytes.length - 1) % REF_BYTES !== 0) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const children = new Array<NodeRef | undefined>(16).fill(undefined);
  for (let at = 1; at < bytes.length; at += REF_BYTES) {
    const place = view[at]!;
    if (place > 15 || children[place]) return undefined;
    children[place] = {
      leaf: view[at + 1] === 1,
      version: view.readUIntBE(at + 2, 6),
      hash: bytes.subarray(at + 8, at + REF_BYTES),
    };
  }
  return { kind: 'internal', children };
}
