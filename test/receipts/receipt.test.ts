import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  decodeReceipt,
  findRegistration,
  type LogIndex,
  makeReceipt,
  type Network,
  networkOf,
  openCheckpoint,
  type Receipt,
  sha256,
  type Sequence,
  signCheckpoint,
  tagHeadCodec,
  verifyStateProof,
} from '../../src/ledger/index.js';
import { stateKeyHash, stateLeafHash } from '../../src/ledger/state-node.js';
import { stateKeys } from '../../src/ledger/state-keys.js';
import { decodeCanonical } from '../../src/ledger/codec.js';
import { encodeState } from '../../src/ledger/state-values.js';
import { verifyReceipt } from '../../src/receipts/verify.js';
import { Directories, openEngine, operatorOf, submitDocument } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, fieldOf, payloadOf, START, testGenesis } from '../ledger/helpers.js';
import { copyOf, failure, receiptFrom, signerOf, trustIn } from './helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());

const trust = trustIn('test-net');
let engine: EmbeddedEngine;
let author: Author;
let network: Network;
/** Of entry 0. */
let transaction: Uint8Array;
let text: string;

beforeAll(async () => {
  network = await networkOf(testGenesis());
  author = await Author.of(testGenesis());
  engine = await openEngine(directories.fresh());
  transaction = author.register('doc', { control: 'first' });
  await submitDocument(engine, transaction);
  for (const control of ['second', 'third', 'other 1', 'other 2'])
    await submitDocument(engine, author.register(control.startsWith('other') ? control : 'doc', { control }));
  text = await receiptFrom(engine, network, 0, { transaction });
});
afterAll(() => engine.close());

const mutate = (change: (receipt: Receipt) => object): string =>
  JSON.stringify(change(JSON.parse(text) as Receipt));
const flip = (base64: string, at: number, bit = 1): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at]! ^= bit;
  return bytes.toString('base64');
};
const resign = (receipt: Receipt, change: (note: ReturnType<typeof openCheckpoint>) => object): string => {
  const note = openCheckpoint(receipt.checkpoint, 'test-net', [operatorOf('test-net')]);
  return signCheckpoint({ ...note, ...change(note) }, operatorOf('test-net'));
};

describe('a receipt', () => {
  it('proves when an entry was registered, what it was told, and who has the document', () => {
    const proved = verifyReceipt(text, trust);
    expect(proved).toMatchObject({
      networkId: 'test-net',
      entry: 0,
      registered: { height: 1, time: START, logIndex: 0 },
      documentKind: 380,
      purpose: 'finance',
      verdict: { label: 'unique', exact: { total: 0 }, matches: [] },
      firstHolder: 0,
      position: 0,
      total: 3,
      asOf: { size: 5, time: START },
      witnesses: [],
    });
    expect(proved.holders.map(({ entry, state }) => [entry, state])).toEqual([
      [0, 'registered'],
      [1, 'registered'],
      [2, 'registered'],
    ]);
    expect(proved.tags[0]).toBe(fieldOf('exact doc').toString(16).padStart(64, '0'));
    expect(proved.operators).toEqual(trust.operatorKeys);
    const claims = author.claims('doc', { control: 'first' });
    expect(proved.transaction).toEqual({
      hash: sha256hex(transaction),
      commitment: claims.commitment.toString(16).padStart(64, '0'),
      controlKey: Buffer.from(claims.controlKey).toString('hex'),
      payloadHash: Buffer.from(claims.payloadHash).toString('hex'),
    });
  });

  it('of a later holder names the first one', async () => {
    const proved = verifyReceipt(await receiptFrom(engine, network, 2), trust);
    expect(proved).toMatchObject({ entry: 2, firstHolder: 0, position: 2, total: 3, transaction: null });
    expect(proved.verdict).toMatchObject({ label: 'duplicate', exact: { total: 2, registered: 2 } });
  });

  it('is the same, however many digits the node is told', async () => {
    for (const digits of [1, 2, 16])
      expect(await receiptFrom(engine, network, 0, { transaction, digits })).toBe(text);
    const view = await copyOf(engine, network);
    const { checkpoint, nodes } = engine.stateSubtree('');
    const elsewhere = nodes.filter(({ path }) => path !== '');
    expect(makeReceipt({ view, index: 0 as LogIndex, checkpoint, nodes: elsewhere })).toBeUndefined();
  });

  it('is a file that is read back, and refused with what is wrong in it', () => {
    expect(decodeReceipt(text)).toEqual(JSON.parse(text));
    expect(() => decodeReceipt('{')).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => decodeReceipt(mutate((receipt) => ({ ...receipt, more: 1 })))).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect(() => decodeReceipt(mutate((receipt) => ({ ...receipt, inclusion: ['AA=='] })))).toThrow(
      expect.objectContaining({ ...code('invalid_argument'), field: 'inclusion.0' }),
    );
  });

  it('takes no transaction but the one that the record names', async () => {
    const view = await copyOf(engine, network);
    const { checkpoint, nodes } = engine.stateSubtree('');
    const wrong = { view, index: 1 as LogIndex, checkpoint, nodes, transaction };
    expect(() => makeReceipt(wrong)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it('follows the entry through later actions; the older one stays true of its own time', async () => {
    const own = await openEngine(directories.fresh());
    await submitDocument(own, author.register('acted', { control: 'acted' }));
    const before = await receiptFrom(own, network, 0);
    await own.submit(author.shows('acted', 0));
    await own.submit(author.action('acted', 0, 0, { kind: 'engage', accept: ['unique'] }));
    const engaged = await receiptFrom(own, network, 0);
    await own.submit(author.action('acted', 0, 1, { kind: 'settle' }));
    await submitDocument(own, author.register('acted', { control: 'late' }));
    const states = [before, engaged, await receiptFrom(own, network, 0)].map((receipt) => {
      const { asOf, holders, verdict } = verifyReceipt(receipt, trust);
      expect(verdict.label).toBe('unique');
      return [asOf.size, ...holders.map(({ state }) => state)];
    });
    expect(states).toEqual([
      [1, 'registered'],
      [3, 'engaged'],
      [5, 'settled', 'registered'],
    ]);
    const late = verifyReceipt(await receiptFrom(own, network, 1), trust);
    expect(late).toMatchObject({ registered: { logIndex: 4 }, verdict: { label: 'duplicate-settled' } });
    await own.close();
  });

  it('holds though the payload is erased, and after a restart', async () => {
    const directory = directories.fresh();
    const own = await openEngine(directory);
    await submitDocument(own, author.register('erased', { control: 'erased' }));
    const before = await receiptFrom(own, network, 0);
    await own.erasePayload(sha256(payloadOf('erased')));
    await own.close();
    const again = await openEngine(directory);
    expect(again.payload(sha256(payloadOf('erased')))).toBeUndefined();
    expect(await receiptFrom(again, network, 0)).toBe(before);
    expect(verifyReceipt(before, trust).entry).toBe(0);
    await again.close();
  });

  it('of a very popular document says who was first, though the list goes on elsewhere', async () => {
    const own = await openEngine(directories.fresh());
    for (let i = 0; i < 20; i++)
      await submitDocument(own, author.register('popular', { control: `popular ${i}` }));
    for (const entry of [0, 15, 16, 19]) {
      const proved = verifyReceipt(await receiptFrom(own, network, entry), trust);
      expect(proved).toMatchObject({ entry, position: entry, firstHolder: 0, total: 20 });
      expect(proved.holders).toHaveLength(16);
    }
    await own.close();
  });

  it('finds registrations among actions', async () => {
    const view = await copyOf(engine, network);
    const size = engine.reader.meta().logSize;
    expect([0, 1, 2, 3, 4, 5].map((entry) => findRegistration(view, entry as Sequence, size))).toEqual([
      0,
      1,
      2,
      3,
      4,
      undefined,
    ]);
  });
});

describe('a receipt of another network', () => {
  it('is refused, also where the networks share a name', async () => {
    expect(() => verifyReceipt(text, trustIn('other-net'))).toThrow(failure('wrong_network') as Error);
    const stranger = { ...trust, operatorKeys: [Buffer.from(signerOf('x', 'x').publicKey).toString('hex')] };
    expect(() => verifyReceipt(text, stranger)).toThrow(failure('operator_signature') as Error);
    const other = await openEngine(directories.fresh(), { genesis: testGenesis('other-net') });
    const elsewhere = await Author.of(testGenesis('other-net'));
    await submitDocument(other, elsewhere.register('doc', { control: 'first' }));
    const foreign = await receiptFrom(other, await networkOf(testGenesis('other-net')), 0);
    expect(verifyReceipt(foreign, trustIn('other-net')).entry).toBe(0);
    expect(() => verifyReceipt(foreign, trust)).toThrow(failure('wrong_network') as Error);
    const parts = JSON.parse(foreign) as Receipt;
    for (const [swapped, expected] of [
      [{ checkpoint: parts.checkpoint }, 'wrong_network'],
      [{ record: parts.record, transaction: undefined }, 'not_in_log'],
      [{ inclusion: parts.inclusion }, 'not_in_log'],
      [{ tagList: parts.tagList }, 'not_in_state'],
      [{ tagProof: parts.tagProof }, 'not_in_state'],
      [{ transaction: Buffer.from(elsewhere.register('doc')).toString('base64') }, 'bad_transaction'],
    ] as const)
      expect(() =>
        verifyReceipt(
          mutate((receipt) => ({ ...receipt, ...swapped })),
          trust,
        ),
      ).toThrow(failure(expected) as Error);
    await other.close();
  });
});

describe('a changed receipt', () => {
  const noted = (from: string | RegExp, to: string | ((match: string) => string)) => (receipt: Receipt) => ({
    ...receipt,
    checkpoint: receipt.checkpoint.replace(from, to as string),
  });
  const signatureLine = (change: (bytes: Buffer) => Buffer) => (receipt: Receipt) => ({
    ...receipt,
    checkpoint: receipt.checkpoint.replace(/(\u2014 \S+ )(\S+)\n/, (_, head: string, encoded: string) => {
      return `${head}${change(Buffer.from(encoded, 'base64')).toString('base64')}\n`;
    }),
  });
  const flipped = (at: number) =>
    signatureLine((bytes) => {
      bytes[at]! ^= 1;
      return bytes;
    });
  const recordByte = (at: number, bit?: number) => (receipt: Receipt) => ({
    ...receipt,
    record: flip(receipt.record, at, bit),
  });
  const without = (name: keyof Receipt) => (receipt: Receipt) =>
    Object.fromEntries(Object.entries(receipt).filter(([key]) => key !== name));

  it.each([
    ['another format', (r: Receipt) => ({ ...r, format: 'receipt' }), 'malformed'],
    ['another version', (r: Receipt) => ({ ...r, version: 2 }), 'malformed'],
    ['an unknown field', (r: Receipt) => ({ ...r, extra: 1 }), 'malformed'],
    ...(['format', 'version', 'checkpoint', 'record', 'inclusion', 'tagList', 'tagProof'] as const).map(
      (name) => [`no ${name}`, without(name), 'malformed'] as const,
    ),
    ['loose base64', (r: Receipt) => ({ ...r, record: `${r.record} ` }), 'malformed'],
    ['a short hash', (r: Receipt) => ({ ...r, inclusion: ['AAAA', ...r.inclusion] }), 'malformed'],
    ['no list of hashes', (r: Receipt) => ({ ...r, tagProof: 'AAAA' }), 'malformed'],
    ['null', () => null as unknown as object, 'malformed'],

    ['another origin', noted('test-net\n', 'west-net\n'), 'wrong_network'],
    ['another size', noted('\n5\n', '\n6\n'), 'operator_signature'],
    ['a leading zero', noted('\n5\n', '\n05\n'), 'bad_checkpoint'],
    ['another root', noted(/\n[A-Za-z0-9+/]/g, '\nz'), 'bad_checkpoint'],
    ['another log root', noted(/\n5\n./, (m) => `\n5\n${m.endsWith('A') ? 'B' : 'A'}`), 'operator_signature'],
    [
      'another state root',
      noted(/state ./, (m) => `state ${m.endsWith('A') ? 'B' : 'A'}`),
      'operator_signature',
    ],
    ['another height', noted('block 5', 'block 6'), 'operator_signature'],
    ['another time', noted(` ${START}`, ` ${START + 1}`), 'operator_signature'],
    ['a further line', noted('\n\n', '\nmore\n\n'), 'bad_checkpoint'],
    ['no signature', noted(/\u2014.*\n/, ''), 'bad_checkpoint'],
    ['another name of the signer', noted('\u2014 test-net', '\u2014 test-not'), 'operator_signature'],
    ['another key id', flipped(0), 'operator_signature'],
    ['a changed signature, R', flipped(4), 'operator_signature'],
    ['a changed signature, S', flipped(67), 'operator_signature'],
    ['a longer signature', signatureLine((b) => Buffer.concat([b, Buffer.of(0)])), 'operator_signature'],
    ['a shorter signature', signatureLine((b) => b.subarray(0, -1)), 'operator_signature'],

    ['record: version', recordByte(0), 'bad_record'],
    ['record: index', recordByte(8), 'not_in_log'],
    ['record: an index above 2^53', recordByte(1, 128), 'bad_record'],
    ['record: a height after the checkpoint', recordByte(15), 'bad_record'],
    ['record: a time after the checkpoint', recordByte(22, 1), 'bad_record'],
    ['record: an earlier time', recordByte(24, START & -START & 255), 'not_in_log'],
    ['record: transaction hash', recordByte(25), 'not_in_log'],
    ['record: type', recordByte(57, 3), 'bad_record'],
    ['record: entry', recordByte(65), 'not_in_log'],
    ['record: kind', recordByte(69), 'not_in_log'],
    ['record: length of the purpose', recordByte(70), 'bad_record'],
    ['record: purpose', recordByte(71, 1), 'not_in_log'],
    ['record: purpose that is none', recordByte(71, 32), 'bad_record'],
    ['record: exact tag', recordByte(78 + 31), 'not_in_log'],
    ['record: exact tag above p', recordByte(78, 128), 'bad_record'],
    ['record: near tag', recordByte(110 + 31), 'not_in_log'],
    ['record: nullifier', recordByte(142 + 31), 'not_in_log'],
    ['record: label', recordByte(174, 4), 'not_in_log'],
    ['record: label that is none', recordByte(174, 8), 'bad_record'],
    ['record: counts', recordByte(178), 'not_in_log'],
    ['record: number of matches', recordByte(207), 'bad_record'],
    [
      'record: a byte too many',
      (r: Receipt) => ({ ...r, record: b64(r.record, Buffer.of(0)) }),
      'bad_record',
    ],

    [
      'inclusion: a hash',
      (r: Receipt) => ({ ...r, inclusion: r.inclusion.map((h) => flip(h, 31)) }),
      'not_in_log',
    ],
    ['inclusion: one less', (r: Receipt) => ({ ...r, inclusion: r.inclusion.slice(1) }), 'not_in_log'],
    [
      'inclusion: one more',
      (r: Receipt) => ({ ...r, inclusion: [...r.inclusion, r.inclusion[0]!] }),
      'not_in_log',
    ],
    ['tag list: total', (r: Receipt) => ({ ...r, tagList: flip(r.tagList, 3) }), 'not_in_state'],
    [
      'tag list: a state',
      (r: Receipt) => ({ ...r, tagList: flip(r.tagList, r.tagList.length / 2) }),
      'not_in_state',
    ],
    [
      'tag proof: a hash',
      (r: Receipt) => ({ ...r, tagProof: r.tagProof.map((h) => flip(h, 0)) }),
      'not_in_state',
    ],
    ['tag proof: one less', (r: Receipt) => ({ ...r, tagProof: r.tagProof.slice(1) }), 'not_in_state'],
    [
      'tag proof: too long',
      (r: Receipt) => ({ ...r, tagProof: Array(300).fill(r.tagProof[0]) }),
      'not_in_state',
    ],
    ['transaction', (r: Receipt) => ({ ...r, transaction: flip(r.transaction!, 500) }), 'bad_transaction'],
    [
      'transaction: cut',
      (r: Receipt) => ({ ...r, transaction: r.transaction!.slice(0, 400) }),
      'bad_transaction',
    ],
  ] as unknown as [string, (receipt: Receipt) => object, string][])(
    'with %s is refused',
    (_, change, expected) => {
      const changed = mutate(change);
      expect(changed).not.toBe(JSON.stringify(JSON.parse(text)));
      expect(() => verifyReceipt(changed, trust)).toThrow(failure(expected) as Error);
    },
  );

  it('is refused at every byte of record, list and transaction', () => {
    const accept = {
      record: ['bad_record', 'not_in_log'],
      tagList: ['not_in_state'],
      transaction: ['bad_transaction'],
    };
    for (const [name, codes] of Object.entries(accept)) {
      const encoded = (JSON.parse(text) as Record<string, string>)[name]!;
      for (let at = 0; at < Buffer.from(encoded, 'base64').length; at++) {
        const changed = mutate((receipt) => ({ ...receipt, [name]: flip(encoded, at, 1 << (at % 8)) }));
        let thrown: unknown;
        try {
          verifyReceipt(changed, trust);
        } catch (error) {
          thrown = error;
        }
        expect(codes, `${name} at ${at}`).toContain((thrown as { code?: string }).code);
      }
    }
  });

  it('is refused where the operators signed a state that contradicts their log', async () => {
    const later = JSON.parse(await receiptFrom(engine, network, 2)) as Receipt;
    const key = stateKeys.tag('finance', fieldOf('exact doc'));
    const head = decodeCanonical(tagHeadCodec, Buffer.from(later.tagList, 'base64'), 'a list', 'internal');
    const item = (entry: number) => ({ ...head.first[0]!, sequence: entry as Sequence });
    for (const lie of [
      { ...head, total: 1, first: [item(2)] },
      { ...head, first: [item(1), item(0), item(2)] },
      { ...head, first: head.first.slice(1) },
      { ...head, total: 2, first: head.first.slice(0, 2) },
      { ...head, total: 4, first: head.first },
    ]) {
      // A state of this one leaf: its root is the leaf's hash.
      const list = encodeState(tagHeadCodec, lie);
      const stateRoot = stateLeafHash(stateKeyHash(key), sha256(list));
      const leaf = { keyHash: stateKeyHash(key), valueHash: sha256(list) };
      expect(verifyStateProof(stateRoot, key, list, { siblings: [], leaf })).toBe(true);
      const forged = {
        ...later,
        checkpoint: resign(later, () => ({ stateRoot })),
        tagList: Buffer.from(list).toString('base64'),
        tagProof: [],
      };
      expect(() => verifyReceipt(JSON.stringify(forged), trust)).toThrow(failure('contradiction') as Error);
    }
  });

  it('is refused by whoever trusts nobody, or wants more than there can be', () => {
    const witness = { name: 'w', publicKey: trust.operatorKeys[0]! };
    for (const bad of [
      { ...trust, operatorKeys: [] },
      { ...trust, operatorKeys: ['00'] },
      { ...trust, quorum: 1 },
      { ...trust, quorum: -1 },
      { ...trust, quorum: NaN },
      { ...trust, witnessKeys: [witness], quorum: 2 },
    ])
      expect(() => verifyReceipt(text, bad)).toThrow(failure('bad_trust') as Error);
    expect(() => verifyReceipt(text, { ...trust, witnessKeys: [witness] })).toThrow(
      failure('witness_quorum') as Error,
    );
  });
});

const sha256hex = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString('hex');
const b64 = (encoded: string, more: Uint8Array): string =>
  Buffer.concat([Buffer.from(encoded, 'base64'), more]).toString('base64');
