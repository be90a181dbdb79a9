import { CountersealError, ensure } from '../errors.js';
import {
  decodeNode,
  encodeNode,
  type Internal,
  rangeHash,
  stateKeyHash,
  stateLeafHash,
} from './state-node.js';
import { sha256 } from './hash.js';
import { treeNodeKey, type StateKey } from './state-keys.js';
import type { StateProof } from './state-proof.js';
import type { Reader } from './store.js';

/**
 * A part of the state tree: the inner nodes on the way to a prefix, and all below it. Whoever wants a proof for one key
 * asks for the nodes of a prefix that many keys share and finds the proof in them, so that the question does not say
 * which key it is about. It holds hashes and no values: who proves a value has it already.
 */
export interface SubtreeNode {
  /** One hexadecimal digit per level, '' for the root. */
  readonly path: string;
  readonly node: Uint8Array;
}

/** More than the nodes of 8,192 leaves; 3.3 MB if all of them were full, which is below what gRPC carries. */
export const SUBTREE_NODES_MAX = 5120;
export const SUBTREE_PREFIX = /^[0-9a-f]{0,16}$/;

/** The nodes for a prefix in the tree of a version. Throws `invalid_argument` where there are too many. */
export function readSubtree(nodes: Reader, version: number, prefix: string): SubtreeNode[] {
  ensure(SUBTREE_PREFIX.test(prefix), 'invalid_argument', 'a prefix is at most 16 hexadecimal digits');
  const found: SubtreeNode[] = [];
  const waiting = [{ version, path: '' }];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const { path } = at;
    const node = nodes.get(treeNodeKey(at.version, path));
    const decoded = node && decodeNode(node);
    if (decoded?.kind !== 'internal')
      throw new CountersealError('not_found', `the state of version ${version} is not kept`);
    ensure(
      found.length < SUBTREE_NODES_MAX,
      'invalid_argument',
      'too much of the state has this prefix: ask for a longer one',
    );
    found.push({ path, node: encodeNode(decoded) });
    decoded.children.forEach((child, digit) => {
      const childPath = path + digit.toString(16);
      const wanted = childPath.startsWith(prefix) || prefix.startsWith(childPath);
      if (child && !child.leaf && wanted) waiting.push({ version: child.version, path: childPath });
    });
  }
  return found;
}

/** The first digits of a key's path. */
export const statePrefix = (key: StateKey, digits: number): string =>
  Buffer.from(stateKeyHash(key)).toString('hex').slice(0, digits);

/**
 * The proof that `key` has `value`, out of nodes that somebody else sent; undefined where they lead to another value,
 * or to none. The nodes are not checked: whoever uses the proof verifies it against a root that it trusts.
 */
export function proveFromSubtree(
  nodes: readonly SubtreeNode[],
  key: StateKey,
  value: Uint8Array,
): StateProof | undefined {
  const inner = new Map<string, Internal>();
  for (const { path, node } of nodes) {
    const decoded = decodeNode(node);
    if (decoded?.kind === 'internal') inner.set(path, decoded);
  }
  const keyHash = stateKeyHash(key);
  const path = Buffer.from(keyHash).toString('hex');
  const leaf = { keyHash, valueHash: sha256(value) };
  const leafHash = Buffer.from(stateLeafHash(keyHash, leaf.valueHash));
  const siblings: Uint8Array[] = [];
  for (let depth = 0; depth < 64; depth++) {
    const node = inner.get(path.slice(0, depth));
    if (!node) return undefined;
    const digit = parseInt(path[depth]!, 16);
    let start = 0;
    for (let width = 16; ;) {
      const present = node.children.slice(start, start + width).filter((child) => child !== undefined);
      // An empty range, or one with a single leaf, is one node of the binary tree: the walk ends on it.
      if (present.length === 0) return undefined;
      if (present.length === 1 && present[0]!.leaf)
        return leafHash.equals(present[0]!.hash) ? { siblings: siblings.reverse(), leaf } : undefined;
      if (width === 1) break;
      width /= 2;
      const right = digit >= start + width;
      siblings.push(rangeHash(node.children, right ? start : start + width, width));
      if (right) start += width;
    }
  }
  return undefined;
}
