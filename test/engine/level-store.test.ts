import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, describe, expect, it } from 'vitest';
import { LevelStore } from '../../src/engine/index.js';
import { code } from '../helpers/vectors.js';
import { storeSuite } from '../ledger/store-suite.js';

const root = mkdtempSync(join(tmpdir(), 'counterseal-level-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = (): string => mkdtempSync(join(root, 'db-'));

storeSuite('LevelStore', () => LevelStore.open(fresh()));

describe('LevelStore', () => {
  it('keeps what was written over a restart', async () => {
    const directory = fresh();
    const store = await LevelStore.open(directory);
    await store.write([{ key: 'a', value: Uint8Array.of(1) }]);
    await store.close();
    const again = await LevelStore.open(directory);
    expect([...again.get('a')!]).toEqual([1]);
    await again.close();
  });

  it('says that another one has the directory open', async () => {
    const directory = fresh();
    const store = await LevelStore.open(directory);
    await expect(LevelStore.open(directory)).rejects.toMatchObject(code('failed_precondition'));
    await store.close();
  });

  it('says that a value is not what was written', async () => {
    const directory = fresh();
    const store = await LevelStore.open(directory);
    await store.write([
      { key: 'a', value: Uint8Array.of(1, 2, 3) },
      { key: 'b', value: Uint8Array.of(1) },
    ]);
    await store.close();
    // As a flipped bit in a table would, which LevelDB itself does not notice; and a value under another's key.
    const raw = new Level<string, Uint8Array>(directory, { valueEncoding: 'view' });
    const a = (await raw.get('a'))!;
    await raw.put('c', a);
    a[5]! ^= 1;
    await raw.put('a', a);
    await raw.put('b', Uint8Array.of(1, 2));
    await raw.close();
    const damaged = await LevelStore.open(directory);
    for (const key of ['a', 'b', 'c'])
      expect(() => damaged.get(key)).toThrow(expect.objectContaining(code('data_corrupted')));
    const reading = (async () => {
      for await (const [key] of damaged.iterate({ gte: '', lt: '~' })) expect(key).toBe('never');
    })();
    await expect(reading).rejects.toMatchObject(code('data_corrupted'));
    await damaged.close();
  });

  it('says that the database is damaged', async () => {
    const directory = fresh();
    const store = await LevelStore.open(directory);
    await store.write([{ key: 'a', value: Uint8Array.of(1) }]);
    await store.close();
    const manifest = readdirSync(directory).find((file) => file.startsWith('MANIFEST'))!;
    const content = readFileSync(join(directory, manifest));
    content[8]! ^= 0xff;
    writeFileSync(join(directory, manifest), content);
    await expect(LevelStore.open(directory)).rejects.toMatchObject(code('data_corrupted'));
  });

  it('says that a directory cannot be used', async () => {
    const file = join(fresh(), 'file');
    writeFileSync(file, 'not a directory');
    await expect(LevelStore.open(file)).rejects.toMatchObject(code('io'));
  });
});
