import { CountersealError, ensure } from '../errors.js';
import { equalBytes, sha256 } from './hash.js';
import { logNodeKey } from './state-keys.js';
import type { Overlay } from './overlay.js';
import type { Reader } from './store.js';

/**
 * The Merkle tree of RFC 6962, section 2.1, over SHA-256. What is stored is the root of every complete subtree, by
 * (level, number at that level): with those, the root at any size and every proof take O(log n) reads.
 */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** MTH({d}) = SHA-256(0x00 || d). */
export const leafHash = (record: Uint8Array): Uint8Array => sha256(LEAF, record);
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right);
/** MTH({}) = SHA-256(). */
export const EMPTY_LOG_ROOT: Uint8Array = sha256(new Uint8Array());

/** Appends a leaf to a log of `size` leaves. */
export function appendLeaf(nodes: Overlay, size: number, leaf: Uint8Array): void {
  let node = leaf;
  let index = size;
  let level = 0;
  nodes.put(logNodeKey(level, index), node);
  while (index % 2 === 1) {
    node = nodeHash(readNode(nodes, level, index - 1), node);
    index = (index - 1) / 2;
    level++;
    nodes.put(logNodeKey(level, index), node);
  }
}

/** The root of the first `size` leaves. */
export function logRoot(nodes: Reader, size: number): Uint8Array {
  return size === 0 ? EMPTY_LOG_ROOT : subtree(nodes, 0, size);
}

/** The root of a log that grows, of its complete subtrees alone: nothing is stored. */
export class GrowingRoot {
  private constructor(
    /** Those of the present size, the largest first. */
    private readonly peaks: Uint8Array[],
    private leaves: number,
  ) {}

  /** Goes on from the first `size` leaves. */
  static from(nodes: Reader, size: number): GrowingRoot {
    const peaks: Uint8Array[] = [];
    for (let start = 0, rest = size; rest > 0;) {
      const level = Math.floor(Math.log2(rest));
      peaks.push(readNode(nodes, level, start / 2 ** level));
      start += 2 ** level;
      rest -= 2 ** level;
    }
    return new GrowingRoot(peaks, size);
  }

  append(leaf: Uint8Array): void {
    let node = leaf;
    for (let index = this.leaves; index % 2 === 1; index = (index - 1) / 2)
      node = nodeHash(this.peaks.pop()!, node);
    this.peaks.push(node);
    this.leaves++;
  }

  get size(): number {
    return this.leaves;
  }

  get root(): Uint8Array {
    if (this.leaves === 0) return EMPTY_LOG_ROOT;
    return this.peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** PATH(index, D[size]): the audit path of a leaf (RFC 6962, section 2.1.1), from the leaf up. */
export function inclusionProof(nodes: Reader, index: number, size: number): Uint8Array[] {
  ensure(
    Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size,
    'invalid_argument',
    'an inclusion proof needs an index below the size',
  );
  const proof: Uint8Array[] = [];
  for (let start = 0, end = size; end - start > 1;) {
    const middle = start + split(end - start);
    if (index < middle) {
      proof.push(subtree(nodes, middle, end));
      end = middle;
    } else {
      proof.push(subtree(nodes, start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/** PROOF(from, D[to]): that the log of `to` leaves extends the one of `from` (RFC 6962, section 2.1.2). */
export function consistencyProof(nodes: Reader, from: number, to: number): Uint8Array[] {
  ensure(
    Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && from <= to,
    'invalid_argument',
    'a consistency proof needs two sizes, the first not 0 and not above the second',
  );
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = to;
  let whole = true;
  while (from !== end) {
    const middle = start + split(end - start);
    if (from <= middle) {
      proof.push(subtree(nodes, middle, end));
      end = middle;
    } else {
      proof.push(subtree(nodes, start, middle));
      start = middle;
      whole = false;
    }
  }
  if (!whole) proof.push(subtree(nodes, start, end));
  return proof.reverse();
}

/** Whether `proof` leads from a leaf hash at `index` to `root` of `size` leaves (RFC 9162, section 2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (leaf.length !== 32 || proof.some((p) => p.length !== 32)) return false;
  let node = leaf;
  let last = size - 1;
  let position = index;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = nodeHash(sibling, node);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(node, root);
}

/** Whether `proof` shows that a log with `toRoot` extends the one with `fromRoot` (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(
  from: number,
  fromRoot: Uint8Array,
  to: number,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || from > to) return false;
  if (proof.some((p) => p.length !== 32)) return false;
  if (from === to) return proof.length === 0 && equalBytes(fromRoot, toRoot);
  let position = from - 1;
  let last = to - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  const path = position === 0 ? [fromRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newer = nodeHash(newer, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(older, fromRoot) && equalBytes(newer, toRoot);
}

/** The largest power of two below n, for n > 1. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The hash of leaves start..end-1, where start is a multiple of the power of two that covers the range. */
function subtree(nodes: Reader, start: number, end: number): Uint8Array {
  const width = end - start;
  let size = 1;
  let level = 0;
  while (size < width) {
    size *= 2;
    level++;
  }
  if (size === width) return readNode(nodes, level, start / size);
  const middle = start + size / 2;
  return nodeHash(subtree(nodes, start, middle), subtree(nodes, middle, end));
}

function readNode(nodes: Reader, level: number, index: number): Uint8Array {
  const node = nodes.get(logNodeKey(level, index));
  if (node?.length !== 32)
    throw new CountersealError('data_corrupted', `node ${level}/${index} of the log is missing or damaged`);
  return node;
}
