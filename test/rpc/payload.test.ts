import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import { CountersealError } from '../../src/errors.js';
import { networkOf, sha256 } from '../../src/ledger/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { Directories, openEngine, submitDocument } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, payloadOf, testGenesis } from '../ledger/helpers.js';

const NETWORK = 'test-net';
const directories = new Directories();
afterAll(() => directories.remove());

let authority: Identity;
let author: Author;
beforeAll(async () => {
  authority = await createAuthority(NETWORK);
  author = new Author(await networkOf(testGenesis()));
});

let engine: EmbeddedEngine;
let ending: (() => unknown)[];
beforeEach(async () => {
  engine = await openEngine(directories.fresh());
  ending = [() => engine.close()];
});
afterEach(async () => {
  for (const end of ending.reverse()) await end();
});

/** A node; what it answers about payloads is for the test to say. */
async function node(payload: (hash: Uint8Array) => Uint8Array | undefined): Promise<string> {
  const server = new RpcServer();
  const answering = Object.assign(Object.create(engine) as EmbeddedEngine, { payload });
  serveLedger(server, answering, { genesis: new Uint8Array(), log: pino({ level: 'silent' }) });
  const identity = await issueIdentity(
    authority,
    NETWORK,
    { kind: 'node', id: '1' },
    { hosts: ['localhost'] },
  );
  const port = await server.listen('localhost:0', {
    authority: authority.certificate,
    identity,
    clients: 'anyone',
  });
  ending.push(() => server.close(0));
  return `localhost:${port}`;
}
const honest = () => node((hash) => engine.payload(hash));
const without = () => node(() => undefined);
const lying = () => node(() => payloadOf('another'));

function client(...addresses: string[]): LedgerClient {
  const made = new LedgerClient(addresses, { networkId: NETWORK, ca: authority.certificate });
  ending.push(() => made.close());
  return made;
}

const bytes = payloadOf('doc');
const hash = sha256(bytes);
const GONE = 'localhost:1';

it('a payload is read by its hash, and not found before it is there or after it was erased', async () => {
  const reader = client(await honest());
  await expect(reader.payload(hash)).rejects.toMatchObject(code('not_found'));
  await submitDocument(engine, author.register('doc', { control: 'doc' }));
  expect(await reader.payload(hash)).toEqual(Buffer.from(bytes));
  await engine.erasePayload(hash);
  await expect(reader.payload(hash)).rejects.toMatchObject(code('not_found'));
});

it('the next node is asked where one is gone, does not have it, or sends something else', async () => {
  await submitDocument(engine, author.register('doc', { control: 'doc' }));
  const all = client(GONE, await without(), await lying(), await honest());
  expect(await all.payload(hash)).toEqual(Buffer.from(bytes));
});

it('what no node has is said to be missing only where every one of them says so', async () => {
  const missing = await without();
  await expect(client(missing, await without()).payload(hash)).rejects.toMatchObject(code('not_found'));
  await expect(client(missing, GONE).payload(hash)).rejects.toMatchObject(code('unavailable'));
  await expect(client(missing, await lying()).payload(hash)).rejects.toMatchObject(code('data_corrupted'));
});

it('a hash of another length is refused, and so is a caller that takes too many', async () => {
  const reader = client(await without());
  await expect(reader.payload(hash.subarray(1))).rejects.toMatchObject(code('invalid_argument'));
  const asked = await Promise.all(
    Array.from({ length: 260 }, () => reader.payload(hash).catch((error: unknown) => error)),
  );
  const codes = asked.map((error) => (error as CountersealError).code);
  expect(codes).toContain('not_found');
  expect(codes).toContain('quota_exceeded');
});
