import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHome, type OwnEntry } from '../../src/agent/index.js';
import { readKeyShare } from '../../src/cli/homes/evaluator.js';
import { nodePaths } from '../../src/cli/homes/node.js';
import {
  combineShares,
  encodeToCurve,
  fieldToBytes,
  initPoseidon,
  multiply,
  type FieldElement,
  type Scalar,
} from '../../src/crypto/index.js';
import { fingerprintRow, identity, slotsOf } from '../../src/documents/index.js';
import { decodeTransaction, type RegisterTransaction } from '../../src/ledger/index.js';
import { tagOf } from '../../src/oprf/index.js';
import { documentKeyOf } from '../../src/oprf/tag.js';
import { LedgerClient as GrpcLedgerClient } from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { CHANNEL_OPTIONS, channelCredentials } from '../../src/rpc/transport.js';
import {
  ACCESS,
  example,
  exampleDocument,
  jsonLines,
  PASSPHRASE,
  TestNetwork,
  type Line,
} from './network.js';
import { Capture, Relay } from './relay.js';
import {
  databaseEntries,
  dumpDatabase,
  dumpFolder,
  found,
  needlesOf,
  secretsOf,
  type Needle,
} from './search.js';

const DOCUMENTS = [
  'invoice-a.ubl.xml',
  'invoice-a.cii.xml',
  'invoice-a-renumbered.cii.xml',
  'invoice-b.ubl.xml',
  'credit-note-a.ubl.xml',
];
const MEMBERS = ['bank-a', 'bank-b', 'bank-c'];

let network: TestNetwork;
let secrets: Needle[];
const relays: Relay[] = [];
const toNode = new Capture();
const toEvaluators = new Capture();
/** What went to standard error of every process. */
let logs = '';
/** Entries of bank A: two of its own, nobody else can tell. */
let entries: OwnEntry[] = [];
/** All that is on a node's disk: its database, configuration, genesis, certificate and sealed keys. */
let nodeDisk: Buffer;
let everything: Buffer;

async function run(member: string, ...command: string[]): Promise<Line> {
  const [line] = await runAll(member, ...command);
  return line!;
}

async function runAll(member: string, ...command: string[]): Promise<Line[]> {
  const finished = await network.run(member, ...command);
  logs += finished.stderr;
  expect(finished.status, finished.stdout + finished.stderr).toBe(0);
  return jsonLines(finished);
}

/** Every connection of every member goes through a relay that ends TLS. */
async function tap(): Promise<void> {
  const [node, ...evaluators] = network.ports;
  const authority = network.authority.certificate;
  const nodeRelay = await Relay.start({
    capture: toNode,
    authority,
    server: await network.issue({ kind: 'node', id: '1' }),
    port: node!,
  });
  relays.push(nodeRelay);
  for (const member of MEMBERS) {
    const client = await network.identityOf(member);
    const tapped = [];
    for (const [i, port] of evaluators.entries()) {
      const server = await network.issue({ kind: 'evaluator', id: String(i + 1) });
      const relay = await Relay.start({ capture: toEvaluators, authority, server, client, port });
      relays.push(relay);
      tapped.push({ id: i + 1, address: relay.address });
    }
    await network.configure(member, { nodes: [nodeRelay.address], evaluators: tapped });
  }
}

/** What banks A and B, of entries 0 and 1, write to each other: they hold the same invoice. */
const SAID = 'Did you pay out on this one before the 12th?';

async function converse(): Promise<void> {
  const file = join(network.root, 'message.txt');
  await writeFile(file, `${SAID}\n`);
  await run('bank-a', 'match', 'message', '0', '1', '--file', file);
  await rm(file);
  expect(await run('bank-b', 'match', 'show', '1', '0')).toMatchObject({
    messages: [{ direction: 'received', text: `${SAID}\n` }],
    reveal: { other: null },
  });
  await run('bank-a', 'match', 'reveal', '0', '1');
  // Without a terminal, and without --yes, no card leaves.
  const refused = await network.run('bank-b', 'match', 'reveal', '1', '0');
  expect(jsonLines(refused)).toMatchObject([{ error: { code: 'permission_denied' } }]);
  await run('bank-b', 'match', 'reveal', '1', '0', '--yes');
  const { memberId } = network.genesis.members[1]!;
  expect(await run('bank-a', 'match', 'show', '0', '1')).toMatchObject({
    messages: [{ acknowledged: true }, { acknowledged: true }, { kind: 'reveal' }],
    reveal: { shown: false, other: { memberId } },
  });
  secrets.push(...needlesOf(SAID));
}

beforeAll(async () => {
  await initPoseidon();
  process.env['COUNTERSEAL_LOG_LEVEL'] = 'trace';
  network = await TestNetwork.start(MEMBERS);
  await tap();
  const files = await Promise.all(DOCUMENTS.map((name) => readFile(example(name))));
  secrets = files.flatMap((file) => secretsOf(file));

  // Two banks, one invoice; a third with the same deal under another number; and bank A with another invoice.
  const first = await run(
    'bank-a',
    'document',
    'register',
    example('invoice-a.ubl.xml'),
    '--purpose',
    'finance',
  );
  expect(first).toMatchObject({ verdict: 'unique' });
  await run('bank-a', 'entry', 'engage', String(first['sequence']));
  expect(await run('bank-b', 'document', 'check', example('invoice-a.cii.xml'))).toMatchObject({
    verdict: 'duplicate-engaged',
  });
  expect(
    await run('bank-b', 'document', 'register', example('invoice-a.cii.xml'), '--purpose', 'finance'),
  ).toMatchObject({ verdict: 'duplicate-engaged' });
  expect(await run('bank-c', 'document', 'check', example('invoice-a-renumbered.cii.xml'))).toMatchObject({
    verdict: 'near-duplicate',
  });
  expect(await run('bank-c', 'document', 'check', example('invoice-b.ubl.xml'))).toMatchObject({
    verdict: 'unique',
  });
  await run('bank-a', 'document', 'register', example('invoice-b.ubl.xml'), '--purpose', 'finance');
  expect(await runAll('bank-a', 'watch', '--once')).toMatchObject([
    { event: 'own-acted', ordered: true },
    { event: 'registered-again' },
  ]);
  await run('bank-a', 'entry', 'settle', String(first['sequence']));
  await converse();
  await run('bank-a', 'entry', 'list');

  const agent = await network.agent('bank-a');
  entries = (await agent.entries()).map(({ entry }) => entry);
  agent.close();
  await Promise.all([...network.services.values()].map((service) => service.stop()));
  logs += [...network.services.values()].map((service) => service.log).join('');
  nodeDisk = await dumpFolder(network.paths.node);
  everything = await dumpFolder(network.folder);
}, 600_000);

afterAll(async () => {
  for (const relay of relays) relay.close();
  delete process.env['COUNTERSEAL_LOG_LEVEL'];
  await network.stop();
});

describe('the search itself', () => {
  it('finds a string in each form, wherever it begins', () => {
    const string = 'VAT|DE999999903';
    for (const { what, bytes } of needlesOf(string))
      expect(found(Buffer.concat([randomBytes(7), bytes, randomBytes(7)]), needlesOf(string))).toContain(
        what,
      );
    for (let before = 0; before < 3; before++) {
      const encoded = Buffer.concat([randomBytes(before), Buffer.from(string), randomBytes(2)]).toString(
        'base64',
      );
      expect(found(Buffer.from(encoded), needlesOf(string))).toContain(`"${string}" in base64`);
    }
    expect(found(randomBytes(100_000), secrets)).toEqual([]);
  });

  it('finds a document in a database that holds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-leak-'));
    const db = new Level<string, Uint8Array>(join(folder, 'leak.db'), { valueEncoding: 'view' });
    const file = await readFile(example('invoice-a.ubl.xml'));
    for (let i = 0; i < 40; i++) await db.put(`copy/${i}`, file);
    await db.close();
    // Opened again, it moves from the write-ahead log into compressed tables.
    await db.open();
    await db.close();
    expect(found(await dumpFolder(folder), secrets)).toContain('"RE-2026/0417"');
    await rm(folder, { recursive: true });
  });

  it('finds a document that somebody sends in the clear', async () => {
    const capture = new Capture();
    await network.restart('node');
    const relay = await Relay.start({
      capture,
      authority: network.genesis.ca,
      server: await network.issue({ kind: 'node', id: '1' }),
      port: network.ports[0]!,
    });
    const { networkId, ca } = network.genesis;
    const client = new GrpcLedgerClient(
      relay.address,
      channelCredentials(ca, { networkId, kind: 'node' }),
      CHANNEL_OPTIONS,
    );
    const payload = await readFile(example('invoice-a.ubl.xml'));
    await new Promise<void>((resolve) => {
      client.submitTransaction({ transaction: randomBytes(100), payload }, () => resolve());
    });
    client.close();
    relay.close();
    await network.kill('node');
    expect(found(capture.bytes, secrets)).toContain('"RE-2026/0417"');
  }, 60_000);
});

describe('what others can see of a document', () => {
  it('is nothing, in what is sent to a node and to the evaluators', () => {
    expect(toNode.calls).toBeGreaterThan(10);
    expect(toEvaluators.calls).toBeGreaterThan(15);
    expect(found(toNode.bytes, secrets)).toEqual([]);
    expect(found(toEvaluators.bytes, secrets)).toEqual([]);
  });

  it('is nothing, in any database and file of any party, the agents included', () => {
    expect(everything.length).toBeGreaterThan(20_000);
    expect(found(everything, secrets)).toEqual([]);
  });

  it('is nothing, in what any process logs', () => {
    expect(logs).toContain('ready');
    expect(found(Buffer.from(logs), secrets)).toEqual([]);
  });

  it('is no key and no passphrase either', async () => {
    const needles = needlesOf(PASSPHRASE);
    for (const member of MEMBERS) {
      const { keys, identity: own } = await openHome(network.home(member), ACCESS);
      const derived = keys.entry(BigInt(entries[0]!.nullifier) as FieldElement);
      const bytes = [
        fieldToBytes(keys.secret),
        keys.storeKey,
        fieldToBytes(derived.salt),
        derived.controlSeed,
        derived.mailboxSeed,
      ].map((secret) => Buffer.from(secret));
      needles.push(
        ...bytes.flatMap((secret) => [
          { what: 'a key', bytes: secret },
          { what: 'a key in hexadecimal', bytes: Buffer.from(secret.toString('hex')) },
          { what: 'a key in base64', bytes: Buffer.from(secret.toString('base64').slice(0, 42)) },
        ]),
        { what: 'a TLS key', bytes: Buffer.from(own.privateKey.split('\n')[1]!) },
      );
    }
    for (const seen of [toNode.bytes, toEvaluators.bytes, everything, Buffer.from(logs)])
      expect(found(seen, needles)).toEqual([]);
  });
});

describe('who wrote an entry', () => {
  it('is in no record, no message to a node and no log', async () => {
    const log = Buffer.from(network.service('node').log);
    for (const { memberId } of network.genesis.members) {
      const id = Buffer.from(fieldToBytes(BigInt(memberId) as FieldElement));
      const forms = [id, Buffer.from(memberId), Buffer.from(id.toString('hex'))];
      for (const form of forms) {
        expect(toNode.bytes.includes(form)).toBe(false);
        expect(log.includes(form)).toBe(false);
      }
    }
    const certificate = (await network.identityOf('bank-a')).certificate.split('\n').slice(1, -2).join('');
    const der = Buffer.from(certificate, 'base64');
    expect(toNode.bytes.includes(der.subarray(-40))).toBe(false);
  });

  it("is nowhere in a node's database but in the list of all members", async () => {
    const values = await databaseEntries(network.database('node'));
    for (const { memberId } of network.genesis.members) {
      const id = Buffer.from(fieldToBytes(BigInt(memberId) as FieldElement));
      const holders = values.filter(([, value]) => value.includes(id));
      expect(holders.length).toBeGreaterThan(0);
      // A member's slot, and the leaves of the state tree that hold the same bytes.
      for (const [key, value] of holders)
        expect(key.toString().startsWith('n/') ? value.toString('latin1') : key.toString()).toContain(
          's/member/',
        );
      expect(values.filter(([key]) => key.includes(id) || key.includes(id.toString('hex')))).toEqual([]);
    }
  });

  it('does not follow from two entries: they share what everybody has, and nothing else', () => {
    expect(entries).toHaveLength(2);
    const [first, second] = entries.map(({ transaction }) =>
      decodeTransaction(Buffer.from(transaction, 'base64')),
    ) as [RegisterTransaction, RegisterTransaction];
    const shared = new Set(['documentKind', 'purpose', 'epoch', 'membersRoot', 'period', 'skippedMask']);
    const leaves = (value: unknown, name: string): [string, string][] =>
      typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
        ? Object.entries(value).flatMap(([key, item]) => leaves(item, `${name}.${key}`))
        : [[name, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)]];
    const of = ({ claims, proof, signature }: RegisterTransaction) =>
      leaves(
        {
          ...Object.fromEntries(Object.entries(claims).filter(([name]) => !shared.has(name))),
          proof,
          signature,
        },
        '',
      );
    const values = new Set(of(first).map(([, value]) => value));
    expect(of(second).filter(([, value]) => values.has(value))).toEqual([]);
    // Nor do their ciphertexts begin, or end, alike.
    const payloads = entries.map(({ payload }) => Buffer.from(payload, 'base64'));
    expect(payloads[0]!.subarray(0, 24)).not.toEqual(payloads[1]!.subarray(0, 24));
    expect(payloads[0]!.subarray(-16)).not.toEqual(payloads[1]!.subarray(-16));
  });

  it("is not in an agent's own database either, for whoever has no passphrase", async () => {
    const own = await dumpDatabase(join(network.home('bank-a'), 'agent.db'));
    const others = await dumpDatabase(join(network.home('bank-b'), 'agent.db'));
    const times = (haystack: Buffer, needle: string) => haystack.toString('latin1').split(needle).length - 1;
    for (const { nullifier } of entries) {
      const raw = Buffer.from(fieldToBytes(BigInt(nullifier) as FieldElement)).toString('latin1');
      expect(times(own, nullifier)).toBe(0);
      expect(times(own, raw)).toBe(1);
      // Bank B copied the log before the second entry came, or after it: the first is in both.
      expect(times(others, raw)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a dictionary of candidate documents', () => {
  /** The tags of all candidates, as if `secret` were the key. */
  const tagsUnder = (secret: Scalar): Buffer[] =>
    DOCUMENTS.flatMap((name) => {
      const document = exampleDocument(name);
      const slots = slotsOf(document);
      const { exact, near } = fingerprintRow(document.kind);
      return [exact, near!].map((fingerprint) => {
        const u = identity(fingerprint.name, fingerprint.mask, slots);
        const key = documentKeyOf(u, multiply(encodeToCurve(u).point, secret));
        return Buffer.from(fieldToBytes(tagOf(key, 'finance')));
      });
    });
  const hits = (secret: Scalar) => tagsUnder(secret).filter((tag) => nodeDisk.includes(tag)).length;

  it('is of the whole disk of a node: what else is there is found', async () => {
    expect(nodeDisk.includes(Buffer.from('"counterseal-secret"'))).toBe(true);
    expect(nodeDisk.includes(Buffer.from('"counterseal-node"'))).toBe(true);
    expect(nodeDisk.includes(Buffer.from(network.genesis.networkId))).toBe(true);
    expect(nodeDisk.length).toBeGreaterThan((await dumpDatabase(network.database('node'))).length);
  });

  it("finds nothing on a node's whole disk, with no share and with one", async () => {
    expect(hits(1n as Scalar)).toBe(0);
    // Nor does anything that follows from a document alone: its strings, their hashes, slots and identities.
    expect(found(nodeDisk, secrets)).toEqual([]);
    for (const id of [1, 2, 3]) {
      const { share } = await readKeyShare(network.paths.evaluator(id), ACCESS);
      expect(hits(share)).toBe(0);
      expect(hits(combineShares([{ id, value: share }]))).toBe(0);
    }
  });

  it('finds every registered document with as many shares as the threshold', async () => {
    const shares = await Promise.all(
      [3, 1].map(async (id) => ({
        id,
        value: (await readKeyShare(network.paths.evaluator(id), ACCESS)).share,
      })),
    );
    // Both fingerprints of invoice A (twice), the near one of its renumbered copy, both of invoice B.
    expect(hits(combineShares(shares))).toBe(7);
    expect(nodePaths(network.paths.node).database).toContain(network.folder);
  });
});
