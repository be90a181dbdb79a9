import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, OwnEntry } from '../../src/agent/index.js';
import { standingOf } from '../../src/agent/outbox.js';
import { CountersealError } from '../../src/errors.js';
import type { FieldElement } from '../../src/crypto/index.js';
import { dayOf, decodeTransaction, type RegisterTransaction, unixMs } from '../../src/ledger/index.js';
import { DAY_MS, HOUR_MS } from '../../src/time.js';
import { fieldOf } from '../ledger/helpers.js';
import { exampleDocument } from '../system/network.js';
import { AgentNetwork, witnessProver } from './network-fixture.js';

const HASH = '00'.repeat(32);
const INVOICE = exampleDocument('invoice-a.ubl.xml');
const OTHER = exampleDocument('invoice-b.ubl.xml');
const prover = witnessProver();
const proving = { prover };
const PRIVACY = { submitWithinMinutes: 120, padEvaluationsTo: 3, coverPerDay: 0 };

const claimsOf = ({ transaction }: OwnEntry) =>
  (decodeTransaction(Buffer.from(transaction, 'base64')) as RegisterTransaction).claims;
const at = (ms: number): void => void vi.setSystemTime(ms);
// Certificates are judged by the real clock: the tests' day is yesterday.
const day = Math.floor(Date.now() / DAY_MS - 1) * DAY_MS;

let network: AgentNetwork;
let agent: Agent;
let START = 0;
let logged = 0;
let newcomerId: bigint;
let test = 0;
const MEMBERS = Array.from({ length: 14 }, (_, i) => `bank-${i}`);
const member = () => MEMBERS[test]!;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: day });
  network = await AgentNetwork.start('outbox', [...MEMBERS, 'rival']);
  newcomerId = await network.create('newcomer');
});
afterAll(async () => {
  await network.stop();
  vi.useRealTimers();
});
// Each test has a member and a week of its own.
beforeEach(async () => {
  test++;
  START = day + test * 7 * DAY_MS + 10.5 * HOUR_MS;
  at(START);
  agent = await network.agent(member(), PRIVACY);
  logged = network.engine.reader.meta().logSize;
});

/** Records since the test began. */
const logSize = () => network.engine.reader.meta().logSize - logged;
const held = async (): Promise<OwnEntry> => (await agent.outbox.waiting())[0]!.entry;
const states = async () => (await agent.entries()).map(({ state }) => state);

describe('an entry that is held back', () => {
  it('goes at its time, whichever command runs then, and not before', async () => {
    const { notBefore, state } = await agent.defer(INVOICE, HASH, 'finance', prover);
    expect(state).toBe('pending');
    const time = Date.parse(notBefore);
    expect(time).toBeGreaterThanOrEqual(START);
    expect(time).toBeLessThanOrEqual(START + 2 * HOUR_MS);
    at(time - 1);
    expect(await agent.resume()).toEqual([]);
    expect(await states()).toEqual(['pending']);
    expect(logSize()).toBe(0);
    // The same document again is the same entry.
    expect(await agent.defer(INVOICE, HASH, 'finance', prover)).toMatchObject({ notBefore });
    // Another process, as after a crash.
    const later = await network.agent(member(), PRIVACY);
    at(time);
    const before = network.node.opened;
    expect(await later.resume()).toMatchObject([{ verdict: 'unique' }]);
    // Not over the connection that reads the log, which shows where this agent's copy ends.
    expect(network.node.opened).toBe(before + 2);
    expect(await agent.resume()).toEqual([]);
    expect(await states()).toEqual(['registered']);
    expect(logSize()).toBe(1);
  });

  it('is of the day on which it goes: nothing in it says that it was held back', async () => {
    at(START - (START % DAY_MS) + 18 * HOUR_MS);
    const days = new Set<number>();
    const far = await network.agent(member(), { ...PRIVACY, submitWithinMinutes: 720 });
    // Half of them fall on the next day: twenty on one side happen once in a million runs.
    for (let i = 0; i < 20 && days.size < 2; i++) {
      const { entry } = await far.outbox.prepare(
        { document: INVOICE, fileHash: HASH, purpose: 'finance' },
        proving,
        { within: far.outbox.window },
      );
      expect(claimsOf(entry).period).toBe(dayOf(unixMs(entry.notBefore!)));
      days.add(claimsOf(entry).period);
    }
    expect(days.size).toBe(2);
    // What is of tomorrow cannot go today: forced, it is proved again, and the other one never goes.
    const waiting = await far.outbox.waiting();
    const early = waiting.filter(({ standing }) => standing === 'early').length;
    expect(early).toBeGreaterThan(0);
    const settled = await far.outbox.push(undefined, { force: true, proving });
    expect(settled.length).toBe(waiting.length);
    for (const entry of settled) {
      expect(entry.sequence).toBeDefined();
      expect(claimsOf(entry).period).toBe(dayOf(unixMs(Date.now())));
    }
    expect((await states()).filter((state) => state === 'refused')).toHaveLength(early);
    expect(logSize()).toBe(waiting.length);
  });

  it('expires with its day, stays on the list, and is proved again once', async () => {
    await agent.defer(INVOICE, HASH, 'finance', prover);
    const first = await held();
    at(START + 3 * DAY_MS);
    expect(await agent.resume()).toEqual([]);
    expect(await states()).toEqual(['expired']);
    // Two commands at once: one of them proves it again, the other is told.
    const other = await network.agent(member(), PRIVACY);
    const outcomes = await Promise.allSettled(
      [agent, other].map((one) => one.outbox.push(undefined, { force: true, proving })),
    );
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'already_exists' });
    expect((await states()).sort()).toEqual(['refused', 'registered']);
    const entries = (await agent.entries()).map(({ entry }) => entry);
    expect(entries.find(({ nullifier }) => nullifier === first.nullifier)!.refused).toMatch(/proved again/);
    expect(logSize()).toBe(1);
  });

  it('expires when a member is removed, and a new one waits in its place', async () => {
    await agent.defer(INVOICE, HASH, 'finance', prover);
    const first = await held();
    await network.changeMembers({ change: 'remove', memberId: fieldOf('carrier'), role: 4 });
    expect(await states()).toEqual(['expired']);
    // Registering the document itself counts as proving it again.
    await agent.register(INVOICE, HASH, 'finance', prover);
    expect((await states()).sort()).toEqual(['refused', 'registered']);
    // Whoever kept the first one, and sends it now, is refused: the document is registered once.
    const late = await network.engine.submit(
      Buffer.from(first.transaction, 'base64'),
      Buffer.from(first.payload, 'base64'),
    );
    expect(late).toMatchObject({ included: false, rejection: { name: 'unknown_members_root' } });
  });

  it('is registered at once when its document is', async () => {
    await agent.defer(INVOICE, HASH, 'finance', prover);
    const { nullifier } = await held();
    const first = await agent.register(INVOICE, HASH, 'finance', prover);
    const [{ entry } = { entry: undefined }] = await agent.entries();
    expect(entry!.nullifier).toBe(nullifier);
    expect(logSize()).toBe(1);
    // Whoever asks again gets the entry that is there, and is told so.
    expect(first.existed).toBeUndefined();
    const { sequence, verdict } = first;
    expect(await agent.register(INVOICE, HASH, 'finance', prover)).toMatchObject({
      ...{ sequence, verdict, existed: true },
    });
    expect(logSize()).toBe(1);
  });

  it('stands as its day, its members and its time say, and goes in no order that says anything', async () => {
    await agent.defer(INVOICE, HASH, 'finance', prover);
    const one = { ...(await held()), notBefore: START };
    const { store, copy } = agent.outbox['parts'];
    const standing = (time: number, notBefore = START) =>
      store.use((session) => standingOf({ ...one, notBefore }, copy.replica(session), unixMs(time)));
    const today = START - (START % DAY_MS);
    expect(await standing(START)).toBe('due');
    expect(await standing(START, START + 1)).toBe('later');
    expect(await standing(today + 2 * DAY_MS - 1)).toBe('due');
    expect(await standing(today + 2 * DAY_MS)).toBe('expired');
    expect(await standing(today - 11 * 60_000)).toBe('early');
    expect(await standing(today - 10 * 60_000, 0)).toBe('due');

    await store.use((session) => {
      for (let i = 1; i < 8; i++) session.putSealed(`own/entry/${i}`, { ...one, nullifier: String(i) });
    });
    const orders = new Set<string>();
    for (let i = 0; i < 10; i++)
      orders.add((await agent.outbox.waiting()).map(({ entry }) => entry.nullifier).join());
    // Of 40,320: hardly ever are two of ten equal, and never five.
    expect(orders.size).toBeGreaterThan(5);
  });

  it('is sent by a process that runs on, at its time, and leaves the others', async () => {
    await agent.defer(INVOICE, HASH, 'finance', prover);
    await agent.defer(OTHER, HASH, 'finance', prover);
    const [first] = (await agent.outbox.waiting())
      .map(({ entry }) => entry)
      .sort((a, b) => a.notBefore! - b.notBefore!);
    at(first!.notBefore!);
    const stop = new AbortController();
    const said: string[] = [];
    const running = agent.outbox.run(
      stop.signal,
      () => prover,
      ({ nullifier }, what) => void said.push(`${nullifier} ${what}`),
    );
    await vi.waitFor(() => expect(said).toEqual([`${first!.nullifier} submitted`]), 10_000);
    stop.abort();
    await running;
    expect((await states()).sort()).toEqual(['pending', 'registered']);
  });
});

describe('the root that a proof is made against', () => {
  const admit = (memberId: bigint) => ({
    change: 'admit' as const,
    memberId: memberId as FieldElement,
    role: 0,
  });

  it('is that of the last full hour, however new the copy is', async () => {
    await agent.entries();
    const members = await agent.outbox['parts'].store.use(
      (session) => agent.outbox['parts'].copy.replica(session).members.root,
    );
    await network.changeMembers(admit(fieldOf('somebody')));
    await agent.entries();
    await agent.defer(INVOICE, HASH, 'finance', prover);
    const entry = await held();
    expect(claimsOf(entry).membersRoot).toBe(members);
    const other = await network.agent('rival', { ...PRIVACY, submitWithinMinutes: 0 });
    // One that has not heard of the change proves against the same.
    const stale = await other.outbox.prepare(
      { document: INVOICE, fileHash: HASH, purpose: 'finance' },
      proving,
    );
    expect(claimsOf(stale.entry).membersRoot).toBe(members);
    await other.register(INVOICE, HASH, 'finance', prover);
    at(entry.notBefore!);
    expect(await agent.resume()).toMatchObject([{ verdict: 'duplicate' }]);
  });

  it('is the current one for who was just admitted, who then waits for the next full hour', async () => {
    const newcomer = await network.agent('newcomer', { ...PRIVACY, submitWithinMinutes: 1 });
    await network.changeMembers(admit(newcomerId));
    const { notBefore } = await newcomer.defer(INVOICE, HASH, 'finance', prover);
    const hour = START - (START % HOUR_MS) + HOUR_MS;
    expect(Date.parse(notBefore)).toBeGreaterThanOrEqual(hour);
    at(Date.parse(notBefore));
    // By then everybody proves against it.
    await agent.defer(OTHER, HASH, 'finance', prover);
    const [{ entry } = { entry: undefined }] = await newcomer.outbox.waiting();
    expect(claimsOf(entry!).membersRoot).toBe(claimsOf(await held()).membersRoot);
    expect(await newcomer.resume()).toMatchObject([{ verdict: 'duplicate' }]);
  });
});

describe('what an evaluator sees', () => {
  it('is alike for a check, a registration and cover: the size of a request, and how long it is connected', async () => {
    const connected: number[] = [];
    const watching = witnessProver(async () => {
      // While the member proves, nobody is connected any more.
      for (let i = 0; i < 40 && network.evaluators.open > 0; i++) await sleep(25);
      connected.push(network.evaluators.open);
    });
    const { length } = network.requests;
    const { opened } = network.evaluators;
    await agent.check(INVOICE, 'finance');
    await agent.register(INVOICE, HASH, 'finance', watching);
    await agent.defer(OTHER, HASH, 'finance', watching);
    await agent['parts'].evaluations.cover();
    await agent['parts'].evaluations.cover();
    expect(network.requests.slice(length)).toEqual([3, 3, 3, 3, 3]);
    expect(connected).toEqual([0, 0]);
    expect(network.evaluators.opened).toBe(opened + 5);
  });

  it('is one connection for all checks of a process that keeps it, until it is closed', async () => {
    const keeping = await network.agent(member(), PRIVACY, { keepConnections: true });
    const { opened } = network.evaluators;
    await keeping.check(INVOICE, 'finance');
    await keeping.check(OTHER, 'finance');
    expect(network.evaluators.opened).toBe(opened + 1);
    expect(network.evaluators.open).toBe(1);
    keeping.close();
    await vi.waitFor(() => expect(network.evaluators.open).toBe(0), 10_000);
  });
});

describe('a fingerprint that is held back', () => {
  it('is evaluated when it is ordered, and shown at its time without asking any evaluator', async () => {
    const { sequence } = await agent.register(INVOICE, HASH, 'finance', prover);
    const showing = { prover, onProgress: () => undefined };
    // Nobody is asked for what was evaluated with the entry.
    const asked = network.requests.length;
    await agent.showFingerprint(sequence, { name: 'possession' }, showing);
    expect(network.requests.length).toBe(asked);
    const held = await agent.showings.hold(sequence, { name: 'loose' }, agent.outbox.window);
    expect(network.requests.slice(asked)).toEqual([3]);
    expect(held.notBefore).toBeGreaterThanOrEqual(START);
    expect(held.notBefore).toBeLessThanOrEqual(START + 2 * HOUR_MS);
    const shown = logSize();
    at(held.notBefore - 1);
    // Ordered again it is the same order, and asks nobody.
    expect(await agent.showings.hold(sequence, { name: 'loose' }, 1)).toEqual(held);
    expect(await agent.showings.push(showing)).toEqual([]);
    expect(logSize()).toBe(shown);
    // Another process, as after a crash; not over the connection that reads the log.
    const later = await network.agent(member(), PRIVACY);
    at(held.notBefore);
    const before = network.node.opened;
    expect(await later.showings.push(showing)).toMatchObject([
      { sequence, name: 'loose', labels: ['unmatched'] },
    ]);
    expect(network.node.opened).toBe(before + 2);
    expect(network.requests.length).toBe(asked + 1);
    expect(logSize()).toBe(shown + 1);
    expect(await agent.showings.waiting()).toEqual([]);
  });

  it('is given up where the ledger refuses it, and waits where no node answers', async () => {
    const { sequence } = await agent.register(INVOICE, HASH, 'finance', prover);
    const showing = { prover, onProgress: () => undefined };
    await expect(agent.showings.hold(99, { name: 'loose' }, 0)).rejects.toMatchObject({ code: 'not_found' });
    await expect(agent.showings.hold(sequence, { name: 'unheard' }, 0)).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    await agent.showings.hold(sequence, { name: 'loose' }, 0);
    const { sync } = agent['parts'].copy;
    agent['parts'].copy.sync = () => Promise.reject(new CountersealError('unavailable', 'no node'));
    await expect(agent.showings.push(showing)).rejects.toMatchObject({ code: 'unavailable' });
    agent['parts'].copy.sync = sync;
    expect(await agent.showings.waiting()).toHaveLength(1);
    await agent.cancel(sequence);
    expect(await agent.showings.push(showing)).toMatchObject([
      { sequence, refused: expect.any(String) as string },
    ]);
    expect(await agent.showings.waiting()).toEqual([]);
  });
});
