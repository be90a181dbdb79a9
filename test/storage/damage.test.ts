import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listEntries, putEntry, type OwnEntry } from '../../src/agent/entries.js';
import { AgentStore } from '../../src/agent/store.js';
import { LevelStore } from '../../src/engine/index.js';
import { CountersealError } from '../../src/errors.js';
import type { LogIndex } from '../../src/ledger/index.js';
import { LevelQuotaStore, type UtcDay } from '../../src/oprf/index.js';
import { Directories, openEngine, submitDocument } from '../engine/helpers.js';
import { Author, seedOf, testGenesis } from '../ledger/helpers.js';
import { chooseSeed, seeded } from '../system/killing.js';

// Every file of each party's database, damaged in every way that disks and people have: what is read after is what was
// written, or the party says that its data is damaged. It never says something else, and never that nothing is there.

const FLIPS_PER_FILE = 60;
const directories = new Directories();
afterAll(() => directories.remove());
const random = seeded(chooseSeed('damage'));
const below = (n: number) => Math.floor(random() * n);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Party {
  /** Where its database is within its folder. */
  readonly database: string;
  /** Makes a database with tables and a log, and more in it than fits into one block. */
  fill(folder: string): Promise<void>;
  /** Everything that it reads of it. */
  read(folder: string): Promise<unknown>;
}

const author = await Author.of(testGenesis());
const node: Party = {
  database: 'ledger',
  async fill(folder) {
    for (const part of ['first', 'second', 'third']) {
      const engine = await openEngine(folder);
      for (let i = 0; i < 12; i++)
        await submitDocument(engine, author.register(`doc ${i % 7}`, { control: `${part} ${i}` }));
      await engine.close();
    }
  },
  async read(folder) {
    const engine = await openEngine(folder);
    const records: string[] = [];
    try {
      for await (const batch of engine.records(0 as LogIndex)) records.push(...batch.records.map(hex));
    } finally {
      await engine.close();
    }
    const store = await LevelStore.open(join(folder, 'ledger'));
    try {
      const all: string[][] = [];
      for await (const [key, value] of store.iterate({ gte: '', lt: '~' })) all.push([key, hex(value)]);
      for (const [key, value] of all) expect(hex(store.get(key!)!)).toBe(value);
      return { records, all };
    } finally {
      await store.close();
    }
  },
};

const DAY = '2025-03-01' as UtcDay;
const MEMBERS = Array.from({ length: 5 }, (_, i) => `member ${i}`);
const requests = (member: string, count: number) =>
  Array.from({ length: count }, (_, i) => new Uint8Array(seedOf(`${member} ${i}`)));
const evaluator: Party = {
  database: '',
  async fill(folder) {
    for (const count of [20, 40, 60]) {
      const store = await LevelQuotaStore.open(folder);
      for (const member of MEMBERS)
        await store.charge({ member, day: DAY, requests: requests(member, count), limit: 100 });
      await store.close();
    }
  },
  async read(folder) {
    const store = await LevelQuotaStore.open(folder);
    try {
      const used = await Promise.all(MEMBERS.map((member) => store.used(member, DAY)));
      // Nothing of it is charged again.
      const again = [];
      for (const member of MEMBERS)
        again.push(await store.charge({ member, day: DAY, requests: requests(member, 60), limit: 60 }));
      return { used, again };
    } finally {
      await store.close();
    }
  },
};

const KEY = new Uint8Array(32).fill(7);
const agent: Party = {
  database: '',
  async fill(folder) {
    for (let part = 0; part < 3; part++)
      for (let i = 0; i < 8; i++)
        await new AgentStore(folder, KEY).use((session) => {
          const nullifier = String(part * 8 + i);
          putEntry(session, { nullifier, sequence: i, transaction: hex(seedOf(nullifier)) } as OwnEntry);
          for (let j = 0; j < 5; j++) session.view.put(`t/${nullifier}/${j}`, seedOf(`${nullifier} ${j}`));
        });
  },
  async read(folder) {
    return new AgentStore(folder, KEY).use(async (session) => {
      const entries = (await listEntries(session)).sort((a, b) => Number(a.nullifier) - Number(b.nullifier));
      const copy = Array.from({ length: 120 }, (_, i) =>
        hex(session.view.get(`t/${Math.floor(i / 5)}/${i % 5}`) ?? new Uint8Array()),
      );
      return { entries, copy };
    });
  },
};

const damages: Readonly<Record<string, (path: string) => void>> = {
  'a bit that changed': (path) => {
    const bytes = readFileSync(path);
    // Half of them towards the end, where a table has its filter and its indices.
    const from = random() < 0.5 ? Math.max(bytes.length - 700, 0) : 0;
    bytes[from + below(bytes.length - from)]! ^= 1 << below(8);
    writeFileSync(path, bytes);
  },
  'a sector of zeros': (path) => {
    const bytes = readFileSync(path);
    const at = below(bytes.length);
    bytes.fill(0, at, Math.min(at + 512, bytes.length));
    writeFileSync(path, bytes);
  },
  'an end that is missing': (path) => truncateSync(path, below(statSync(path).size)),
  'an end that nobody wrote': (path) => appendFileSync(path, Buffer.from(seedOf(String(below(1000))))),
  'a file that is empty': (path) => truncateSync(path, 0),
  'a file that is gone': (path) => rmSync(path),
};

describe.each(Object.entries({ node, evaluator, agent }))('the database of a %s', (name, party) => {
  it('is read as it was written, or found to be damaged: nothing else', async () => {
    const intact = directories.fresh();
    await party.fill(intact);
    const copy = directories.fresh();
    const restore = () => {
      rmSync(copy, { recursive: true, force: true });
      cpSync(intact, copy, { recursive: true });
    };
    restore();
    const written = JSON.stringify(await party.read(copy));
    const files = readdirSync(join(intact, party.database)).filter((file) => !/^LO(CK|G)/.test(file));
    expect(files.some((file) => file.endsWith('.ldb'))).toBe(true);
    expect(files.some((file) => file.endsWith('.log'))).toBe(true);
    const found = new Map<string, number>();
    for (const file of files)
      for (const [damage, inflict] of Object.entries(damages))
        for (let i = 0; i < (damage === 'a bit that changed' ? FLIPS_PER_FILE : 2); i++) {
          restore();
          const path = join(copy, party.database, file);
          if (statSync(path).size === 0) continue;
          inflict(path);
          const outcome = await party.read(copy).then(JSON.stringify, (error: unknown) => error);
          const what = `${name}: ${file}, ${damage}`;
          if (outcome instanceof CountersealError) {
            expect(outcome, what).toMatchObject({
              code: 'data_corrupted',
              message: expect.stringMatching(/restore a backup|of the log/) as string,
            });
            found.set(file, (found.get(file) ?? 0) + 1);
          } else expect(outcome === written, `${what}: ${String(outcome).slice(0, 300)}`).toBe(true);
        }
    // In every file but the mark, which is there for the others, damage can be seen.
    const kinds = (suffix: string) => [...found].filter(([file]) => file.includes(suffix));
    for (const suffix of ['.ldb', 'CURRENT', 'MANIFEST']) expect(kinds(suffix), suffix).not.toEqual([]);
    expect(found.get('MARK')).toBeUndefined();
  }, 300_000);
});
