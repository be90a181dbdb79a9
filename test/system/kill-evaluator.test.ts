import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import {
  clearCofactor,
  GENERATOR_FULL,
  multiply,
  pointFromBytes,
  pointToBytes,
  randomScalar,
  scalarToBytes,
} from '../../src/crypto/index.js';
import { CountersealError } from '../../src/errors.js';
import { LevelQuotaStore, utcDay, type KeyShare, type RoundOneAnswer } from '../../src/oprf/index.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import { RemoteEvaluator } from '../../src/rpc/evaluator-client.js';
import { Directories } from '../engine/helpers.js';
import { START } from '../ledger/helpers.js';
import { dealtKey, NETWORK } from '../oprf/helpers.js';
import { Answers, chooseSeed, seeded, Waiting } from './killing.js';

const KILLS = 50;
const MEMBERS = ['bank-a', 'bank-b'] as const;
/** Distinct points of each member, and what it may ask for: all of them, once. One charged twice would be too much. */
const POINTS = 300;
const CALLS_PER_RUN = 6;
/** Between the answer after which it is killed and the kill. */
const LATEST_KILL_MS = 12;

const directories = new Directories();
afterAll(() => directories.remove());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** The bytes under which an evaluator charges a request: of B = 8·B'. */
const chargedAs = (blinded: Uint8Array) =>
  new Uint8Array(
    createHash('sha256')
      .update(pointToBytes(clearCofactor(pointFromBytes(blinded))))
      .digest(),
  );
const toWire = ({ share, publicShares, groupKey, ...key }: KeyShare) => ({
  ...key,
  share: hex(scalarToBytes(share)),
  publicShares: publicShares.map((point) => hex(pointToBytes(point))),
  groupKey: hex(pointToBytes(groupKey)),
});

it(`an evaluator that is killed ${KILLS} times under load charges what it answered, once, and uses no nonce twice`, async () => {
  const random = seeded(chooseSeed('kill-evaluator'));
  const below = (n: number) => Math.floor(random() * n);
  const authority = await createAuthority(NETWORK);
  const issue = (kind: 'member' | 'evaluator', id: string) =>
    issueIdentity(authority, NETWORK, { kind, id }, { hosts: ['localhost'] });
  const identities = await Promise.all(MEMBERS.map((member) => issue('member', member)));
  const folder = directories.fresh();
  const [port] = await freePorts(1);
  const [key] = dealtKey(2, 3);
  const argument = {
    ...{ folder, key: toWire(key!), authority: authority.certificate, port, limit: POINTS, now: START },
    identity: await issue('evaluator', '1'),
  };
  const points = MEMBERS.map(() =>
    Array.from({ length: POINTS }, () => pointToBytes(multiply(GENERATOR_FULL, randomScalar()))),
  );
  const sent = MEMBERS.map(() => new Set<number>());
  const answered = MEMBERS.map(() => new Set<number>());
  const nonces: string[] = [];
  const responses: string[] = [];
  /** Answers of processes that are gone: nobody may ever get a second round for them. */
  let orphans: RoundOneAnswer[] = [];
  let finished = 0;
  let refused = 0;

  let next = new Waiting('evaluator');
  for (let run = 0; run < KILLS; run++) {
    const child = next;
    next = new Waiting('evaluator');
    const lines = await child.begin(argument);
    // Some are killed before they say that they are ready: in the middle of opening their database.
    if (below(8) === 0) {
      await new Promise((resolve) => setTimeout(resolve, below(100)));
      await child.kill();
      continue;
    }
    expect((await lines.next()).value).toBe('ready');
    const clients = identities.map(
      (identity) => new RemoteEvaluator(1, `localhost:${port}`, NETWORK, authority.certificate, identity),
    );
    const signal = new AbortController().signal;
    const second = (member: number, { handle }: RoundOneAnswer) =>
      clients[member]!.roundTwo(
        { shareEpoch: 1, quorum: [1, 2], challenges: [{ handle, challenge: scalarToBytes(randomScalar()) }] },
        signal,
      );
    const gone = (error: unknown) => {
      if (!(error instanceof CountersealError) || error.code !== 'unavailable') throw error;
    };
    const open: RoundOneAnswer[] = [];
    const answers = new Answers();
    const ask = async (member: number) => {
      // New ones and, as agents do that got no answer, ones that were asked before.
      const batch = Array.from({ length: 1 + below(6) }, () => below(POINTS));
      for (const i of batch) sent[member]!.add(i);
      try {
        const blinded = batch.map((i) => points[member]![i]!);
        const one = await clients[member]!.roundOne({ shareEpoch: 1, blinded }, signal);
        for (const i of batch) answered[member]!.add(i);
        for (const answer of one.answers) nonces.push(hex(answer.nonceBase));
        answers.add();
        const [first, ...others] = one.answers;
        open.push(...others);
        const two = await second(member, first!);
        responses.push(hex(two.answers[0]!.response));
        finished++;
        answers.add();
        // The nonce is gone, whatever became of the first answer.
        const twice = await second(member, first!).then(
          () => 'answered',
          (error: unknown) => error,
        );
        if ((twice as CountersealError).code !== 'unavailable')
          expect(twice).toMatchObject({ code: 'not_found' });
      } catch (error) {
        gone(error);
      }
    };
    const calls = Array.from({ length: CALLS_PER_RUN }, (_, i) => ask(i % MEMBERS.length));
    const [orphan] = orphans;
    if (orphan)
      calls.push(
        (async () => {
          try {
            await second(0, orphan);
            throw new Error('a nonce outlived its process');
          } catch (error) {
            if ((error as CountersealError).code === 'not_found') refused++;
            else gone(error);
          }
        })(),
      );
    await answers.reach(below(2 * CALLS_PER_RUN), Promise.all(calls));
    await new Promise((resolve) => setTimeout(resolve, below(LATEST_KILL_MS)));
    await child.kill();
    await Promise.all(calls);
    orphans = open;
    for (const client of clients) client.close();
  }
  await next.kill();

  expect(finished).toBeGreaterThan(KILLS / 2);
  expect(refused).toBeGreaterThan(0);
  expect(new Set(nonces).size).toBe(nonces.length);
  expect(new Set(responses).size).toBe(responses.length);
  const store = await LevelQuotaStore.open(folder);
  const day = utcDay(START);
  for (const [m, member] of MEMBERS.entries()) {
    const used = await store.used(member, day);
    expect(answered[m]!.size).toBeGreaterThan(KILLS);
    expect(used).toBeGreaterThanOrEqual(answered[m]!.size);
    expect(used).toBeLessThanOrEqual(sent[m]!.size);
    // What was answered is on record: to ask for it again costs nothing, and takes nothing of a quota that is used up.
    const requests = [...answered[m]!].map((i) => chargedAs(points[m]![i]!));
    expect(await store.charge({ member, day, requests, limit: used })).toEqual({ charged: 0, used });
  }
  await store.close();
}, 900_000);
