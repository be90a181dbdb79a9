import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  clearCofactor,
  ed25519Verify,
  fieldElement,
  GENERATOR_FULL,
  initPoseidon,
  lagrangeAtZero,
  multiply,
  pointFromBytes,
  pointToBytes,
  reduceScalar,
  scalarFromBytes,
  scalarToBytes,
  SUBGROUP_ORDER,
  type Point,
  type Scalar,
} from '../../src/crypto/index.js';
import { blindRequest } from '../../src/oprf/blinding.js';
import { answerMessage } from '../../src/oprf/evidence.js';
import { Evaluator, MAX_BATCH, NONCE_LIFETIME_MS, type EvaluatorOptions } from '../../src/oprf/index.js';
import { code } from '../helpers/vectors.js';
import {
  dealtKey,
  evaluatorOf,
  MEMBER,
  NETWORK,
  quotaStore,
  signingSeed,
  SMALL_ORDER_POINTS,
} from './helpers.js';

const keys = dealtKey(2, 3);
const [key] = keys;
const DAY = 86_400_000;

beforeAll(() => initPoseidon());

const one = (...blinded: Uint8Array[]) => ({ shareEpoch: 1, blinded });
const fresh = () => blindRequest(fieldElement(7n)).sent;
const two = (...handles: Uint8Array[]) => ({
  shareEpoch: 1,
  quorum: [1, 3],
  challenges: handles.map((handle) => ({ handle, challenge: scalarToBytes(5n as Scalar) })),
});

/** Starts at noon, so that no test crosses midnight by chance. */
function testClock() {
  const clock = {
    time: Date.UTC(2025, 0, 15, 12),
    ticks: 0,
    wall: () => clock.time,
    monotonic: () => clock.ticks,
  };
  return clock;
}

async function setUp(options: Partial<EvaluatorOptions> = {}) {
  const quotas = await quotaStore();
  const clock = testClock();
  const evaluator = await evaluatorOf(key!, { quotas, clock, ...options });
  const used = () => quotas.used(MEMBER, new Date(clock.time).toISOString().slice(0, 10) as never);
  return { evaluator, quotas, clock, used };
}

/** A request that got past round one. */
async function pending(evaluator: Evaluator, member = MEMBER) {
  const sent = fresh();
  const { answers } = await evaluator.roundOne(member, one(sent));
  return { sent, ...answers[0]! };
}

describe('round one', () => {
  it('answers k_i·B, d_i·G and d_i·B', async () => {
    const { evaluator } = await setUp();
    const sent = fresh();
    const { answers } = await evaluator.roundOne(MEMBER, one(sent, fresh()));
    expect(answers.length).toBe(2);
    expect(evaluator.pendingNonces).toBe(2);
    const B = clearCofactor(pointFromBytes(sent));
    expect(pointFromBytes(answers[0]!.evaluated).equals(multiply(B, key!.share))).toBe(true);
    expect(answers[0]!.nonceBase).not.toEqual(answers[1]!.nonceBase);
  });

  it('draws another nonce each time, for the same request too', async () => {
    const { evaluator } = await setUp();
    const sent = fresh();
    const { answers } = await evaluator.roundOne(MEMBER, one(sent, sent, sent));
    const again = await evaluator.roundOne(MEMBER, one(sent));
    const all = [...answers, ...again.answers];
    expect(new Set(all.map(({ nonceBase }) => Buffer.from(nonceBase).toString('hex'))).size).toBe(4);
    expect(new Set(all.map(({ handle }) => Buffer.from(handle).toString('hex'))).size).toBe(4);
    expect(new Set(all.map(({ evaluated }) => Buffer.from(evaluated).toString('hex'))).size).toBe(1);
  });

  const good = fresh();
  const bad: [string, Uint8Array][] = [
    ['off the curve', good.with(63, good[63]! ^ 1)],
    // Twisted Edwards addition takes (0, y) to (0, y^k): the share's logarithm, in the field's multiplicative group
    // (Neves and Tibouchi, "Degenerate curve attacks", PKC 2016).
    ['of a degenerate curve', new Uint8Array(64).with(63, 2)],
    ['the identity', pointToBytes(BASE.subtract(BASE))],
    ['with a coordinate of p or more', new Uint8Array(64).fill(255)],
    ['short', good.subarray(1)],
    ['empty', new Uint8Array()],
    ['zero', new Uint8Array(64)],
    ...SMALL_ORDER_POINTS.map((T, i): [string, Uint8Array] => [`of small order (${i + 1})`, pointToBytes(T)]),
  ];
  it.each(bad)('refuses a point %s: nothing is charged, nothing answered', async (_, bytes) => {
    const { evaluator, used } = await setUp();
    await expect(evaluator.roundOne(MEMBER, one(good, bytes))).rejects.toMatchObject({
      ...code('invalid_point'),
      field: 'blinded[1]',
    });
    expect(await used()).toBe(0);
    expect(evaluator.pendingNonces).toBe(0);
  });

  it('refuses batches that are empty or too large, and other epochs', async () => {
    const { evaluator } = await setUp();
    for (const blinded of [[], Array<Uint8Array>(MAX_BATCH + 1).fill(good)])
      await expect(evaluator.roundOne(MEMBER, one(...blinded))).rejects.toMatchObject(
        code('invalid_argument'),
      );
    await expect(evaluator.roundOne(MEMBER, { shareEpoch: 2, blinded: [good] })).rejects.toMatchObject(
      code('failed_precondition'),
    );
  });

  it('gives an answer that does not depend on what of small order is added to a request', async () => {
    const { evaluator } = await setUp();
    const B = pointFromBytes(fresh());
    const points = [B, ...SMALL_ORDER_POINTS.map((T) => B.add(T))].map(pointToBytes);
    const { answers } = await evaluator.roundOne(MEMBER, one(...points));
    expect(new Set(answers.map(({ evaluated }) => Buffer.from(evaluated).toString('hex'))).size).toBe(1);
  });

  it('gives answers without a part of small order, whatever the request has', async () => {
    const { evaluator } = await setUp();
    // G0 generates the full group: k_i·G0 would show k_i modulo 8.
    const { answers } = await evaluator.roundOne(MEMBER, one(pointToBytes(GENERATOR_FULL)));
    for (const bytes of [answers[0]!.evaluated, answers[0]!.nonceBlinded, answers[0]!.nonceBase])
      expect(pointFromBytes(bytes).isTorsionFree()).toBe(true);
  });

  it('lets other work have a turn during a batch', async () => {
    const { evaluator } = await setUp();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await evaluator.roundOne(MEMBER, one(...Array.from({ length: MAX_BATCH }, fresh)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it('stops when its caller has gone, and keeps no nonce', async () => {
    const { evaluator } = await setUp();
    const abort = new AbortController();
    const result = evaluator.roundOne(MEMBER, one(...Array.from({ length: MAX_BATCH }, fresh)), abort.signal);
    abort.abort();
    await expect(result).rejects.toBe(abort.signal.reason);
    expect(evaluator.pendingNonces).toBe(0);
  });
});

describe('quotas', () => {
  it('are charged once a day for the same B of the same member, in one batch or several', async () => {
    const { evaluator, used, clock, quotas } = await setUp();
    const sent = fresh();
    const sameB = pointToBytes(pointFromBytes(sent).add(SMALL_ORDER_POINTS[2]!));
    await evaluator.roundOne(MEMBER, one(sent, sent, sameB));
    await evaluator.roundOne(MEMBER, one(sent));
    expect(await used()).toBe(1);
    await evaluator.roundOne('other.example', one(sent));
    expect(await quotas.used('other.example', '2025-01-15' as never)).toBe(1);
    clock.time += DAY;
    await evaluator.roundOne(MEMBER, one(sent));
    expect(await used()).toBe(1);
  });

  it('refuse a batch as a whole, and start anew with the UTC day', async () => {
    const { evaluator, used, clock } = await setUp({ dailyQuota: () => 2 });
    await expect(evaluator.roundOne(MEMBER, one(fresh(), fresh(), fresh()))).rejects.toMatchObject(
      code('quota_exceeded'),
    );
    expect(await used()).toBe(0);
    const [a, b] = [fresh(), fresh()];
    await evaluator.roundOne(MEMBER, one(a, b));
    await expect(evaluator.roundOne(MEMBER, one(fresh()))).rejects.toMatchObject(code('quota_exceeded'));
    // What is paid for stays paid for.
    await evaluator.roundOne(MEMBER, one(a));
    clock.time += DAY;
    await evaluator.roundOne(MEMBER, one(fresh()));
    expect(await used()).toBe(1);
  });

  it("are nobody's who is no member", async () => {
    const { evaluator } = await setUp({ dailyQuota: (m) => (m === MEMBER ? 5 : undefined) });
    await expect(evaluator.roundOne('stranger', one(fresh()))).rejects.toMatchObject(
      code('permission_denied'),
    );
  });
});

describe('round two', () => {
  it('answers s_i = d_i - e·lambda_i·k_i under its signature', async () => {
    const { evaluator } = await setUp();
    const { sent, handle, evaluated, nonceBase, nonceBlinded } = await pending(evaluator);
    const request = two(handle);
    const { answers } = await evaluator.roundTwo(MEMBER, request);
    const s = scalarFromBytes(answers[0]!.response);
    const e = reduceScalar(5n * lagrangeAtZero([1, 3], 1));
    const holds = (base: Point, image: Point, nonce: Uint8Array) =>
      multiply(base, s).add(multiply(image, e)).equals(pointFromBytes(nonce));
    expect(holds(BASE, key!.publicShares[0]!, nonceBase)).toBe(true);
    expect(holds(clearCofactor(pointFromBytes(sent)), pointFromBytes(evaluated), nonceBlinded)).toBe(true);
    const message = answerMessage({
      networkId: NETWORK,
      shareEpoch: 1,
      evaluatorId: 1,
      blinded: sent,
      evaluated,
      nonceBase,
      nonceBlinded,
      quorum: request.quorum,
      challenge: request.challenges[0]!.challenge,
      response: answers[0]!.response,
    });
    expect(ed25519Verify(evaluator.signingKey, message, answers[0]!.signature)).toBe(true);
    expect(evaluator.pendingNonces).toBe(0);
  });

  it('uses a nonce once: replayed, in one batch, or by calls at the same time', async () => {
    const { evaluator } = await setUp();
    const { handle } = await pending(evaluator);
    await evaluator.roundTwo(MEMBER, two(handle));
    await expect(evaluator.roundTwo(MEMBER, two(handle))).rejects.toMatchObject(code('not_found'));

    const { handle: twice } = await pending(evaluator);
    await expect(evaluator.roundTwo(MEMBER, two(twice, twice))).rejects.toMatchObject(code('not_found'));
    await expect(evaluator.roundTwo(MEMBER, two(twice))).rejects.toMatchObject(code('not_found'));

    const { handle: raced } = await pending(evaluator);
    const results = await Promise.allSettled([
      evaluator.roundTwo(MEMBER, two(raced)),
      evaluator.roundTwo(MEMBER, { ...two(raced), quorum: [1, 2] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it.each(['time', 'ticks'] as const)(
    'does not take a nonce that is too old by its %s alone',
    async (hand) => {
      const { evaluator, clock } = await setUp();
      const { handle } = await pending(evaluator);
      const { handle: late } = await pending(evaluator);
      clock[hand] += NONCE_LIFETIME_MS;
      await evaluator.roundTwo(MEMBER, two(handle));
      clock[hand] += 1;
      await expect(evaluator.roundTwo(MEMBER, two(late))).rejects.toMatchObject(code('not_found'));
    },
  );

  it('does not take a nonce from before the wall clock went back', async () => {
    const { evaluator, clock } = await setUp();
    const { handle } = await pending(evaluator);
    clock.time -= 1;
    await expect(evaluator.roundTwo(MEMBER, two(handle))).rejects.toMatchObject(code('not_found'));
  });

  it('gives a nonce to the member that asked for it, and lets nobody else spoil it', async () => {
    const { evaluator } = await setUp();
    const { handle } = await pending(evaluator);
    await expect(evaluator.roundTwo('other.example', two(handle))).rejects.toMatchObject(code('not_found'));
    expect((await evaluator.roundTwo(MEMBER, two(handle))).answers.length).toBe(1);
  });

  const order = SUBGROUP_ORDER.toString(16).padStart(64, '0');
  it.each([
    ['of l', Uint8Array.from(Buffer.from(order, 'hex'))],
    ['above l', new Uint8Array(32).fill(255)],
    ['that is short', new Uint8Array(31)],
  ])('refuses a challenge %s, before it touches the nonce', async (_, challenge) => {
    const { evaluator } = await setUp();
    const { handle } = await pending(evaluator);
    await expect(
      evaluator.roundTwo(MEMBER, { ...two(), challenges: [{ handle, challenge }] }),
    ).rejects.toMatchObject(code('invalid_argument'));
    expect(evaluator.pendingNonces).toBe(1);
  });

  it.each([
    ['without it', [2, 3]],
    ['with an id twice', [1, 1]],
    ['that is not ascending', [3, 1]],
    ['that is too small', [1]],
    ['that is too large', [1, 2, 3]],
    ['with id 0', [0, 1]],
    ['with an id above n', [1, 4]],
    ['with a fraction', [1, 1.5]],
    ['with a NaN', [1, NaN]],
  ])('refuses a quorum %s', async (_, quorum) => {
    const { evaluator } = await setUp();
    const { handle } = await pending(evaluator);
    await expect(evaluator.roundTwo(MEMBER, { ...two(handle), quorum })).rejects.toMatchObject(
      code('invalid_argument'),
    );
  });

  it('refuses handles that are malformed or made up, batches of a wrong size, other epochs', async () => {
    const { evaluator } = await setUp();
    const { handle } = await pending(evaluator);
    for (const [request, why] of [
      [two(handle.subarray(1)), 'invalid_argument'],
      [two(new Uint8Array(16)), 'not_found'],
      [two(), 'invalid_argument'],
      [two(...Array<Uint8Array>(MAX_BATCH + 1).fill(handle)), 'invalid_argument'],
      [{ ...two(handle), shareEpoch: 2 }, 'failed_precondition'],
    ] as const)
      await expect(evaluator.roundTwo(MEMBER, request)).rejects.toMatchObject(code(why));
  });
});

describe('pending nonces', () => {
  it('are bounded for a member and in all, give way when they expire, and cost no quota when refused', async () => {
    const { evaluator, clock, used } = await setUp({ nonceLimits: { perMember: 2, total: 3 } });
    await evaluator.roundOne(MEMBER, one(fresh(), fresh()));
    await expect(evaluator.roundOne(MEMBER, one(fresh()))).rejects.toMatchObject(code('unavailable'));
    expect(await used()).toBe(2);
    const { handle } = await pending(evaluator, 'b');
    await expect(evaluator.roundOne('c', one(fresh()))).rejects.toMatchObject(code('unavailable'));
    await evaluator.roundTwo('b', two(handle));
    await evaluator.roundOne('c', one(fresh()));
    clock.ticks += NONCE_LIFETIME_MS + 1;
    await evaluator.roundOne(MEMBER, one(fresh(), fresh()));
    expect(evaluator.pendingNonces).toBe(2);
  });

  it('count against the bound while a call is under way, and not when it failed', async () => {
    const { evaluator } = await setUp({ nonceLimits: { perMember: 2, total: 9 } });
    const results = await Promise.allSettled([
      evaluator.roundOne(MEMBER, one(fresh(), fresh())),
      evaluator.roundOne(MEMBER, one(fresh())),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const other = (await setUp({ nonceLimits: { perMember: 2, total: 2 } })).evaluator;
    for (let i = 0; i < 3; i++)
      await expect(other.roundOne(MEMBER, one(fresh(), new Uint8Array(64)))).rejects.toMatchObject(
        code('invalid_point'),
      );
    await other.roundOne(MEMBER, one(fresh(), fresh()));
  });

  it('are all gone after a drop, those of calls under way too', async () => {
    const { evaluator } = await setUp({ nonceLimits: { perMember: 4, total: 4 } });
    const { handle } = await pending(evaluator);
    const underWay = evaluator.roundOne(MEMBER, one(fresh(), fresh()));
    evaluator.dropNonces();
    await expect(underWay).rejects.toMatchObject(code('unavailable'));
    await expect(evaluator.roundTwo(MEMBER, two(handle))).rejects.toMatchObject(code('not_found'));
    await evaluator.roundOne(MEMBER, one(fresh(), fresh(), fresh(), fresh()));
  });

  it('are all gone when the machine is another than before', async () => {
    let generation = 'first';
    const { evaluator } = await setUp({ vmGeneration: () => generation });
    const { handle } = await pending(evaluator);
    generation = 'second';
    await expect(evaluator.roundTwo(MEMBER, two(handle))).rejects.toMatchObject(code('not_found'));
    const next = await pending(evaluator);
    expect((await evaluator.roundTwo(MEMBER, two(next.handle))).answers.length).toBe(1);
  });
});

describe('a key share', () => {
  it('must fit its public share, and those the group key', async () => {
    const options = { signingSeed: signingSeed(1), quotas: await quotaStore(), dailyQuota: () => 1 };
    for (const [changed, why] of [
      [{ share: reduceScalar(key!.share + 1n) }, 'invalid_argument'],
      [{ share: 0n as Scalar }, 'invalid_argument'],
      [{ id: 2 }, 'invalid_argument'],
      [{ id: 4 }, 'invalid_argument'],
      [{ groupKey: BASE }, 'invalid_argument'],
      [{ threshold: 1 }, 'invalid_argument'],
      [{ groupKey: key!.groupKey.add(SMALL_ORDER_POINTS[0]!) }, 'invalid_point'],
    ] as const)
      expect(() => new Evaluator({ ...options, key: { ...key!, ...changed } })).toThrow(
        expect.objectContaining(code(why)),
      );
  });
});
