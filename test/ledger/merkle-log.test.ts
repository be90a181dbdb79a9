import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaf,
  consistencyProof,
  EMPTY_LOG_ROOT,
  GrowingRoot,
  inclusionProof,
  leafHash,
  logRoot,
  MemoryStore,
  Overlay,
  sha256,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const record = (i: number): Uint8Array => Buffer.from(`record ${i}`);

function logOf(size: number, recordAt = record): Overlay {
  const nodes = new Overlay(new MemoryStore());
  for (let i = 0; i < size; i++) appendLeaf(nodes, i, leafHash(recordAt(i)));
  return nodes;
}

/** MTH as RFC 6962, section 2.1 defines it, from all leaves. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const MAX = 70;
const log = logOf(MAX);
const roots = Array.from({ length: MAX + 1 }, (_, size) => logRoot(log, size));

describe('the log (RFC 6962)', () => {
  it('has the roots of the tests of certificate-transparency-go', () => {
    const data = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const known = logOf(8, (i) => Buffer.from(data[i]!, 'hex'));
    expect(hex(EMPTY_LOG_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(logRoot(known, 1))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(logRoot(known, 2))).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
    expect(hex(logRoot(known, 8))).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('has the root of the definition at every size', () => {
    for (let size = 0; size <= MAX; size++)
      expect(hex(roots[size]!)).toBe(hex(mth(Array.from({ length: size }, (_, i) => leafHash(record(i))))));
  });

  it('has that root, too, when it is only reckoned, from wherever it goes on', () => {
    for (const start of [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, MAX]) {
      const growing = GrowingRoot.from(log, start);
      for (let size = start; ; size++) {
        expect([growing.size, hex(growing.root)]).toEqual([size, hex(roots[size]!)]);
        if (size === MAX) break;
        growing.append(leafHash(record(size)));
      }
    }
  });

  it('proves every leaf at every size, and refuses the proof for another leaf, place, size or root', () => {
    for (let size = 1; size <= MAX; size += size < 20 ? 1 : 7)
      for (let i = 0; i < size; i++) {
        const leaf = leafHash(record(i));
        const proof = inclusionProof(log, i, size);
        expect(verifyInclusion(leaf, i, size, proof, roots[size]!)).toBe(true);
        expect(verifyInclusion(leafHash(record(i + 1)), i, size, proof, roots[size]!)).toBe(false);
        expect(verifyInclusion(leaf, i, size, proof, roots[size - 1]!)).toBe(false);
        expect(verifyInclusion(leaf, i, size, [...proof, leaf], roots[size]!)).toBe(false);
        if (size > 1) {
          expect(verifyInclusion(leaf, (i + 1) % size, size, proof, roots[size]!)).toBe(false);
          expect(verifyInclusion(leaf, i, size, proof.slice(1), roots[size]!)).toBe(false);
        }
      }
  });

  it('proves that every size extends every smaller one, and refuses it of a changed log', () => {
    const forked = logOf(MAX, (i) => record(i === 3 ? 1000 : i));
    for (let to = 1; to <= MAX; to += to < 20 ? 1 : 7)
      for (let from = 1; from <= to; from++) {
        const proof = consistencyProof(log, from, to);
        expect(verifyConsistency(from, roots[from]!, to, roots[to]!, proof)).toBe(true);
        if (from > 3)
          expect(verifyConsistency(from, logRoot(forked, from), to, roots[to]!, proof)).toBe(false);
        if (from < to) {
          expect(verifyConsistency(from, roots[from]!, to, roots[to - 1]!, proof)).toBe(false);
          expect(verifyConsistency(from, roots[from]!, to, roots[to]!, proof.slice(1))).toBe(false);
          expect(verifyConsistency(from, roots[from]!, to, roots[to]!, [...proof, roots[1]!])).toBe(false);
        }
      }
  });

  it('refuses a proof in which any bit is flipped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: MAX }), fc.nat(), fc.nat(), fc.nat(), (size, a, b, bit) => {
        const index = a % size;
        const proof = inclusionProof(log, index, size);
        const at = b % proof.length;
        const changed = proof.map((node) => new Uint8Array(node));
        changed[at]![(bit >> 3) % 32]! ^= 1 << (bit & 7);
        return !verifyInclusion(leafHash(record(index)), index, size, changed, roots[size]!);
      }),
    );
  });

  it('lets no inner node pass as a leaf, nor a leaf as an inner node', () => {
    const left = leafHash(record(0));
    const right = leafHash(record(1));
    // The inner node's preimage as a record: its leaf hash is another one, because the first byte differs.
    const preimage = Buffer.concat([left, right]);
    expect(hex(leafHash(preimage))).not.toBe(hex(roots[2]!));
    expect(verifyInclusion(leafHash(preimage), 0, 1, [], roots[2]!)).toBe(false);
    // The root of four as a log of two whose "leaves" are inner nodes needs their hashes as leaf hashes: a caller who
    // hashes the record itself never has them.
    const inner = sha256(Uint8Array.of(1), left, right);
    expect(verifyInclusion(leafHash(inner), 0, 2, inclusionProof(log, 0, 4).slice(1), roots[4]!)).toBe(false);
  });

  it('refuses what cannot be asked', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0.5, 1],
    ] as const) {
      expect(() => inclusionProof(log, index, size)).toThrow(
        expect.objectContaining(code('invalid_argument')),
      );
      expect(verifyInclusion(leafHash(record(0)), index, size, [], roots[1]!)).toBe(false);
    }
    for (const [from, to] of [
      [0, 1],
      [2, 1],
      [0.5, 1],
    ] as const) {
      expect(() => consistencyProof(log, from, to)).toThrow(
        expect.objectContaining(code('invalid_argument')),
      );
      expect(verifyConsistency(from, roots[1]!, to, roots[1]!, [])).toBe(false);
    }
    expect(() => logRoot(log, MAX + 1)).toThrow(expect.objectContaining(code('data_corrupted')));
    // A path longer than the size allows, though it leads to the root that is asked for.
    const leaf = leafHash(record(0));
    const taller = sha256(Uint8Array.of(1), roots[2]!, leaf);
    expect(verifyInclusion(leaf, 0, 1, [roots[2]!], taller)).toBe(false);
    expect(verifyConsistency(1, leaf, 2, sha256(Uint8Array.of(1), taller, leaf), [leaf, roots[2]!])).toBe(
      false,
    );
    expect(verifyInclusion(new Uint8Array(31), 0, 1, [], roots[1]!)).toBe(false);
    expect(verifyInclusion(leafHash(record(0)), 0, 2, [new Uint8Array(33)], roots[2]!)).toBe(false);
  });
});
