import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  type GenesisInput,
  MemoryStore,
  type Network,
  networkOf,
  Overlay,
  parseGenesis,
} from '../../src/ledger/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { LedgerCopy, type CopySession, type CopyStore } from '../../src/rpc/ledger-copy.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { openEngine } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, genesisInput, payloadOf } from '../ledger/helpers.js';

const NETWORK = 'test-net';
const root = mkdtempSync(join(tmpdir(), 'counterseal-set-back-'));
const ends: (() => Promise<void>)[] = [];
let input: GenesisInput;
let identity: Identity;
let network: Network;
let author: Author;

beforeAll(async () => {
  const authority = await createAuthority(NETWORK);
  input = { ...genesisInput(NETWORK), ca: authority.certificate };
  identity = await issueIdentity(authority, NETWORK, { kind: 'node', id: '1' }, { hosts: ['localhost'] });
  network = await networkOf(parseGenesis(input));
  author = new Author(network);
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(root, { recursive: true, force: true });
});

/** A node with these documents registered, and a way to ask it. */
async function node(...documents: string[]): Promise<{ engine: EmbeddedEngine; client: LedgerClient }> {
  const engine = await openEngine(join(root, String(ends.length)), { genesis: network.genesis });
  for (const name of documents)
    await engine.submit(author.register(name, { control: name }), payloadOf(name));
  const server = new RpcServer();
  serveLedger(server, engine, {
    genesis: Buffer.from(JSON.stringify(input)),
    log: pino({ level: 'silent' }),
  });
  const options = { authority: network.genesis.ca, identity, clients: 'anyone' } as const;
  const port = await server.listen('localhost:0', options);
  const client = new LedgerClient([`localhost:${port}`], network.genesis);
  ends.push(async () => {
    client.close();
    await server.close(0);
    await engine.close();
  });
  return { engine, client };
}

/** Keeps a copy in memory. */
function memory(): CopyStore<CopySession> {
  const store = new MemoryStore();
  return {
    use: async (work) => {
      const session = { view: new Overlay(store) };
      const result = await work(session);
      await store.write(session.view.writes());
      return result;
    },
  };
}

describe('a copy of the log, and a node', () => {
  it('that was set back: says by how much, and keeps what it has', async () => {
    const store = memory();
    await new LedgerCopy(network, store, (await node('a', 'b', 'c')).client).sync();
    const older = new LedgerCopy(network, store, (await node('a')).client);
    await expect(older.sync()).rejects.toThrow(
      expect.objectContaining({
        ...code('data_corrupted'),
        message: expect.stringMatching(
          /was set back: it has 1 records .* signed the 3 .* you have 3 records/,
        ) as unknown,
      }),
    );
    expect(await store.use((session) => older.replica(session).size)).toBe(3);
  });

  it.each([
    ['is shorter', ['x']],
    ['is as long', ['a', 'x']],
    ['went on from an older backup', ['a', 'x', 'y']],
  ])('that %s and has other records: says that the log has forked', async (_, documents) => {
    const store = memory();
    await new LedgerCopy(network, store, (await node('a', 'b')).client).sync();
    const other = new LedgerCopy(network, store, (await node(...documents)).client);
    await expect(other.sync()).rejects.toThrow(
      expect.objectContaining({
        ...code('data_corrupted'),
        message: expect.stringContaining(
          `signs a log of ${documents.length} records that does not agree`,
        ) as unknown,
      }),
    );
  });

  it('that goes on from it: takes what is new', async () => {
    const store = memory();
    const { engine, client } = await node('a', 'b');
    const copy = new LedgerCopy(network, store, client);
    await copy.sync();
    await engine.submit(author.register('c', { control: 'c' }), payloadOf('c'));
    await copy.sync();
    expect(await store.use((session) => copy.replica(session).size)).toBe(3);
  });
});
