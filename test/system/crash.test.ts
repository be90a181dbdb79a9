import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnEntry } from '../../src/agent/index.js';
import { evaluatorPaths } from '../../src/cli/homes/evaluator.js';
import {
  GENERATOR_FULL,
  initPoseidon,
  multiply,
  pointToBytes,
  randomScalar,
} from '../../src/crypto/index.js';
import { CountersealError } from '../../src/errors.js';
import { decodeRecord, type VerdictLabel } from '../../src/ledger/index.js';
import { SnarkjsProver, type Prover } from '../../src/proofs/index.js';
import { RemoteEvaluator } from '../../src/rpc/evaluator-client.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { LedgerProxy } from './ledger-proxy.js';
import { example, jsonLines, runProgram, startProgram, TestNetwork } from './network.js';
import { prepareEntries, signAction } from './prepare.js';

/** Of the built program, with proofs; fifty of the engine behind its server are in kill-node.test.ts. */
const KILLS = 2;
const RACES = 2;
/** Each kill comes upon a new one; each race uses up the entry that wins; one is engaged before, one is there. */
const ENTRIES = Math.max(KILLS, RACES) + 2;

let network: TestNetwork;
let client: LedgerClient;
let prover: Prover;

beforeAll(async () => {
  await initPoseidon();
  network = await TestNetwork.start();
  client = new LedgerClient([`localhost:${network.ports[0]}`], network.genesis);
  prover = new SnarkjsProver();
}, 120_000);

afterAll(async () => {
  client.close();
  await prover.close();
  await network.stop();
});

async function log(): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const batch of client.records(0n)) records.push(...batch.records);
  return records;
}

/** One entry of a bank, and how often it was acted on. */
interface Held {
  readonly member: string;
  readonly entry: OwnEntry;
  sequence: number;
  actions: number;
}

describe('kill -9 of the node', () => {
  const held: Held[] = [];
  const acknowledged = new Map<string, { payload: Uint8Array; index: bigint; record: Uint8Array }>();

  /** Submits until there is an answer, as an agent does. */
  async function submit(transaction: Uint8Array, payload: Uint8Array) {
    for (;;) {
      try {
        const answer = await client.submit(transaction, payload);
        const key = Buffer.from(transaction).toString('base64');
        const before = acknowledged.get(key);
        if (before) expect(answer).toEqual({ index: before.index, record: before.record });
        acknowledged.set(key, { payload, ...answer });
        return answer;
      } catch (error) {
        if (!(error instanceof CountersealError) || error.code !== 'unavailable') throw error;
        await sleep(20 + randomInt(30));
      }
    }
  }

  it('loses nothing that was acknowledged, at any moment', async () => {
    const half = Math.ceil(ENTRIES / 2);
    for (const [member, count] of [
      ['bank-a', half],
      ['bank-b', ENTRIES - half],
    ] as const) {
      const documents = Array.from({ length: count }, () => 'invoice-a.ubl.xml');
      for (const entry of await prepareEntries(network, member, documents, prover))
        held.push({ member, entry, sequence: -1, actions: 0 });
    }
    const signers = new Map(
      await Promise.all(
        held.map(async (one) => [one, await signAction(network, one.member, one.entry.nullifier)] as const),
      ),
    );
    const register = async (one: Held) => {
      const { transaction, payload } = one.entry;
      const { record } = await submit(Buffer.from(transaction, 'base64'), Buffer.from(payload, 'base64'));
      const { body } = decodeRecord(record);
      if (body.type === 'register') one.sequence = body.entry;
    };
    const act = async (one: Held, kind: 'engage') => {
      const accept: VerdictLabel[] = ['unique'];
      const { record } = await submit(
        signers.get(one)!(one.sequence, one.actions, { kind, accept }),
        new Uint8Array(),
      );
      one.actions++;
      return decodeRecord(record).body;
    };
    const shown: Held[] = [];
    const show = async (one: Held) => {
      const which = ['entry', 'fingerprint', String(one.sequence), '--name', 'possession'];
      const { status, stdout } = await network.run(one.member, ...which);
      expect(status, stdout).toBe(0);
      shown.push(one);
    };
    // The first one is engaged; what another one tries from now on is refused, and in the log.
    await register(held[0]!);
    await show(held[0]!);
    expect(await act(held[0]!, 'engage')).toMatchObject({ outcome: 'done' });
    await register(held[ENTRIES - 1]!);
    await show(held[ENTRIES - 1]!);

    for (let run = 0; run < KILLS; run++) {
      const before = acknowledged.size;
      const again = [...acknowledged].filter(() => randomInt(4) === 0);
      const jobs = [
        register(held[run + 1]!),
        act(held[ENTRIES - 1]!, 'engage'),
        ...again.map(([key, { payload }]) => submit(Buffer.from(key, 'base64'), payload)),
      ];
      const finished = Promise.all(jobs);
      const enough = before + randomInt(3);
      while (acknowledged.size < enough) await sleep(1);
      await sleep(randomInt(8));
      await network.kill('node');
      await network.restart('node');
      await finished;
    }

    const records = await log();
    for (const { index, record } of acknowledged.values())
      expect(Buffer.from(records[Number(index)]!).equals(record)).toBe(true);
    expect(records).toHaveLength(acknowledged.size + shown.length);
    const hashes = records.map((record) => Buffer.from(decodeRecord(record).txHash).toString('hex'));
    expect(new Set(hashes).size).toBe(records.length);
    // Everything once more: the same answers, and not one record more.
    await Promise.all(
      [...acknowledged].map(([key, { payload }]) => submit(Buffer.from(key, 'base64'), payload)),
    );
    expect(await log()).toHaveLength(records.length);
    // The agents rebuild the log, check its root and every verdict, and find their own.
    for (const member of ['bank-a', 'bank-b']) {
      const agent = await network.agent(member);
      const own = await agent.entries();
      agent.close();
      expect(own.map(({ entry }) => entry.sequence)).toEqual(
        held.filter((one) => one.member === member).map(({ sequence }) => sequence),
      );
    }
  }, 600_000);

  it('two banks that race to engage one document: one wins, the other is told', async () => {
    const agents = {
      'bank-a': await network.agent('bank-a'),
      'bank-b': await network.agent('bank-b'),
    };
    const agentOf = ({ member }: Held) => agents[member as keyof typeof agents];
    const accept: VerdictLabel[] = ['unique', 'duplicate'].reverse() as VerdictLabel[];
    // What was engaged in the first test is in the way.
    expect(await agentOf(held[0]!).act(held[0]!.sequence, { kind: 'release' })).toMatchObject({
      outcome: 'done',
      state: 'released',
    });
    const free = held.slice(1);
    for (let race = 0; race < RACES; race++) {
      const first = free[0]!;
      // While both banks have entries left, it is one against the other.
      const second = free.find(({ member }) => member !== first.member) ?? free[1]!;
      const pair = [first, second];
      const results = await Promise.all(
        pair.map((one) => agentOf(one).act(one.sequence, { kind: 'engage', accept })),
      );
      expect(results.map(({ outcome }) => outcome).sort()).toEqual(['done', 'refused']);
      expect(results.find(({ outcome }) => outcome === 'refused')).toMatchObject({
        state: 'registered',
        verdict: 'duplicate-engaged',
      });
      const winner = pair[results.findIndex(({ outcome }) => outcome === 'done')]!;
      const loser = pair.find((one) => one !== winner)!;
      expect(await agentOf(loser).entry(loser.sequence)).toMatchObject({ state: 'registered' });
      await agentOf(winner).act(winner.sequence, { kind: 'release' });
      free.splice(free.indexOf(winner), 1);
    }
    for (const agent of Object.values(agents)) agent.close();
  }, 120_000);
});

describe('kill -9 of an agent', () => {
  let proxy: LedgerProxy;
  beforeAll(async () => {
    proxy = await LedgerProxy.start(network);
    await network.configure('bank-c', { nodes: [proxy.address] });
  });
  afterAll(async () => proxy.close());

  const registering = (file: string) =>
    startProgram(network.args('bank-c', 'document', 'register', example(file), '--purpose', 'finance'));
  const registrations = async () => {
    const bodies = (await log()).map((record) => decodeRecord(record).body);
    return bodies.flatMap((body) => (body.type === 'register' ? [body.nullifier] : []));
  };
  const list = async () =>
    jsonLines(await network.run('bank-c', 'entry', 'list'))[0] as unknown as {
      entry: number;
      state: string;
    }[];

  it('while it proves: the index is not used again, and its prover does not go on alone', async () => {
    const child = registering('invoice-b.ubl.xml');
    const offspring = async () =>
      (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim();
    let provers = '';
    while ((provers = await offspring()) === '') await sleep(20);
    child.kill('SIGKILL');
    await once(child, 'close');
    const alive = () => {
      try {
        process.kill(Number(provers.split(' ')[0]), 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 200 && alive(); i++) await sleep(50);
    expect(alive()).toBe(false);
    expect(await list()).toEqual([]);
  }, 180_000);

  it('before what it submits arrives: the next command submits it', async () => {
    const before = await registrations();
    const child = registering('invoice-b.ubl.xml');
    await new Promise<void>((resolve) => {
      proxy.behaviour.submit = () => {
        child.kill('SIGKILL');
        resolve();
        return Promise.reject(new CountersealError('unavailable', 'gone'));
      };
    });
    await once(child, 'close');
    proxy.behaviour = {};
    expect(await registrations()).toEqual(before);
    expect(await list()).toMatchObject([{ state: 'registered', entry: before.length }]);
    expect(await registrations()).toHaveLength(before.length + 1);
  }, 180_000);

  it('before the answer comes: the same command again finds what it did, and registers nothing twice', async () => {
    const before = await registrations();
    const child = registering('invoice-a-renumbered.cii.xml');
    await new Promise<void>((resolve, reject) => {
      proxy.behaviour.submit = async (_request, forward) => {
        await forward().catch(reject);
        child.kill('SIGKILL');
        resolve();
        throw new CountersealError('unavailable', 'gone');
      };
    });
    await once(child, 'close');
    proxy.behaviour = {};
    expect(await registrations()).toHaveLength(before.length + 1);
    const again = await network.run(
      ...(['bank-c', 'document', 'register', example('invoice-a-renumbered.cii.xml')] as const),
      ...['--purpose', 'finance'],
    );
    expect(jsonLines(again)).toMatchObject([{ sequence: before.length, verdict: 'near-duplicate' }]);
    const nullifiers = await registrations();
    expect(nullifiers).toHaveLength(before.length + 1);
    expect(new Set(nullifiers).size).toBe(nullifiers.length);
    expect(await list()).toHaveLength(2);
  }, 180_000);

  it('an agent that never submitted does so when its member lists entries, and once only', async () => {
    const before = await registrations();
    const lists = await Promise.all([list(), list()]);
    expect(lists[0]).toEqual(lists[1]);
    expect(await registrations()).toEqual(before);
  }, 180_000);
});

describe('kill -9 of an evaluator', () => {
  it('keeps what it charged', async () => {
    const path = evaluatorPaths(network.paths.evaluator(1)).config;
    const config = JSON.parse(await readFile(path, 'utf8')) as object;
    await network.kill('evaluator-1');
    await writeFile(path, JSON.stringify({ ...config, dailyQuota: 64 }));
    await network.restart('evaluator-1');
    const identity = await network.identityOf('bank-c');
    const { networkId, ca } = network.genesis;
    const evaluator = new RemoteEvaluator(1, `localhost:${network.ports[1]}`, networkId, ca, identity);
    const ask = async (points: Uint8Array[]) => {
      for (;;) {
        try {
          return await evaluator.roundOne({ shareEpoch: 1, blinded: points }, new AbortController().signal);
        } catch (error) {
          if ((error as CountersealError).code !== 'unavailable') throw error;
          await sleep(50);
        }
      }
    };
    const fresh = (count: number) =>
      Array.from({ length: count }, () => pointToBytes(multiply(GENERATOR_FULL, randomScalar())));
    // What bank C has asked this evaluator today, it does not know: the rest is used up one by one.
    const asked: Uint8Array[] = [];
    for (;;) {
      const [point] = fresh(1);
      try {
        await ask([point!]);
        asked.push(point!);
      } catch (error) {
        expect(error).toMatchObject({ code: 'quota_exceeded' });
        break;
      }
      if (asked.length === 2) {
        await network.kill('evaluator-1');
        await network.restart('evaluator-1');
      }
      expect(asked.length).toBeLessThanOrEqual(64);
    }
    await network.kill('evaluator-1');
    await network.restart('evaluator-1');
    await expect(ask(fresh(1))).rejects.toMatchObject({ code: 'quota_exceeded' });
    // Asked again, the same points cost nothing.
    expect((await ask(asked)).answers).toHaveLength(asked.length);
    evaluator.close();
  }, 180_000);
});

describe('a network that lost everything but the node', () => {
  it('still lists entries, and says that it cannot check', async () => {
    await Promise.all([1, 2, 3].map((id) => network.kill(`evaluator-${id}`)));
    const listed = await runProgram(network.args('bank-a', 'entry', 'list', '--json'));
    expect(listed.status).toBe(0);
    const checked = await network.run('bank-a', 'document', 'check', example('invoice-b.ubl.xml'));
    expect(checked.status).toBe(1);
    expect(jsonLines(checked)).toMatchObject([{ error: { code: 'unavailable' } }]);
  }, 180_000);
});
