import { beforeAll, describe, expect, it } from 'vitest';
import { BASE_FIELD_ORDER } from '../../src/proofs/bn254.js';
import {
  PROOF_LENGTH,
  proofFromBytes,
  proofFromSnarkjs,
  proofToBytes,
  proofToSnarkjs,
} from '../../src/proofs/proof-encoding.js';
import { fixture } from './fixture.js';
import { fromG2, plusQ, twistPoint, withCoordinate, withPoints } from './points.js';

const invalid = expect.objectContaining({ code: 'invalid_proof' }) as Error;
let proof: Uint8Array;
beforeAll(async () => {
  proof = (await fixture()).proofs[0]!.proof;
});

describe('proof bytes', () => {
  it('round trip through points and through the objects of snarkjs', () => {
    expect(proofToBytes(proofFromBytes(proof))).toEqual(proof);
    expect(proofToBytes(proofFromSnarkjs(proofToSnarkjs(proofFromBytes(proof))))).toEqual(proof);
    expect(proofFromSnarkjs(JSON.parse(JSON.stringify(proofToSnarkjs(proofFromBytes(proof)))))).toEqual(
      proofFromBytes(proof),
    );
  });

  it.each([0, 1, PROOF_LENGTH - 1, PROOF_LENGTH + 1, 2 * PROOF_LENGTH])('refuses %i bytes', (length) => {
    expect(() => proofFromBytes(new Uint8Array(length))).toThrow(invalid);
  });

  it('refuses what is not bytes', () => {
    expect(() => proofFromBytes([...proof] as unknown as Uint8Array)).toThrow(invalid);
    expect(() => proofFromBytes(undefined as unknown as Uint8Array)).toThrow(invalid);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'refuses coordinate %i plus q, q itself and the largest number',
    (index) => {
      for (const change of [plusQ, () => BASE_FIELD_ORDER, () => (1n << 256n) - 1n])
        expect(() => proofFromBytes(withCoordinate(proof, index, change))).toThrow(invalid);
    },
  );

  it('refuses a change of any one bit of a coordinate', () => {
    for (let byte = 0; byte < PROOF_LENGTH; byte++) {
      const changed = Uint8Array.from(proof);
      changed[byte]! ^= 1 << (byte % 8);
      expect(() => proofFromBytes(changed), `byte ${byte}`).toThrow(invalid);
    }
  });

  it.each([
    ['A', 0, 2],
    ['B', 2, 6],
    ['C', 6, 8],
  ])('refuses zeros, one notation of the identity, for %s', (_, from, to) => {
    const changed = Uint8Array.from(proof).fill(0, 32 * from, 32 * to);
    expect(() => proofFromBytes(changed)).toThrow(invalid);
  });

  it('leaves the subgroup of B to the pairing', () => {
    const changed = withPoints(proof, () => ({ b: fromG2(twistPoint()) }));
    expect(proofFromBytes(changed).b.x).toEqual(fromG2(twistPoint()).x);
  });
});

describe('proof objects', () => {
  const objects: [string, (p: Record<string, unknown>) => unknown][] = [
    ['null', () => null],
    ['no pi_b', (p) => ({ ...p, pi_b: undefined })],
    ['an unknown member', (p) => ({ ...p, extra: 1 })],
    ['another protocol', (p) => ({ ...p, protocol: 'plonk' })],
    ['another curve', (p) => ({ ...p, curve: 'bls12381' })],
    ['A at infinity as snarkjs writes it', (p) => ({ ...p, pi_a: ['0', '1', '0'] })],
    [
      'B at infinity as snarkjs writes it',
      (p) => ({
        ...p,
        pi_b: [
          ['0', '0'],
          ['1', '0'],
          ['0', '0'],
        ],
      }),
    ],
    ['a projective point', (p) => ({ ...p, pi_c: [...(p['pi_c'] as string[]).slice(0, 2), '2'] })],
    ['numbers', (p) => ({ ...p, pi_a: [1, 2, 1] })],
    ...['-1', ' 1', '01', '1 ', '+1', '1e3', '0x1', '', '1_0'].map(
      (text): [string, (p: Record<string, unknown>) => unknown] => [
        `the number ${JSON.stringify(text)}`,
        (p) => ({ ...p, pi_a: [text, '2', '1'] }),
      ],
    ),
    ['x + q', (p) => ({ ...p, pi_a: [String(1n + BASE_FIELD_ORDER), '2', '1'] })],
    ['a point off the curve', (p) => ({ ...p, pi_a: ['1', '3', '1'] })],
  ];
  it.each(objects)('refuses %s', (_, change) => {
    const object = proofToSnarkjs(proofFromBytes(proof)) as unknown as Record<string, unknown>;
    expect(() => proofFromSnarkjs(change(object))).toThrow(invalid);
  });

  it('accepts rapidsnark without a curve', () => {
    const object = { ...proofToSnarkjs(proofFromBytes(proof)), curve: undefined };
    expect(proofFromSnarkjs(JSON.parse(JSON.stringify(object)))).toEqual(proofFromBytes(proof));
  });
});
