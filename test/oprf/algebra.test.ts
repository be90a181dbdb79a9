import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  clearCofactor,
  encodeToCurve,
  fieldElement,
  FIELD_ORDER,
  GENERATOR_FULL,
  initPoseidon,
  multiply,
  pointFromBytes,
  pointToBytes,
  reduceScalar,
  scalar,
  SUBGROUP_ORDER,
  type Point,
} from '../../src/crypto/index.js';
import { blindRequestWith } from '../../src/oprf/blinding.js';
import { quorumWeights } from '../../src/oprf/committee.js';
import { combine, drawShift, evaluationOf, finish, shiftWith } from '../../src/oprf/evaluation.js';
import { committeeOf, dealtKey, SMALL_ORDER_POINTS } from './helpers.js';

beforeAll(() => initPoseidon());

// 0 has no point; an identity is a hash, and never 0.
const identities = fc.bigInt({ min: 1n, max: FIELD_ORDER - 1n }).map(fieldElement);
const scalars = fc.bigInt({ min: 1n, max: SUBGROUP_ORDER - 1n }).map(scalar);
const blinds = fc.bigInt({ min: 1n, max: 8n * SUBGROUP_ORDER - 1n });
const subsets = (t: number, n: number) =>
  fc
    .subarray(
      Array.from({ length: n }, (_, i) => i + 1),
      { minLength: t, maxLength: t },
    )
    .map((ids) => ids.sort((a, b) => a - b));

describe.each([
  [2, 3],
  [3, 5],
])('%i of %i', (t, n) => {
  it('any quorum gives k·P, whatever the blind, with a proof that holds', () => {
    fc.assert(
      fc.property(identities, blinds, scalars, subsets(t, n), scalars, (u, rho, k, quorum, d) => {
        const keys = dealtKey(t, n, k);
        const committee = committeeOf(keys);
        const request = blindRequestWith(u, rho);
        const weights = quorumWeights(quorum, t, n);
        const nonceOf = (id: number) => reduceScalar(d * BigInt(id));
        const partials = new Map(
          quorum.map((id) => [
            id,
            {
              evaluated: multiply(request.blinded, keys[id - 1]!.share),
              nonceBase: multiply(BASE, nonceOf(id)),
              nonceBlinded: multiply(request.blinded, nonceOf(id)),
            },
          ]),
        );
        const combined = combine(request, partials, drawShift(request, committee), committee.groupKey);
        expect(combined.evaluated.equals(multiply(request.point, k))).toBe(true);
        const responses = quorum.map((id) =>
          reduceScalar(nonceOf(id) - combined.sent * weights.get(id)! * keys[id - 1]!.share),
        );
        expect(finish(request, combined, responses, committee.groupKey)).toBeDefined();
      }),
      { numRuns: 15 },
    );
  });
});

describe('blinding', () => {
  it("is undone by 8·B' = P + r·G", () => {
    fc.assert(
      fc.property(identities, blinds, (u, rho) => {
        const { sent, blinded, blind, point } = blindRequestWith(u, rho);
        expect(clearCofactor(pointFromBytes(sent)).equals(blinded)).toBe(true);
        expect(blinded.subtract(point).equals(multiply(BASE, blind))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('reaches every class modulo the subgroup for every identity', () => {
    fc.assert(
      fc.property(identities, fc.bigInt({ min: 0n, max: SUBGROUP_ORDER - 1n }), (u, high) => {
        const classes = new Set<string>();
        for (let low = 0n; low < 8n; low++) {
          const { sent } = blindRequestWith(u, high * 8n + low);
          classes.add(multiplyByOrder(pointFromBytes(sent)));
        }
        expect(classes.size).toBe(8);
      }),
      { numRuns: 10 },
    );
  });

  it('is Q + rho·G0', () => {
    fc.assert(
      fc.property(identities, fc.integer({ min: 1, max: 20 }), (u, rho) => {
        const { elligator } = encodeToCurve(u);
        const sum = Array.from({ length: rho }).reduce<Point>((acc) => acc.add(GENERATOR_FULL), elligator);
        expect(pointFromBytes(blindRequestWith(u, BigInt(rho)).sent).equals(sum)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the proof', () => {
  const [u, rho, k, d, a, b] = [fieldElement(5n), 12345n, 678n, 91011n, 1213n, 1415n] as const;
  const [x, y] = [scalar(k), scalar(d)];
  const keys = dealtKey(2, 3, x);
  const K = keys[0]!.groupKey;
  const request = blindRequestWith(u, rho);
  const shift = shiftWith(request, K, scalar(a), scalar(b));
  const truth = {
    evaluated: multiply(request.blinded, x),
    nonceBase: multiply(BASE, y),
    nonceBlinded: multiply(request.blinded, y),
  };
  const respond = (sent: bigint) => reduceScalar(d - sent * k);

  it('holds for the truth', () => {
    const combined = combine(request, new Map([[1, truth]]), shift, K);
    const s = finish(request, combined, [respond(combined.sent)], K);
    expect(s).toBeDefined();
    expect(evaluationOf(request, combined, s!).evaluated.equals(multiply(request.point, x))).toBe(true);
  });

  it.each(['evaluated', 'nonceBase', 'nonceBlinded'] as const)('fails for a wrong %s', (field) => {
    for (const error of [BASE, ...SMALL_ORDER_POINTS]) {
      const partials = new Map([[1, { ...truth, [field]: truth[field].add(error) }]]);
      const combined = combine(request, partials, shift, K);
      expect(finish(request, combined, [respond(combined.sent)], K)).toBeUndefined();
    }
  });
});

/** l·Q as bytes: which coset of the subgroup Q lies in. */
function multiplyByOrder(point: Point): string {
  const almost = multiply(point, scalar(SUBGROUP_ORDER - 1n)).add(point);
  return Buffer.from(pointToBytes(almost)).toString('hex');
}
