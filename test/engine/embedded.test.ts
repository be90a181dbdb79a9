import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, describe, expect, it } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import { LevelStore, type LogBatch, type SubmitResult } from '../../src/engine/index.js';
import {
  auditStore,
  checkpointOf,
  type Height,
  leafHash,
  type LogIndex,
  type ProofVerifier,
  type Sequence,
  sha256,
  stateKeys,
  StateMachine,
  type Store,
  tagHeadCodec,
  decodeCanonical,
  type UnixMs,
  verifyConsistency,
  verifyInclusion,
  verifyStateProof,
  type Write,
  PAYLOAD_MAX_BYTES,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { Author, hashProofVerifier, payloadOf, START, testGenesis } from '../ledger/helpers.js';
import { Directories, openEngine, operatorOf, submitDocument } from './helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());
const genesis = testGenesis();
const author = await Author.of(genesis);

const included = (result: SubmitResult) => {
  if (!result.included) throw new Error(`refused: ${result.rejection.name}`);
  return result;
};

async function collect(batches: AsyncIterable<LogBatch>): Promise<LogBatch[]> {
  const all: LogBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** A LevelDB store whose writes fail when told to. */
class FailingStore implements Store {
  failing = false;
  constructor(private readonly store: Store) {}
  get = (key: string) => this.store.get(key);
  iterate = (range: Parameters<Store['iterate']>[0]) => this.store.iterate(range);
  compact = (range: Parameters<Store['compact']>[0]) => this.store.compact(range);
  close = () => this.store.close();
  write(batch: readonly Write[]): Promise<void> {
    if (this.failing) return Promise.reject(new CountersealError('io', 'no space left on device'));
    return this.store.write(batch);
  }
}

describe('submitting', () => {
  it('answers with the place in the log when it is durable, and the same again', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    const bytes = author.register('doc', { control: 'a' });
    const first = included(await submitDocument(engine, bytes));
    expect(first.index).toBe(0);
    expect(await submitDocument(engine, bytes)).toEqual(first);
    await engine.close();
    const again = await openEngine(directory);
    expect(await submitDocument(again, bytes)).toEqual(first);
    expect(again.reader.meta().logSize).toBe(1);
    expect([...again.reader.transaction(sha256(bytes))!.bytes]).toEqual([...bytes]);
    await again.close();
  });

  it('puts one transaction into the log once, however often it is submitted at the same time', async () => {
    const engine = await openEngine(directories.fresh());
    const bytes = author.register('doc', { control: 'b' });
    const results = await Promise.all(Array.from({ length: 5 }, () => submitDocument(engine, bytes)));
    expect(new Set(results.map((result) => included(result).index))).toEqual(new Set([0]));
    expect(engine.reader.meta().logSize).toBe(1);
    await engine.close();
  });

  it('makes few blocks of many transactions, and orders conflicts among them', async () => {
    const engine = await openEngine(directories.fresh());
    const many = Array.from({ length: 40 }, (_, i) => author.register('same', { control: `many ${i}` }));
    const results = await Promise.all(many.map((bytes) => submitDocument(engine, bytes)));
    const labels = results.map((result) => {
      const { body } = included(result).record;
      return body.type === 'register' ? body.verdict.label : body.type;
    });
    expect(labels.filter((label) => label === 'unique')).toHaveLength(1);
    expect(labels.filter((label) => label === 'duplicate')).toHaveLength(39);
    expect(engine.reader.meta().height).toBeLessThan(10);
    await engine.close();
  });

  it('says why the rules refuse a transaction', async () => {
    const engine = await openEngine(directories.fresh());
    await submitDocument(engine, author.register('doc', { control: 'c' }));
    const used = await submitDocument(
      engine,
      author.register('doc', { control: 'c', notice: new Uint8Array(72) }),
    );
    expect(used).toMatchObject({ included: false, rejection: { name: 'nullifier_used', code: 12 } });
    const garbage = await engine.submit(new Uint8Array(100));
    expect(garbage).toMatchObject({ included: false, rejection: { name: 'malformed', code: 2 } });
    expect(engine.reader.meta()).toMatchObject({ logSize: 1, height: 1 });
    await engine.close();
  });

  it('takes only the payload that a transaction names, of a size that tells little', async () => {
    const engine = await openEngine(directories.fresh());
    const sized = (size: number) => {
      const payload = payloadOf('sized', size);
      const bytes = author.register(`sized ${size}`, { payloadHash: sha256(payload) });
      return engine.submit(bytes, payload);
    };
    for (const size of [0, 512, 1025, 3072, PAYLOAD_MAX_BYTES * 2])
      await expect(sized(size)).rejects.toMatchObject(code('invalid_argument'));
    await expect(engine.submit(author.register('doc'), payloadOf('other'))).rejects.toMatchObject(
      code('invalid_argument'),
    );
    await expect(engine.submit(author.register('doc'))).rejects.toMatchObject(code('invalid_argument'));
    const action = author.action('x', 0, 0, { kind: 'settle' });
    await expect(engine.submit(action, payloadOf('doc'))).rejects.toMatchObject(code('invalid_argument'));
    for (const size of [1024, PAYLOAD_MAX_BYTES]) expect(included(await sized(size)).included).toBe(true);
    await engine.close();
  });

  it('keeps payloads until they are erased; the log goes on without them', async () => {
    const engine = await openEngine(directories.fresh());
    await submitDocument(engine, author.register('doc', { control: 'd' }));
    const hash = sha256(payloadOf('d'));
    expect(engine.payload(hash)).toEqual(payloadOf('d'));
    const { appHash } = engine.reader.meta();
    await engine.erasePayload(hash);
    expect(engine.payload(hash)).toBeUndefined();
    expect(engine.reader.meta().appHash).toEqual(appHash);
    await engine.close();
  });

  it('keeps no payload of a transaction that was refused', async () => {
    const engine = await openEngine(directories.fresh());
    const bytes = author.register('doc', { control: 'e', epoch: 2 });
    expect(await submitDocument(engine, bytes)).toMatchObject({ included: false });
    expect(engine.payload(sha256(payloadOf('e')))).toBeUndefined();
    await engine.close();
  });

  it('tells submitters to come back when too many wait', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const verifier: ProofVerifier = { verify: () => gate.then(() => true) };
    const engine = await openEngine(directories.fresh(), { verifier, queueMax: 2 });
    const waiting = ['q1', 'q2'].map((control) =>
      submitDocument(engine, author.register('doc', { control })),
    );
    await expect(submitDocument(engine, author.register('doc', { control: 'q3' }))).rejects.toMatchObject(
      code('unavailable'),
    );
    expect(engine.status().waiting).toBe(2);
    release();
    expect((await Promise.all(waiting)).map((result) => included(result).index).sort()).toEqual([0, 1]);
    await engine.close();
  });

  it('passes on that proofs could not be verified, and verifies again the next time', async () => {
    let broken = true;
    const verifier: ProofVerifier = {
      verify: (...call) =>
        broken
          ? Promise.reject(new CountersealError('unavailable', 'workers died'))
          : hashProofVerifier.verify(...call),
    };
    const engine = await openEngine(directories.fresh(), { verifier });
    const bytes = author.register('doc', { control: 'f' });
    await expect(submitDocument(engine, bytes)).rejects.toMatchObject(code('unavailable'));
    broken = false;
    expect(included(await submitDocument(engine, bytes)).index).toBe(0);
    await engine.close();
  });

  it('does not go back in time with the clock', async () => {
    let now = START as number;
    const engine = await openEngine(directories.fresh(), { clock: () => now });
    await submitDocument(engine, author.register('doc', { control: 'g' }));
    now -= 3_600_000;
    const later = included(await submitDocument(engine, author.register('doc', { control: 'h' })));
    expect(later.record.time).toBe(START);
    await engine.close();
  });

  it('answers what it accepted when it closes, and accepts nothing after', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    const submitted = ['k1', 'k2', 'k3'].map((control) =>
      submitDocument(engine, author.register('doc', { control })),
    );
    await engine.close();
    for (const result of await Promise.all(submitted)) expect(included(result).included).toBe(true);
    await expect(engine.submit(author.register('doc'))).rejects.toMatchObject(code('unavailable'));
    const again = await openEngine(directory);
    expect(again.reader.meta().logSize).toBe(3);
    await again.close();
  });
});

describe('reading', () => {
  it('proves records, states and growth against a signed checkpoint', async () => {
    const engine = await openEngine(directories.fresh());
    for (let i = 0; i < 5; i++)
      await submitDocument(engine, author.register(`r${i % 3}`, { control: `r${i}` }));
    const older = checkpointOf(genesis, engine.checkpoint());
    const results = [];
    for (let i = 5; i < 9; i++)
      results.push(
        included(await submitDocument(engine, author.register(`r${i % 3}`, { control: `r${i}` }))),
      );
    const checkpoint = checkpointOf(genesis, engine.checkpoint());
    expect(checkpoint).toMatchObject({ size: 9, height: 9, time: START, origin: 'test-net' });
    for (const { leaf, index } of results)
      expect(
        verifyInclusion(leafHash(leaf), index, 9, engine.reader.inclusionProof(index), checkpoint.root),
      ).toBe(true);
    expect(verifyConsistency(5, older.root, 9, checkpoint.root, engine.reader.consistencyProof(5))).toBe(
      true,
    );
    const key = stateKeys.tag('finance', author.claims('r0').tags[0]);
    const { value, proof } = engine.reader.stateProof(key);
    expect(verifyStateProof(checkpoint.stateRoot, key, value, proof)).toBe(true);
    const head = decodeCanonical(tagHeadCodec, value!, 'a tag', 'data_corrupted');
    expect(head.first.map(({ sequence, state }) => [sequence, state])).toEqual([
      [0, 'registered'],
      [3, 'registered'],
      [6, 'registered'],
    ]);
    // Against the root of an earlier block as well.
    const before = engine.reader.stateProof(key, 5);
    expect(verifyStateProof(older.stateRoot, key, before.value, before.proof)).toBe(true);
    expect(verifyStateProof(checkpoint.stateRoot, key, before.value, before.proof)).toBe(false);
    expect(engine.reader.entry(3 as Sequence)?.indexed.sequence).toBe(3);
    expect(engine.reader.entry(9 as Sequence)).toBeUndefined();
    expect(() => engine.reader.stateProof(key, 10)).toThrow(expect.objectContaining(code('not_found')));
    expect(() => engine.reader.record(9 as LogIndex)).toThrow(expect.objectContaining(code('not_found')));
    expect(() => engine.reader.inclusionProof(0 as LogIndex, 10)).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    await engine.close();
  });

  it('streams the log in batches that end with a checkpoint, and goes on as it grows', async () => {
    const engine = await openEngine(directories.fresh());
    const transactions = Array.from({ length: 300 }, (_, i) => author.register('s', { control: `s${i}` }));
    await Promise.all(transactions.map((bytes) => submitDocument(engine, bytes)));
    const batches = await collect(engine.records(10 as LogIndex));
    expect(batches.map(({ from, records }) => [from, records.length])).toEqual([
      [10, 256],
      [266, 34],
    ]);
    expect(batches[0]!.checkpoint).toBe('');
    expect(checkpointOf(genesis, batches[1]!.checkpoint).size).toBe(300);
    expect(await collect(engine.records(300 as LogIndex))).toMatchObject([{ from: 300, records: [] }]);
    await expect(collect(engine.records(301 as LogIndex))).rejects.toMatchObject(code('invalid_argument'));

    const abort = new AbortController();
    const stream = engine.records(299 as LogIndex, { follow: true, signal: abort.signal });
    expect((await stream.next()).value).toMatchObject({ from: 299, records: [expect.anything()] });
    const waiting = stream.next();
    await submitDocument(engine, author.register('s', { control: 's300' }));
    const grown = (await waiting).value as LogBatch;
    expect(grown.from).toBe(300);
    expect(checkpointOf(genesis, grown.checkpoint).size).toBe(301);
    const end = stream.next();
    abort.abort();
    expect((await end).done).toBe(true);
    const other = engine.records(301 as LogIndex, { follow: true });
    expect((await other.next()).value).toMatchObject({ records: [] });
    const closing = other.next();
    await engine.close();
    expect((await closing).done).toBe(true);
  });
});

describe('the directory', () => {
  it('has the same app hash after a restart, and passes the audit', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    for (let i = 0; i < 20; i++)
      await submitDocument(engine, author.register(`a${i % 4}`, { control: `a${i}` }));
    const { appHash } = engine.reader.meta();
    const note = engine.checkpoint();
    await engine.close();
    const again = await openEngine(directory);
    expect(again.reader.meta().appHash).toEqual(appHash);
    expect(again.checkpoint()).toBe(note);
    await again.close();
    const store = await LevelStore.open(join(directory, 'ledger'));
    await auditStore(
      store,
      (await StateMachine.open({ genesis, store, verifier: hashProofVerifier })).reader.meta(),
    );
    await store.close();
  });

  it('is refused when it is in use, or belongs to another network', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    await expect(openEngine(directory)).rejects.toMatchObject(code('failed_precondition'));
    await engine.close();
    await expect(openEngine(directory, { genesis: testGenesis('other-net') })).rejects.toMatchObject(
      code('failed_precondition'),
    );
    await expect(openEngine(directory, { signer: operatorOf('other-net') })).rejects.toMatchObject(
      code('invalid_argument'),
    );
    await (await openEngine(directory)).close();
  });

  it.each([
    ['a node of the state tree', 'n/'],
    ['a node of the log', 'h/'],
    ['the position', 'm/'],
  ])('is refused when %s is damaged', async (_, prefix) => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    await submitDocument(engine, author.register('doc', { control: 'm' }));
    await engine.close();
    const raw = new Level<string, Uint8Array>(join(directory, 'ledger'), { valueEncoding: 'view' });
    for await (const [key, value] of raw.iterator({ gte: prefix, lt: `${prefix}~` })) {
      value[value.length - 1]! ^= 1;
      await raw.put(key, value);
    }
    await raw.close();
    await expect(openEngine(directory)).rejects.toMatchObject(code('data_corrupted'));
  });

  it('is refused when LevelDB has dropped blocks that were acknowledged', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    for (const control of ['l1', 'l2', 'l3'])
      await submitDocument(engine, author.register('doc', { control }));
    await engine.close();
    // LevelDB recovers from a damaged write-ahead log by leaving out the rest of it, and says nothing.
    const path = join(directory, 'ledger');
    const log = join(
      path,
      readdirSync(path).find((file) => file.endsWith('.log'))!,
    );
    const content = readFileSync(log);
    content[content.length - 200]! ^= 0xff;
    writeFileSync(log, content);
    await expect(openEngine(directory)).rejects.toMatchObject(code('data_corrupted'));
  });

  it('is refused by the audit when a record or a value was exchanged for another well-formed one', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    for (const control of ['x1', 'x2']) await submitDocument(engine, author.register('doc', { control }));
    const meta = engine.reader.meta();
    await engine.close();
    const store = await LevelStore.open(join(directory, 'ledger'));
    const entry = store.get(stateKeys.entry(0 as Sequence))!;
    await store.write([{ key: stateKeys.entry(1 as Sequence), value: entry }]);
    await expect(auditStore(store, meta)).rejects.toMatchObject(code('data_corrupted'));
    await store.close();
  });

  it('is read and not written once the disk has failed, and tells the truth after a restart', async () => {
    const directory = directories.fresh();
    const store = new FailingStore(await LevelStore.open(join(directory, 'ledger')));
    const engine = await openEngine(directory, { store });
    const first = author.register('doc', { control: 'w1' });
    const second = author.register('doc', { control: 'w2' });
    await submitDocument(engine, first);
    store.failing = true;
    await expect(submitDocument(engine, second)).rejects.toMatchObject(code('io'));
    store.failing = false;
    await expect(submitDocument(engine, second)).rejects.toMatchObject(code('io'));
    expect(engine.status()).toMatchObject({
      accepting: false,
      reason: expect.stringContaining('no space left'),
    });
    expect(checkpointOf(genesis, engine.checkpoint())).toMatchObject({ size: 1, height: 1 as Height });
    expect((await collect(engine.records(0 as LogIndex)))[0]!.records).toHaveLength(1);
    await engine.close();
    const again = await openEngine(directory);
    expect(included(await submitDocument(again, second)).index).toBe(1);
    expect(again.reader.meta().time).toBe(START as UnixMs);
    await again.close();
  });
});
