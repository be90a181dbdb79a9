import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedEngine, LevelStore } from '../../src/engine/index.js';
import { testGenesis, Author, payloadOf } from '../ledger/helpers.js';
import { ensureNotSetBack, serveWitness, Witness, WitnessClient } from '../../src/witness/index.js';
import { Directories, openEngine, operatorOf } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { signerOf } from '../receipts/helpers.js';

const directories = new Directories();
const genesis = testGenesis();
const key = signerOf('witness one', 'witness.example/w1');
const ends: (() => Promise<void>)[] = [];
let author: Author;
let port: number;
let client: WitnessClient;

beforeAll(async () => {
  author = await Author.of(genesis);
  const store = await LevelStore.open(directories.fresh());
  const logs = [{ origin: genesis.networkId, keys: [operatorOf(genesis.networkId).publicKey] }];
  const served = await serveWitness(new Witness(store, key, logs), {
    ...{ host: 'localhost', port: 0 },
    report: () => undefined,
  });
  port = served.port;
  client = new WitnessClient(`http://localhost:${port}`, key);
  ends.push(served.close, () => store.close());
});
afterAll(async () => {
  for (const end of ends) await end();
  directories.remove();
});

async function log(...documents: string[]): Promise<EmbeddedEngine> {
  const engine = await openEngine(directories.fresh(), { genesis });
  for (const name of documents)
    await engine.submit(author.register(name, { control: name }), payloadOf(name));
  ends.unshift(() => engine.close());
  return engine;
}
const ask = (engine: EmbeddedEngine, ...witnesses: WitnessClient[]) =>
  ensureNotSetBack(
    genesis,
    { size: engine.reader.meta().logSize, rootAt: (size) => engine.reader.logRoot(size) },
    witnesses,
  );

describe('before a node signs anything', () => {
  it('its witnesses are asked whether they know more, or other records', async () => {
    const engine = await log('a', 'b');
    // It has cosigned nothing.
    expect(await ask(engine, client)).toEqual([]);
    const { size, text } = engine.signedCheckpoint();
    const proofs = { consistencyProof: (from: number) => engine.reader.consistencyProof(from, size) };
    await client.cosign({ note: text, size, ...proofs });
    expect(await ask(engine, client)).toEqual([]);
    expect(await ask(await log('a', 'b', 'c'), client)).toEqual([]);
    for (const [documents, why] of [
      [['a'], /has cosigned 2 records .* and here are 1: .* would fork the log/],
      [[], /and here are 0/],
      [['a', 'x'], /has cosigned other records .* has forked/],
      [['x', 'y', 'z'], /has forked/],
    ] as const)
      await expect(ask(await log(...documents), client)).rejects.toThrow(
        expect.objectContaining({
          ...code('failed_precondition'),
          message: expect.stringMatching(why) as unknown,
        }),
      );
  });

  it('one that does not answer, or lies, keeps no node from starting: it is named', async () => {
    const silent = new WitnessClient('http://localhost:1', signerOf('two', 'witness.example/w2'));
    const engine = await log('a', 'b');
    expect(await ask(engine, silent, client)).toEqual(['witness.example/w2']);
    const { createServer } = await import('node:http');
    const liar = createServer((_, response) => {
      // More records than there are, and no operator's signature.
      response.end(engine.checkpoint().replace(/\n2\n/, '\n9\n'));
    });
    await new Promise<void>((resolve) => liar.listen(0, 'localhost', resolve));
    ends.push(() => new Promise((resolve) => liar.close(() => resolve())));
    const { port: at } = liar.address() as { port: number };
    const lying = new WitnessClient(`http://localhost:${at}`, signerOf('three', 'witness.example/w3'));
    expect(await ask(engine, lying)).toEqual(['witness.example/w3']);
  });
});
