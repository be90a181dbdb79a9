import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CountersealError } from '../errors.js';
import { equalBytes, sha256 } from './hash.js';
import { staleNodeKey, treeNodeKey, type StateKey } from './state-keys.js';
import {
  decodeNode,
  EMPTY_HASH,
  encodeNode,
  type Internal,
  internalHash,
  type Leaf,
  leafHashOf,
  leafOf,
  type NodeRef,
  rangeHash,
  stateKeyHash,
  type TreeNode,
} from './state-node.js';
import type { StateProof } from './state-proof.js';
import type { Reader, Write } from './store.js';

/**
 * A sparse Merkle tree over SHA-256 in the manner of the Jellyfish Merkle Tree (Gao, Hu, Wu: 2021): the path of a key
 * is SHA-256(key), a leaf lies at the shortest prefix that no other leaf shares, nodes are addressed by (version,
 * path) and never overwritten, so the tree of a recent version can still be proved against. Hashes are those of the
 * binary tree; storage takes four levels at a time, which is what a block reads and writes.
 */
export interface TreeUpdate {
  readonly root: Uint8Array;
  /** New nodes, and marks of those that are no longer part of the tree. */
  readonly writes: readonly Write[];
}

interface Change {
  readonly key: StateKey;
  readonly path: string;
  readonly keyHash: Uint8Array;
  readonly value: Uint8Array | undefined;
}

const toPath = (keyHash: Uint8Array): string => Buffer.from(keyHash).toString('hex');

/** The hash of the tree of a version; `version` undefined is the empty tree. */
export function stateRoot(nodes: Reader, version: number | undefined): Uint8Array {
  if (version === undefined) return EMPTY_HASH;
  return nodeHash(load(nodes, { version, path: '' }));
}

/**
 * The tree after `changes` (undefined deletes), as version `version`; `previous` is the version that it starts from.
 * Reads through `nodes`, writes nothing. Where `version` is `previous`, `changes` must not delete.
 */
export function updateTree(
  nodes: Reader,
  previous: number | undefined,
  version: number,
  changes: readonly { readonly key: StateKey; readonly value: Uint8Array | undefined }[],
): TreeUpdate {
  const writes: Write[] = [];
  const items = changes
    .map(({ key, value }): Change => {
      const keyHash = stateKeyHash(key);
      return { key, path: toPath(keyHash), keyHash, value };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));

  const markStale = (old: number, path: string): void => {
    // Whoever adds to one version in several steps replaces its nodes in place.
    if (old === version) return;
    writes.push({ key: staleNodeKey(version, old, path), value: utf8ToBytes(treeNodeKey(old, path)) });
  };

  const store = (node: TreeNode, path: string): NodeRef => {
    writes.push({ key: treeNodeKey(version, path), value: encodeNode(node) });
    return { version, hash: nodeHash(node), leaf: node.kind === 'leaf' };
  };

  /** The node at `path` after the changes below it; the same object if none of them changes anything. */
  const apply = (
    node: TreeNode | undefined,
    path: string,
    below: readonly Change[],
  ): TreeNode | undefined => {
    if (below.length === 0) return node;
    if (node?.kind === 'internal') return applyInternal(node, path, below);
    let puts = below.filter((change) => change.value !== undefined);
    if (node) {
      const own = below.find((change) => equalBytes(change.keyHash, node.keyHash));
      if (own?.value !== undefined && puts.length === 1 && equalBytes(own.value, node.value)) return node;
      if (!own) {
        if (puts.length === 0) return node;
        const kept: Change = { ...node, path: toPath(node.keyHash) };
        puts = [...puts, kept].sort((a, b) => (a.path < b.path ? -1 : 1));
      }
    }
    if (puts.length === 0) return undefined;
    if (puts.length === 1) return leafOf(puts[0]!.key, puts[0]!.value!);
    return applyInternal({ kind: 'internal', children: emptyChildren() }, path, puts);
  };

  const applyInternal = (node: Internal, path: string, below: readonly Change[]): TreeNode | undefined => {
    const children = [...node.children];
    const fresh = new Map<number, TreeNode>();
    let changed = false;
    for (const [digit, part] of partition(below, path.length)) {
      const childPath = path + digit.toString(16);
      const ref = children[digit];
      const before = ref && load(nodes, { version: ref.version, path: childPath }, ref.hash);
      const after = apply(before, childPath, part);
      if (after === before) continue;
      changed = true;
      if (ref) markStale(ref.version, childPath);
      children[digit] = undefined;
      if (after) fresh.set(digit, after);
    }
    if (!changed) return node;
    const kept = children.flatMap((ref, digit) => (ref ? [digit] : []));
    if (kept.length + fresh.size === 0) return undefined;
    if (kept.length + fresh.size === 1) {
      // A leaf that is alone under its prefix moves up to the shortest one.
      const [only] = fresh.values();
      if (only?.kind === 'leaf') return only;
      const digit = kept[0];
      const ref = digit === undefined ? undefined : children[digit];
      if (digit !== undefined && ref?.leaf) {
        const childPath = path + digit.toString(16);
        markStale(ref.version, childPath);
        return load(nodes, { version: ref.version, path: childPath }, ref.hash);
      }
    }
    for (const [digit, child] of fresh) children[digit] = store(child, path + digit.toString(16));
    return { kind: 'internal', children };
  };

  const before = previous === undefined ? undefined : load(nodes, { version: previous, path: '' });
  const after = apply(before, '', items) ?? { kind: 'internal', children: emptyChildren() };
  if (previous !== undefined) markStale(previous, '');
  return { root: store(after, '').hash, writes };
}

/** The leaves of a version in the order of the hashes of their keys, from a hash on. Reads as it goes. */
export function* leavesFrom(nodes: Reader, version: number, from: Uint8Array): Iterable<Leaf> {
  const first = toPath(from);
  const waiting: { version: number; path: string; hash?: Uint8Array }[] = [{ version, path: '' }];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const node = load(nodes, at, at.hash);
    if (node.kind === 'leaf') {
      if (toPath(node.keyHash) >= first) yield node;
      continue;
    }
    for (let digit = 15; digit >= 0; digit--) {
      const ref = node.children[digit];
      const path = at.path + digit.toString(16);
      if (ref && path >= first.slice(0, path.length))
        waiting.push({ version: ref.version, path, hash: ref.hash });
    }
  }
}

/** The value of a key in the tree of a version, and the proof that it has that value or is absent. */
export function proveState(
  nodes: Reader,
  version: number,
  key: StateKey,
): { value: Uint8Array | undefined; proof: StateProof } {
  const keyHash = stateKeyHash(key);
  const path = toPath(keyHash);
  const siblings: Uint8Array[] = [];
  let node = load(nodes, { version, path: '' });
  for (let depth = 0; node.kind === 'internal'; depth++) {
    const digit = parseInt(path[depth]!, 16);
    let start = 0;
    let width = 16;
    let ref: NodeRef | undefined;
    for (;;) {
      const refs = node.children.slice(start, start + width);
      const present = refs.filter((child) => child !== undefined);
      ref = present[0];
      // An empty range, or one with a single leaf, is one node of the binary tree: the walk ends on it.
      if (present.length === 0)
        return { value: undefined, proof: { siblings: siblings.reverse(), leaf: undefined } };
      if (width === 1 || (present.length === 1 && ref!.leaf)) break;
      width /= 2;
      const right = digit >= start + width;
      siblings.push(rangeHash(node.children, right ? start : start + width, width));
      if (right) start += width;
    }
    const at = node.children.indexOf(ref);
    node = load(nodes, { version: ref!.version, path: path.slice(0, depth) + at.toString(16) }, ref!.hash);
  }
  const leaf = { keyHash: node.keyHash, valueHash: sha256(node.value) };
  const own = equalBytes(node.keyHash, keyHash);
  return { value: own ? node.value : undefined, proof: { siblings: siblings.reverse(), leaf } };
}

const emptyChildren = (): (NodeRef | undefined)[] => new Array<NodeRef | undefined>(16).fill(undefined);

function* partition(items: readonly Change[], depth: number): Iterable<[digit: number, part: Change[]]> {
  for (let i = 0; i < items.length;) {
    const digit = items[i]!.path[depth]!;
    let end = i + 1;
    while (end < items.length && items[end]!.path[depth] === digit) end++;
    yield [parseInt(digit, 16), items.slice(i, end)];
    i = end;
  }
}

const nodeHash = (node: TreeNode): Uint8Array =>
  node.kind === 'leaf' ? leafHashOf(node) : internalHash(node);

function load(nodes: Reader, at: { version: number; path: string }, expected?: Uint8Array): TreeNode {
  const bytes = nodes.get(treeNodeKey(at.version, at.path));
  const node = bytes && decodeNode(bytes);
  if (!node || (expected && !equalBytes(nodeHash(node), expected)))
    throw new CountersealError(
      'data_corrupted',
      `node ${at.version}/${at.path} of the state tree is missing or damaged`,
    );
  return node;
}
