import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  encodeToCurve,
  fieldElement,
  initPoseidon,
  multiply,
  pointToBytes,
  reduceScalar,
  scalar,
} from '../../src/crypto/index.js';
import { blindRequestWith } from '../../src/oprf/blinding.js';
import { assertSharing, quorumWeights } from '../../src/oprf/committee.js';
import {
  combine,
  evaluationOf,
  finish,
  shiftWith,
  type PartialEvaluation,
} from '../../src/oprf/evaluation.js';
import { tagOf } from '../../src/oprf/index.js';
import { vectors } from '../helpers/vectors.js';
import { point } from './helpers.js';

const register = vectors('register');
const threshold = vectors('threshold');
const K = point(register.oprf.publicKey);
interface QuorumMember {
  readonly id: number;
  readonly partial: [string, string];
  readonly nonceG: [string, string];
  readonly nonceB: [string, string];
  readonly answer: string;
}
const fingerprints = [...register.fingerprints, register.possession];

beforeAll(() => initPoseidon());

describe('register.json', () => {
  it.each(fingerprints)('$name', (f) => {
    const identity = fieldElement(BigInt(f.identity));
    const request = blindRequestWith(identity, BigInt(f.blindFull));
    // The vectors leave the signs of P and N free; encodeToCurve chooses as they do.
    expect(request.point.equals(point(f.point))).toBe(true);
    expect(request.blind).toBe(BigInt(f.blind));
    expect(request.sent).toEqual(pointToBytes(point(f.blindedEighth)));
    expect(request.blinded.equals(point(f.blinded))).toBe(true);

    const partials = new Map([
      [
        1,
        { evaluated: point(f.evaluatedBlinded), nonceBase: point(f.nonceG), nonceBlinded: point(f.nonceB) },
      ],
    ]);
    const shift = shiftWith(request, K, scalar(BigInt(f.shiftA)), scalar(BigInt(f.shiftB)));
    const combined = combine(request, partials, shift, K);
    expect(combined.evaluated.equals(point(f.evaluated))).toBe(true);
    expect(combined.R1.equals(point(f.dleq.R1))).toBe(true);
    expect(combined.R2.equals(point(f.dleq.R2))).toBe(true);
    expect(combined.challenge).toBe(BigInt(f.dleq.challenge));
    expect(combined.sent).toBe(BigInt(f.challengeSent));

    const s = finish(request, combined, [scalar(BigInt(f.answer))], K);
    expect(s).toBe(BigInt(f.dleq.response));
    expect(finish(request, combined, [scalar(BigInt(f.answer) + 1n)], K)).toBeUndefined();

    const evaluation = evaluationOf(request, combined, s!);
    expect(evaluation.documentKey).toBe(BigInt(f.documentKey));
    if (f.tag) expect(tagOf(evaluation.documentKey, register.purpose.name)).toBe(BigInt(f.tag));
  });
});

describe('threshold.json', () => {
  const quorum: number[] = threshold.quorum.map((q: { id: number }) => q.id);
  const weights = quorumWeights(quorum, threshold.threshold, threshold.total);
  const B = point(threshold.blinded);

  it('shares the group key', () => {
    const publicShares = threshold.shares.map((s: { publicShare: [string, string] }) => point(s.publicShare));
    expect(() =>
      assertSharing(threshold.threshold, point(threshold.groupPublicKey), publicShares),
    ).not.toThrow();
    for (const s of threshold.shares)
      expect(multiply(BASE, scalar(BigInt(s.share))).equals(point(s.publicShare))).toBe(true);
  });

  it('gives each evaluator of the quorum its weight and answers', () => {
    for (const q of threshold.quorum) {
      expect(weights.get(q.id)).toBe(BigInt(q.lambda));
      expect(multiply(B, scalar(BigInt(q.share))).equals(point(q.partial))).toBe(true);
      expect(multiply(BASE, scalar(BigInt(q.nonce))).equals(point(q.nonceG))).toBe(true);
      expect(multiply(B, scalar(BigInt(q.nonce))).equals(point(q.nonceB))).toBe(true);
      expect(reduceScalar(BigInt(q.nonce) - BigInt(q.challenge) * BigInt(q.lambda) * BigInt(q.share))).toBe(
        BigInt(q.answer),
      );
    }
  });

  it('combines to the evaluation of register.json under one key', () => {
    const [f] = fingerprints;
    const request = blindRequestWith(fieldElement(BigInt(f.identity)), BigInt(f.blindFull));
    expect(request.blinded.equals(point(threshold.blinded))).toBe(true);
    const partials = new Map<number, PartialEvaluation>(
      (threshold.quorum as QuorumMember[]).map((q) => [
        q.id,
        { evaluated: point(q.partial), nonceBase: point(q.nonceG), nonceBlinded: point(q.nonceB) },
      ]),
    );
    const [a, b] = [scalar(BigInt(f.shiftA)), scalar(BigInt(f.shiftB))];
    const combined = combine(request, partials, shiftWith(request, K, a, b), K);
    expect(combined.evaluated.add(multiply(K, request.blind)).equals(point(threshold.combined))).toBe(true);
    expect(combined.evaluated.equals(point(f.evaluated))).toBe(true);
    // The file's challenge is a number of its own, so the sum of its answers is pinned and no proof.
    const sum = (threshold.quorum as QuorumMember[]).reduce((acc, q) => acc + BigInt(q.answer), 0n);
    expect(reduceScalar(sum)).toBe(BigInt(threshold.answer));
  });
});

describe('encode-to-curve.json', () => {
  const cases: { u: string; x: string[]; y: string }[] = vectors('encode-to-curve').cases;
  it.each(cases)('u = $u', (c) => {
    const u = fieldElement(BigInt(c.u));
    const { x, y } = encodeToCurve(u).point.toAffine();
    expect(y).toBe(BigInt(c.y));
    expect(c.x.map(BigInt)).toContain(x);
    expect(blindRequestWith(u, 1n).point.toAffine().y).toBe(y);
  });
});
