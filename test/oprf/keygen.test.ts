import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASE,
  combineShares,
  inSubgroup,
  initPoseidon,
  fieldElement,
  multiply,
  reduceScalar,
  scalarFromBytes,
  scalarToBytes,
} from '../../src/crypto/index.js';
import {
  evaluate,
  KeygenParty,
  type KeygenParameters,
  type KeygenResult,
  type KeygenRoundOne,
  type KeygenRoundTwo,
} from '../../src/oprf/index.js';
import { code } from '../helpers/vectors.js';
import { committeeOf, evaluatorOf, LocalClient, NETWORK } from './helpers.js';

const parameters = (threshold: number, total: number, changed: object = {}): KeygenParameters => ({
  purpose: 'oprf',
  networkId: NETWORK,
  shareEpoch: 0,
  threshold,
  total,
  session: 'first',
  ...changed,
});

const partiesOf = (p: KeygenParameters) =>
  Array.from({ length: p.total }, (_, i) => new KeygenParty(p, i + 1));
/** What the transport carries: a message as bytes and back. */
const carried = <T>(message: T): T => structuredClone(message);

function exchangeOnes(parties: KeygenParty[]): KeygenRoundOne[] {
  return parties.map((party) => carried(party.roundOne()));
}
const others = (ones: KeygenRoundOne[], id: number) => ones.filter(({ from }) => from !== id);
function exchangeTwos(parties: KeygenParty[], ones: KeygenRoundOne[]): KeygenRoundTwo[] {
  return parties.flatMap((party) => party.roundTwo(others(ones, party.id)).map(carried));
}
const forParty = (twos: KeygenRoundTwo[], id: number) => twos.filter(({ to }) => to === id);

function generate(p: KeygenParameters): KeygenResult[] {
  const parties = partiesOf(p);
  const twos = exchangeTwos(parties, exchangeOnes(parties));
  return parties.map((party) => party.roundThree(forParty(twos, party.id)));
}

const refused = (step: () => unknown, why: string, message: RegExp) =>
  expect(step).toThrow(expect.objectContaining({ ...code(why), message: expect.stringMatching(message) }));

describe('key generation', () => {
  it.each([
    [2, 2],
    [2, 3],
    [3, 5],
  ])('gives %i of %i shares of one key', (t, n) => {
    const results = generate(parameters(t, n));
    const [first] = results;
    expect(inSubgroup(first!.groupKey)).toBe(true);
    expect(first!.groupKey.is0()).toBe(false);
    for (const { id, share, publicShares, groupKey, transcript } of results) {
      expect(groupKey.equals(first!.groupKey)).toBe(true);
      expect(transcript).toEqual(first!.transcript);
      expect(publicShares.length).toBe(n);
      expect(publicShares[id - 1]!.equals(multiply(BASE, share))).toBe(true);
    }
    const ids = Array.from({ length: n }, (_, i) => i + 1);
    fc.assert(
      fc.property(fc.subarray(ids, { minLength: t, maxLength: t }), (quorum) => {
        const secret = combineShares(quorum.map((id) => ({ id, value: results[id - 1]!.share })));
        expect(multiply(BASE, secret).equals(first!.groupKey)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('gives another key each time', () => {
    const [a, b] = [generate(parameters(2, 2)), generate(parameters(2, 2))];
    expect(a[0]!.groupKey.equals(b[0]!.groupKey)).toBe(false);
    expect(a[0]!.transcript).not.toEqual(b[0]!.transcript);
  });

  it('makes a committee that evaluates', async () => {
    await initPoseidon();
    const keys = generate(parameters(2, 3));
    const clients = await Promise.all(keys.map(async (key) => new LocalClient(await evaluatorOf(key))));
    const { evaluations } = await evaluate([fieldElement(3n)], committeeOf(keys), clients);
    const secret = combineShares(keys.slice(0, 2).map(({ id, share }) => ({ id, value: share })));
    expect(evaluations[0]!.evaluated.equals(multiply(evaluations[0]!.point, secret))).toBe(true);
  });

  it.each([
    ['a threshold of 1', { threshold: 1 }],
    ['a threshold above n', { threshold: 4 }],
    ['too many parties', { total: 256 }],
    ['a bad network id', { networkId: 'two words' }],
    ['a bad epoch', { shareEpoch: -1 }],
    ['no session', { session: '' }],
  ])('refuses %s', (_, changed) => {
    refused(() => new KeygenParty(parameters(2, 3, changed), 1), 'invalid_argument', /./);
  });

  it('refuses an id outside 1 to n', () => {
    for (const id of [0, 4, 1.5])
      refused(() => new KeygenParty(parameters(2, 3), id), 'invalid_argument', /id/);
  });
});

describe('a party of key generation', () => {
  function started(p = parameters(2, 3)) {
    const parties = partiesOf(p);
    return { parties, ones: exchangeOnes(parties) };
  }

  it('takes its steps in order, once, and none after an error', () => {
    const { parties, ones } = started();
    const [one] = parties;
    refused(() => one!.roundOne(), 'failed_precondition', /begun/);
    refused(() => one!.roundThree([]), 'failed_precondition', /round two/);
    const fresh = new KeygenParty(parameters(2, 3), 1);
    refused(() => fresh.roundTwo(others(ones, 1)), 'failed_precondition', /round one/);
    refused(() => one!.roundTwo([]), 'invalid_argument', /one message/);
    refused(() => one!.roundTwo(others(ones, 1)), 'failed_precondition', /round one/);
    refused(() => one!.roundThree([]), 'failed_precondition', /round two/);
  });

  it.each([
    ['missing', (ones: KeygenRoundOne[]) => ones.slice(1)],
    ['twice there', (ones: KeygenRoundOne[]) => [ones[0]!, ones[0]!]],
    ['of a stranger', (ones: KeygenRoundOne[]) => [ones[0]!, { ...ones[1]!, from: 9 }]],
    ['its own', (ones: KeygenRoundOne[]) => [{ ...ones[0]!, from: 1 }, ones[1]!]],
  ])('refuses round one messages of which one is %s', (_, change) => {
    const { parties, ones } = started();
    refused(() => parties[0]!.roundTwo(change(others(ones, 1))), 'invalid_argument', /parties 2, 3/);
  });

  const changes: [string, (one: KeygenRoundOne) => KeygenRoundOne][] = [
    ['another threshold', (m) => ({ ...m, commitment: m.commitment.slice(1) })],
    ['a commitment that is swapped', (m) => ({ ...m, commitment: [...m.commitment].reverse() })],
    ['a malformed point', (m) => ({ ...m, commitment: [m.commitment[0]!, new Uint8Array(32).fill(255)] })],
    ['a point of small order', (m) => ({ ...m, commitment: [m.commitment[0]!, new Uint8Array(32)] })],
    [
      'the identity',
      (m) => ({ ...m, commitment: [m.commitment[0]!, Uint8Array.of(1, ...new Uint8Array(31))] }),
    ],
    [
      'a changed proof',
      (m) => ({ ...m, proofOfKnowledge: m.proofOfKnowledge.with(40, m.proofOfKnowledge[40]! ^ 1) }),
    ],
    ['a short proof', (m) => ({ ...m, proofOfKnowledge: m.proofOfKnowledge.subarray(1) })],
    ['a proof that is not reduced', (m) => ({ ...m, proofOfKnowledge: new Uint8Array(64).fill(255) })],
  ];
  it.each(changes)('names whoever sends %s', (_, change) => {
    const { parties, ones } = started();
    const sent = others(ones, 1).map((m) => (m.from === 3 ? change(m) : m));
    refused(() => parties[0]!.roundTwo(sent), 'evaluator_misbehaved', /party 3/);
  });

  it('names whoever copies the commitment of another', () => {
    const { parties, ones } = started();
    const copied = [ones[1]!, { ...ones[1]!, from: 3 }];
    refused(() => parties[0]!.roundTwo(copied), 'evaluator_misbehaved', /party 3/);
  });

  it.each([
    ['network', { networkId: 'other' }],
    ['share epoch', { shareEpoch: 1 }],
    ['session', { session: 'second' }],
    ['purpose', { purpose: 'auditors' }],
    ['number of parties', { total: 4 }],
  ])('does not accept a message of another %s', (_, changed) => {
    const { parties, ones } = started();
    const foreign = new KeygenParty(parameters(2, 3, changed), 3).roundOne();
    refused(() => parties[0]!.roundTwo([ones[1]!, foreign]), 'evaluator_misbehaved', /party 3/);
  });

  it.each([
    ['off by one', (share: Uint8Array) => scalarToBytes(reduceScalar(scalarFromBytes(share) + 1n))],
    ['zero', () => new Uint8Array(32)],
    ['not below l', () => new Uint8Array(32).fill(255)],
    ['short', (share: Uint8Array) => share.subarray(1)],
  ])('names the dealer of a share that is %s', (_, lie) => {
    const { parties, ones } = started();
    const twos = exchangeTwos(parties, ones).map((m) =>
      m.from === 3 && m.to === 1 ? { ...m, share: lie(m.share) } : m,
    );
    refused(() => parties[0]!.roundThree(forParty(twos, 1)), 'evaluator_misbehaved', /party 3/);
    // The others have got good shares; nobody uses the key before all have reported.
    expect(parties[1]!.roundThree(forParty(twos, 2)).id).toBe(2);
    refused(() => parties[0]!.roundThree(forParty(twos, 1)), 'failed_precondition', /round two/);
  });

  it('finds out that somebody sent two different round one messages', () => {
    const { parties, ones } = started();
    const second = new KeygenParty(parameters(2, 3), 3).roundOne();
    const [a, b] = [parties[0]!.roundTwo(others(ones, 1)), parties[1]!.roundTwo([ones[0]!, second])];
    const c = parties[2]!.roundTwo(others(ones, 3));
    const twos = [...a, ...b, ...c];
    refused(() => parties[0]!.roundThree(forParty(twos, 1)), 'failed_precondition', /party 2/);
    refused(() => parties[1]!.roundThree(forParty(twos, 2)), 'failed_precondition', /party 1/);
  });

  it('refuses messages for another party, and those of one that crashed and began anew', () => {
    const { parties, ones } = started();
    const twos = exchangeTwos(parties, ones);
    const misdirected = [...forParty(twos, 1).slice(1), { ...forParty(twos, 2)[0]!, from: 2 }];
    refused(() => parties[0]!.roundThree(misdirected), 'invalid_argument', /party 2/);

    const restarted = new KeygenParty(parameters(2, 3), 3);
    restarted.roundOne();
    const late = restarted.roundTwo(others(ones, 3)).filter(({ to }) => to === 2);
    refused(() => parties[1]!.roundThree([forParty(twos, 2)[0]!, ...late]), 'failed_precondition', /party 3/);
  });

  it('forgets its secrets when it is told to stop', () => {
    const { parties, ones } = started();
    parties[0]!.abort();
    refused(() => parties[0]!.roundTwo(others(ones, 1)), 'failed_precondition', /round one/);
  });
});
