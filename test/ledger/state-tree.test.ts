import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MemoryStore,
  sha256,
  type StateKey,
  type StateProof,
  verifyStateProof,
} from '../../src/ledger/index.js';
import { EMPTY_HASH, stateInnerHash, stateKeyHash, stateLeafHash } from '../../src/ledger/state-node.js';
import { leavesFrom, proveState, stateRoot, updateTree } from '../../src/ledger/state-tree.js';
import { staleNodesUpTo } from '../../src/ledger/state-keys.js';
import { code } from '../helpers/vectors.js';

const key = (name: string | number): StateKey => `s/${name}` as StateKey;
const value = (name: string | number): Uint8Array => Buffer.from(`value ${name}`);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
type Change = { key: StateKey; value: Uint8Array | undefined };

class Tree {
  readonly store = new MemoryStore();
  version: number | undefined;
  root = EMPTY_HASH;
  readonly roots = new Map<number, Uint8Array>();

  async update(changes: Change[]): Promise<this> {
    const next = (this.version ?? -1) + 1;
    const { root, writes } = updateTree(this.store, this.version, next, changes);
    await this.store.write(writes);
    this.version = next;
    this.root = root;
    this.roots.set(next, root);
    return this;
  }

  prove(name: StateKey, version = this.version!): { value: Uint8Array | undefined; proof: StateProof } {
    return proveState(this.store, version, name);
  }
}

/** The root by definition: leaves at their shortest unique prefix, empty subtrees zero. */
function rootByDefinition(entries: Map<string, Uint8Array>): Uint8Array {
  const leaves = [...entries].map(([name, content]) => {
    const keyHash = stateKeyHash(name as StateKey);
    const bits = [...keyHash].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    return { bits, hash: stateLeafHash(keyHash, sha256(content)) };
  });
  const at = (prefix: string): Uint8Array => {
    const below = leaves.filter(({ bits }) => bits.startsWith(prefix));
    if (below.length === 0) return EMPTY_HASH;
    return below.length === 1 ? below[0]!.hash : stateInnerHash(at(`${prefix}0`), at(`${prefix}1`));
  };
  return at('');
}

// Few keys, so that they are changed and deleted often.
const changes = fc.array(
  fc.uniqueArray(fc.record({ name: fc.nat(40), content: fc.option(fc.nat(3), { nil: undefined }) }), {
    selector: ({ name }) => name,
    maxLength: 20,
  }),
  { maxLength: 8 },
);
const toChanges = (batch: { name: number; content: number | undefined }[]): Change[] =>
  batch.map(({ name, content }) => ({
    key: key(name),
    value: content === undefined ? undefined : value(content),
  }));

const root0 = value('anything');

describe('the state tree', () => {
  it('has the root of the definition after any changes, however they are divided into versions', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (batches) => {
        const model = new Map<string, Uint8Array>();
        const tree = new Tree();
        for (const batch of batches) {
          await tree.update(toChanges(batch));
          for (const change of toChanges(batch)) {
            if (change.value) model.set(change.key, change.value);
            else model.delete(change.key);
          }
          expect(hex(tree.root)).toBe(hex(rootByDefinition(model)));
          expect(hex(stateRoot(tree.store, tree.version))).toBe(hex(tree.root));
        }
        const once = await new Tree().update([...model].map(([k, v]) => ({ key: k as StateKey, value: v })));
        expect(hex(once.root)).toBe(hex(tree.root));
      }),
      { numRuns: 150 },
    );
  });

  it('proves every key, present or absent, against every version that is kept', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (batches) => {
        const tree = new Tree();
        const model = new Map<string, Uint8Array>();
        const history: Map<string, Uint8Array>[] = [];
        for (const batch of batches) {
          await tree.update(toChanges(batch));
          for (const change of toChanges(batch)) {
            if (change.value) model.set(change.key, change.value);
            else model.delete(change.key);
          }
          history.push(new Map(model));
        }
        history.forEach((then, version) => {
          const root = tree.roots.get(version)!;
          for (let name = 0; name <= 41; name += 3) {
            const { value: found, proof } = tree.prove(key(name), version);
            const expected = then.get(key(name));
            expect(found && hex(found)).toBe(expected && hex(expected));
            expect(verifyStateProof(root, key(name), found, proof)).toBe(true);
            // The same proof shows nothing else.
            expect(verifyStateProof(root, key(name), value('other'), proof)).toBe(false);
            expect(verifyStateProof(root, key(name), found ? undefined : value(0), proof)).toBe(false);
            expect(verifyStateProof(sha256(root), key(name), found, proof)).toBe(false);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('lists the leaves of every version in the order of their hashes, from any hash on', async () => {
    const order = (model: Map<string, Uint8Array>) =>
      [...model]
        .map(([name, content]) => [hex(stateKeyHash(name as StateKey)), name, hex(content)])
        .sort(([a], [b]) => (a! < b! ? -1 : 1));
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(41), async (batches, start) => {
        const tree = new Tree();
        const model = new Map<string, Uint8Array>();
        const history: (readonly string[][])[] = [];
        for (const batch of batches) {
          await tree.update(toChanges(batch));
          for (const change of toChanges(batch)) {
            if (change.value) model.set(change.key, change.value);
            else model.delete(change.key);
          }
          history.push(order(model));
        }
        const from = stateKeyHash(key(start));
        history.forEach((then, version) => {
          const listed = (first: Uint8Array) =>
            [...leavesFrom(tree.store, version, first)].map((leaf) => [
              hex(leaf.keyHash),
              leaf.key,
              hex(leaf.value),
            ]);
          expect(listed(EMPTY_HASH)).toEqual(then);
          expect(listed(from)).toEqual(then.filter(([hash]) => hash! >= hex(from)));
        });
      }),
      { numRuns: 60 },
    );
  });

  it('is the same whether a version is made at once or in steps, and then marks nothing as outdated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(200), { maxLength: 60 }), fc.nat(20), async (names, size) => {
        const all = names.map((name) => ({ key: key(name), value: value(name) }));
        const store = new MemoryStore();
        let previous: number | undefined;
        for (let at = 0; at === 0 || at < all.length; at += size + 1) {
          const { writes } = updateTree(store, previous, 7, all.slice(at, at + size + 1));
          await store.write(writes);
          previous = 7;
        }
        expect(hex(stateRoot(store, 7))).toBe(hex((await new Tree().update(all)).root));
        for await (const [name] of store.iterate(staleNodesUpTo(7))) expect(name).toBe('none');
        expect([...leavesFrom(store, 7, EMPTY_HASH)]).toHaveLength(all.length);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a proof in which anything is changed', async () => {
    const tree = await new Tree().update(
      Array.from({ length: 50 }, (_, i) => ({ key: key(i), value: value(i) })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 80 }), fc.nat(), fc.nat(255), (name, at, bit) => {
        const { value: found, proof } = tree.prove(key(name));
        const siblings = proof.siblings.map((sibling) => new Uint8Array(sibling));
        siblings[at % siblings.length]![bit >> 3]! ^= 1 << (bit & 7);
        const cut = { ...proof, siblings: proof.siblings.slice(1) };
        const longer = { ...proof, siblings: [EMPTY_HASH, ...proof.siblings] };
        return [{ ...proof, siblings }, cut, longer].every(
          (changed) => !verifyStateProof(tree.root, key(name), found, changed),
        );
      }),
    );
  });

  it('does not let a leaf elsewhere prove that a key is absent', async () => {
    const tree = await new Tree().update(
      Array.from({ length: 50 }, (_, i) => ({ key: key(i), value: value(i) })),
    );
    for (let present = 0; present < 50; present++)
      for (let other = 0; other < 50; other++) {
        const { proof } = tree.prove(key(other));
        expect(verifyStateProof(tree.root, key(present), undefined, proof)).toBe(false);
      }
  });

  it('does not believe a tree in which a leaf lies off its own path', () => {
    const names = Array.from({ length: 20 }, (_, i) => key(i));
    const firstBit = (name: StateKey): number => stateKeyHash(name)[0]! >> 7;
    const left = names.find((name) => firstBit(name) === 0)!;
    const right = names.find((name) => firstBit(name) === 1)!;
    const misplaced = { keyHash: stateKeyHash(right), valueHash: sha256(value(0)) };
    const root = stateInnerHash(stateLeafHash(misplaced.keyHash, misplaced.valueHash), sha256(root0));
    const proof = { siblings: [sha256(root0)], leaf: misplaced };
    expect(verifyStateProof(root, left, undefined, proof)).toBe(false);
  });

  it('does not let an inner node pass as a leaf, nor a leaf as an empty place', async () => {
    const tree = await new Tree().update(
      Array.from({ length: 50 }, (_, i) => ({ key: key(i), value: value(i) })),
    );
    const { proof } = tree.prove(key(0));
    const [sibling, ...above] = proof.siblings;
    // An inner node's two children offered as key hash and value hash of a leaf one level up.
    const { keyHash, valueHash } = proof.leaf!;
    const own = stateLeafHash(keyHash, valueHash);
    for (const [left, right] of [
      [own, sibling!],
      [sibling!, own],
    ] as const) {
      const forged = { siblings: above, leaf: { keyHash: left, valueHash: right } };
      expect(verifyStateProof(tree.root, key('absent'), undefined, forged)).toBe(false);
    }
    expect(verifyStateProof(tree.root, key(0), undefined, { ...proof, leaf: undefined })).toBe(false);
    expect(verifyStateProof(own, key(0), undefined, { siblings: [], leaf: undefined })).toBe(false);
  });

  it('knows of an empty tree that everything is absent', async () => {
    const tree = await new Tree().update([]);
    const { value: found, proof } = tree.prove(key(1));
    expect(found).toBeUndefined();
    expect(verifyStateProof(EMPTY_HASH, key(1), undefined, proof)).toBe(true);
    await tree.update([{ key: key(1), value: value(1) }]);
    await tree.update([{ key: key(1), value: undefined }]);
    expect(hex(tree.root)).toBe(hex(EMPTY_HASH));
  });

  it('keeps the latest version whole when outdated nodes are deleted, and only outdated ones are', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (batches) => {
        const tree = await new Tree().update([]);
        for (const batch of batches) await tree.update(toChanges(batch));
        const doomed: string[] = [];
        for await (const [, node] of tree.store.iterate(staleNodesUpTo(tree.version!)))
          doomed.push(Buffer.from(node).toString());
        expect(new Set(doomed).size).toBe(doomed.length);
        await tree.store.write(doomed.map((node) => ({ key: node, value: undefined })));
        let kept = 0;
        for await (const [stored] of tree.store.iterate({ gte: 'n/', lt: 'n0' })) if (stored) kept++;
        const reachable = new Set<string>();
        const names = Array.from({ length: 41 }, (_, name) => key(name));
        const watching = {
          get: (stored: string) => {
            reachable.add(stored);
            return tree.store.get(stored);
          },
        };
        for (const name of names) {
          const { value: found, proof } = proveState(watching, tree.version!, name);
          expect(verifyStateProof(tree.root, name, found, proof)).toBe(true);
        }
        expect(kept).toBe(reachable.size);
      }),
      { numRuns: 60 },
    );
  });

  it('says that a node is missing or damaged', async () => {
    const tree = await new Tree().update(
      Array.from({ length: 50 }, (_, i) => ({ key: key(i), value: value(i) })),
    );
    const stored: string[] = [];
    for await (const [name] of tree.store.iterate({ gte: 'n/', lt: 'n0' })) stored.push(name);
    const leaf = stored.at(-1)!;
    const bytes = tree.store.get(leaf)!;
    bytes[bytes.length - 1]! ^= 1;
    await tree.store.write([{ key: leaf, value: bytes }]);
    const proveAll = (): void => {
      for (let i = 0; i < 50; i++) tree.prove(key(i));
    };
    expect(proveAll).toThrow(expect.objectContaining(code('data_corrupted')));
    await tree.store.write([{ key: leaf, value: undefined }]);
    expect(proveAll).toThrow(expect.objectContaining(code('data_corrupted')));
  });
});
