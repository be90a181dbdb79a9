import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EmbeddedEngine, LevelStore } from '../../src/engine/index.js';
import { Payloads } from '../../src/engine/payloads.js';
import { CountersealError } from '../../src/errors.js';
import { networkOf, sha256, type Store } from '../../src/ledger/index.js';
import { Author, START, testGenesis } from '../ledger/helpers.js';
import { Directories, openEngine } from './helpers.js';

const directories = new Directories();
afterAll(() => directories.remove());
const network = await networkOf(testGenesis());
const author = new Author(network);

/** A payload that no compression hides. */
const payload = randomBytes(4096);
const hash = sha256(payload);
const transaction = author.register('doc', { control: 'me', payloadHash: hash });
const order = author.action('me', 0, 0, { kind: 'erase' });
const submit = async (engine: EmbeddedEngine, tx: Uint8Array, bytes?: Uint8Array) => {
  const result = await engine.submit(tx, bytes);
  if (!result.included) throw new Error(`refused: ${result.rejection.name}`);
  return result;
};

/** Whether any file of a directory has a part of the payload. */
const isOnDisk = (directory: string): boolean =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .some((file) => {
      const content = readFileSync(join(file.parentPath, file.name));
      return [100, 2000, 4000].some((at) => content.includes(payload.subarray(at, at + 32)));
    });

/** A store that can be made to rewrite no files, as if the process died before it came to that. */
async function openStore(directory: string, compacts: boolean): Promise<Store> {
  const store = await LevelStore.open(join(directory, 'ledger'));
  if (!compacts) store.compact = () => Promise.reject(new CountersealError('io', 'no space left on device'));
  return store;
}

describe('a payload that its author erases', () => {
  it('is gone at once, from the files too, and submitting it again does not bring it back', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    const first = await submit(engine, transaction, payload);
    expect(isOnDisk(directory)).toBe(true);
    const ordered = await submit(engine, order);
    expect(engine.payload(hash)).toBeUndefined();
    expect(engine.isErased(hash)).toBe(true);
    expect(await submit(engine, transaction, payload)).toEqual(first);
    expect(await submit(engine, order)).toEqual(ordered);
    expect(engine.payload(hash)).toBeUndefined();
    await engine.close();
    expect(isOnDisk(directory)).toBe(false);
    const again = await openEngine(directory);
    expect(await submit(again, transaction, payload)).toEqual(first);
    expect(again.payload(hash)).toBeUndefined();
    expect(again.reader.meta().logSize).toBe(2);
    await again.close();
    expect(isOnDisk(directory)).toBe(false);
  });

  it('leaves the files at the next start where the node died before they were rewritten', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory, { store: await openStore(directory, false) });
    await submit(engine, transaction, payload);
    await submit(engine, order);
    expect(engine.payload(hash)).toBeUndefined();
    expect(engine.status().accepting).toBe(true);
    await engine.close();
    expect(isOnDisk(directory)).toBe(true);
    const again = await openEngine(directory);
    await again.eraseExpiredPayloads();
    await again.close();
    expect(isOnDisk(directory)).toBe(false);
  });

  it('is deleted at the start where something else brought it back', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    await submit(engine, transaction, payload);
    const kept = new Payloads(await openStore(directories.fresh(), true)).keep([
      { hash, bytes: payload, retainDays: 1, time: START },
    ]);
    await submit(engine, order);
    await engine.close();
    const store = await openStore(directory, true);
    await store.write(kept);
    await store.close();
    const again = await openEngine(directory);
    await again.eraseExpiredPayloads();
    expect(again.payload(hash)).toBeUndefined();
    await again.close();
    expect(isOnDisk(directory)).toBe(false);
  });

  it('is not kept at all where registration and erasure are in one block', async () => {
    const directory = directories.fresh();
    const engine = await openEngine(directory);
    // Both are checked before either is in a block, so the order waits for a block of its own, or is refused.
    const [registered, erased] = await Promise.all([
      engine.submit(transaction, payload),
      engine.submit(order),
    ]);
    expect(registered.included).toBe(true);
    if (!erased.included) await submit(engine, order);
    expect(engine.payload(hash)).toBeUndefined();
    await engine.close();
  });

  it('whose term was over before leaves the files too', async () => {
    const directory = directories.fresh();
    let now: number = START;
    const engine = await openEngine(directory, { clock: () => now });
    await submit(engine, transaction, payload);
    now += 86_400_000 * (network.purposes.get('finance')!.retainDays + 1);
    await engine.eraseExpiredPayloads();
    expect(engine.payload(hash)).toBeUndefined();
    expect(engine.isErased(hash)).toBe(false);
    await engine.close();
    expect(isOnDisk(directory)).toBe(false);
  });
});
