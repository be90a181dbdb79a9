import * as snarkjs from 'snarkjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { GROUP_ORDER } from '../../src/proofs/bn254.js';
import { pairingEngine } from '../../src/proofs/pairing.js';
import { proofFromBytes, proofToSnarkjs } from '../../src/proofs/proof-encoding.js';
import { parseVerificationKey } from '../../src/proofs/verification-key.js';
import { verify } from '../../src/proofs/verify.js';
import { fixture, PRODUCT_V1, PRODUCT_V2, type Fixture } from './fixture.js';
import {
  fromG1,
  fromG2,
  plusQ,
  rerandomised,
  times,
  toG1,
  toG2,
  twistPoint,
  withCoordinate,
  withPoints,
} from './points.js';

let f: Fixture;
let signals: bigint[];
let proof: Uint8Array;
beforeAll(async () => {
  f = await fixture();
  ({ publicSignals: signals, proof } = f.proofs[0]!);
  // Without this snarkjs starts threads for its curve.
  await snarkjs.curves.getCurveFromName('bn128', { singleThread: true });
});

const check = (s: readonly bigint[], p: Uint8Array) => verify(PRODUCT_V1, s, p, f.keys);
const checkWithSnarkjs = (s: readonly bigint[], p: Uint8Array) =>
  snarkjs.groth16.verify(f.verificationKey, s.map(String), proofToSnarkjs(proofFromBytes(p)));

describe('verify', () => {
  it('accepts proofs', async () => {
    for (const { publicSignals, proof } of f.proofs.slice(0, 8))
      expect(await check(publicSignals, proof)).toBe(true);
    for (const { publicSignals, proof } of f.proofsV2)
      expect(await verify(PRODUCT_V2, publicSignals, proof, f.keys)).toBe(true);
  });

  it('refuses a proof under the keys of another version', async () => {
    expect(await verify(PRODUCT_V2, signals, proof, f.keys)).toBe(false);
  });

  it('throws for a statement without keys: that says nothing about the proof', async () => {
    await expect(verify({ id: 'product', version: 9 }, signals, proof, f.keys)).rejects.toMatchObject({
      code: 'not_found',
    });
    for (const id of ['../product', 'product/v1', '', 'Product', '.'])
      await expect(verify({ id, version: 1 }, signals, proof, f.keys)).rejects.toMatchObject({
        code: 'invalid_argument',
      });
  });

  it('refuses points of other proofs, negated points and swapped points', async () => {
    const other = proofFromBytes(f.proofs[1]!.proof);
    const changes: Parameters<typeof withPoints>[1][] = [
      () => ({ a: other.a }),
      () => ({ b: other.b }),
      () => ({ c: other.c }),
      () => ({ a: other.a, b: other.b }),
      ({ a }) => ({ a: fromG1(toG1(a).negate()) }),
      ({ b }) => ({ b: fromG2(toG2(b).negate()) }),
      ({ c }) => ({ c: fromG1(toG1(c).negate()) }),
      ({ a, c }) => ({ a: c, c: a }),
    ];
    for (const change of changes) {
      const changed = withPoints(proof, change);
      expect(await check(signals, changed)).toBe(false);
      expect(await checkWithSnarkjs(signals, changed)).toBe(false);
    }
  });

  it('gives the verdicts of snarkjs for other signals', async () => {
    const [a, b, c] = signals as [bigint, bigint, bigint];
    for (const [s, expected] of [
      [[a, b, c], true],
      [[b, a, c], false],
      [[a, c, b], false],
      [[a + 1n, b, c], false],
      [[0n, 0n, 0n], false],
      [[a, b, GROUP_ORDER - c], false],
    ] as const) {
      expect(await check(s, proof)).toBe(expected);
      expect(await checkWithSnarkjs(s, proof)).toBe(expected);
    }
  });

  it('refuses signals that are not canonical, whose sum is the same', async () => {
    for (const [i, s] of signals.entries())
      for (const alias of [s + GROUP_ORDER, s - GROUP_ORDER, s + 2n * GROUP_ORDER])
        expect(await check(signals.with(i, alias), proof)).toBe(false);
    expect(await check(signals.with(0, GROUP_ORDER), proof)).toBe(false);
  });

  it('refuses too few, too many, missing and other kinds of signals', async () => {
    expect(await check([], proof)).toBe(false);
    expect(await check(signals.slice(0, 2), proof)).toBe(false);
    // Zeros contribute nothing to the sum: only the count tells.
    expect(await check([...signals, 0n], proof)).toBe(false);
    const holes = [...signals];
    delete holes[0];
    for (const s of [holes, signals.map(Number), signals.map(String), 'abc', undefined, null, { length: 3 }])
      expect(await check(s as unknown as bigint[], proof)).toBe(false);
  });

  it('refuses malformed proofs', async () => {
    expect(await check(signals, proof.subarray(1))).toBe(false);
    expect(await check(signals, new Uint8Array(256))).toBe(false);
    expect(await check(signals, 'x'.repeat(256) as unknown as Uint8Array)).toBe(false);
    for (let i = 0; i < 8; i++) expect(await check(signals, withCoordinate(proof, i, plusQ))).toBe(false);
  });

  it('refuses B outside the subgroup', async () => {
    const stray = twistPoint();
    expect(times(stray, GROUP_ORDER).is0()).toBe(false);
    expect(
      await check(
        signals,
        withPoints(proof, () => ({ b: fromG2(stray) })),
      ),
    ).toBe(false);
    // B plus a point whose order divides the cofactor: on the twist, B in the subgroup, the sum not.
    const cofactorPart = times(stray, GROUP_ORDER);
    const changed = withPoints(proof, ({ b }) => ({ b: fromG2(toG2(b).add(cofactorPart)) }));
    expect(await check(signals, changed)).toBe(false);
  });

  it('accepts a re-randomised proof, whose bytes differ: proof bytes are never an identity', async () => {
    const other = rerandomised(proof, 12345n);
    expect(other).not.toEqual(proof);
    expect(await check(signals, other)).toBe(true);
    const negated = rerandomised(proof, GROUP_ORDER - 1n);
    expect(await check(signals, negated)).toBe(true);
  });
});

describe('the pairing engine', () => {
  const items = (list: readonly (readonly [bigint[], Uint8Array])[]) =>
    list.map(([s, p]) => ({ signals: s, proof: proofFromBytes(p) }));
  const engine = () => pairingEngine();
  const key = async () => (await f.keys.load(PRODUCT_V1)).verificationKey;

  it('refuses signals that are not canonical before any sum', async () => {
    const [e, k] = [await engine(), await key()];
    const refused = expect.objectContaining({ code: 'invalid_argument' }) as Error;
    for (const s of [signals.with(0, signals[0]! + GROUP_ORDER), signals.with(1, -1n), [...signals, 0n]])
      expect(() => e.verify(k, items([[s, proof]]))).toThrow(refused);
    expect(() => e.verify(k, [])).toThrow(refused);
    expect(() => e.verify(k, items(Array.from({ length: 513 }, () => [signals, proof] as const)))).toThrow(
      refused,
    );
  });

  it('takes 512 at once', async () => {
    const list = Array.from({ length: 512 }, (_, i) => f.proofs[i % 64]!);
    const verdicts = (await engine()).verify(
      await key(),
      list.map(({ publicSignals, proof }) => ({ signals: publicSignals, proof: proofFromBytes(proof) })),
    );
    expect(verdicts).toEqual(list.map(() => true));
  });

  it('refuses errors that cancel under equal, zero or small coefficients', async () => {
    const [e, k] = [await engine(), await key()];
    const [one, two] = [f.proofs[0]!, f.proofs[1]!];
    const error = toG1({ x: 1n, y: 2n });
    const shift = (p: Uint8Array, by: bigint) =>
      withPoints(p, ({ c }) => ({
        c: fromG1(toG1(c).add(by > 0n ? error.multiply(by) : error.multiply(-by).negate())),
      }));
    for (const [m, n] of [
      [1n, -1n],
      [2n, -1n],
      [1n, -2n],
      [3n, -1n],
      [1n << 64n, -1n],
    ] as const) {
      const pair = items([
        [one.publicSignals, shift(one.proof, m)],
        [two.publicSignals, shift(two.proof, n)],
      ]);
      expect(e.verify(k, pair)).toEqual([false, false]);
    }
    const [s, t] = [one.publicSignals, two.publicSignals];
    // Signals whose errors cancel in the sum, and proofs under each other's signals.
    expect(
      e.verify(
        k,
        items([
          [s.with(0, s[0]! + 1n), one.proof],
          [t.with(0, t[0]! - 1n), two.proof],
        ]),
      ),
    ).toEqual([false, false]);
    expect(
      e.verify(
        k,
        items([
          [t, one.proof],
          [s, two.proof],
        ]),
      ),
    ).toEqual([false, false]);
  });

  it.each([[[0]], [[7]], [[3, 4]], [[0, 2, 4, 6]], [[1, 2, 3, 4, 5, 6, 7]]])(
    'finds the bad ones at %j of 8',
    async (at) => {
      const list = f.proofs.slice(0, 8).map(({ publicSignals, proof }, i) => {
        const signals = at.includes(i) ? publicSignals.with(1, publicSignals[1]! + 1n) : publicSignals;
        return [signals, proof] as const;
      });
      const verdicts = (await engine()).verify(await key(), items(list));
      expect(verdicts).toEqual(list.map((_, i) => !at.includes(i)));
    },
  );

  it('refuses one proof many times over as it does once', async () => {
    const bad = withPoints(proof, ({ a }) => ({ a: fromG1(toG1(a).double()) }));
    const list = items(Array.from({ length: 9 }, () => [signals, bad] as const));
    expect((await engine()).verify(await key(), list)).toEqual(list.map(() => false));
  });

  it('refuses a verification key with a point outside the subgroup', async () => {
    const json = structuredClone(f.verificationKey) as Record<string, unknown>;
    const stray = fromG2(twistPoint());
    json['vk_delta_2'] = [stray.x.map(String), stray.y.map(String), ['1', '0']];
    const bad = parseVerificationKey(Buffer.from(JSON.stringify(json)));
    const e = await engine();
    expect(() => e.verify(bad, items([[signals, proof]]))).toThrow(
      expect.objectContaining({ code: 'data_corrupted' }) as Error,
    );
  });
});
