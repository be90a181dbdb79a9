import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  GENERATOR_FULL,
  clearCofactor,
  coordinates,
  dleqChallenge,
  encodeToCurve,
  fieldElement,
  fieldFromDecimal,
  initPoseidon,
  inSubgroup,
  lagrangeAtZero,
  combineShares,
  multiply,
  pointFromAffine,
  scalar,
  setRoot,
  text,
} from '../../src/crypto/index.js';
import { vectors } from '../helpers/vectors.js';

beforeAll(initPoseidon);

const point = ([x, y]: string[]) => pointFromAffine(BigInt(x!), BigInt(y!));

describe('vectors', () => {
  it.each(vectors('text').cases as { s: string; value: string }[])('text($s)', ({ s, value }) => {
    expect(text(s)).toBe(BigInt(value));
  });

  it.each(vectors('set-root').cases as { elements: string[]; root: string }[])('set root $root', (c) => {
    expect(setRoot(c.elements)).toBe(BigInt(c.root));
  });

  it.each(vectors('encode-to-curve').cases as { u: string; y: string; x: string[] }[])('encode($u)', (c) => {
    const { elligator, point: encoded } = encodeToCurve(fieldFromDecimal(c.u));
    expect(coordinates(encoded).y).toBe(BigInt(c.y));
    expect(c.x.map(BigInt)).toContain(coordinates(encoded).x);
    expect(clearCofactor(elligator).equals(encoded)).toBe(true);
    expect(inSubgroup(encoded)).toBe(true);
  });

  it('the generator of the full group', () => {
    expect(point(vectors('register').generatorFull).equals(GENERATOR_FULL)).toBe(true);
    expect(clearCofactor(GENERATOR_FULL).equals(BASE)).toBe(true);
    expect(inSubgroup(GENERATOR_FULL)).toBe(false);
  });

  it('threshold: the shares make the key, and the public shares are theirs', () => {
    const v = vectors('threshold');
    const shares = v.shares.map((s: { id: number; share: string }) => ({
      id: s.id,
      value: scalar(BigInt(s.share)),
    }));
    const key = point(v.groupPublicKey);
    for (const pair of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      expect(multiply(BASE, combineShares(pair.map((i) => shares[i]))).equals(key)).toBe(true);
    for (const s of v.shares)
      expect(multiply(BASE, scalar(BigInt(s.share))).equals(point(s.publicShare))).toBe(true);
    for (const q of v.quorum) expect(lagrangeAtZero([1, 3], q.id)).toBe(BigInt(q.lambda));
  });

  it('register: the challenge of each equality proof', () => {
    const v = vectors('register');
    for (const f of v.fingerprints) {
      const { R1, R2, challenge } = f.dleq;
      expect(
        dleqChallenge(point(v.oprf.publicKey), point(f.point), point(f.evaluated), point(R1), point(R2)),
      ).toBe(BigInt(challenge));
    }
    expect(text(v.purpose.name)).toBe(fieldElement(BigInt(v.purpose.value)));
  });
});
