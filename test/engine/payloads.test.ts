import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import { LevelStore } from '../../src/engine/index.js';
import { Payloads } from '../../src/engine/payloads.js';
import {
  MemoryStore,
  MESSAGE_RETAIN_DAYS,
  messageBodyHash,
  networkOf,
  sha256,
  type Store,
  type UnixMs,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { Author, DAY, payloadFor, payloadOf, START, testGenesis } from '../ledger/helpers.js';
import { Directories, openEngine } from './helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());
afterEach(() => vi.useRealTimers());
const network = await networkOf(testGenesis());
const author = new Author(network);
const term = (purpose: string): number => network.purposes.get(purpose)!.retainDays;
const after = (days: number): UnixMs => (START + days * DAY) as UnixMs;
const bytes = payloadOf('doc');
const hash = sha256(bytes);
const finance = { hash, bytes, retainDays: term('finance'), time: START };
const carry = { ...finance, retainDays: term('carry') };

async function fresh(): Promise<{ store: Store; payloads: Payloads }> {
  const store = new MemoryStore();
  return { store, payloads: new Payloads(store) };
}

describe('payloads', () => {
  it('are kept for the days of their purpose, and no longer', async () => {
    const { store, payloads } = await fresh();
    await store.write(payloads.keep([carry]));
    expect(payloads.read(hash)).toEqual(bytes);
    expect(await payloads.eraseExpired(after(term('carry')))).toBe(false);
    expect(payloads.read(hash)).toEqual(bytes);
    expect(await payloads.eraseExpired(after(term('carry') + 1))).toBe(false);
    expect(payloads.read(hash)).toBeUndefined();
    expect(await payloads.toFree()).toEqual([hash]);
    await payloads.freed([hash]);
    for await (const [key] of store.iterate({ gte: '', lt: '~' })) expect(key).toBe('nothing is left');
  });

  it.each([
    ['first', [[finance], [carry]]],
    ['last', [[carry], [finance]]],
    ['in the same block, first', [[finance, carry]]],
    ['in the same block, last', [[carry, finance]]],
  ])('are kept for the longest term that an entry asks for: %s', async (_, blocks) => {
    const { store, payloads } = await fresh();
    for (const block of blocks) await store.write(payloads.keep(block));
    expect(term('carry')).toBeLessThan(term('finance'));
    await payloads.eraseExpired(after(term('carry') + 1));
    await payloads.eraseExpired(after(term('finance')));
    expect(payloads.read(hash)).toEqual(bytes);
    // A node that was off until the last day has not forgotten either.
    const late = await fresh();
    for (const block of blocks) await late.store.write(late.payloads.keep(block));
    await late.payloads.eraseExpired(after(term('finance')));
    expect(late.payloads.read(hash)).toEqual(bytes);
    await payloads.eraseExpired(after(term('finance') + 1));
    expect(payloads.read(hash)).toBeUndefined();
  });

  it('are erased in batches, and on demand at any time', async () => {
    const { store, payloads } = await fresh();
    const many = Array.from({ length: 600 }, (_, i) => {
      const payload = Buffer.from(`payload ${i}`);
      return { ...carry, bytes: payload, hash: sha256(payload) };
    });
    await store.write(payloads.keep(many));
    const erased = many[3]!.hash;
    await payloads.erase(erased);
    expect(payloads.read(erased)).toBeUndefined();
    const left = () => many.filter(({ hash: name }) => payloads.read(name)).length;
    expect(left()).toBe(599);
    const late = after(term('carry') + 1);
    expect([await payloads.eraseExpired(late), await payloads.eraseExpired(late)]).toEqual([true, true]);
    expect(left()).toBeGreaterThan(0);
    expect(await payloads.eraseExpired(late)).toBe(false);
    expect(left()).toBe(0);
  });
});

describe('the engine', () => {
  const submit = async (engine: Awaited<ReturnType<typeof openEngine>>) => {
    for (const [name, changes] of [
      ['invoice', {}],
      ['bill', { purpose: 'carry', documentKind: 705 }],
    ] as const)
      expect(
        await engine.submit(author.register(name, { ...changes, control: name }), payloadOf(name)),
      ).toMatchObject({
        included: true,
      });
  };
  const kept = (engine: Awaited<ReturnType<typeof openEngine>>) =>
    ['invoice', 'bill'].filter((name) => engine.payload(sha256(payloadOf(name))));

  it('erases what has expired when it starts; the log goes on without it', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    await submit(engine);
    const { appHash } = engine.reader.meta();
    await engine.close();
    for (const [days, left] of [
      [term('carry'), ['invoice', 'bill']],
      [term('carry') + 1, ['invoice']],
      [term('finance') + 1, []],
    ] as const) {
      const later = await openEngine(directory, { clock: () => after(days) });
      await later.eraseExpiredPayloads();
      expect(kept(later)).toEqual(left);
      expect(later.reader.meta()).toMatchObject({ appHash, logSize: 2 });
      await later.close();
    }
  });

  it('erases once a day while it runs, by its own clock', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let now = START as number;
    const engine = await openEngine(directories.fresh(), { clock: () => now });
    await submit(engine);
    vi.advanceTimersByTime(DAY);
    await engine.eraseExpiredPayloads();
    expect(kept(engine)).toEqual(['invoice', 'bill']);
    now = after(term('carry') + 1);
    vi.advanceTimersByTime(DAY - 1);
    expect(kept(engine)).toEqual(['invoice', 'bill']);
    vi.advanceTimersByTime(1);
    await vi.waitFor(() => expect(kept(engine)).toEqual(['invoice']));
    await engine.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('accepts nothing more once the disk has failed an erasure', async () => {
    const directory = directories.fresh();
    let now = START as number;
    const store = await LevelStore.open(join(directory, 'ledger'));
    const engine = await openEngine(directory, { store, clock: () => now });
    await submit(engine);
    now = after(term('carry') + 1);
    store.write = () => Promise.reject(new CountersealError('io', 'no space left on device'));
    await engine.eraseExpiredPayloads();
    expect(engine.status()).toMatchObject({ accepting: false, reason: expect.stringContaining('no space') });
    await engine.close();
  });

  it('erases and makes blocks at the same time', async () => {
    let now = START as number;
    const engine = await openEngine(directories.fresh(), { clock: () => now });
    await submit(engine);
    now = after(term('carry') + 1);
    // One that is registered while others are erased is there afterwards.
    const carried = { purpose: 'carry', documentKind: 705 };
    const again = author.register('bill', { ...carried, time: now as UnixMs, control: 'again' });
    const [result] = await Promise.all([
      engine.submit(again, payloadOf('again')),
      engine.eraseExpiredPayloads(),
      engine.erasePayload(sha256(payloadOf('invoice'))),
    ]);
    expect(result).toMatchObject({ included: true });
    await engine.eraseExpiredPayloads();
    expect(kept(engine)).toEqual([]);
    expect(engine.payload(sha256(payloadOf('again')))).toEqual(payloadOf('again'));
    await engine.close();
  });
});

describe('the ciphertext of a message', () => {
  const message = author.message('doc', { body: 'hello' });
  const body = payloadFor(message)!;
  const name = messageBodyHash(body);
  const invalid = code('invalid_argument');

  it('comes with it, is of the size of one, and is kept for the network\u2019s term', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    await expect(engine.submit(message)).rejects.toMatchObject(invalid);
    for (const wrong of [
      payloadOf('hello', 4096),
      body.slice(1),
      payloadOf('hello', 65_536),
      payloadOf('x', 8192),
    ])
      await expect(engine.submit(message, wrong)).rejects.toMatchObject(invalid);
    expect(await engine.submit(message, body)).toMatchObject({ included: true });
    expect(engine.payload(name)).toEqual(body);
    await engine.close();
    for (const [days, there] of [
      [MESSAGE_RETAIN_DAYS, true],
      [MESSAGE_RETAIN_DAYS + 1, false],
    ] as const) {
      const later = await openEngine(directory, { clock: () => after(days) });
      await later.eraseExpiredPayloads();
      expect(later.payload(name) !== undefined).toBe(there);
      await later.close();
    }
  });

  it('is not erased by who registers an entry with it, or with its name, and has that erased', async () => {
    const engine = await openEngine(directories.fresh());
    await engine.submit(message, body);
    // An entry names its payload otherwise: the same bytes are another payload, and the name alone is none.
    const thief = author.register('mine', { control: 'thief', payloadHash: sha256(body) });
    expect(await engine.submit(thief, body)).toMatchObject({ included: true });
    await expect(
      engine.submit(author.register('mine', { control: 'named', payloadHash: name }), body),
    ).rejects.toMatchObject(invalid);
    await engine.submit(author.action('thief', 0, 0, { kind: 'erase' }));
    expect(engine.payload(sha256(body))).toBeUndefined();
    expect(engine.payload(name)).toEqual(body);
    await engine.close();
  });
});
