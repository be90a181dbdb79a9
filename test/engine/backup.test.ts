import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ed25519Sign } from '../../src/crypto/index.js';
import { PART_KINDS, type PartKind } from '../../src/engine/backup-file.js';
import { type EmbeddedEngine, inspectBackup, LevelStore, restoreLedger } from '../../src/engine/index.js';
import {
  type Genesis,
  messageBodyHash,
  messageRetainDays,
  parseGenesis,
  sha256,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { Author, DAY, genesisInput, payloadFor, payloadOf, seedOf, START } from '../ledger/helpers.js';
import { Directories, openEngine } from './helpers.js';

const NAMES = ['node.json', 'secrets.json', 'certificate.pem'];
const GENESIS = Buffer.from(JSON.stringify(genesisInput('test-net')));
const genesis: Genesis = parseGenesis(GENESIS.toString());
const directories = new Directories();
afterAll(() => directories.remove());

let author: Author;
beforeAll(async () => {
  author = await Author.of(genesis);
});

/** Registers a document; its name is its control key's, and its payload's. */
const register = (engine: EmbeddedEngine, name: string) =>
  engine.submit(author.register(name, { control: name }), payloadOf(name));

async function backUp(
  engine: EmbeddedEngine,
  keyFiles: { name: string; content: Uint8Array }[] = [],
): Promise<string> {
  const path = join(directories.fresh(), 'backup');
  const parts: Uint8Array[] = [];
  for await (const part of engine.backup({ genesis: GENESIS, keyFiles })) parts.push(part);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

/** Restores a backup and opens it as a node does. */
async function restored(path: string): Promise<{ engine: EmbeddedEngine; directory: string }> {
  const directory = join(directories.fresh(), 'restored');
  await restoreLedger(await inspectBackup(path, NAMES, genesis), directory);
  return { engine: await openEngine(directory, { genesis }), directory };
}

interface Part {
  kind: PartKind;
  bytes: Buffer;
}
const MAGIC = 'counterseal-backup/v1\n';

/** The parts of a backup file, read without the code that is tested. */
async function partsOf(path: string): Promise<Part[]> {
  const file = await readFile(path);
  expect(file.subarray(0, MAGIC.length).toString()).toBe(MAGIC);
  const parts: Part[] = [];
  for (let at = MAGIC.length; at < file.length;) {
    const end = at + 5 + file.readUInt32BE(at + 1);
    parts.push({ kind: PART_KINDS[file[at]!]!, bytes: Buffer.from(file.subarray(at + 5, end)) });
    at = end;
  }
  return parts;
}

const framed = ({ kind, bytes }: Part): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(PART_KINDS.indexOf(kind));
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** A file of these parts; `seal`: with the operator's own seal over them, as only the operator could make it. */
async function fileOf(parts: readonly Part[], { seal = false, height = 4 } = {}): Promise<string> {
  const body = parts.filter(({ kind }) => !seal || kind !== 'seal');
  let file = Buffer.concat([Buffer.from(MAGIC), ...body.map(framed)]);
  if (seal) {
    const digest = createHash('sha256').update(file).digest('base64');
    const text = `counterseal-backup/v1\ntest-net\n${height}\n${digest}\n`;
    const signature = Buffer.from(ed25519Sign(seedOf('operator'), Buffer.from(text))).toString('base64');
    const bytes = Buffer.from(`${text}\n${signature}\n`);
    file = Buffer.concat([file, framed({ kind: 'seal', bytes })]);
  }
  const path = join(directories.fresh(), 'backup');
  await writeFile(path, file);
  return path;
}

const refused = (value: string) => expect.objectContaining(code(value));

describe('a backup', () => {
  let engine: EmbeddedEngine;
  let path: string;
  beforeAll(async () => {
    engine = await openEngine(directories.fresh(), { genesis });
    for (const name of ['a', 'b']) await register(engine, name);
    await engine.submit(author.shows('a', 0));
    await engine.submit(author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }));
    path = await backUp(engine, [{ name: 'secrets.json', content: Buffer.from('sealed') }]);
  });
  afterAll(() => engine.close());

  it('holds the ledger at a height, its payloads, and what was asked for', async () => {
    const content = await inspectBackup(path, NAMES, genesis);
    expect(content).toMatchObject({ chunks: 2, payloads: 2, checkpoint: { height: 4, size: 4 } });
    expect(content.keyFiles.map(({ name, content: bytes }) => [name, Buffer.from(bytes).toString()])).toEqual(
      [['secrets.json', 'sealed']],
    );
    expect((await inspectBackup(await backUp(engine), NAMES)).keyFiles).toEqual([]);
  });

  it('becomes the same ledger, with the same checkpoint, byte by byte, and goes on', async () => {
    const { engine: copy } = await restored(path);
    expect(copy.checkpoint()).toBe(engine.checkpoint());
    expect(await copy.reader.recordsFrom(0 as never)).toEqual(await engine.reader.recordsFrom(0 as never));
    for (const name of ['a', 'b']) expect(copy.payload(sha256(payloadOf(name)))).toEqual(payloadOf(name));
    expect(await register(copy, 'a')).toMatchObject({ included: true, index: 0 });
    expect(await register(copy, 'c')).toMatchObject({ included: true, index: 4 });
    expect(copy.signedCheckpoint()).toMatchObject({ height: 5, size: 5 });
    await copy.close();
  });

  it('is the same, byte by byte, when it is made again, and leaves no snapshot that would hold back pruning', async () => {
    const directory = directories.fresh();
    const other = await openEngine(directory, { genesis });
    await register(other, 'x');
    const [one, two] = [await backUp(other), await backUp(other)];
    expect(Buffer.compare(await readFile(one), await readFile(two))).toBe(0);
    await other.close();
    const store = await LevelStore.open(join(directory, 'ledger'));
    const left: string[] = [];
    for await (const [key] of store.iterate({ gte: 'x/', lt: 'x0' })) left.push(key);
    await store.close();
    expect(left).toEqual([]);
  });

  it('has payloads erased in time, counted from the registration', async () => {
    const { engine: copy, directory } = await restored(path);
    await copy.close();
    const retain = genesis.schema.purposes.find(({ name }) => name === 'finance')!.retainDays;
    const hash = sha256(payloadOf('a'));
    for (const [days, there] of [
      [retain, true],
      [retain + 1, false],
    ] as const) {
      const later = await openEngine(directory, { genesis, clock: () => START + days * DAY });
      await later.eraseExpiredPayloads();
      expect(later.payload(hash) !== undefined).toBe(there);
      await later.close();
    }
  });

  it('holds the messages that nodes still keep, which go in their time too', async () => {
    const source = await openEngine(directories.fresh(), { genesis });
    await register(source, 'a');
    const message = author.message('doc');
    const body = payloadFor(message)!;
    await source.submit(message, body);
    const { engine: copy, directory } = await restored(await backUp(source));
    await source.close();
    expect(copy.payload(messageBodyHash(body))).toEqual(body);
    await copy.close();
    const term = messageRetainDays(genesis.schema);
    for (const [days, there] of [
      [term, true],
      [term + 1, false],
    ] as const) {
      const later = await openEngine(directory, { genesis, clock: () => START + days * DAY });
      await later.eraseExpiredPayloads();
      expect(later.payload(messageBodyHash(body)) !== undefined).toBe(there);
      expect(later.payload(sha256(payloadOf('a')))).toBeDefined();
      await later.close();
    }
  });

  it('can be looked at while it is held, and accepts nothing then', async () => {
    const directory = join(directories.fresh(), 'restored');
    await restoreLedger(await inspectBackup(path, NAMES, genesis), directory);
    const held = await openEngine(directory, { genesis, held: 'restored' });
    expect(held.status()).toMatchObject({ accepting: false, reason: 'restored' });
    await expect(register(held, 'c')).rejects.toThrow(refused('unavailable'));
    // What is in the log gets its answer.
    expect(await register(held, 'b')).toMatchObject({ included: true, index: 1 });
    await held.close();
  });

  it('is not written over a ledger', async () => {
    const { engine: copy, directory } = await restored(path);
    await copy.close();
    const content = await inspectBackup(path, NAMES, genesis);
    await expect(restoreLedger(content, directory)).rejects.toThrow(refused('already_exists'));
  });

  it('of another network is refused', async () => {
    const other = parseGenesis(genesisInput('other-net'));
    await expect(inspectBackup(path, NAMES, other)).rejects.toThrow(refused('failed_precondition'));
  });

  it.each(PART_KINDS)('with one bit of its %s changed is refused', async (kind) => {
    const parts = await partsOf(path);
    for (const place of [0, 0.5, 1]) {
      const changed = parts.map((part) => ({ ...part, bytes: Buffer.from(part.bytes) }));
      const { bytes } = changed.find((part) => part.kind === kind)!;
      bytes[Math.min(bytes.length - 1, Math.floor(bytes.length * place))]! ^= 1;
      await expect(inspectBackup(await fileOf(changed), NAMES)).rejects.toThrow(refused('data_corrupted'));
    }
  });

  it.each(PART_KINDS)('without its %s, or with it twice, is refused', async (kind) => {
    const parts = await partsOf(path);
    const at = parts.findIndex((part) => part.kind === kind);
    for (const changed of [parts.toSpliced(at, 1), parts.toSpliced(at, 0, parts[at]!)])
      await expect(inspectBackup(await fileOf(changed), NAMES)).rejects.toThrow(refused('data_corrupted'));
  });

  it('that ends early, at whatever byte, or goes on, is refused', async () => {
    const file = await readFile(path);
    const cut = join(directories.fresh(), 'cut');
    const ends = [0, 1, MAGIC.length, MAGIC.length + 3, MAGIC.length + 5, file.length >> 1, file.length - 1];
    for (const end of ends) {
      await writeFile(cut, file.subarray(0, end));
      await expect(inspectBackup(cut, NAMES)).rejects.toThrow(refused('data_corrupted'));
    }
    await writeFile(cut, Buffer.concat([file, Buffer.of(0)]));
    await expect(inspectBackup(cut, NAMES)).rejects.toThrow(refused('data_corrupted'));
  });

  it('with lengths that no part has takes no memory', async () => {
    const huge = Buffer.alloc(5);
    huge.writeUInt32BE(0xffffffff, 1);
    const forged = join(directories.fresh(), 'huge');
    await writeFile(forged, Buffer.concat([Buffer.from(MAGIC), huge]));
    await expect(inspectBackup(forged, NAMES)).rejects.toThrow(refused('data_corrupted'));
    await expect(inspectBackup(join(directories.fresh(), 'none'), NAMES)).rejects.toThrow(
      refused('not_found'),
    );
  });

  it('with a seal of somebody else is refused, whatever genesis it brings', async () => {
    const parts = await partsOf(path);
    const seal = parts.at(-1)!;
    const [text] = seal.bytes.toString().split('\n\n');
    const by = ed25519Sign(seedOf('mallory'), Buffer.from(`${text}\n`));
    seal.bytes = Buffer.from(`${text}\n\n${Buffer.from(by).toString('base64')}\n`);
    await expect(inspectBackup(await fileOf(parts), NAMES)).rejects.toThrow(refused('data_corrupted'));
  });

  describe('that the operator seals anew', () => {
    /** Changes a part, and restores what the operator sealed then. */
    async function forged(kind: PartKind, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
      const parts = await partsOf(path);
      const at = parts.findIndex((part) => part.kind === kind);
      const bytes = change(Buffer.from(parts[at]!.bytes));
      const changed = bytes ? parts.with(at, { kind, bytes }) : parts.toSpliced(at, 1);
      const content = await inspectBackup(await fileOf(changed, { seal: true }), NAMES);
      await restoreLedger(content, join(directories.fresh(), 'forged'));
    }
    const flipped = (at: number) => (bytes: Buffer) => {
      bytes[at < 0 ? bytes.length + at : at]! ^= 1;
      return bytes;
    };

    it('as it was, is restored', async () => {
      await forged('chunk', (bytes) => bytes);
    });
    it.each([
      ['manifest', flipped(-1)],
      ['manifest', flipped(40)],
      ['chunk', flipped(-1)],
      ['chunk', flipped(6)],
      ['payload', flipped(10)],
      ['checkpoint', flipped(-3)],
      ['checkpoint', (bytes: Buffer) => Buffer.from(bytes.toString().replace('block 4', 'block 5'))],
      ['genesis', (bytes: Buffer) => Buffer.from(bytes.toString().replace('"quota":', '"quota":1'))],
    ] as const)('with another %s, is refused by what its checkpoint signs', async (kind, change) => {
      await expect(forged(kind, change)).rejects.toThrow(refused('data_corrupted'));
    });
    it('with files that are none of a node, is refused', async () => {
      for (const name of ['../../etc/cron.d/x', 'genesis.json', 'secrets.json/x', ''])
        await expect(forged('key', () => Buffer.from(`${name}\0evil`))).rejects.toThrow(
          refused('data_corrupted'),
        );
    });
    it('over another block, is refused', async () => {
      const other = await fileOf(await partsOf(path), { seal: true, height: 5 });
      await expect(inspectBackup(other, NAMES)).rejects.toThrow(refused('data_corrupted'));
    });
    it('with an older checkpoint, is refused', async () => {
      const young = await openEngine(directories.fresh(), { genesis });
      await register(young, 'a');
      const note = Buffer.from(young.checkpoint());
      await young.close();
      const parts = await partsOf(path);
      const at = parts.findIndex(({ kind }) => kind === 'checkpoint');
      const changed = parts.with(at, { kind: 'checkpoint', bytes: note });
      const content = await inspectBackup(await fileOf(changed, { seal: true, height: 1 }), NAMES);
      const target = join(directories.fresh(), 'older');
      await expect(restoreLedger(content, target)).rejects.toThrow(refused('data_corrupted'));
    });
  });
});

describe('while the ledger goes on', () => {
  it('a backup is of one height, without payloads of later entries or erased ones', async () => {
    const engine = await openEngine(directories.fresh(), { genesis });
    for (const name of ['p', 'q']) await register(engine, name);
    await engine.erasePayload(sha256(payloadOf('p')));
    const parts: Uint8Array[] = [];
    let next = 0;
    for await (const part of engine.backup({ genesis: GENESIS, keyFiles: [] })) {
      parts.push(part);
      await register(engine, `later-${next++}`);
    }
    expect(next).toBeGreaterThan(4);
    const path = join(directories.fresh(), 'backup');
    await writeFile(path, Buffer.concat(parts));
    expect(await inspectBackup(path, NAMES)).toMatchObject({ payloads: 1, checkpoint: { size: 2 } });
    const { engine: copy } = await restored(path);
    expect(await copy.reader.recordsFrom(0 as never)).toEqual(
      (await engine.reader.recordsFrom(0 as never)).slice(0, 2),
    );
    expect(copy.payload(sha256(payloadOf('later-0')))).toBeUndefined();
    await copy.close();
    await engine.close();
  });

  it('there is one at a time; one that is given up makes room, and one of nothing is refused', async () => {
    const engine = await openEngine(directories.fresh(), { genesis });
    const all = () => engine.backup({ genesis: GENESIS, keyFiles: [] });
    await expect(all().next()).rejects.toThrow(refused('failed_precondition'));
    await register(engine, 'z');
    const first = all();
    await first.next();
    await expect(all().next()).rejects.toThrow(refused('failed_precondition'));
    await first.return(undefined);
    const second = all();
    await second.next();
    const closing = engine.close();
    await expect(
      (async () => {
        for (;;) if ((await second.next()).done) return;
      })(),
    ).rejects.toThrow(refused('unavailable'));
    await closing;
    await expect(all().next()).rejects.toThrow(refused('unavailable'));
  });

  it('a restoration that was interrupted leaves no ledger', async () => {
    const engine = await openEngine(directories.fresh(), { genesis });
    await register(engine, 'y');
    const path = await backUp(engine);
    await engine.close();
    const content = await inspectBackup(path, NAMES);
    const target = join(directories.fresh(), 'target');
    await mkdir(target);
    // The file is replaced between the look at it and the restoration.
    const parts = await partsOf(path);
    const cut = parts.filter(({ kind }) => kind !== 'seal').slice(0, -2);
    await writeFile(path, Buffer.concat([Buffer.from(MAGIC), ...cut.map(framed)]));
    await expect(restoreLedger(content, target)).rejects.toThrow(refused('data_corrupted'));
    const empty = await openEngine(target, { genesis });
    expect(empty.reader.meta()).toMatchObject({ height: 0, logSize: 0 });
    await empty.close();
  });
});
