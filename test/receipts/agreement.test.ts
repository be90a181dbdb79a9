import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decodeReceipt,
  decodeRecord,
  encodeReceipt,
  findRegistration,
  leafHash,
  type LogIndex,
  makeReceipt,
  openCheckpoint,
  Overlay,
  type Receipt,
  receiptKey,
  recordKey,
  Replica,
  readSubtree,
  type Sequence,
  signCheckpoint,
  type SubtreeNode,
  verifyInclusion,
  verifyStateProof,
} from '../../src/ledger/index.js';
import { SUBTREE_NODES_MAX } from '../../src/ledger/state-subtree.js';
import { encodeNode, stateKeyHash } from '../../src/ledger/state-node.js';
import { verifyReceipt } from '../../src/receipts/verify.js';
import { prefixDigits, ANONYMITY_SET_MIN } from '../../src/agent/receipt.js';
import { Chain } from '../ledger/helpers.js';
import { code } from '../helpers/vectors.js';
import { signerOf, trustIn } from './helpers.js';

const SIZE = 33;
const operator = signerOf('operator', 'test-net');
const trust = trustIn('test-net');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/** One receipt for each entry and each size of the log from its registration on. */
const receipts: { entry: number; size: number; receipt: Receipt }[] = [];
let nodes: SubtreeNode[];

beforeAll(async () => {
  const chain = await Chain.start();
  const view = new Overlay({ get: () => undefined });
  const replica = new Replica(chain.author.network, view);
  for (let size = 1; size <= SIZE; size++) {
    // Every third is an action, so that entries and positions in the log differ.
    const acted = size % 3 === 0;
    const tx = acted
      ? chain.author.action(`c${size - 1}`, Math.floor((2 * size) / 3) - 1, 0, {
          kind: 'cancel',
          reason: 'withdrawn',
        })
      : chain.author.register(`doc ${size % 4}`, { control: `c${size}` });
    await chain.done(tx);
    const [record] = await chain.machine.reader.recordsFrom((size - 1) as LogIndex);
    view.put(recordKey(replica.size as LogIndex), record!);
    replica.absorb(record!);
    const { height, time, logRoot: root, stateRoot, treeVersion } = chain.machine.reader.meta();
    const checkpoint = signCheckpoint({ origin: 'test-net', size, root, stateRoot, height, time }, operator);
    nodes = readSubtree(chain.store, treeVersion, '');
    for (let entry = 0; ; entry++) {
      const index = findRegistration(view, entry as Sequence, size);
      if (index === undefined) break;
      receipts.push({ entry, size, receipt: makeReceipt({ view, index, checkpoint, nodes })! });
    }
  }
});

/** What the ledger's own functions say of a receipt's parts. */
function ledgerAccepts(text: string): boolean {
  try {
    const { checkpoint: note, record, inclusion, tagList, tagProof } = decodeReceipt(text);
    const checkpoint = openCheckpoint(note, 'test-net', [operator]);
    const { index, body } = decodeRecord(bytes(record));
    if (body.type !== 'register') return false;
    const key = receiptKey(body);
    const siblings = tagProof.map(bytes);
    const path = inclusion.map(bytes);
    const leaf = { keyHash: stateKeyHash(key), valueHash: leafOf(tagList) };
    return (
      verifyInclusion(leafHash(bytes(record)), index, checkpoint.size, path, checkpoint.root) &&
      verifyStateProof(checkpoint.stateRoot, key, bytes(tagList), { siblings, leaf })
    );
  } catch {
    return false;
  }
}
const leafOf = (list: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes(list)).digest());

function verifierAccepts(text: string): boolean {
  try {
    verifyReceipt(text, trust);
    return true;
  } catch (error) {
    expect((error as Error).name).toBe('ReceiptError');
    return false;
  }
}

describe('the independent verifier', () => {
  it('accepts every receipt of every entry at every size, as the ledger does', () => {
    expect(receipts.length).toBeGreaterThan(300);
    for (const { entry, size, receipt } of receipts) {
      const text = encodeReceipt(receipt);
      expect(ledgerAccepts(text)).toBe(true);
      const proved = verifyReceipt(text, trust);
      expect([proved.entry, proved.asOf.size]).toEqual([entry, size]);
      const { body, time } = decodeRecord(bytes(receipt.record));
      if (body.type !== 'register') throw new Error('no registration');
      const { label, exact, near, matches } = body.verdict;
      expect(proved.verdict).toEqual({
        ...{ label, exact, near },
        matches: matches.map(({ sequence, ...match }) => ({ entry: sequence, ...match })),
      });
      expect([proved.registered.time, proved.purpose]).toEqual([time, body.purpose]);
    }
  });

  it('agrees with the ledger on receipts that were changed or mixed', () => {
    const some = fc.nat(receipts.length - 1).map((at) => receipts[at]!.receipt);
    const lists = ['inclusion', 'tagProof'] as const;
    const blobs = ['record', 'tagList'] as const;
    const flipped = (text: string, at: number, bit: number): string => {
      const all = Buffer.from(text, 'base64');
      all[at % all.length]! ^= 1 << bit;
      return all.toString('base64');
    };
    const changes = fc.oneof(
      fc
        .record({ name: fc.constantFrom(...blobs), at: fc.nat(), bit: fc.nat(7) })
        .map(({ name, at, bit }) => (receipt: Receipt): Receipt => ({
          ...receipt,
          [name]: flipped(receipt[name], at, bit),
        })),
      fc
        .record({ name: fc.constantFrom(...lists), at: fc.nat(), bit: fc.nat(7), hash: fc.nat() })
        .map(({ name, at, bit, hash }) => (receipt: Receipt): Receipt => ({
          ...receipt,
          [name]: receipt[name].map((item, i) =>
            i === hash % receipt[name].length ? flipped(item, at, bit) : item,
          ),
        })),
      fc
        .record({ name: fc.constantFrom(...lists), at: fc.nat(20) })
        .map(({ name, at }) => (receipt: Receipt): Receipt => ({
          ...receipt,
          [name]: receipt[name].toSpliced(at, 1),
        })),
      fc
        .record({ at: fc.nat(), to: fc.constantFrom('A', '1', '\n', ' ', '=', '\u2014') })
        .map(({ at, to }) => (receipt: Receipt): Receipt => {
          const place = at % receipt.checkpoint.length;
          const { checkpoint } = receipt;
          return { ...receipt, checkpoint: checkpoint.slice(0, place) + to + checkpoint.slice(place + 1) };
        }),
      fc
        .record({
          other: some,
          names: fc.subarray(['record', 'inclusion', 'checkpoint', 'tagList', 'tagProof']),
        })
        .map(({ other, names }) => (receipt: Receipt): Receipt => ({
          ...receipt,
          ...Object.fromEntries(Object.entries(other).filter(([name]) => names.includes(name))),
        })),
    );
    let accepted = 0;
    fc.assert(
      fc.property(some, changes, (receipt, change) => {
        const text = JSON.stringify(change(receipt));
        const verdict = verifierAccepts(text);
        accepted += verdict ? 1 : 0;
        expect(verdict).toBe(ledgerAccepts(text));
      }),
      { numRuns: 1_500 },
    );
    // Parts of another receipt can fit: the property is not about refusals alone.
    expect(accepted).toBeGreaterThan(0);
  });
});

describe('a part of the state tree', () => {
  it('holds the way to every key of its prefix, and nothing beside it', async () => {
    const chain = await Chain.start();
    await chain.block(Array.from({ length: 40 }, (_, i) => chain.author.register(`d${i}`)));
    const { treeVersion } = chain.machine.reader.meta();
    const whole = readSubtree(chain.store, treeVersion, '');
    for (const prefix of ['', 'a', '3f', '0123456789abcdef']) {
      const part = readSubtree(chain.store, treeVersion, prefix);
      const paths = whole.map(({ path }) => path);
      expect(part.map(({ path }) => path).sort()).toEqual(
        paths.filter((path) => path.startsWith(prefix) || prefix.startsWith(path)).sort(),
      );
    }
    expect(() => readSubtree(chain.store, treeVersion, 'xyz')).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect(() => readSubtree(chain.store, 77, '')).toThrow(expect.objectContaining(code('not_found')));
  });

  it('is refused where it is too large', () => {
    const full = encodeNode({
      kind: 'internal',
      children: Array.from({ length: 16 }, () => ({ version: 1, hash: new Uint8Array(32), leaf: false })),
    });
    const endless = { get: () => full };
    expect(() => readSubtree(endless, 1, '')).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(SUBTREE_NODES_MAX * full.length).toBeLessThan(4 * 1024 * 1024);
  });

  it('is asked for by so few digits that many entries share them', () => {
    for (const entries of [0, 1, 100, 2_047, 2_048, 32_767, 32_768, 1_000_000, 50_000_000]) {
      const digits = prefixDigits(entries);
      expect(digits === 0 || entries / 16 ** digits >= ANONYMITY_SET_MIN).toBe(true);
      // And no fewer than needed: what is sent stays small.
      expect(entries / 16 ** digits).toBeLessThan(16 * ANONYMITY_SET_MIN);
    }
  });
});
