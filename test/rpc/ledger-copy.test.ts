import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEngine, LogBatch } from '../../src/engine/index.js';
import { type LogIndex, MemoryStore, type Network, networkOf, parseGenesis } from '../../src/ledger/index.js';
import type { LedgerClient } from '../../src/rpc/ledger-client.js';
import { LedgerCopy, SerialStore, type CopySession, type CopyStore } from '../../src/rpc/ledger-copy.js';
import { openEngine, submitDocument } from '../engine/helpers.js';
import { loopTurns } from '../helpers/loop-turns.js';
import { code } from '../helpers/vectors.js';
import { Author, genesisInput } from '../ledger/helpers.js';

const NETWORK = 'test-net';
const RECORDS = 270;
const PART = 128;
const root = mkdtempSync(join(tmpdir(), 'counterseal-copy-'));
let network: Network;
/** What two nodes that agree on the first part, and on no more, send. */
let honest: LogBatch[];
let forked: LogBatch[];

beforeAll(async () => {
  network = await networkOf(parseGenesis(genesisInput(NETWORK)));
  const author = new Author(network);
  const grown = async (directory: string, from: number, to: number, name: string) => {
    const engine: EmbeddedEngine = await openEngine(directory, { genesis: network.genesis });
    const names = Array.from({ length: to - from }, (_, i) => `${name} ${from + i}`);
    await Promise.all(names.map((control) => submitDocument(engine, author.register(control, { control }))));
    const batches: LogBatch[] = [];
    for await (const batch of engine.records(0 as LogIndex)) batches.push(batch);
    await engine.close();
    return batches;
  };
  const [one, other] = [join(root, 'one'), join(root, 'other')];
  await grown(one, 0, PART, 'document');
  cpSync(one, other, { recursive: true });
  honest = await grown(one, PART, RECORDS, 'document');
  forked = await grown(other, PART, RECORDS, 'other');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const copyOf = (store: CopyStore<CopySession>, batches: readonly LogBatch[]) =>
  new LedgerCopy(network, store, {
    async *records(from: bigint) {
      const records = batches.flatMap((batch) => [...batch.records]).slice(Number(from));
      yield { records, checkpoint: batches.at(-1)!.checkpoint };
    },
    checkpoint: () => Promise.resolve(batches.at(-1)!.checkpoint),
  } as Partial<LedgerClient> as LedgerClient);

/** Calls `before` with the size of the copy before each piece of work on a store. */
function watched(store: CopyStore<CopySession>, before: (size: number) => Promise<void> | void) {
  const use: CopyStore<CopySession>['use'] = async (work) => {
    await before(await sizeOf(store));
    return store.use(work);
  };
  return { use };
}
const sizeOf = (store: CopyStore<CopySession>) =>
  store.use((session) => copyOf(store, honest).replica(session).size);

describe('a copy that has much to catch up with', () => {
  it('keeps it in parts, and lets the process do other work meanwhile', async () => {
    const store = new SerialStore(new MemoryStore());
    const sizes: number[] = [];
    const copy = copyOf(
      watched(store, (size) => void sizes.push(size)),
      honest,
    );
    const turns = await loopTurns(() => copy.sync());
    expect([...new Set(sizes)]).toEqual([0, PART, 2 * PART]);
    expect(await sizeOf(store)).toBe(RECORDS);
    expect(turns).toBeGreaterThan(5);
  });

  it('goes on after the last part where the process ended', async () => {
    const store = new SerialStore(new MemoryStore());
    const dying = watched(store, (size) => {
      if (size === 2 * PART) throw new RangeError('the process ends');
    });
    await expect(copyOf(dying, honest).sync()).rejects.toThrow(RangeError);
    expect(await sizeOf(store)).toBe(2 * PART);
    await copyOf(store, honest).sync();
    expect(await sizeOf(store)).toBe(RECORDS);
  });

  it('keeps nothing on top of what another command got from a node that forked meanwhile', async () => {
    const store = new SerialStore(new MemoryStore());
    const meanwhile = watched(store, async (size) => {
      if (size === PART) await copyOf(store, forked).sync();
    });
    await expect(copyOf(meanwhile, honest).sync()).rejects.toMatchObject(code('data_corrupted'));
    expect(await sizeOf(store)).toBe(RECORDS);
    await copyOf(store, forked).sync();
  });

  it('keeps no part of what a checkpoint does not sign', async () => {
    const store = new SerialStore(new MemoryStore());
    const changed = honest.map((batch, i) => ({
      ...batch,
      records:
        i === honest.length - 1 ? [...batch.records].toSpliced(-1, 1, batch.records[0]!) : batch.records,
    }));
    await expect(copyOf(store, changed).sync()).rejects.toMatchObject(code('data_corrupted'));
    expect(await sizeOf(store)).toBe(0);
  });
});
