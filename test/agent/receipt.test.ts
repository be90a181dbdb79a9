import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { putEntry } from '../../src/agent/entries.js';
import { LedgerCopy } from '../../src/agent/ledger-copy.js';
import { receiptOf, type ReceiptParts } from '../../src/agent/receipt.js';
import { AgentStore } from '../../src/agent/store.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  checkpointOf,
  cosignatureLine,
  type LogIndex,
  type Network,
  networkOf,
  type Sequence,
  sha256,
  signCheckpoint,
} from '../../src/ledger/index.js';
import { verifyReceipt } from '../../src/receipts/verify.js';
import type { LedgerClient } from '../../src/rpc/ledger-client.js';
import { Directories, openEngine, operatorOf, submitDocument } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, payloadOf, seedOf, testGenesis } from '../ledger/helpers.js';
import { signerOf, trustIn } from '../receipts/helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());

let network: Network;
let author: Author;
beforeAll(async () => {
  network = await networkOf(testGenesis());
  author = await Author.of(testGenesis());
});

let engine: EmbeddedEngine;
let parts: ReceiptParts;
/** What the node was asked: prefixes, and whether for the newest. */
let questions: [prefix: string, newest: boolean][];
/** What the node makes of its answers. */
let answer: (subtree: ReturnType<EmbeddedEngine['stateSubtree']>) => typeof subtree;

beforeEach(async () => {
  engine = await openEngine(directories.fresh());
  questions = [];
  answer = (subtree) => subtree;
  // A node in this process: what it answers is the engine's, unless a test has it lie.
  const node = {
    async *records(from: bigint) {
      for await (const { records, checkpoint } of engine.records(Number(from) as LogIndex))
        yield { from, records, checkpoint };
    },
    stateSubtree: (prefix: string, newest: boolean) => {
      questions.push([prefix, newest]);
      return Promise.resolve(answer(engine.stateSubtree(prefix, newest)));
    },
  };
  const store = new AgentStore(directories.fresh(), seedOf('store'));
  const copy = new LedgerCopy(network, store, node as unknown as LedgerClient);
  parts = { network, store, copy, ledger: node };
});
afterEach(() => engine.close());

const register = (name: string) => submitDocument(engine, author.register(name, { control: name }));
const make = (entry: number, withTransaction = false) =>
  receiptOf(parts, entry, { withTransaction, pauseMs: 0 });

describe('a receipt that an agent makes', () => {
  it('takes its log, its list and its transaction from the agent, and only hashes from the node', async () => {
    await register('other');
    const transaction = author.register('doc', { control: 'own' });
    await parts.store.use((session) =>
      putEntry(session, {
        nullifier: author.claims('doc', { control: 'own' }).nullifier.toString(),
        ...{ purpose: 'finance', documentKind: 380 },
        ...{ fileHash: '', document: '{}', tags: ['0', '0'], createdAt: 0 },
        transaction: Buffer.from(transaction).toString('base64'),
        payload: Buffer.from(payloadOf('doc')).toString('base64'),
      }),
    );
    await submitDocument(engine, transaction);
    const { text, proved } = await make(1, true);
    expect(verifyReceipt(text, trustIn('test-net'))).toEqual(proved);
    expect(proved).toMatchObject({
      entry: 1,
      transaction: { hash: Buffer.from(sha256(transaction)).toString('hex') },
    });
    // Of a ledger this small, everything is asked for.
    expect(questions).toEqual([['', false]]);
    await expect(make(0, true)).rejects.toMatchObject(code('not_found'));
    expect((await make(0)).proved.transaction).toBeNull();
    await expect(make(2)).rejects.toMatchObject({ ...code('not_found'), field: 'entry' });
  });

  it('waits for a checkpoint that witnesses cosigned, and goes without one in the end', async () => {
    const witness = signerOf('witness one', 'w1');
    const cosign = () => {
      const checkpoint = engine.signedCheckpoint();
      engine.attachCosignatures(checkpoint, [
        cosignatureLine(checkpoint.text, witness, checkpointOf(testGenesis(), checkpoint.text).time),
      ]);
    };
    await register('early');
    cosign();
    await register('doc');
    let asked = 0;
    answer = (subtree) => {
      if (++asked === 3) cosign();
      return subtree;
    };
    const { text } = await make(1);
    expect(verifyReceipt(text, trustIn('test-net', [witness])).witnesses).toHaveLength(1);
    expect(questions).toHaveLength(4);

    await register('late');
    questions = [];
    const { proved } = await make(2);
    expect(proved).toMatchObject({ entry: 2, asOf: { size: 3 } });
    expect(questions.at(-1)?.[1]).toBe(true);
    expect(questions.filter(([, newest]) => newest)).toHaveLength(1);
  });

  it('is made again where the tag changed after the checkpoint', async () => {
    await register('doc');
    const original = parts.ledger.stateSubtree.bind(parts.ledger);
    const racing: ReceiptParts = {
      ...parts,
      ledger: {
        stateSubtree: async (prefix, newest) => {
          const subtree = await original(prefix, newest);
          // Between the node's answer and the next look at its log somebody registers the same document.
          if (questions.length === 1)
            await submitDocument(engine, author.register('doc', { control: 'racer' }));
          return subtree;
        },
      },
    };
    const { proved } = await receiptOf(racing, 0, { pauseMs: 0 });
    expect(proved).toMatchObject({ total: 2, asOf: { size: 2 } });
    expect(questions).toHaveLength(2);
  });

  it('is not made of the lies of a node', async () => {
    await register('doc');
    const signed = checkpointOf(testGenesis(), engine.checkpoint());
    const lie = (change: Partial<typeof signed>, signer = operatorOf('test-net')) =>
      signCheckpoint({ ...signed, ...change }, signer);
    for (const [lying, expected] of [
      [(s) => ({ ...s, nodes: [] }), 'data_corrupted'],
      [
        (s) => ({ ...s, nodes: s.nodes.map(({ path }) => ({ path, node: new Uint8Array(7) })) }),
        'data_corrupted',
      ],
      [(s) => ({ ...s, checkpoint: lie({ stateRoot: sha256() }) }), 'data_corrupted'],
      [(s) => ({ ...s, checkpoint: lie({ root: sha256() }) }), 'data_corrupted'],
      [(s) => ({ ...s, checkpoint: lie({}, signerOf('mallory', 'test-net')) }), 'permission_denied'],
      [(s) => ({ ...s, checkpoint: lie({ size: 9 }) }), 'unavailable'],
      [(s) => ({ ...s, checkpoint: 'none' }), 'invalid_argument'],
    ] as [typeof answer, string][]) {
      answer = lying;
      await expect(make(0)).rejects.toMatchObject(code(expected));
    }
    answer = (subtree) => subtree;
    expect((await make(0)).proved.entry).toBe(0 as Sequence);
  });
});
