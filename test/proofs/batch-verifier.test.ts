import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BatchVerifier, type BatchVerifierOptions } from '../../src/proofs/batch-verifier.js';
import { GROUP_ORDER } from '../../src/proofs/bn254.js';
import { verify } from '../../src/proofs/verify.js';
import { fixture, PRODUCT_V1, PRODUCT_V2, type Fixture, type ProvedFixture } from './fixture.js';
import {
  fromG1,
  fromG2,
  plusQ,
  rerandomised,
  toG1,
  twistPoint,
  withCoordinate,
  withPoints,
} from './points.js';

let f: Fixture;
beforeAll(async () => {
  f = await fixture();
});

const open: BatchVerifier[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((v) => v.close()));
});
function verifier(options: BatchVerifierOptions = {}): BatchVerifier {
  const v = new BatchVerifier({ keys: f.keys, workers: 2, ...options });
  open.push(v);
  return v;
}

/** Ways to be wrong: some fail to parse, some fail in the worker before the pairing, some in the pairing. */
const SPOILERS: ((p: ProvedFixture) => ProvedFixture)[] = [
  (p) => ({ ...p, publicSignals: p.publicSignals.with(0, p.publicSignals[0]! + 1n) }),
  (p) => ({ ...p, publicSignals: p.publicSignals.with(2, p.publicSignals[2]! + GROUP_ORDER) }),
  (p) => ({ ...p, publicSignals: p.publicSignals.slice(1) }),
  (p) => ({ ...p, proof: withPoints(p.proof, ({ c }) => ({ c: fromG1(toG1(c).double()) })) }),
  (p) => ({ ...p, proof: withPoints(p.proof, () => ({ b: fromG2(twistPoint()) })) }),
  (p) => ({ ...p, proof: withCoordinate(p.proof, 0, plusQ) }),
  (p) => ({ ...p, proof: p.proof.subarray(0, 255) }),
];

const all = (v: BatchVerifier, list: readonly ProvedFixture[]) =>
  Promise.all(list.map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof)));

describe('BatchVerifier', () => {
  it('verifies 64 proofs that are asked at once in one batch for each worker', async () => {
    const v = verifier();
    expect(await all(v, f.proofs)).toEqual(f.proofs.map(() => true));
    expect(v.batches).toBe(2);
    expect(v.queued).toBe(0);
  });

  it('makes a batch of whatever queues while workers are busy', async () => {
    const v = verifier({ workers: 1 });
    const first = v.verify(PRODUCT_V1, f.proofs[0]!.publicSignals, f.proofs[0]!.proof);
    while (v.batches === 0) await new Promise(setImmediate);
    const rest = await all(v, f.proofs.slice(1));
    expect([await first, ...rest]).toEqual(f.proofs.map(() => true));
    expect(v.batches).toBe(2);
  });

  it.each([0, 1, 31, 32, 62, 63])('finds the one bad proof of 64 at position %i', async (position) => {
    const v = verifier({ workers: 1 });
    const list = f.proofs.with(position, SPOILERS[3]!(f.proofs[position]!));
    expect(await all(v, list)).toEqual(list.map((_, i) => i !== position));
  });

  it('gives the verdicts of verify, whatever is wrong and wherever', async () => {
    const v = verifier({ workers: 1, maxBatch: 16 });
    const item = fc.tuple(fc.nat(63), fc.option(fc.nat(SPOILERS.length - 1)));
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 16 }), async (picks) => {
        const list = picks.map(([i, spoiler]) =>
          spoiler === null ? f.proofs[i]! : SPOILERS[spoiler]!(f.proofs[i]!),
        );
        const single = [];
        for (const { publicSignals, proof } of list)
          single.push(await verify(PRODUCT_V1, publicSignals, proof, f.keys));
        expect(await all(v, list)).toEqual(single);
        expect(single).toEqual(picks.map(([, spoiler]) => spoiler === null));
      }),
      { numRuns: 12 },
    );
  });

  it('never sends what does not parse to a worker', async () => {
    const v = verifier();
    const malformed = [1, 2, 5, 6].map((i) => SPOILERS[i]!(f.proofs[0]!));
    expect(await all(v, malformed)).toEqual(malformed.map(() => false));
    expect(v.batches).toBe(0);
  });

  it('keeps proofs of different keys apart', async () => {
    const v = verifier({ workers: 1 });
    const verdicts = await Promise.all(
      f.proofsV2.flatMap(({ publicSignals, proof }, i) => [
        v.verify(PRODUCT_V2, publicSignals, proof),
        v.verify(PRODUCT_V1, publicSignals, proof),
        v.verify(PRODUCT_V1, f.proofs[i]!.publicSignals, f.proofs[i]!.proof),
      ]),
    );
    expect(verdicts).toEqual(f.proofsV2.flatMap(() => [true, false, true]));
    expect(v.batches).toBe(2);
  });

  it('accepts a proof and its re-randomised sibling in one batch', async () => {
    const { publicSignals, proof } = f.proofs[0]!;
    const list = [proof, rerandomised(proof, 7n), rerandomised(proof, GROUP_ORDER - 1n)];
    expect(
      await all(
        verifier(),
        list.map((p) => ({ publicSignals, proof: p })),
      ),
    ).toEqual([true, true, true]);
  });

  it('refuses what does not fit its queue, and nothing else', async () => {
    const v = verifier({ workers: 1, maxQueue: 8 });
    const settled = await Promise.allSettled(
      f.proofs.slice(0, 12).map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof)),
    );
    expect(settled.filter((s) => s.status === 'fulfilled' && s.value)).toHaveLength(8);
    for (const s of settled)
      if (s.status === 'rejected') expect(s.reason).toMatchObject({ code: 'unavailable' });
    expect(await all(v, f.proofs.slice(0, 4))).toEqual([true, true, true, true]);
  });

  it('throws for a statement without keys', async () => {
    const { publicSignals, proof } = f.proofs[0]!;
    await expect(
      verifier().verify({ id: 'nothing', version: 1 }, publicSignals, proof),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('rejects what is under way when it is closed, and everything after', async () => {
    const v = verifier();
    const waiting = f.proofs.map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof));
    const outcome = Promise.allSettled(waiting);
    while (v.batches === 0) await new Promise(setImmediate);
    await v.close();
    for (const s of await outcome)
      expect(s).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    const { publicSignals, proof } = f.proofs[0]!;
    await expect(v.verify(PRODUCT_V1, publicSignals, proof)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([{ workers: 0 }, { workers: 1.5 }, { maxBatch: 0 }, { maxBatch: 513 }])('refuses %o', (options) => {
    expect(() => new BatchVerifier(options)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }) as Error,
    );
  });

  it('does not keep an idle process alive', async () => {
    const { publicSignals, proof } = f.proofs[0]!;
    const program = `
      import { BatchVerifier } from './dist/proofs/batch-verifier.js';
      import { KeyRegistry } from './dist/proofs/keys.js';
      const v = new BatchVerifier({ keys: new KeyRegistry(${JSON.stringify(f.root)}), workers: 1 });
      const proof = Buffer.from('${Buffer.from(proof).toString('hex')}', 'hex');
      console.log(await v.verify({ id: 'product', version: 1 }, [${publicSignals.map((s) => `${s}n`).join()}], proof));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout).toBe('true\n');
  });
});

describe('a worker that dies', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'counterseal-test-'));
    mkdirSync(join(folder, 'deaths'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const deaths = () => readdirSync(join(folder, 'deaths')).length;
  const crashing = (count: number, mode = 'exit') => {
    const url = new URL('./crashing-worker.mjs', import.meta.url);
    url.search = String(new URLSearchParams({ mode, count: String(count), folder: join(folder, 'deaths') }));
    // A worker is not told the query of its own URL, a module imported by it is.
    const entry = join(folder, 'worker.mjs');
    writeFileSync(entry, `await import(${JSON.stringify(url.href)});`);
    return pathToFileURL(entry);
  };
  const list = () => f.proofs.slice(0, 6).with(4, SPOILERS[3]!(f.proofs[4]!));
  const verdicts = [true, true, true, true, false, true];

  it.each(['exit', 'garbage', 'hang'])(
    'mid-batch (%s) is replaced and its proofs are verified',
    async (mode) => {
      const v = verifier({ workerUrl: crashing(1, mode), timeout: mode === 'hang' ? 2000 : 60_000 });
      expect(await all(v, list())).toEqual(verdicts);
      expect(deaths()).toBe(1);
    },
  );

  it('under a proof three times leaves that proof unverified, never valid', async () => {
    const v = verifier({ workers: 1, workerUrl: crashing(3) });
    const settled = await Promise.allSettled(
      list().map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof)),
    );
    expect(deaths()).toBe(3);
    expect(settled[0]).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(settled.slice(1)).toMatchObject(
      verdicts.slice(1).map((value) => ({ status: 'fulfilled', value })),
    );
  });

  it('always makes every answer an error, and the pool usable again', async () => {
    const v = verifier({ workers: 1, workerUrl: crashing(6) });
    const settled = await Promise.allSettled(
      list().map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof)),
    );
    expect(settled).toMatchObject(
      list().map(() => ({ status: 'rejected', reason: { code: 'unavailable' } })),
    );
    expect(await all(v, list())).toEqual(verdicts);
  });

  it('and cannot start at all makes every answer an error', async () => {
    const v = verifier({ workerUrl: new URL('./no-such-file.mjs', import.meta.url) });
    const settled = await Promise.allSettled(
      list().map(({ publicSignals, proof }) => v.verify(PRODUCT_V1, publicSignals, proof)),
    );
    expect(settled).toMatchObject(
      list().map(() => ({ status: 'rejected', reason: { code: 'unavailable' } })),
    );
  });
});
