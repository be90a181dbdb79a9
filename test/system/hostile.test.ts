import { randomBytes } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent, homePaths } from '../../src/agent/index.js';
import { openEvaluatorHome, readKeyShare } from '../../src/cli/homes/evaluator.js';
import { openNodeHome } from '../../src/cli/homes/node.js';
import {
  ed25519PublicKey,
  ed25519Sign,
  FIELD_ORDER,
  GENERATOR_FULL,
  initPoseidon,
  multiply,
  pointToBytes,
  randomScalar,
  SUBGROUP_ORDER,
} from '../../src/crypto/index.js';
import { CountersealError } from '../../src/errors.js';
import {
  appendLeaf,
  checkpointOf,
  decodeRecord,
  encodeRecord,
  leafHash,
  logRoot,
  MemoryStore,
  Overlay,
  signCheckpoint,
  type Checkpoint,
  type LogRecord,
} from '../../src/ledger/index.js';
import { Evaluator, HANDLE_BYTES, LevelQuotaStore, MAX_BATCH, verifyEvidence } from '../../src/oprf/index.js';
import { answerMessage } from '../../src/oprf/evidence.js';
import { committeeOf } from '../../src/agent/committee.js';
import { SnarkjsProver } from '../../src/proofs/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { invoke } from '../../src/rpc/call.js';
import { RemoteEvaluator } from '../../src/rpc/evaluator-client.js';
import { serveEvaluator } from '../../src/rpc/evaluator-server.js';
import {
  EvaluatorClient as GrpcEvaluatorClient,
  EvaluatorService,
} from '../../src/rpc/generated/counterseal/v1/evaluator.js';
import {
  LedgerClient as GrpcLedgerClient,
  LedgerService,
} from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { LedgerClient, type RecordBatch } from '../../src/rpc/ledger-client.js';
import {
  CHANNEL_OPTIONS,
  channelCredentials,
  MAX_MESSAGE_BYTES,
  RpcServer,
} from '../../src/rpc/transport.js';
import { SMALL_ORDER_POINTS } from '../oprf/helpers.js';
import { LedgerProxy } from './ledger-proxy.js';
import { ACCESS, example, exampleDocument, jsonLines, runProgram, TestNetwork } from './network.js';

let network: TestNetwork;
let proxy: LedgerProxy;
const never = new AbortController().signal;
const fails = (code: string) => expect.objectContaining({ code }) as Error;

beforeAll(async () => {
  await initPoseidon();
  network = await TestNetwork.start(['bank-a', 'bank-b']);
  proxy = await LedgerProxy.start(network);
  const registered = await network.run(
    ...(['bank-a', 'document', 'register', example('invoice-a.ubl.xml')] as const),
    ...['--purpose', 'finance'],
  );
  expect(registered.status, registered.stdout).toBe(0);
  expect((await network.run('bank-a', 'entry', 'engage', '0')).status).toBe(0);
}, 600_000);

afterAll(async () => {
  await proxy.close();
  await network.stop();
});

/** Bank B as it would be on a new machine, and reads from the proxy. */
let copies = 0;
async function freshBank(member = 'bank-b'): Promise<Agent> {
  const folder = join(network.root, `copy-${copies++}`);
  await cp(network.home(member), folder, { recursive: true });
  await rm(homePaths(folder).database, { recursive: true, force: true });
  const path = homePaths(folder).config;
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, nodes: [proxy.address] }));
  return Agent.open(folder, ACCESS);
}

describe('a node that lies to a reader', () => {
  afterEach(() => (proxy.behaviour = {}));
  const check = async (records: (batch: RecordBatch) => RecordBatch | Promise<RecordBatch>) => {
    const agent = await freshBank();
    proxy.behaviour = { records };
    try {
      return await agent.check(exampleDocument('invoice-a.cii.xml'), 'finance');
    } finally {
      agent.close();
    }
  };
  const changed = (
    batch: RecordBatch,
    index: number,
    change: (record: LogRecord) => LogRecord,
  ): RecordBatch => ({
    ...batch,
    records: batch.records.map((bytes, i) =>
      i === index ? encodeRecord(change(decodeRecord(bytes))) : bytes,
    ),
  });
  const forgedTag = (record: LogRecord): LogRecord => {
    const body = record.body as Extract<LogRecord['body'], { type: 'register' }>;
    return { ...record, body: { ...body, tags: [1n, 2n] as never } };
  };
  const forgedVerdict = (record: LogRecord): LogRecord => {
    const body = record.body as Extract<LogRecord['body'], { type: 'action' }>;
    const exact = { total: 1, registered: 0, engaged: 1, settled: 0 };
    const verdict = { ...body.verdict!, label: 'duplicate-engaged' as const, exact };
    return { ...record, body: { ...body, verdict } };
  };
  /** The operator itself, with the key of its checkpoints. */
  async function resigned(batch: RecordBatch, change: Partial<Checkpoint> = {}): Promise<RecordBatch> {
    const { checkpointSeed: seed } = await openNodeHome(network.paths.node, ACCESS);
    const nodes = new Overlay(new MemoryStore());
    batch.records.forEach((record, i) => appendLeaf(nodes, i, leafHash(record)));
    const size = batch.records.length;
    const checkpoint = {
      ...checkpointOf(network.genesis, batch.checkpoint),
      size,
      root: logRoot(nodes, size),
      ...change,
    };
    const signer = {
      name: network.genesis.networkId,
      publicKey: ed25519PublicKey(seed),
      sign: (message: Uint8Array) => ed25519Sign(seed, message),
    };
    return { ...batch, checkpoint: signCheckpoint(checkpoint, signer) };
  }

  it('is believed where it says the truth', async () => {
    expect(await check((batch) => batch)).toMatchObject({ verdict: 'duplicate-engaged' });
    expect(await check((batch) => resigned(batch))).toMatchObject({ verdict: 'duplicate-engaged' });
  });

  it.each<[string, (batch: RecordBatch) => RecordBatch | Promise<RecordBatch>]>([
    ['leaves out the last record', (batch) => ({ ...batch, records: batch.records.slice(0, -1) })],
    ['leaves out the first record', (batch) => ({ ...batch, records: batch.records.slice(1) })],
    ['leaves out all records', (batch) => ({ ...batch, records: [] })],
    ['sends a record twice', (batch) => ({ ...batch, records: [batch.records[0]!, ...batch.records] })],
    ['changes a tag', (batch) => changed(batch, 0, forgedTag)],
    ['changes a verdict', (batch) => changed(batch, 1, forgedVerdict)],
    ['changes a verdict and signs it', (batch) => resigned(changed(batch, 1, forgedVerdict))],
    [
      'acts on an entry that does not exist, and signs it',
      (batch) => resigned({ ...batch, records: batch.records.slice(1) }),
    ],
    [
      'sends bytes that are no record',
      (batch) => ({ ...batch, records: [randomBytes(90), ...batch.records] }),
    ],
    ['sends no checkpoint', (batch) => ({ ...batch, checkpoint: '' })],
    ['sends something else as a checkpoint', (batch) => ({ ...batch, checkpoint: 'trust me\n\n' })],
    [
      'lets somebody else sign',
      (batch) => {
        const seed = randomBytes(32);
        const signer = {
          name: network.genesis.networkId,
          publicKey: ed25519PublicKey(seed),
          sign: (message: Uint8Array) => ed25519Sign(seed, message),
        };
        return {
          ...batch,
          checkpoint: signCheckpoint(checkpointOf(network.genesis, batch.checkpoint), signer),
        };
      },
    ],
    [
      'adds records that its checkpoint does not cover',
      (batch) => {
        const last = decodeRecord(batch.records.at(-1)!);
        const forged = encodeRecord({
          ...last,
          index: batch.records.length as never,
          body: {
            type: 'action',
            entry: 0 as never,
            action: 'settle',
            outcome: 'done',
            state: 'settled',
            verdict: undefined,
            successor: undefined,
          },
        });
        return { ...batch, records: [...batch.records, forged] };
      },
    ],
  ])('is found out if it %s', async (_, lie) => {
    await expect(check(lie)).rejects.toEqual(fails('data_corrupted'));
  });

  it('is found out if it goes back to an earlier log, or to another one', async () => {
    const agent = await freshBank();
    const again = () => agent.check(exampleDocument('invoice-a.cii.xml'), 'finance');
    await again();
    // What was true once still is: a node may be behind.
    const genuine = await new Promise<RecordBatch>((resolve) => {
      proxy.behaviour = { records: (batch) => (resolve(batch), batch) };
      void again();
    });
    expect(genuine.records).toEqual([]);
    proxy.behaviour = { records: (batch) => resigned(batch, { size: 1, root: randomBytes(32) }) };
    await expect(again()).rejects.toEqual(fails('data_corrupted'));
    proxy.behaviour = { records: (batch) => resigned(batch, { size: 7, root: randomBytes(32) }) };
    await expect(again()).rejects.toEqual(fails('data_corrupted'));
    proxy.behaviour = {
      records: () => Promise.reject(new CountersealError('invalid_argument', 'the log has 0 records')),
    };
    await expect(again()).rejects.toEqual(fails('data_corrupted'));
    agent.close();
  });

  it('does not keep what it lied: a copy that refused is as it was', async () => {
    const agent = await freshBank();
    proxy.behaviour = { records: (batch) => changed(batch, 1, forgedVerdict) };
    await expect(agent.entries()).rejects.toEqual(fails('data_corrupted'));
    proxy.behaviour = {};
    expect(await agent.check(exampleDocument('invoice-a.cii.xml'), 'finance')).toMatchObject({
      verdict: 'duplicate-engaged',
    });
    agent.close();
  });
});

describe('a node that lies to an author', () => {
  afterEach(() => (proxy.behaviour = {}));
  const hash = '00'.repeat(32);

  it("cannot pass somebody else's entry off as the author's, nor deny what is in the log", async () => {
    const prover = new SnarkjsProver();
    const agent = await freshBank();
    const record = { index: 0n, record: new Uint8Array() };
    proxy.behaviour.submit = () => Promise.resolve(record);
    const register = () => agent.register(exampleDocument('invoice-b.ubl.xml'), hash, 'finance', prover);
    await expect(register()).rejects.toEqual(fails('data_corrupted'));
    // It waits, and is nobody's duplicate; bank A's entry is not taken for an own one.
    expect(await agent.entries()).toMatchObject([{ state: 'pending' }]);
    proxy.behaviour.submit = async (_, forward) => {
      await forward();
      throw new CountersealError('rejected', 'nullifier_used: go away');
    };
    expect(await register()).toMatchObject({ sequence: 1, verdict: 'unique' });
    expect(await agent.entries()).toMatchObject([{ state: 'registered' }]);
    proxy.behaviour = {};
    await agent.showFingerprint(1, { name: 'possession' }, { prover, onProgress: () => undefined });
    // An action that was not done is not believed either.
    proxy.behaviour.submit = () => Promise.resolve(record);
    await expect(agent.act(1, { kind: 'engage', accept: ['unique'] })).rejects.toEqual(
      fails('data_corrupted'),
    );
    proxy.behaviour.submit = () => Promise.resolve({ ...record, index: 99n });
    await expect(agent.act(1, { kind: 'engage', accept: ['unique'] })).rejects.toEqual(
      fails('data_corrupted'),
    );
    expect(await agent.entry(1)).toMatchObject({ state: 'registered' });
    proxy.behaviour = {};
    expect(await agent.act(1, { kind: 'engage', accept: ['unique'] })).toMatchObject({ outcome: 'done' });
    agent.close();
    await prover.close();
  }, 180_000);
});

describe('who may ask what', () => {
  let member: Identity;
  beforeAll(async () => {
    member = await network.identityOf('bank-a');
  });
  const fresh = () => pointToBytes(multiply(GENERATOR_FULL, randomScalar()));
  const evaluatorAs = (identity: Identity, id = 1, port = network.ports[id]!) => {
    const { networkId, ca } = network.genesis;
    return new RemoteEvaluator(id, `localhost:${port}`, networkId, ca, identity);
  };
  const ask = async (identity: Identity, id = 1, port?: number) => {
    const evaluator = evaluatorAs(identity, id, port);
    try {
      return await evaluator.roundOne({ shareEpoch: 1, blinded: [fresh()] }, never);
    } finally {
      evaluator.close();
    }
  };

  it('members of the network ask evaluators', async () => {
    expect((await ask(member)).answers).toHaveLength(1);
  });

  it('nobody else does', async () => {
    const { networkId, members } = network.genesis;
    const id = members[0]!.memberId;
    const refused = async (identity: Identity, code: string) =>
      expect(ask(identity)).rejects.toEqual(fails(code));
    await refused(await network.issue({ kind: 'evaluator', id: '2' }), 'permission_denied');
    await refused(await network.issue({ kind: 'node', id: '1' }), 'permission_denied');
    await refused(await network.issue({ kind: 'member', id: '12345' }), 'permission_denied');
    await refused(await network.issue({ kind: 'member', id }, 'another-network'), 'permission_denied');
    await refused(await network.issue({ kind: 'member', id: `${id}/x` }), 'permission_denied');
    // TLS refuses these before anything is asked.
    const forged = await createAuthority(networkId);
    await refused(await issueIdentity(forged, networkId, { kind: 'member', id }), 'unavailable');
    const { ca } = network.genesis;
    const anonymous = new GrpcEvaluatorClient(
      `localhost:${network.ports[1]}`,
      channelCredentials(ca, { networkId, kind: 'evaluator' }),
      CHANNEL_OPTIONS,
    );
    await expect(
      invoke(
        anonymous.roundOne.bind(anonymous),
        { shareEpoch: 1, blinded: [fresh()] },
        { peer: 'e', timeout: 5_000 },
      ),
    ).rejects.toEqual(fails('unavailable'));
    anonymous.close();
  });

  it('no server passes for another, even on one host', async () => {
    await expect(ask(member, 1, network.ports[2])).rejects.toEqual(fails('unavailable'));
    await expect(ask(member, 1, network.ports[0])).rejects.toEqual(fails('unavailable'));
    const client = new LedgerClient([`localhost:${network.ports[1]}`], network.genesis);
    await expect(client.checkpoint()).rejects.toEqual(fails('unavailable'));
    client.close();
  });

  it('anybody reads the ledger, without a certificate', async () => {
    const tail = await runProgram(['ledger', 'tail', '--genesis', network.paths.genesis, '--json']);
    expect(tail.status).toBe(0);
    expect(jsonLines(tail)[0]).toMatchObject({ index: 0, body: { type: 'register' } });
  });

  it.each([1, 2, 3])('evaluator %i refuses points that are none, and goes on', async (id) => {
    const evaluator = evaluatorAs(member, id);
    const { x, y } = multiply(GENERATOR_FULL, randomScalar()).toAffine();
    const bytes = (...numbers: bigint[]) =>
      Buffer.from(numbers.map((n) => n.toString(16).padStart(64, '0')).join(''), 'hex');
    const points = [
      new Uint8Array(64),
      bytes(0n, 1n),
      bytes(x, (y + 1n) % FIELD_ORDER),
      bytes(x + FIELD_ORDER, y),
      bytes(x, y + FIELD_ORDER),
      bytes(x),
      new Uint8Array(65),
      new Uint8Array(),
      Buffer.alloc(64, 0xff),
      ...SMALL_ORDER_POINTS.map(pointToBytes),
    ];
    for (const point of points)
      await expect(
        evaluator.roundOne({ shareEpoch: 1, blinded: [fresh(), point] }, never),
        Buffer.from(point).toString('hex'),
      ).rejects.toEqual(fails('invalid_point'));
    expect((await evaluator.roundOne({ shareEpoch: 1, blinded: [fresh()] }, never)).answers).toHaveLength(1);
    evaluator.close();
  });

  it('second rounds without a first, of somebody else, and out of range, are refused', async () => {
    const evaluator = evaluatorAs(member);
    const other = evaluatorAs(await network.identityOf('bank-b'));
    const blinded = [fresh()];
    const [answer] = (await evaluator.roundOne({ shareEpoch: 1, blinded }, never)).answers;
    const challenge = Buffer.alloc(32, 1).fill(0, 0, 16);
    const base = { shareEpoch: 1, quorum: [1, 2], challenges: [{ handle: answer!.handle, challenge }] };
    const wrong = async (by: RemoteEvaluator, request: Partial<typeof base>, code: string) =>
      expect(by.roundTwo({ ...base, ...request }, never)).rejects.toEqual(fails(code));
    const unknown = Buffer.alloc(HANDLE_BYTES, 7);
    await wrong(evaluator, { challenges: [{ handle: unknown, challenge }] }, 'not_found');
    await wrong(other, {}, 'not_found');
    const l = Buffer.from(SUBGROUP_ORDER.toString(16).padStart(64, '0'), 'hex');
    await wrong(evaluator, { challenges: [{ handle: answer!.handle, challenge: l }] }, 'invalid_argument');
    for (const quorum of [[2, 3], [1], [1, 1], [1, 2, 3], [0, 1], [1, 4], []])
      await wrong(evaluator, { quorum }, 'invalid_argument');
    await wrong(evaluator, { challenges: [] }, 'invalid_argument');
    await wrong(evaluator, { shareEpoch: 2 }, 'failed_precondition');
    const many = Array.from({ length: MAX_BATCH + 1 }, () => ({ handle: unknown, challenge }));
    await wrong(evaluator, { challenges: many }, 'invalid_argument');
    await expect(evaluator.roundOne({ shareEpoch: 1, blinded: [] }, never)).rejects.toEqual(
      fails('invalid_argument'),
    );
    // None of it used the nonce up; its owner does, once.
    expect((await evaluator.roundTwo(base, never)).answers).toHaveLength(1);
    await wrong(evaluator, {}, 'not_found');
    evaluator.close();
    other.close();
  });

  it('messages that are too large, or no messages, get an error and not the better of a process', async () => {
    const { networkId, ca } = network.genesis;
    const node = new GrpcLedgerClient(
      `localhost:${network.ports[0]}`,
      channelCredentials(ca, { networkId, kind: 'node' }),
      CHANNEL_OPTIONS,
    );
    const evaluator = new GrpcEvaluatorClient(
      `localhost:${network.ports[1]}`,
      channelCredentials(ca, { networkId, kind: 'evaluator', id: '1' }, member),
      CHANNEL_OPTIONS,
    );
    const raw = (client: typeof node | typeof evaluator, path: string, bytes: Uint8Array) =>
      invoke<Uint8Array, unknown>(
        (request, metadata, options, callback) =>
          client.makeUnaryRequest(
            path,
            (message: Uint8Array) => Buffer.from(message),
            (message) => message,
            request,
            metadata,
            options,
            callback as never,
          ),
        bytes,
        { peer: 'it', timeout: 10_000 },
      );
    const targets = [
      [node, LedgerService.submitTransaction.path],
      [evaluator, EvaluatorService.roundOne.path],
      [evaluator, EvaluatorService.roundTwo.path],
    ] as const;
    const bigPayload = Buffer.concat([
      Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x02]),
      Buffer.alloc(MAX_MESSAGE_BYTES),
    ]);
    for (const [client, path] of targets) {
      await expect(raw(client, path, bigPayload), path).rejects.toEqual(fails('quota_exceeded'));
      for (const garbage of [Buffer.alloc(9, 0xff), Buffer.from('0a05', 'hex'), randomBytes(3_000)])
        await expect(raw(client, path, garbage), path).rejects.toBeInstanceOf(CountersealError);
    }
    for (const transaction of [new Uint8Array(), randomBytes(40), randomBytes(9_000)])
      await expect(
        invoke(
          node.submitTransaction.bind(node),
          { transaction, payload: new Uint8Array() },
          { peer: 'node', timeout: 5_000 },
        ),
      ).rejects.toEqual(fails('rejected'));
    const client = new LedgerClient([`localhost:${network.ports[0]}`], network.genesis);
    for (const from of [3n + 10n, 2n ** 53n, 2n ** 64n - 1n])
      await expect(client.records(from).next()).rejects.toEqual(fails('invalid_argument'));
    expect(await client.checkpoint()).toContain(networkId);
    client.close();
    node.close();
    evaluator.close();
    expect((await ask(member)).answers).toHaveLength(1);
  });

  it('whoever calls too often is told to slow down; others are not affected', async () => {
    const count = async (calls: Promise<unknown>[]) => {
      const codes = (await Promise.allSettled(calls)).map((result) =>
        result.status === 'rejected' ? (result.reason as CountersealError).code : 'ok',
      );
      return { limited: codes.filter((code) => code === 'quota_exceeded').length, codes: new Set(codes) };
    };
    const evaluator = evaluatorAs(member);
    // Every point counts, also of a call that is refused.
    const request = { shareEpoch: 1, blinded: Array.from({ length: 64 }, () => new Uint8Array(64)) };
    const asked = await count(
      Array.from({ length: 200 }, () => evaluator.roundOne(request, new AbortController().signal)),
    );
    expect(asked.limited).toBeGreaterThan(0);
    expect([...asked.codes].sort()).toEqual(['invalid_point', 'quota_exceeded']);
    expect((await ask(await network.identityOf('bank-b'))).answers).toHaveLength(1);
    evaluator.close();
    const client = new LedgerClient([`localhost:${network.ports[0]}`], network.genesis);
    const read = await count(Array.from({ length: 2_500 }, () => client.checkpoint()));
    expect(read.limited).toBeGreaterThan(0);
    expect([...read.codes].sort()).toEqual(['ok', 'quota_exceeded']);
    client.close();
  });
});

describe('evaluators that fail', () => {
  const check = async (expected = 'duplicate-engaged') => {
    const agent = await network.agent('bank-b');
    try {
      const result = await agent.check(exampleDocument('invoice-a.cii.xml'), 'finance');
      expect(result.verdict).toBe(expected);
      return result.warnings;
    } finally {
      agent.close();
    }
  };

  it('one that is slow, and one that is dead, are done without', async () => {
    network.service('evaluator-3').process.kill('SIGSTOP');
    for (let i = 0; i < 3; i++) await check();
    await network.kill('evaluator-3');
    for (let i = 0; i < 3; i++)
      for (const warning of await check())
        expect(warning).toMatchObject({ evaluatorId: 3, code: 'unavailable' });
  });

  it.each<[string, boolean]>([
    ['and signs it', true],
    ['and does not sign it', false],
  ])('one that lies %s is named, and done without', async (_, signs) => {
    const home = network.paths.evaluator(3);
    const { config, authority, identity, signingSeed } = await openEvaluatorHome(home, ACCESS);
    const quotas = await LevelQuotaStore.open(join(network.root, `quotas-${signs}`));
    const key = await readKeyShare(home, ACCESS);
    const honest = new Evaluator({ key, signingSeed, quotas, dailyQuota: () => 1_000 });
    const wrong = pointToBytes(multiply(GENERATOR_FULL, randomScalar()).multiplyUnsafe(8n));
    let asked: Uint8Array[] = [];
    let said: Awaited<ReturnType<Evaluator['roundOne']>>['answers'] = [];
    const liar = {
      async roundOne(...[member, request, signal]: Parameters<Evaluator['roundOne']>) {
        const { answers } = await honest.roundOne(member, request, signal);
        asked = [...request.blinded];
        said = answers.map((answer) => ({ ...answer, evaluated: wrong }));
        return { answers: said };
      },
      async roundTwo(...[member, request]: Parameters<Evaluator['roundTwo']>) {
        const { answers } = await honest.roundTwo(member, request);
        if (!signs) return { answers };
        return {
          answers: answers.map((answer, i) => {
            const message = answerMessage({
              networkId: config.networkId,
              shareEpoch: request.shareEpoch,
              evaluatorId: 3,
              blinded: asked[i]!,
              evaluated: said[i]!.evaluated,
              nonceBase: said[i]!.nonceBase,
              nonceBlinded: said[i]!.nonceBlinded,
              quorum: request.quorum,
              challenge: request.challenges[i]!.challenge,
              response: answer.response,
            });
            return { ...answer, signature: ed25519Sign(signingSeed, message) };
          }),
        };
      },
    } as unknown as Evaluator;
    const server = new RpcServer();
    serveEvaluator(server, liar, config.networkId, pino({ level: 'silent' }));
    await server.listen(config.listen, { authority, identity, clients: 'certified' });
    onTestFinished(async () => {
      await server.close(0);
      await quotas.close();
    });

    // Two of three are asked, at random: it takes a few times until the liar is one of them.
    let warnings: Awaited<ReturnType<typeof check>> = [];
    for (let i = 0; i < 15 && warnings.length === 0; i++) warnings = await check();
    expect(warnings).toMatchObject([{ evaluatorId: 3, code: 'evaluator_misbehaved' }]);
    const { evidence } = warnings[0]!;
    expect(evidence !== undefined).toBe(signs);
    if (evidence) expect(verifyEvidence(evidence, committeeOf(network.genesis))).toMatch(/public share/);

    // With another one dead, too few honest ones are left: no verdict rather than a wrong one.
    await network.kill('evaluator-2');
    await expect(check()).rejects.toEqual(fails('evaluator_misbehaved'));
    await network.restart('evaluator-2');
  });

  it('two that do not answer are too many: the command says so and ends', async () => {
    await network.kill('evaluator-2');
    const dead = await network.run('bank-b', 'document', 'check', example('invoice-a.ubl.xml'));
    expect(dead.status).toBe(1);
    expect(jsonLines(dead)).toMatchObject([
      {
        error: { code: 'unavailable', message: expect.stringMatching(/2 evaluators must answer/) as string },
      },
    ]);
    await network.restart('evaluator-2');
    network.service('evaluator-2').process.kill('SIGSTOP');
    const plain = await runProgram(network.args('bank-b', 'document', 'check', example('invoice-a.ubl.xml')));
    expect(plain).toMatchObject({ status: 1, stdout: '' });
    expect(plain.stderr).toMatch(/^error: 2 evaluators must answer.*\[unavailable\]\n$/s);
    await network.kill('evaluator-2');
  });
});
