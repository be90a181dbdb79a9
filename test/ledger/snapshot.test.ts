import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import {
  type ApplyResult,
  auditStore,
  type Block,
  decodeRecord,
  encodeRecord,
  type Height,
  type KeyRange,
  type LedgerApplication,
  type LogRecord,
  type MachineOptions,
  MemoryStore,
  sha256,
  type Snapshot,
  STATE_VERSIONS_KEPT,
  StateMachine,
  type Store,
  type UnixMs,
} from '../../src/ledger/index.js';
import {
  type ChunkItem,
  type ChunkKind,
  ChunkWriter,
  type Manifest,
  manifestOf,
  readChunk,
  snapshotOf,
} from '../../src/ledger/snapshot.js';
import { code } from '../helpers/vectors.js';
import { Chain, DAY, fieldOf, hashProofVerifier, START, testGenesis } from './helpers.js';
import { blocks, Script } from './script.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A machine over a store, with chunks so small that a few entries make many. */
const open = (options: Partial<MachineOptions> = {}): Promise<StateMachine> =>
  StateMachine.open({
    genesis: testGenesis(),
    store: new MemoryStore(),
    verifier: hashProofVerifier,
    snapshotChunkBytes: 2500,
    ...options,
  });

async function start(store: Store = new MemoryStore()): Promise<Chain> {
  await (await open({ store })).initChain();
  return Chain.over(await open({ store }), store);
}

async function load(source: LedgerApplication, snapshot: Snapshot): Promise<Uint8Array[]> {
  const { height, format, chunks } = snapshot;
  const loaded: Uint8Array[] = [];
  for (let chunk = 0; chunk < chunks; chunk++)
    loaded.push((await source.loadSnapshotChunk({ height, format, chunk }))!);
  return loaded;
}

const apply = (machine: StateMachine, index: number, chunk: Uint8Array): Promise<ApplyResult> =>
  machine.applySnapshotChunk({ index, chunk, sender: 'peer' });

/** Restores; returns the result of the last chunk that was taken. */
async function restore(
  machine: StateMachine,
  snapshot: Snapshot,
  chunks: readonly Uint8Array[],
  appHash: Uint8Array,
): Promise<string> {
  const offered = await machine.offerSnapshot(snapshot, appHash);
  if (offered !== 'accept') return `offer: ${offered}`;
  for (const [index, chunk] of chunks.entries()) {
    const { result } = await apply(machine, index, chunk);
    if (result !== 'accept') return `${index}: ${result}`;
  }
  return 'accept';
}

const chunkItems = (chunk: Uint8Array): readonly ChunkItem[] => readChunk(chunk)!.items;

/** Holds back one reading of the log, for as long as a test wants. */
class GatedStore extends MemoryStore {
  private gate: Promise<void> | undefined;

  /** The next reading of records waits until the returned function is called, and then fails if told so. */
  hold(): (error?: Error) => void {
    let open!: (error?: Error) => void;
    this.gate = new Promise((resolve, reject) => (open = (error) => (error ? reject(error) : resolve())));
    return open;
  }

  override async *iterate(range: KeyRange): AsyncIterable<readonly [string, Uint8Array]> {
    const { gate } = this;
    if (gate && range.gte.startsWith('r/')) {
      this.gate = undefined;
      await gate;
    }
    yield* super.iterate(range);
  }
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.iterate({ gte: '', lt: '~' })) keys.push(key);
  return keys;
}

/** A small ledger, its last snapshot and that one's chunks. */
async function example() {
  const chain = await start();
  const { author, machine } = chain;
  for (let i = 0; i < 8; i++) await chain.done(author.register(`doc ${i % 3}`, { control: `k${i}` }));
  await chain.done(author.action('k0', 0, 0, { kind: 'engage', accept: ['unique'] }));
  await chain.done(author.membership([{ change: 'admit', memberId: fieldOf('new'), role: 3 }]));
  const { appHash } = machine.info();
  const snapshot = await machine.takeSnapshot();
  return { chain, machine, snapshot, appHash, chunks: await load(machine, snapshot) };
}

describe('a snapshot', () => {
  it('at any height restores to its app hash, and both machines agree on all blocks after it', async () => {
    let several = 0;
    await fc.assert(
      fc.asyncProperty(blocks, fc.infiniteStream(fc.nat(2)), async (parts, whim) => {
        const chain = await start();
        const { machine } = chain;
        const script = new Script(chain);
        const taken: { snapshot: Promise<Snapshot>; appHash: Uint8Array; after: Block[] }[] = [];
        let time = START;
        for (const part of parts) {
          time = (time + part.pause) as UnixMs;
          const block = chain.next(script.transactions(part.steps, time), time);
          for (const { after } of taken) after.push(block);
          const finalized = await machine.finalizeBlock(block);
          await machine.commit(finalized);
          script.learn(finalized);
          if (whim.next().value === 0) {
            // One at a time, each while the next blocks are committed.
            await taken.at(-1)?.snapshot;
            taken.push({ snapshot: machine.takeSnapshot(), appHash: finalized.appHash, after: [] });
          }
        }
        await Promise.all(taken.map(({ snapshot }) => snapshot));
        const kept = taken.slice(-2);
        expect(machine.listSnapshots()).toEqual(await Promise.all(kept.map(({ snapshot }) => snapshot)));
        for (const { snapshot: promised, appHash, after } of kept) {
          const snapshot = await promised;
          const chunks = await load(machine, snapshot);
          if (chunks.length > 3) several++;
          const store = new MemoryStore();
          const other = await open({ store });
          expect(await restore(other, snapshot, chunks, appHash)).toBe('accept');
          expect(other.info()).toMatchObject({ height: snapshot.height, appHash });
          await auditStore(store, other.reader.meta());
          // It makes the same snapshot itself.
          expect(await other.takeSnapshot()).toEqual(snapshot);
          expect((await load(other, snapshot)).map(hex)).toEqual(chunks.map(hex));
          for (const block of after) await other.commit(await other.finalizeBlock(block));
          expect(hex(other.info().appHash)).toBe(hex(machine.info().appHash));
          expect(other.info().logSize).toBe(machine.info().logSize);
          await auditStore(store, other.reader.meta());
        }
      }),
      { numRuns: 40 },
    );
    expect(several).toBeGreaterThan(0);
  });

  it('is the same whether its log is surveyed at once or goes on from an earlier snapshot', async () => {
    const chain = await start();
    const all: Block[] = [];
    for (let i = 0; i < 6; i++) {
      const block = chain.next([0, 1].map((j) => chain.author.register(`d${i}`, { control: `${i}/${j}` })));
      all.push(block);
      await chain.machine.commit(await chain.machine.finalizeBlock(block));
      await chain.machine.takeSnapshot();
    }
    const fresh = await start();
    for (const block of all) await fresh.machine.commit(await fresh.machine.finalizeBlock(block));
    expect(await fresh.machine.takeSnapshot()).toEqual(chain.machine.listSnapshots().at(-1));
  });

  it('has everything but payloads and the nodes of the trees, in chunks of limited size', async () => {
    const { snapshot, chunks, machine } = await example();
    expect(chunks.length).toBe(snapshot.chunks);
    expect(chunks.length).toBeGreaterThan(4);
    for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(2501);
    expect(snapshot.hash).toEqual(sha256(snapshot.metadata));
    const manifest = manifestOf(snapshot)!;
    expect(manifest.chunks.map(hex)).toEqual(chunks.map((chunk) => hex(sha256(chunk))));
    const contents = chunks.map((chunk) => readChunk(chunk)!);
    const items = (kind: ChunkKind) => contents.filter((c) => c.kind === kind).flatMap((c) => c.items);
    expect(items('log')).toHaveLength(machine.info().logSize);
    for (const [key] of items('state')) expect(Buffer.from(key).toString()).toMatch(/^s\//);
    expect(machine.listSnapshots()).toEqual([snapshot]);
    expect(await machine.takeSnapshot()).toBe(snapshot);
  });

  it('stays loadable while its state is long outdated, over a restart, until two later ones have replaced it', async () => {
    const store = new MemoryStore();
    const chain = await start(store);
    const { author, machine } = chain;
    const one = (name: string) => chain.done(author.register(name, { control: name }));
    await one('a');
    expect((await machine.commit(await machine.finalizeBlock(chain.next([])))).retainHeight).toBe(0);
    const first = await machine.takeSnapshot();
    const before = await load(machine, first);
    for (let i = 0; i < 300; i++) await one(`b${i}`);
    expect((await load(machine, first)).map(hex)).toEqual(before.map(hex));
    const again = await open({ store });
    expect(again.listSnapshots()).toEqual([first]);
    expect((await load(again, first)).map(hex)).toEqual(before.map(hex));
    /** The version since which the oldest outdated node that is kept is one. */
    const oldestStale = async () =>
      parseInt((await keysOf(store)).find((key) => key.startsWith('o/'))!.slice(2, 16), 16);
    expect(await oldestStale()).toBe(3);
    const second = await machine.takeSnapshot();
    expect(machine.listSnapshots()).toEqual([first, second]);
    await one('c');
    expect((await machine.commit(await machine.finalizeBlock(chain.next([])))).retainHeight).toBe(2);
    await machine.takeSnapshot();
    expect(machine.listSnapshots()[0]).toEqual(second);
    expect(await machine.loadSnapshotChunk({ height: first.height, format: 1, chunk: 0 })).toBeUndefined();
    // Nothing holds back the outdated nodes any more.
    await one('d');
    expect(await oldestStale()).toBe(305 - STATE_VERSIONS_KEPT + 1);
    expect((await machine.commit(await machine.finalizeBlock(chain.next([])))).retainHeight).toBe(302);
    expect((await load(machine, second)).map((chunk) => hex(sha256(chunk)))).toEqual(
      manifestOf(second)!.chunks.map(hex),
    );
  });

  it('is of a block, taken one at a time, and loaded as it was announced or not at all', async () => {
    const chain = await start();
    const { machine, author, store } = chain;
    await expect(machine.takeSnapshot()).rejects.toMatchObject(code('failed_precondition'));
    await chain.done(author.register('a', { control: 'a' }));
    const taking = machine.takeSnapshot();
    await expect(machine.takeSnapshot()).rejects.toMatchObject(code('failed_precondition'));
    const { height, format, chunks } = await taking;
    expect(await machine.loadSnapshotChunk({ height, format, chunk: chunks })).toBeUndefined();
    expect(await machine.loadSnapshotChunk({ height, format: 2, chunk: 0 })).toBeUndefined();
    expect(
      await machine.loadSnapshotChunk({ height: (height + 1) as Height, format, chunk: 0 }),
    ).toBeUndefined();
    const [transaction] = (await keysOf(store)).filter((key) => key.startsWith('t/'));
    const value = store.get(transaction!)!;
    value[value.length - 1]! ^= 1;
    await store.write([{ key: transaction!, value }]);
    const both = [0, 1].map((chunk) => machine.loadSnapshotChunk({ height, format, chunk }));
    expect((await Promise.allSettled(both)).some(({ status }) => status === 'rejected')).toBe(true);
    await store.write([{ key: 'r/00000000000000', value: undefined }]);
    await expect(machine.loadSnapshotChunk({ height, format, chunk: 0 })).rejects.toMatchObject(
      code('data_corrupted'),
    );
  });
});

describe('a snapshot, while blocks are committed', () => {
  it('is of the block after which it was begun, however many follow before it is taken', async () => {
    const store = new GatedStore();
    const chain = await start(store);
    const { machine, author } = chain;
    for (let i = 0; i < 5; i++) await chain.done(author.register(`a${i}`, { control: `a${i}` }));
    const { appHash, height } = machine.info();
    const release = store.hold();
    const taking = machine.takeSnapshot();
    for (let i = 0; i < STATE_VERSIONS_KEPT + 10; i++)
      await chain.done(author.register(`b${i}`, { control: `b${i}` }));
    release();
    const snapshot = await taking;
    expect(snapshot.height).toBe(height);
    expect(await restore(await open(), snapshot, await load(machine, snapshot), appHash)).toBe('accept');
  });

  it('is gone when it is replaced while a chunk of it is read', async () => {
    const store = new GatedStore();
    const chain = await start(store);
    const { machine, author } = chain;
    await chain.done(author.register('a', { control: 'a' }));
    const { height, format } = await machine.takeSnapshot();
    const failures = [];
    for (const replaced of [false, true]) {
      const fail = store.hold();
      const loading = machine.loadSnapshotChunk({ height, format, chunk: 0 });
      for (let i = 0; replaced && i < 2; i++) {
        await chain.done(author.register('b', { control: `b${i}` }));
        await machine.takeSnapshot();
      }
      fail(new CountersealError('data_corrupted', 'a node is missing'));
      failures.push(await loading.catch((error: unknown) => error));
    }
    expect(failures).toEqual([expect.objectContaining(code('data_corrupted')), undefined]);
  });
});

describe('an offer of a snapshot', () => {
  it('is judged by format, metadata, network and the trusted app hash', async () => {
    const { snapshot, appHash, machine } = await example();
    const empty = await open();
    const offer = (changes: Partial<Snapshot>, trusted = appHash) =>
      empty.offerSnapshot({ ...snapshot, ...changes }, trusted);
    const manifest = manifestOf(snapshot)!;
    const remade = (changes: Partial<Manifest>) => snapshotOf({ ...manifest, ...changes });
    expect(await offer({ format: 2 })).toBe('reject_format');
    expect(await offer({ hash: sha256(appHash) })).toBe('reject_sender');
    expect(await offer({ metadata: snapshot.metadata.slice(1) })).toBe('reject_sender');
    const cut = snapshot.metadata.slice(0, -1);
    expect(await offer({ metadata: cut, hash: sha256(cut) })).toBe('reject_sender');
    const longer = Buffer.concat([snapshot.metadata, Uint8Array.of(0)]);
    expect(await offer({ metadata: longer, hash: sha256(longer) })).toBe('reject_sender');
    expect(await offer({ height: (snapshot.height + 1) as Height })).toBe('reject_sender');
    expect(await offer({ chunks: snapshot.chunks - 1 })).toBe('reject_sender');
    expect(await offer(remade({ chunks: [] }))).toBe('reject_sender');
    expect(await offer({}, sha256(appHash))).toBe('reject');
    expect(await offer(remade({ stateRoot: appHash }))).toBe('reject');
    expect(await offer(remade({ logSize: manifest.logSize + 1 }))).toBe('reject');
    expect(await offer(remade({ logRoot: appHash }))).toBe('reject');
    const foreign = await open({ genesis: testGenesis('other-net') });
    expect(await foreign.offerSnapshot(snapshot, appHash)).toBe('reject');
    expect(await machine.offerSnapshot(snapshot, appHash)).toBe('abort');
    expect(await apply(empty, 0, new Uint8Array())).toMatchObject({ result: 'abort' });
    expect(await offer({})).toBe('accept');
  });
});

describe('the chunks of a snapshot', () => {
  it('are refused where they are corrupted, reordered, cut or from elsewhere, and may be sent again', async () => {
    const { snapshot, appHash, chunks } = await example();
    const store = new MemoryStore();
    const machine = await open({ store });
    const other = await (async () => {
      const chain = await start();
      await chain.done(chain.author.register('other', { control: 'other' }));
      return load(chain.machine, await chain.machine.takeSnapshot());
    })();
    expect(await machine.offerSnapshot(snapshot, appHash)).toBe('accept');
    for (const [index, chunk] of chunks.entries()) {
      const flipped = new Uint8Array(chunk);
      flipped[Math.floor(chunk.length / 2)]! ^= 1;
      const wrong = [
        flipped,
        chunk.slice(0, -1),
        Buffer.concat([chunk, Uint8Array.of(0)]),
        new Uint8Array(),
        other[0]!,
        chunks[(index + 1) % chunks.length]!,
      ];
      for (const bytes of wrong)
        expect(await apply(machine, index, bytes)).toEqual({
          result: 'retry',
          refetchChunks: [index],
          rejectSenders: ['peer'],
        });
      expect(machine.info().height).toBe(0);
      expect(await apply(machine, index, chunk)).toMatchObject({ result: 'accept', rejectSenders: [] });
    }
    expect(machine.info()).toMatchObject({ height: snapshot.height, appHash });
    expect(await apply(machine, chunks.length, chunks[0]!)).toMatchObject({ result: 'abort' });
    await auditStore(store, machine.reader.meta());
  });

  it('are applied in their order: any other one starts over', async () => {
    const { snapshot, appHash, chunks } = await example();
    const store = new MemoryStore();
    const machine = await open({ store });
    for (const wrong of [0, 2, chunks.length]) {
      expect(await machine.offerSnapshot(snapshot, appHash)).toBe('accept');
      await apply(machine, 0, chunks[0]!);
      expect(await apply(machine, wrong, chunks[wrong] ?? chunks[0]!)).toMatchObject({
        result: 'retry_snapshot',
      });
      expect(await keysOf(store)).toEqual([]);
      expect(await apply(machine, 1, chunks[1]!)).toMatchObject({ result: 'abort' });
    }
    expect(await restore(machine, snapshot, chunks, appHash)).toBe('accept');
  });

  it('leave nothing behind where a new offer, the genesis or a restart comes between', async () => {
    const { snapshot, appHash, chunks } = await example();
    const store = new MemoryStore();
    const machine = await open({ store });
    const begin = async (on: StateMachine) => {
      expect(await on.offerSnapshot(snapshot, appHash)).toBe('accept');
      for (const i of chunks.keys()) if (i < chunks.length - 1) await apply(on, i, chunks[i]!);
    };
    await begin(machine);
    expect((await keysOf(store)).length).toBeGreaterThan(20);
    expect(await restore(machine, snapshot, chunks, appHash)).toBe('accept');

    const crashed = new MemoryStore();
    await begin(await open({ store: crashed }));
    const again = await open({ store: crashed });
    expect(await keysOf(crashed)).toEqual([]);
    await begin(again);
    await again.initChain();
    const fresh = await start();
    expect(again.info()).toEqual(fresh.machine.info());
    await auditStore(crashed, again.reader.meta());
    expect(await again.offerSnapshot(snapshot, appHash)).toBe('abort');
  });

  it('do not restore what its maker announced and the app hash does not commit to', async () => {
    const { snapshot, appHash, chunks, chain } = await example();
    const manifest = manifestOf(snapshot)!;
    type Content = { kind: ChunkKind; items: ChunkItem[] };
    const write = ({ kind, items }: Content): Uint8Array => {
      const writer = new ChunkWriter(kind, Infinity);
      for (const item of items) writer.add(item);
      return writer.bytes();
    };
    /** A snapshot by somebody who makes the chunks and their hashes as they like. */
    const forged = async (forge: (contents: Content[]) => Content[], changes: Partial<Manifest> = {}) => {
      const contents = chunks.map((chunk) => {
        const { kind, items } = readChunk(chunk)!;
        return { kind, items: [...items] };
      });
      const made = forge(contents).map(write);
      const store = new MemoryStore();
      const machine = await open({ store });
      const result = await restore(
        machine,
        snapshotOf({ ...manifest, ...changes, chunks: made.map((chunk) => sha256(chunk)) }),
        made,
        appHash,
      );
      if (result !== 'accept') {
        // Nothing is left of it, and an honest one can follow.
        expect(await keysOf(store)).toEqual([]);
        expect(await restore(machine, snapshot, chunks, appHash)).toBe('accept');
      }
      return result;
    };
    const join = (contents: Content[], kind: ChunkKind): Content => ({
      kind,
      items: contents.filter((content) => content.kind === kind).flatMap(({ items }) => items),
    });
    const split = (edit: (log: ChunkItem[], state: ChunkItem[]) => void) => (contents: Content[]) => {
      const [log, state] = [join(contents, 'log'), join(contents, 'state')];
      edit(log.items, state.items);
      return [log, state];
    };
    const text = (key: string): Uint8Array => Buffer.from(key);
    const rejected = expect.stringMatching(/^[01]: reject_snapshot$/);
    // Other chunks of the same content are as good: the app hash decides.
    expect(await forged(split(() => undefined))).toBe('accept');
    expect(await forged(split((log) => log.pop()))).toEqual(rejected);
    expect(await forged(split((log) => log.push(log.at(-1)!)))).toEqual(rejected);
    expect(await forged(split((log) => log.splice(0, 2, log[1]!, log[0]!)))).toEqual(rejected);
    expect(await forged(split((log) => (log[0] = [log[0]![0], log[1]![1]])))).toEqual(rejected);
    const other = encodeRecord({
      ...decodeRecord(chunkItems(chunks[0]!)[0]![0]),
      time: START + 1,
    } as LogRecord);
    expect(await forged(split((log) => (log[0] = [other, log[0]![1]])))).toEqual(rejected);
    expect(await forged(split((log) => (log[0] = [text('no record'), log[0]![1]])))).toEqual(rejected);
    expect(await forged(split((_, state) => state.pop()))).toEqual(rejected);
    expect(await forged(split((_, state) => state.splice(0, 2, state[1]!, state[0]!)))).toEqual(rejected);
    expect(await forged(split((_, state) => state.splice(1, 0, state[0]!)))).toEqual(rejected);
    expect(await forged(split((_, state) => (state[0] = [state[0]![0], text('x')])))).toEqual(rejected);
    for (const key of ['m/meta', 's', 's/', 's/\u0000', `s/${'k'.repeat(254)}`, 'p/x', 'x/00000000000001'])
      expect(
        await forged(split((_, state) => state.splice(0, state.length, [text(key), text('x')]))),
      ).toEqual(rejected);
    expect(await forged((contents) => [join(contents, 'state'), join(contents, 'log')])).toEqual(rejected);
    expect(await forged((contents) => [join(contents, 'log')])).toBe('0: reject_snapshot');
    // A lower height than that of its last record.
    const height = (chain.machine.info().height - 1) as Height;
    expect(
      await forged(
        split(() => undefined),
        { height },
      ),
    ).toEqual(rejected);
  });

  it('of another network do not restore, though their maker says that they are of this one', async () => {
    const other = await Chain.start({ genesis: testGenesis('other-net') });
    await other.done(other.author.register('doc', { control: 'a' }));
    const manifest = manifestOf(await other.machine.takeSnapshot())!;
    const chunks = await load(other.machine, other.machine.listSnapshots()[0]!);
    const store = new MemoryStore();
    const machine = await open({ store });
    const genesisHash = machine.network.hash;
    const forged = snapshotOf({ ...manifest, genesisHash });
    expect(await restore(machine, forged, chunks, other.machine.info().appHash)).toBe('1: reject_snapshot');
    expect(await keysOf(store)).toEqual([]);
  });

  it('end the restoration when the store fails', async () => {
    const { snapshot, appHash, chunks } = await example();
    const store = new MemoryStore();
    const machine = await open({ store });
    await machine.offerSnapshot(snapshot, appHash);
    await apply(machine, 0, chunks[0]!);
    const write = store.write.bind(store);
    store.write = () => Promise.reject(new Error('no space left'));
    await expect(apply(machine, 1, chunks[1]!)).rejects.toThrow('no space left');
    store.write = write;
    expect(await apply(machine, 1, chunks[1]!)).toMatchObject({ result: 'abort' });
    expect(await restore(machine, snapshot, chunks, appHash)).toBe('accept');
  });

  it('are read without exception, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const content = readChunk(bytes);
        if (!content) return;
        const writer = new ChunkWriter(content.kind, Infinity);
        for (const item of content.items) writer.add(item);
        expect(hex(writer.bytes())).toBe(hex(bytes));
      }),
    );
    expect(readChunk(Uint8Array.of(0))).toBeUndefined();
    expect(readChunk(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0))).toBeUndefined();
    expect(readChunk(Uint8Array.of(0, 0, 0, 0, 0))).toBeUndefined();
    expect(readChunk(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0))).toMatchObject({ kind: 'log' });
  });
});

describe('a snapshot of a ledger without records', () => {
  it('restores as well', async () => {
    const chain = await start();
    await chain.block([], (START + DAY) as UnixMs);
    const snapshot = await chain.machine.takeSnapshot();
    const other = await open();
    const { appHash } = chain.machine.info();
    expect(await restore(other, snapshot, await load(chain.machine, snapshot), appHash)).toBe('accept');
    const block = chain.next(
      [chain.author.register('a', { control: 'a', time: (START + DAY) as UnixMs })],
      (START + DAY) as UnixMs,
    );
    const [here, there] = await Promise.all([chain.machine.finalizeBlock(block), other.finalizeBlock(block)]);
    expect(there.results).toEqual(here.results);
    expect(hex(there.appHash)).toBe(hex(here.appHash));
  });
});
