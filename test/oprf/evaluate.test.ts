import { describe, expect, it } from 'vitest';
import {
  BASE,
  encodeToCurve,
  fieldElement,
  IDENTITY,
  inSubgroup,
  multiply,
  pointFromBytes,
  pointToBytes,
  scalarFromBytes,
  scalarToBytes,
  SUBGROUP_ORDER,
  type Scalar,
} from '../../src/crypto/index.js';
import { documentKeyOf } from '../../src/oprf/tag.js';
import {
  Committee,
  evaluate,
  MAX_BATCH,
  utcDay,
  verifyEvidence,
  type EvaluatorClient,
} from '../../src/oprf/index.js';
import { code } from '../helpers/vectors.js';
import {
  committeeOf,
  deadClient,
  dealtKey,
  evaluatorOf,
  LocalClient,
  MEMBER,
  network,
  quotaStore,
  silentClient,
  SMALL_ORDER_POINTS,
  type Lie,
} from './helpers.js';

const u = (n: number) => fieldElement(BigInt(n));
/** In the clients' order, and patient: other work on the machine must not look like a slow evaluator. */
const given = { order: 'given', deadlineMs: 60_000, hedgeMs: 60_000 } as const;
const today = () => utcDay(Date.now());

describe('evaluate', () => {
  it.each([
    [2, 3],
    [3, 5],
  ])('gives k·P and a proof with %i of %i', async (t, n) => {
    const { secret, committee, clients } = await network(t, n);
    const { evaluations, warnings } = await evaluate([u(1), u(2)], committee, clients);
    expect(warnings).toEqual([]);
    expect(evaluations.map(({ identity }) => identity)).toEqual([1n, 2n]);
    for (const e of evaluations) {
      const { point } = encodeToCurve(e.identity);
      expect(e.point.equals(point)).toBe(true);
      expect(e.evaluated.equals(multiply(point, secret))).toBe(true);
      expect(e.documentKey).toBe(documentKeyOf(e.identity, e.evaluated));
      expect(e.challenge).toBeLessThan(2n ** 128n);
    }
  });

  it('asks for an identity once, and in batches', async () => {
    const { committee, clients } = await network(2, 3);
    const many = Array.from({ length: MAX_BATCH + 1 }, (_, i) => u(i + 1));
    const { evaluations } = await evaluate([...many, u(1)], committee, clients, given);
    expect(evaluations.length).toBe(MAX_BATCH + 2);
    expect(evaluations.at(-1)).toBe(evaluations[0]);
    expect(clients[0]!.ones.map(({ blinded }) => blinded.length)).toEqual([MAX_BATCH, 1]);
    expect(clients[2]!.ones).toEqual([]);
  });

  it('pads every request to one size, so that what was asked does not show in it', async () => {
    const { committee, clients } = await network(2, 3);
    for (const asked of [[], [u(1)], [u(1), u(2)], [u(1), u(2), u(3)], [u(1), u(1)]]) {
      const dummies = asked.length === 0 ? 1 : 0;
      const { evaluations } = await evaluate(asked, committee, clients, { ...given, dummies, padTo: 3 });
      expect(evaluations.length).toBe(asked.length);
    }
    expect(clients[0]!.ones.map(({ blinded }) => blinded.length)).toEqual([3, 3, 3, 3, 3]);
    expect(clients[0]!.twos.map(({ challenges }) => challenges.length)).toEqual([3, 3, 3, 3, 3]);
    await evaluate([u(1), u(2), u(3), u(4)], committee, clients, { ...given, padTo: 3 });
    expect(clients[0]!.ones.at(-1)!.blinded.length).toBe(6);
    await expect(evaluate([u(1)], committee, clients, { padTo: 65 })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  it('sends dummies that take the same steps, and nothing that repeats', async () => {
    const { committee, clients } = await network(2, 3);
    const { evaluations } = await evaluate([u(1)], committee, clients, { ...given, dummies: 2 });
    await evaluate([u(1)], committee, clients, given);
    expect(evaluations.length).toBe(1);
    expect(clients[0]!.ones[0]!.blinded.length).toBe(3);
    expect(clients[0]!.twos[0]!.challenges.length).toBe(3);
    const sent = clients[0]!.ones.flatMap(({ blinded }) =>
      blinded.map((b) => Buffer.from(b).toString('hex')),
    );
    expect(new Set(sent).size).toBe(4);
    expect((await evaluate([], committee, clients, { dummies: 1 })).evaluations).toEqual([]);
  });

  it('refuses clients that are not of the committee, or twice the same', async () => {
    const { committee, clients } = await network(2, 3);
    const stranger = deadClient(4);
    await expect(evaluate([u(1)], committee, [...clients, stranger])).rejects.toMatchObject(
      code('invalid_argument'),
    );
    await expect(evaluate([u(1)], committee, [clients[0]!, clients[0]!])).rejects.toMatchObject(
      code('invalid_argument'),
    );
  });

  it('stops when its caller does', async () => {
    const { committee } = await network(2, 3);
    const abort = new AbortController();
    const result = evaluate([u(1)], committee, [silentClient(1), silentClient(2)], { signal: abort.signal });
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(result).rejects.toBe(reason);
  });
});

describe('an evaluator that does not answer', () => {
  it('is replaced when dead, with a warning', async () => {
    const { committee, clients } = await network(2, 3);
    const { evaluations, warnings } = await evaluate(
      [u(1)],
      committee,
      [deadClient(1), ...clients.slice(1)],
      given,
    );
    expect(evaluations.length).toBe(1);
    expect(warnings).toMatchObject([{ evaluatorId: 1, code: 'unavailable' }]);
  });

  it('is replaced when slow, before its deadline', async () => {
    const { committee, clients } = await network(2, 3);
    const options = { ...given, hedgeMs: 20 };
    const { evaluations } = await evaluate(
      [u(1)],
      committee,
      [silentClient(1), ...clients.slice(1)],
      options,
    );
    expect(evaluations.length).toBe(1);
  });

  it('is asked last from then on', async () => {
    const { committee, clients } = await network(2, 3);
    let asked = 0;
    const slow: EvaluatorClient = {
      ...silentClient(1),
      roundOne: () => (asked++, new Promise(() => undefined)),
    };
    const many = Array.from({ length: MAX_BATCH + 1 }, (_, i) => u(i + 1));
    // Long enough for the two others on a loaded machine: a spare that is asked for their slowness would be `slow`.
    await evaluate(many, committee, [slow, ...clients.slice(1)], { ...given, hedgeMs: 1_500 });
    expect(asked).toBe(1);
  });

  it('costs a restart with fresh a, b when it falls silent between the rounds, and no second charge', async () => {
    const keys = dealtKey(2, 3);
    const stores = await Promise.all(keys.map(() => quotaStore()));
    const evaluators = await Promise.all(keys.map((key, i) => evaluatorOf(key, { quotas: stores[i]! })));
    const [one, two, three] = evaluators.map((e) => new LocalClient(e));
    const falls: EvaluatorClient = {
      id: 1,
      roundOne: (request, signal) => one!.roundOne(request, signal),
      roundTwo: silentClient(1).roundTwo,
    };
    const options = { ...given, deadlineMs: 4_000 };
    const { evaluations, warnings } = await evaluate(
      [u(1)],
      committeeOf(keys),
      [falls, two!, three!],
      options,
    );
    expect(evaluations.length).toBe(1);
    expect(warnings).toMatchObject([{ evaluatorId: 1, code: 'unavailable' }]);
    expect(two!.ones.length).toBe(2);
    expect(two!.ones[0]!.blinded).toEqual(two!.ones[1]!.blinded);
    const [first, second] = two!.twos;
    expect(first!.quorum).toEqual([1, 2]);
    expect(second!.quorum).toEqual([2, 3]);
    expect(first!.challenges[0]!.challenge).not.toEqual(second!.challenges[0]!.challenge);
    expect(await stores[1]!.used(MEMBER, today())).toBe(1);
  });

  it.each(['quota_exceeded', 'permission_denied', 'unavailable'] as const)(
    'ends in %s when too few are left for that reason',
    async (reason) => {
      const { committee, clients } = await network(2, 3);
      const refusing = [clients[0]!, deadClient(2, reason), deadClient(3, reason)];
      await expect(evaluate([u(1)], committee, refusing, given)).rejects.toMatchObject(code(reason));
    },
  );

  it('ends in unavailable when too few answer in time', async () => {
    const { committee, clients } = await network(2, 3);
    await expect(
      evaluate([u(1)], committee, [clients[0]!, silentClient(2)], { ...given, deadlineMs: 50 }),
    ).rejects.toMatchObject(code('unavailable'));
  });
});

const plus = (bytes: Uint8Array, error = BASE) => pointToBytes(pointFromBytes(bytes).add(error));
const offCurve = (bytes: Uint8Array) => bytes.with(63, bytes[63]! ^ 1);
const POINTS = ['evaluated', 'nonceBase', 'nonceBlinded'] as const;

describe('an evaluator that lies', () => {
  /** Evaluator 2 of three lies, and is asked first. */
  async function withLiar(lie: Lie) {
    const { committee, clients, evaluators, secret } = await network(2, 3);
    const liar = new LocalClient(evaluators[1]!, lie);
    // lambda_2 of {2, 3} is 3: odd, so that no point of small order vanishes under it.
    const asked = [liar, clients[2]!, clients[0]!];
    const result = await evaluate([u(1), u(2)], committee, asked, given);
    for (const { point, evaluated } of result.evaluations)
      expect(evaluated.equals(multiply(point, secret))).toBe(true);
    return { ...result, committee, clients };
  }

  const signedLies: [string, Lie][] = [
    ...POINTS.flatMap((field): [string, Lie][] => [
      [`${field} is another point`, { one: (a) => ({ ...a, [field]: plus(a[field]) }) }],
      ...SMALL_ORDER_POINTS.map((T, i): [string, Lie] => [
        `${field} has small-order point ${i + 1} added`,
        { one: (a) => ({ ...a, [field]: plus(a[field], T) }) },
      ]),
    ]),
    [
      's_i is off by one',
      {
        two: (a) => ({
          ...a,
          response: scalarToBytes(((scalarFromBytes(a.response) + 1n) % SUBGROUP_ORDER) as Scalar),
        }),
      },
    ],
    ['s_i is not below l', { two: (a) => ({ ...a, response: new Uint8Array(32).fill(0xff) }) }],
  ];

  it.each(signedLies)('is named with evidence: %s', async (_, lie) => {
    const { evaluations, warnings, committee, clients } = await withLiar(lie);
    expect(evaluations.length).toBe(2);
    expect(warnings.map(({ evaluatorId, code }) => [evaluatorId, code])).toEqual([
      [2, 'evaluator_misbehaved'],
    ]);
    const { evidence } = warnings[0]!;
    expect(verifyEvidence(evidence!, committee)).toEqual(expect.any(String));
    // It was asked no more.
    expect(clients[2]!.twos.at(-1)!.quorum).toEqual([1, 3]);
  });

  const unsignedLies: [string, Lie][] = [
    ...POINTS.flatMap((field): [string, Lie][] => [
      [`${field} is the identity`, { one: (a) => ({ ...a, [field]: pointToBytes(IDENTITY) }) }],
      [`${field} is off the curve`, { one: (a) => ({ ...a, [field]: offCurve(a[field]) }) }],
      [
        `${field} has a coordinate of p or more`,
        { one: (a) => ({ ...a, [field]: new Uint8Array(64).fill(255) }) },
      ],
      [`${field} is short`, { one: (a) => ({ ...a, [field]: a[field].subarray(1) }) }],
      [`${field} is not what it signed`, { signs: false, one: (a) => ({ ...a, [field]: plus(a[field]) }) }],
    ]),
    ['a handle is short', { one: (a) => ({ ...a, handle: a.handle.subarray(1) }) }],
    ['s_i is not what it signed', { signs: false, two: (a) => ({ ...a, response: new Uint8Array(32) }) }],
    ['s_i is short', { signs: false, two: (a) => ({ ...a, response: a.response.subarray(1) }) }],
    ['the signature is short', { signs: false, two: (a) => ({ ...a, signature: a.signature.subarray(1) }) }],
  ];

  it.each(unsignedLies)('is named without evidence: %s', async (_, lie) => {
    const { evaluations, warnings } = await withLiar(lie);
    expect(evaluations.length).toBe(2);
    expect(warnings.map(({ evaluatorId, code, evidence }) => [evaluatorId, code, evidence])).toEqual([
      [2, 'evaluator_misbehaved', undefined],
    ]);
  });

  it('does no harm with a point of order 2 where its weight is even, and passes', async () => {
    const { committee, clients, evaluators, secret } = await network(2, 3);
    const T = SMALL_ORDER_POINTS[3]!;
    expect(T.double().is0()).toBe(true);
    const liar = new LocalClient(evaluators[0]!, { one: (a) => ({ ...a, evaluated: plus(a.evaluated, T) }) });
    // lambda_1 of {1, 2} is 2.
    const { evaluations } = await evaluate([u(1)], committee, [liar, clients[1]!], given);
    expect(evaluations[0]!.evaluated.equals(multiply(evaluations[0]!.point, secret))).toBe(true);
  });

  it('is named when it answers less than it was asked', async () => {
    const { committee, clients } = await network(2, 3);
    for (const round of ['roundOne', 'roundTwo'] as const) {
      const short: EvaluatorClient = {
        id: 1,
        roundOne: (request, signal) => clients[0]!.roundOne(request, signal),
        roundTwo: (request) => clients[0]!.roundTwo(request),
        [round]: () => Promise.resolve({ answers: [] }),
      };
      const { warnings } = await evaluate([u(1)], committee, [short, ...clients.slice(1)], given);
      expect(warnings).toMatchObject([{ evaluatorId: 1, code: 'evaluator_misbehaved' }]);
    }
  });

  it('is named when it is consistent, with another key', async () => {
    const { committee, clients } = await network(2, 3);
    const [rogueKey] = dealtKey(2, 3);
    const rogue = new LocalClient(await evaluatorOf(rogueKey!));
    const { warnings } = await evaluate([u(1)], committee, [rogue, ...clients.slice(1)], given);
    expect(warnings).toMatchObject([{ evaluatorId: 1, code: 'evaluator_misbehaved' }]);
    expect(verifyEvidence(warnings[0]!.evidence!, committee)).toBe(
      'the response does not fit the public share',
    );
  });

  it('is named with the others when several lie', async () => {
    const { committee, clients, evaluators } = await network(3, 5);
    const lies = [1, 3].map(
      (i) => new LocalClient(evaluators[i]!, { two: (a) => ({ ...a, response: new Uint8Array(32) }) }),
    );
    const asked = [lies[0]!, lies[1]!, clients[0]!, clients[2]!, clients[4]!];
    const { evaluations, warnings } = await evaluate([u(1)], committee, asked, given);
    expect(evaluations.length).toBe(1);
    expect(warnings.map(({ evaluatorId }) => evaluatorId).sort()).toEqual([2, 4]);
  });

  it('ends the evaluation when too few honest ones are left', async () => {
    const { committee, clients, evaluators } = await network(2, 3);
    const liar = new LocalClient(evaluators[2]!, { one: (a) => ({ ...a, evaluated: plus(a.evaluated) }) });
    const result = evaluate([u(1)], committee, [liar, clients[0]!, deadClient(2)], given);
    await expect(result).rejects.toMatchObject(code('evaluator_misbehaved'));
    await expect(result).rejects.toThrow(/evaluator 3/);
  });

  it('cannot be accused of a right answer, or of one that it did not sign', async () => {
    const { warnings, committee } = await withLiar({ one: (a) => ({ ...a, evaluated: plus(a.evaluated) }) });
    const evidence = warnings[0]!.evidence!;
    const denied = (changed: object) =>
      expect(() => verifyEvidence({ ...evidence, ...changed }, committee)).toThrow(
        expect.objectContaining(code('invalid_proof')),
      );
    denied({ response: new Uint8Array(32) });
    denied({ evaluatorId: 1 });
    denied({ evaluatorId: 9 });
    denied({ shareEpoch: 2 });
    denied({ networkId: 'other' });
    denied({ quorum: [1, 2] });
    denied({ challenge: new Uint8Array(31) });
    denied({ signature: evidence.signature.subarray(1) });
  });

  it("leaves nothing of the member's secrets in the evidence", async () => {
    const { warnings, evaluations } = await withLiar({
      one: (a) => ({ ...a, evaluated: plus(a.evaluated) }),
    });
    const bytes = Object.values(warnings[0]!.evidence!)
      .filter((v): v is Uint8Array => v instanceof Uint8Array)
      .map((b) => Buffer.from(b).toString('hex'))
      .join();
    for (const { point, evaluated, response } of evaluations) {
      expect(inSubgroup(evaluated)).toBe(true);
      for (const secret of [point.x, point.y, evaluated.x, evaluated.y, response])
        expect(bytes).not.toContain(secret.toString(16).padStart(64, '0'));
    }
  });
});

describe('Committee', () => {
  const keys = dealtKey(2, 3);
  const good = committeeOf(keys);
  const refused = (changed: object, why: string) =>
    expect(() => new Committee({ ...good, ...changed })).toThrow(expect.objectContaining(code(why)));

  it('refuses public shares that do not make up the group key', () => {
    refused({ groupKey: BASE }, 'invalid_argument');
    for (const i of [0, 1, 2])
      refused(
        { members: good.members.map((m, j) => (i === j ? { ...m, publicShare: BASE } : m)) },
        'invalid_argument',
      );
  });

  it('refuses points outside the subgroup, and the identity', () => {
    const [T] = SMALL_ORDER_POINTS;
    refused({ groupKey: good.groupKey.add(T!) }, 'invalid_point');
    refused({ groupKey: IDENTITY }, 'invalid_point');
    refused({ members: good.members.map((m) => ({ ...m, publicShare: IDENTITY })) }, 'invalid_point');
  });

  it('refuses a threshold below 2 or above n, wrong ids, weak signing keys and bad names', () => {
    refused({ threshold: 1 }, 'invalid_argument');
    refused({ threshold: 4 }, 'invalid_argument');
    refused({ members: [...good.members].reverse() }, 'invalid_argument');
    refused(
      { members: good.members.map((m) => ({ ...m, signingKey: new Uint8Array(32) })) },
      'invalid_argument',
    );
    refused({ networkId: '' }, 'invalid_argument');
    refused({ shareEpoch: 2 ** 32 }, 'invalid_argument');
  });
});
