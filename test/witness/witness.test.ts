import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedEngine, LevelStore } from '../../src/engine/index.js';
import {
  addSignatureLine,
  checkpointOf,
  cosignatureLine,
  cosignaturesOf,
  formatVerifierKey,
  type Network,
  networkOf,
  parseVerifierKey,
  sha256,
  signCheckpoint,
  type UnixMs,
} from '../../src/ledger/index.js';
import { verifyReceipt } from '../../src/receipts/verify.js';
import {
  type AddCheckpoint,
  CosignatureCollector,
  formatRequest,
  parseRequest,
  serveWitness,
  Witness,
  WitnessClient,
} from '../../src/witness/index.js';
import { Directories, openEngine, operatorOf, submitDocument } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, START, testGenesis } from '../ledger/helpers.js';
import { failure, receiptFrom, signerOf, trustIn } from '../receipts/helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());

const key = signerOf('witness one', 'witness.example/w1');
const logs = [{ origin: 'test-net', keys: [operatorOf('test-net').publicKey] }];
let network: Network;
let author: Author;
beforeAll(async () => {
  network = await networkOf(testGenesis());
  author = await Author.of(testGenesis());
});

async function engineOf(...documents: string[]): Promise<EmbeddedEngine> {
  const engine = await openEngine(directories.fresh());
  for (const name of documents) await append(engine, name);
  return engine;
}
const append = (engine: EmbeddedEngine, name: string) =>
  submitDocument(engine, author.register(name, { control: name }));

/** What a node asks a witness that has cosigned `oldSize` records. */
function asked(engine: EmbeddedEngine, oldSize: number): AddCheckpoint {
  const { size, text: checkpoint } = engine.signedCheckpoint();
  const proof = oldSize > 0 && oldSize <= size ? engine.reader.consistencyProof(oldSize, size) : [];
  return { oldSize, proof, checkpoint };
}

async function newWitness(
  directory = directories.fresh(),
  now: () => number = () => START + 5_500,
): Promise<{ witness: Witness; store: LevelStore }> {
  const store = await LevelStore.open(directory);
  return { witness: new Witness(store, key, logs, now), store };
}

describe('a cosignature', () => {
  const checkpoint = {
    ...{ origin: 'test-net', size: 3, root: sha256(), stateRoot: sha256() },
    ...{ height: 3 as never, time: START },
  };
  const note = signCheckpoint(checkpoint, operatorOf('test-net'));

  it('says when, in whole seconds, and of which witness', () => {
    const line = cosignatureLine(note, key, (START + 5_500) as UnixMs);
    const bytes = Buffer.from(line.split(' ')[2]!, 'base64');
    expect(bytes).toHaveLength(4 + 8 + 64);
    expect(bytes.readBigUInt64BE(4)).toBe(BigInt(START / 1000 + 5));
    const cosigned = addSignatureLine(note, line);
    expect(cosignaturesOf(cosigned, [key])).toEqual([{ key, time: START + 5_000 }]);
    expect(cosignaturesOf(cosigned, [signerOf('witness two', key.name)])).toEqual([]);
    expect(checkpointOf(testGenesis(), cosigned)).toEqual(checkpoint);
  });

  it('that was changed, or is on another note, is refused', () => {
    const line = cosignatureLine(note, key, START);
    const other = signCheckpoint({ ...checkpoint, size: 4 }, operatorOf('test-net'));
    expect(() => cosignaturesOf(addSignatureLine(other, line), [key])).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
    for (const at of [4, 11, 12, 75]) {
      const bytes = Buffer.from(line.split(' ')[2]!, 'base64');
      bytes[at]! ^= 1;
      const changed = addSignatureLine(note, `\u2014 ${key.name} ${bytes.toString('base64')}`);
      expect(() => cosignaturesOf(changed, [key])).toThrow(
        expect.objectContaining(code('permission_denied')),
      );
    }
  });

  it('has a verifier key in text', () => {
    const text = formatVerifierKey(key);
    expect(text).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}$/);
    expect(parseVerifierKey(text)).toEqual({ name: key.name, publicKey: key.publicKey });
    const weak = Buffer.concat([Buffer.of(4), Buffer.alloc(32)]).toString('base64');
    for (const bad of ['', 'w1', text.replace('+', '-'), text.slice(0, -1), `${text}A`, `w+00000000+${weak}`])
      expect(() => parseVerifierKey(bad)).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => formatVerifierKey({ ...key, name: 'a b' })).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });
});

describe('a witness', () => {
  it('cosigns a log that grows, and the same size again', async () => {
    const { witness, store } = await newWitness();
    const engine = await engineOf('a');
    for (const [size, next] of [
      [0, 'b'],
      [1, 'c'],
      [2, 'd'],
    ] as const) {
      const line = await witness.add(asked(engine, size));
      const cosigned = addSignatureLine(engine.checkpoint(), line);
      expect(cosignaturesOf(cosigned, [key])).toHaveLength(1);
      expect(witness.size('test-net')).toBe(size + 1);
      expect(await witness.add(asked(engine, size + 1))).toMatch(/^\u2014 /);
      expect(witness.last('test-net')).toBe(cosigned);
      await append(engine, next);
    }
    // Many at a time, as a witness that was away for a while.
    await witness.add(asked(engine, 3));
    await engine.close();
    await store.close();
  });

  it('refuses a fork, whatever its size, and remembers after a restart', async () => {
    const directory = directories.fresh();
    const { witness, store } = await newWitness(directory);
    const engine = await engineOf('a', 'b');
    const fork = await engineOf('a', 'x');
    await witness.add(asked(engine, 0));
    await expect(witness.add(asked(fork, 2))).rejects.toMatchObject({
      ...code('failed_precondition'),
      size: 2,
    });
    await append(fork, 'y');
    await expect(witness.add(asked(fork, 2))).rejects.toMatchObject(code('invalid_proof'));
    await expect(witness.add({ ...asked(fork, 2), proof: [] })).rejects.toMatchObject(code('invalid_proof'));
    await expect(witness.add(asked(fork, 0))).rejects.toMatchObject({
      ...code('failed_precondition'),
      size: 2,
    });
    await store.close();
    const again = await newWitness(directory);
    await expect(again.witness.add(asked(fork, 2))).rejects.toMatchObject(code('invalid_proof'));
    await append(engine, 'c');
    await again.witness.add(asked(engine, 2));
    expect(again.witness.size('test-net')).toBe(3);
    await Promise.all([again.store.close(), engine.close(), fork.close()]);
  });

  it('refuses a rollback, and a state or a clock that does not go with the log', async () => {
    const { witness, store } = await newWitness();
    const engine = await engineOf('a');
    const rolledBack = asked(engine, 1);
    await append(engine, 'b');
    await witness.add(asked(engine, 0));
    await expect(witness.add(rolledBack)).rejects.toMatchObject({ ...code('failed_precondition'), size: 2 });
    await expect(witness.add(asked(engine, 3))).rejects.toMatchObject(code('invalid_argument'));
    const signed = checkpointOf(testGenesis(), engine.checkpoint());
    for (const change of [
      { stateRoot: sha256() },
      { height: (signed.height - 1) as never },
      { time: (signed.time - 1) as UnixMs },
    ]) {
      const checkpoint = signCheckpoint({ ...signed, ...change }, operatorOf('test-net'));
      await expect(witness.add({ oldSize: 2, proof: [], checkpoint })).rejects.toMatchObject({
        ...code('failed_precondition'),
        size: 2,
      });
    }
    await engine.close();
    await store.close();
  });

  it('knows whose logs it watches', async () => {
    const { witness, store } = await newWitness();
    const engine = await engineOf('a');
    const signed = checkpointOf(testGenesis(), engine.checkpoint());
    const by = (who: string, origin: string) => ({
      ...{ oldSize: 0, proof: [] },
      checkpoint: signCheckpoint({ ...signed, origin }, signerOf(who, origin)),
    });
    await expect(witness.add(by('operator', 'other-net'))).rejects.toMatchObject(code('not_found'));
    await expect(witness.add(by('mallory', 'test-net'))).rejects.toMatchObject(code('permission_denied'));
    await expect(witness.add({ ...asked(engine, 0), checkpoint: 'test-net\n' })).rejects.toMatchObject(
      code('invalid_argument'),
    );
    await expect(witness.add({ ...asked(engine, 0), proof: [sha256()] })).rejects.toMatchObject(
      code('invalid_proof'),
    );
    expect(witness.size('test-net')).toBe(0);
    await engine.close();
    await store.close();
  });

  it('decides one at a time: of two that fork at the same moment it cosigns one', async () => {
    const { witness, store } = await newWitness();
    const engines = await Promise.all([engineOf('a', 'b'), engineOf('a', 'x')]);
    const results = await Promise.allSettled(engines.map((engine) => witness.add(asked(engine, 0))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await Promise.all([...engines.map((engine) => engine.close()), store.close()]);
  });

  it('shares its memory with no other process', async () => {
    const directory = directories.fresh();
    const { store } = await newWitness(directory);
    await expect(LevelStore.open(directory)).rejects.toMatchObject(code('failed_precondition'));
    await store.close();
  });
});

describe('over HTTP', () => {
  async function served() {
    const { witness, store } = await newWitness();
    const reports: string[] = [];
    const report = (message: string) => reports.push(message);
    const server = await serveWitness(witness, { host: 'localhost', port: 0, report });
    const url = `http://localhost:${server.port}`;
    const post = async (body: string | Uint8Array) => {
      const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: body as string });
      return [response.status, response.headers.get('content-type'), await response.text()] as const;
    };
    const close = async () => {
      await server.close();
      await store.close();
    };
    return { witness, reports, url, post, close };
  }

  it('answers as C2SP tlog-witness has it', async () => {
    const { post, url, reports, close } = await served();
    const engine = await engineOf('a');
    const fork = await engineOf('x', 'y');
    expect((await fetch(`${url}/checkpoint/test-net`)).status).toBe(404);
    const [status, , line] = await post(formatRequest(asked(engine, 0)));
    expect([status, line]).toEqual([
      200,
      expect.stringMatching(/^\u2014 witness\.example\/w1 \S+\n$/u) as string,
    ]);
    expect(await (await fetch(`${url}/checkpoint/test-net`)).text()).toBe(`${engine.checkpoint()}${line}`);
    expect(await post(formatRequest(asked(fork, 0)))).toEqual([409, 'text/x.tlog.size', '1\n']);
    expect((await post(formatRequest(asked(fork, 1))))[0]).toBe(422);
    expect((await post(formatRequest(asked(engine, 2))))[0]).toBe(400);
    const signed = checkpointOf(testGenesis(), engine.checkpoint());
    const sent = (who: string, origin: string) =>
      formatRequest({
        ...{ oldSize: 0, proof: [] },
        checkpoint: signCheckpoint({ ...signed, origin }, signerOf(who, origin)),
      });
    expect((await post(sent('mallory', 'test-net')))[0]).toBe(403);
    expect((await post(sent('operator', 'other-net')))[0]).toBe(404);
    for (const body of [
      '',
      'old 1',
      'old 01\n\n',
      'old -1\n\n',
      `old 1\n${'A'.repeat(43)}\n\n`,
      '\n\n',
      'old 1\nx\n\n',
    ])
      expect((await post(body))[0]).toBe(400);
    expect((await post(`old 1\n${`${sha256base64}\n`.repeat(64)}\n${engine.checkpoint()}`))[0]).toBe(400);
    expect((await post('x'.repeat(30_000)))[0]).toBe(400);
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(404);
    expect((await fetch(`${url}/else`)).status).toBe(404);
    // What an operator signed and must not have; not every nonsense.
    expect(reports).toHaveLength(2);
    await close();
    await Promise.all([engine.close(), fork.close()]);
  });

  it('carries what was asked', async () => {
    const engine = await engineOf('a', 'b', 'c');
    const request = asked(engine, 2);
    expect(parseRequest(formatRequest(request))).toEqual({
      ...request,
      proof: request.proof.map((hash) => new Uint8Array(hash)),
    });
    await engine.close();
  });

  it('gives a node its cosignatures, and receipts their witnesses', async () => {
    const { url, witness, close } = await served();
    const engine = await engineOf('a', 'b');
    const reports: string[] = [];
    const nobody = signerOf('witness two', 'witness.example/w2');
    const collector = new CosignatureCollector(
      engine,
      [new WitnessClient(url, key), new WitnessClient('http://localhost:9', nobody)],
      (name, error) => reports.push(`${name} ${error.code}`),
    );
    await collector.collect();
    expect(reports).toEqual(['witness.example/w2 unavailable']);
    expect(cosignaturesOf(engine.checkpoint(), [key])).toHaveLength(1);
    // Asks only whoever is missing.
    await collector.collect();
    expect(engine.checkpoint().match(/\u2014/g)).toHaveLength(2);

    const trust = trustIn('test-net', [key]);
    const receipt = await receiptFrom(engine, network, 0);
    expect(verifyReceipt(receipt, trust).witnesses).toEqual([{ name: key.name, time: START + 5_000 }]);
    expect(verifyReceipt(receipt, trustIn('test-net')).witnesses).toEqual([]);
    const both = trustIn('test-net', [key, nobody]);
    expect(() => verifyReceipt(receipt, both)).toThrow(failure('witness_quorum') as Error);
    expect(verifyReceipt(receipt, { ...both, quorum: 1 }).witnesses).toHaveLength(1);
    const changed = receipt.replace(
      /(w1 \S{60})(.)/,
      (_, head: string, c: string) => head + (c === 'A' ? 'B' : 'A'),
    );
    expect(() => verifyReceipt(changed, trust)).toThrow(failure('witness_quorum') as Error);
    expect(verifyReceipt(changed, trustIn('test-net')).entry).toBe(0);

    // The log goes on: parts of the state come with the checkpoint that is cosigned, or with the newest.
    await append(engine, 'c');
    expect(checkpointOf(testGenesis(), engine.stateSubtree('').checkpoint).size).toBe(2);
    expect(checkpointOf(testGenesis(), engine.stateSubtree('', true).checkpoint).size).toBe(3);
    expect(cosignaturesOf(engine.checkpoint(), [key])).toHaveLength(0);
    expect(
      verifyReceipt(await receiptFrom(engine, network, 2, { newest: true }), trustIn('test-net')).entry,
    ).toBe(2);
    await collector.collect();
    expect(witness.size('test-net')).toBe(3);
    expect(verifyReceipt(await receiptFrom(engine, network, 2), trust).asOf.size).toBe(3);
    await close();
    await engine.close();
  });

  it('falls back to the newest checkpoint when the cosigned one is too old to be proved against', async () => {
    const { url, close } = await served();
    const engine = await engineOf('a');
    await new CosignatureCollector(engine, [new WitnessClient(url, key)], () => undefined).collect();
    for (let i = 0; i < 132; i++) await append(engine, `later ${i}`);
    expect(checkpointOf(testGenesis(), engine.stateSubtree('').checkpoint).size).toBe(133);
    await close();
    await engine.close();
  });

  it('tells a node that its log has lost records, or has forked', async () => {
    const { url, close } = await served();
    const engine = await engineOf('a', 'b');
    const client = new WitnessClient(url, key);
    const submission = (from: EmbeddedEngine) => {
      const { size, text: note } = from.signedCheckpoint();
      return { note, size, consistencyProof: (old: number) => from.reader.consistencyProof(old, size) };
    };
    await client.cosign(submission(engine));
    const restored = await engineOf('a');
    for (const asker of [client, new WitnessClient(url, key)])
      await expect(asker.cosign(submission(restored))).rejects.toMatchObject(code('failed_precondition'));
    const fork = await engineOf('x', 'y');
    await expect(client.cosign(submission(fork))).rejects.toMatchObject(code('failed_precondition'));
    await append(fork, 'z');
    await expect(client.cosign(submission(fork))).rejects.toMatchObject(code('invalid_proof'));
    await close();
    await Promise.all([engine.close(), restored.close(), fork.close()]);
  });

  it('gives nothing for the cosignature of somebody else', async () => {
    const { url, close } = await served();
    const engine = await engineOf('a');
    const { size, text: note } = engine.signedCheckpoint();
    const other = new WitnessClient(url, signerOf('witness two', 'witness.example/w2'));
    await expect(other.cosign({ note, size, consistencyProof: () => [] })).rejects.toMatchObject(
      code('permission_denied'),
    );
    await close();
    await engine.close();
  });
});

const sha256base64 = Buffer.from(sha256()).toString('base64');
