import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/ledger/index.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

async function collect(store: Store, range: Parameters<Store['iterate']>[0]): Promise<[string, number[]][]> {
  const found: [string, number[]][] = [];
  for await (const [key, value] of store.iterate(range)) found.push([key, [...value]]);
  return found;
}

/** What every driver of {@link Store} does. */
export function storeSuite(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('has nothing at first', async () => {
      expect(store.get('a')).toBeUndefined();
      expect(await collect(store, { gte: '', lt: '~' })).toEqual([]);
    });

    it('returns what was written, the empty value included', async () => {
      await store.write([
        { key: 'a', value: bytes(1, 2) },
        { key: 'b', value: bytes() },
      ]);
      expect([...store.get('a')!]).toEqual([1, 2]);
      expect([...store.get('b')!]).toEqual([]);
    });

    it('lets the later write to a key count, within a batch and after it', async () => {
      await store.write([
        { key: 'a', value: bytes(1) },
        { key: 'a', value: undefined },
        { key: 'b', value: undefined },
        { key: 'b', value: bytes(2) },
        { key: 'c', value: bytes(3) },
      ]);
      await store.write([{ key: 'c', value: bytes(4) }]);
      expect(await collect(store, { gte: '', lt: '~' })).toEqual([
        ['b', [2]],
        ['c', [4]],
      ]);
    });

    it('deletes, also what is not there', async () => {
      await store.write([{ key: 'a', value: bytes(1) }]);
      await store.write([
        { key: 'a', value: undefined },
        { key: 'never', value: undefined },
      ]);
      expect(store.get('a')).toBeUndefined();
    });

    it('iterates from gte up to lt in the order of bytes, at most limit', async () => {
      const keys = ['a', 'a/1', 'a/10', 'a/2', 'a0', 'b'];
      await store.write([...keys].reverse().map((key) => ({ key, value: bytes(1) })));
      const order = async (range: Parameters<Store['iterate']>[0]) =>
        (await collect(store, range)).map(([key]) => key);
      expect(await order({ gte: 'a/', lt: 'a0' })).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await order({ gte: 'a', lt: 'b' })).toEqual(['a', 'a/1', 'a/10', 'a/2', 'a0']);
      expect(await order({ gte: 'a/10', lt: 'b', limit: 2 })).toEqual(['a/10', 'a/2']);
      expect(await order({ gte: 'c', lt: 'd' })).toEqual([]);
    });

    it('iterates over what was there when it began', async () => {
      await store.write([
        { key: 'a', value: bytes(1) },
        { key: 'b', value: bytes(2) },
      ]);
      const found: string[] = [];
      for await (const [key] of store.iterate({ gte: '', lt: '~' })) {
        found.push(key);
        await store.write([
          { key: 'b', value: undefined },
          { key: 'c', value: bytes(3) },
        ]);
      }
      expect(found).toEqual(['a', 'b']);
    });

    it.each([
      ['an array', bytes(1)],
      ['a Buffer, whose slice() is not a copy', Buffer.from([1])],
    ])('keeps its values from changes by the caller: %s', async (_, value) => {
      await store.write([{ key: 'a', value }]);
      value[0] = 9;
      const read = store.get('a')!;
      expect([...read]).toEqual([1]);
      read[0] = 9;
      expect([...store.get('a')!]).toEqual([1]);
    });

    it('refuses to be used when closed', async () => {
      await store.close();
      expect(() => store.get('a')).toThrow(expect.objectContaining({ code: 'failed_precondition' }));
    });
  });
}
