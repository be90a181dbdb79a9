import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import { LevelStore } from '../../src/engine/index.js';
import { CountersealError } from '../../src/errors.js';
import {
  auditStore,
  checkpointOf,
  decodeRecord,
  decodeTransaction,
  leafHash,
  type LogIndex,
  networkOf,
  parseGenesis,
  sha256,
  StateMachine,
  verifyInclusion,
} from '../../src/ledger/index.js';
import { verifyReceipt } from '../../src/receipts/verify.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { Directories, openEngine } from '../engine/helpers.js';
import {
  Author,
  genesisInput,
  hashProofVerifier,
  headOf,
  payloadFor,
  seedOf,
  START,
} from '../ledger/helpers.js';
import { copyOf, receiptFrom, trustIn } from '../receipts/helpers.js';
import { Answers, chooseSeed, seeded, Waiting } from './killing.js';

const NETWORK = 'kill-node';
const KILLS = 50;
const DOCUMENTS = 97;
const NEW_PER_RUN = 12;
const AGAIN_PER_RUN = 8;
/** Of earlier runs, that go on: they show possession, write a message, open draws and draw. */
const ENTRIES_PER_RUN = 16;
/** Between the answer after which it is killed and the kill. */
const LATEST_KILL_MS = 12;

const directories = new Directories();
afterAll(() => directories.remove());

let input: ReturnType<typeof genesisInput>;
let identity: Awaited<ReturnType<typeof issueIdentity>>;
beforeAll(async () => {
  const authority = await createAuthority(NETWORK);
  input = { ...genesisInput(NETWORK), ca: authority.certificate };
  identity = await issueIdentity(authority, NETWORK, { kind: 'node', id: '1' }, { hosts: ['localhost'] });
});

it(`a node that is killed ${KILLS} times under load loses nothing that it acknowledged, and does nothing twice`, async () => {
  const random = seeded(chooseSeed('kill-node'));
  const below = (n: number) => Math.floor(random() * n);
  const genesis = parseGenesis(input);
  const network = await networkOf(genesis);
  const author = new Author(network);
  const directory = directories.fresh();
  const [port] = await freePorts(1);
  const argument = { directory, genesis: input, identity, port, now: START };
  const withSeed = { ...argument, seed: Buffer.from(seedOf('operator')).toString('hex') };
  // Some documents come again and again, so that verdicts are part of what must not change.
  const documents = Array.from({ length: KILLS * NEW_PER_RUN }, (_, i) => `doc ${i % DOCUMENTS}`);
  const transactions = new Map(
    documents.map((document, i) => [`register ${i}`, author.register(document, { control: `c${i}` })]),
  );
  const acknowledged = new Map<string, { index: bigint; record: Uint8Array }>();
  let again = 0;
  /** What becomes of an entry: each of them once the one before it was acknowledged. */
  const laterOf = (i: number, entry: number): (readonly [string, () => Uint8Array])[] => {
    const [control, document] = [`c${i}`, documents[i]!];
    const everybody = [
      [`show ${i}`, () => author.shows(control, entry)],
      [`message ${i}`, () => author.message(document, { slot: i % 256 })],
    ] as const;
    if (documents.indexOf(document) !== i) return [...everybody];
    // The first entry of a document opens its draws.
    const draws = [
      [`open ${i}`, () => author.openCapacity(control, entry, 0, document)],
      [`draw ${i}`, () => author.draw(control, entry, 1, headOf(document), `draw ${i}`)],
    ] as const;
    return [...everybody, ...draws];
  };

  let next = new Waiting('ledger');
  for (let run = 0; run < KILLS; run++) {
    const child = next;
    next = new Waiting('ledger');
    const lines = await child.begin(withSeed);
    const answers = new Answers();
    const client = new LedgerClient([`localhost:${port}`], genesis);
    const submit = async (name: string): Promise<boolean> => {
      const before = acknowledged.get(name);
      const bytes = transactions.get(name)!;
      try {
        const answer = await client.submit(bytes, payloadFor(bytes) ?? new Uint8Array());
        if (before) again++;
        if (before) expect(answer).toEqual(before);
        acknowledged.set(name, answer);
        answers.add();
        return true;
      } catch (error) {
        if (!(error instanceof CountersealError) || error.code !== 'unavailable') throw error;
        return false;
      }
    };
    const goOn = async (i: number): Promise<void> => {
      const registered = acknowledged.get(`register ${i}`);
      const body = registered && decodeRecord(registered.record).body;
      if (body?.type !== 'register') return;
      for (const [name, make] of laterOf(i, body.entry)) {
        if (!transactions.has(name)) transactions.set(name, make());
        if (!acknowledged.has(name) && !(await submit(name))) return;
      }
    };
    // Some are killed before they say that they are ready: in the middle of opening their database.
    if (below(8) === 0) {
      await new Promise((resolve) => setTimeout(resolve, below(200)));
      await child.kill();
      continue;
    }
    expect((await lines.next()).value).toBe('ready');
    const known = [...acknowledged.keys()];
    const work = [
      ...Array.from({ length: NEW_PER_RUN }, (_, i) => `register ${run * NEW_PER_RUN + i}`),
      ...Array.from({ length: Math.min(known.length, AGAIN_PER_RUN) }, () => known[below(known.length)]!),
    ];
    // Half of them among the first entries of their documents, which draw.
    const earlier = Array.from({ length: ENTRIES_PER_RUN }, (_, i) =>
      below(Math.max(1, i % 2 ? run * NEW_PER_RUN : Math.min(run * NEW_PER_RUN, DOCUMENTS))),
    );
    const submitted = [...work.map(submit), ...[...new Set(earlier)].map(goOn)];
    await answers.reach(below(work.length), Promise.all(submitted));
    await new Promise((resolve) => setTimeout(resolve, below(LATEST_KILL_MS)));
    await child.kill();
    await Promise.all(submitted);
    client.close();
  }
  await next.kill();
  expect(acknowledged.size).toBeGreaterThan(KILLS);
  expect(again).toBeGreaterThan(KILLS);
  for (const what of ['show', 'message', 'open', 'draw'])
    expect([...acknowledged.keys()].filter((name) => name.startsWith(what)).length, what).toBeGreaterThan(3);

  const engine = await openEngine(directory, {
    genesis,
    verifier: { verify: () => Promise.resolve(true) },
  });
  const checkpoint = checkpointOf(genesis, engine.checkpoint());
  const records: Uint8Array[] = [];
  for await (const batch of engine.records(0 as LogIndex)) records.push(...batch.records);
  expect(records).toHaveLength(checkpoint.size);
  const hashes = records.map((record) => Buffer.from(decodeRecord(record).txHash).toString('hex'));
  expect(new Set(hashes).size).toBe(records.length);
  for (const [name, { index, record }] of acknowledged) {
    expect(records[Number(index)]).toEqual(new Uint8Array(record));
    const proof = engine.reader.inclusionProof(Number(index) as LogIndex, checkpoint.size);
    expect(verifyInclusion(leafHash(record), Number(index), checkpoint.size, proof, checkpoint.root)).toBe(
      true,
    );
    const sent = decodeTransaction(transactions.get(name)!);
    const payload = payloadFor(transactions.get(name)!);
    if (sent.type === 'register') expect(engine.payload(sha256(payload!))).toEqual(payload);
    if (sent.type === 'message') expect(engine.payload(sent.claims.bodyHash)).toEqual(payload);
  }
  // The receipts of all of them verify, as anybody would verify them.
  const view = await copyOf(engine, network);
  for (const { record } of acknowledged.values()) {
    const { body } = decodeRecord(record);
    if (body.type !== 'register') continue;
    const receipt = await receiptFrom(engine, network, body.entry, { digits: 2, view });
    expect(verifyReceipt(receipt, trustIn(NETWORK))).toMatchObject({
      entry: body.entry,
      networkId: NETWORK,
    });
  }
  await engine.close();

  const store = await LevelStore.open(`${directory}/ledger`);
  const machine = await StateMachine.open({ genesis, store, verifier: hashProofVerifier });
  await auditStore(store, machine.reader.meta());
  await store.close();
}, 900_000);
