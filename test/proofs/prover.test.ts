import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GROUP_ORDER } from '../../src/proofs/bn254.js';
import { defaultParallel, defaultProver } from '../../src/proofs/default-prover.js';
import { KeyRegistry } from '../../src/proofs/keys.js';
import type { CircuitInputs, Prover } from '../../src/proofs/prover.js';
import { ProverPool } from '../../src/proofs/prover-pool.js';
import { RapidsnarkProver } from '../../src/proofs/rapidsnark-prover.js';
import { SnarkjsProver } from '../../src/proofs/snarkjs-prover.js';
import { verify } from '../../src/proofs/verify.js';
import { cachedProver } from '../helpers/proof-cache.js';
import { fixture, PRODUCT_V1, PRODUCT_V2, type Fixture } from './fixture.js';

// A number that would be recognised in a message.
const SECRET = 918273645546372819n;
const INPUTS: CircuitInputs = { x: SECRET, y: 5n, binding: 7n };
const SIGNALS = [SECRET * 5n, 49n, 7n];

let f: Fixture;
let folder: string;
beforeAll(async () => {
  f = await fixture();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterseal-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that keeps rapidsnark's contract, or breaks it as `mode` says. */
function rapidsnarkLike(mode = 'prove'): string {
  const program = join(folder, 'prover.mjs');
  copyFileSync(fileURLToPath(new URL('./rapidsnark-like.mjs', import.meta.url)), program);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'mode'), mode);
  writeFileSync(join(folder, 'snarkjs'), import.meta.resolve('snarkjs'));
  return program;
}
const report = () =>
  JSON.parse(readFileSync(join(folder, 'report'), 'utf8')) as Record<string, unknown> & { folder: string };

/** Everything that an error would show: message, stack, causes. */
async function failure(promise: Promise<unknown>): Promise<{ code: string; text: string }> {
  const error = await promise.then(
    () => expect.fail('it should have failed'),
    (e: unknown) => e as Error & { code: string },
  );
  let text = '';
  for (let e: unknown = error; e instanceof Error; e = e.cause) text += `${e.message}\n${e.stack}\n`;
  return { code: error.code, text };
}

describe.each([
  ['snarkjs', () => new SnarkjsProver({ keys: f.keys })],
  ['rapidsnark', () => new RapidsnarkProver({ keys: f.keys, program: rapidsnarkLike() })],
  [
    '2 × snarkjs',
    () => new ProverPool([1, 2].map(() => new SnarkjsProver({ keys: f.keys, singleThread: true }))),
  ],
] as const)('%s', (name, make) => {
  let prover: Prover;
  beforeEach(() => {
    prover = make();
  });
  afterEach(() => prover.close());

  it('proves, reports its progress, and proves again', async () => {
    const stages: string[] = [];
    const { proof, publicSignals } = await prover.prove(PRODUCT_V1, INPUTS, {
      onProgress: (s) => stages.push(s),
    });
    expect(prover.name).toBe(name);
    expect(stages).toEqual(['loading', 'witness', 'proving']);
    expect(publicSignals).toEqual(SIGNALS);
    expect(await verify(PRODUCT_V1, publicSignals, proof, f.keys)).toBe(true);
    expect(
      (await prover.prove(PRODUCT_V1, { x: [String(SECRET)], y: '5', binding: 7n })).publicSignals,
    ).toEqual(SIGNALS);
    const both = await Promise.all([
      prover.prove(PRODUCT_V1, INPUTS),
      prover.prove(PRODUCT_V2, { ...INPUTS, binding: 8n }),
    ]);
    expect(both[0].proof).not.toEqual(proof);
    expect(both[1].publicSignals).toEqual([SECRET * 5n, 64n, 8n]);
    expect(await verify(PRODUCT_V2, both[1].publicSignals, both[1].proof, f.keys)).toBe(true);
  });

  it('says which inputs do not satisfy the statement without showing one', async () => {
    const unsatisfied = await failure(prover.prove(PRODUCT_V1, { ...INPUTS, x: 0n, y: SECRET }));
    expect(unsatisfied.code).toBe('invalid_argument');
    expect(unsatisfied.text).toContain('template Product');
    expect(unsatisfied.text).not.toContain(String(SECRET));
    for (const [inputs, field] of [
      [{ x: SECRET, binding: 7n }, undefined],
      [{ ...INPUTS, z: 1n }, 'z'],
      [{ ...INPUTS, x: [SECRET, 1n] }, 'x'],
      [{ ...INPUTS, x: [] }, 'x'],
      [{ ...INPUTS, x: SECRET + GROUP_ORDER }, 'x'],
      [{ ...INPUTS, x: -SECRET }, 'x'],
      [{ ...INPUTS, x: [[SECRET - GROUP_ORDER]] }, 'x'],
      [{ ...INPUTS, x: `0${SECRET}` }, 'x'],
      [{ ...INPUTS, x: `-${SECRET}` }, 'x'],
      [{ ...INPUTS, x: String(SECRET + GROUP_ORDER) }, 'x'],
      [{ ...INPUTS, x: Number(SECRET) as unknown as bigint }, 'x'],
      [{ ...INPUTS, x: undefined as unknown as bigint }, 'x'],
    ] as [CircuitInputs, string | undefined][]) {
      const promise = prover.prove(PRODUCT_V1, inputs);
      await expect(promise).rejects.toMatchObject({ code: 'invalid_argument', field });
      expect((await failure(promise)).text).not.toContain(String(SECRET));
    }
    // It is still usable.
    expect((await prover.prove(PRODUCT_V1, INPUTS)).publicSignals).toEqual(SIGNALS);
  });

  it('refuses an aborted proof, waiting or begun, and goes on with the next', async () => {
    const running = new AbortController();
    const begun = prover.prove(PRODUCT_V1, INPUTS, {
      signal: running.signal,
      onProgress: (stage) => stage === 'witness' && running.abort(),
    });
    const waiting = new AbortController();
    const queued = prover.prove(PRODUCT_V1, INPUTS, { signal: waiting.signal });
    waiting.abort();
    await expect(queued).rejects.toMatchObject({ code: 'unavailable' });
    await expect(begun).rejects.toMatchObject({ code: 'unavailable' });
    await expect(prover.prove(PRODUCT_V1, INPUTS, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await prover.prove(PRODUCT_V1, INPUTS)).publicSignals).toEqual(SIGNALS);
  });

  it('refuses what is under way when it is closed, and everything after', async () => {
    const outcome = failure(
      prover.prove(PRODUCT_V1, INPUTS, { onProgress: (stage) => stage === 'witness' && void prover.close() }),
    );
    expect((await outcome).code).toBe('unavailable');
    await expect(prover.prove(PRODUCT_V1, INPUTS)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('throws for a statement without keys', async () => {
    await expect(prover.prove({ id: 'nothing', version: 1 }, INPUTS)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a prover', () => {
  /** Keys whose proving and verification key come from two setups, though every hash is right. */
  function mismatchedKeys(): KeyRegistry {
    cpSync(f.root, join(folder, 'keys'), { recursive: true });
    const target = join(folder, 'keys/product/v1');
    copyFileSync(join(f.root, 'product/v2/verification.json'), join(target, 'verification.json'));
    const manifest = JSON.parse(readFileSync(join(target, 'manifest.json'), 'utf8')) as {
      verificationKey: { sha256: string };
    };
    manifest.verificationKey.sha256 = createHash('sha256')
      .update(readFileSync(join(target, 'verification.json')))
      .digest('hex');
    writeFileSync(join(target, 'manifest.json'), JSON.stringify(manifest));
    return new KeyRegistry(join(folder, 'keys'));
  }

  it('never returns a proof that does not verify', async () => {
    const prover = new SnarkjsProver({ keys: mismatchedKeys() });
    const { code, text } = await failure(prover.prove(PRODUCT_V1, INPUTS));
    expect(code).toBe('invalid_proof');
    expect(text).not.toContain(String(SECRET));
    await prover.close();
  });

  it('is rapidsnark when the environment names it, else snarkjs', async () => {
    vi.stubEnv('COUNTERSEAL_RAPIDSNARK', rapidsnarkLike());
    const rapidsnark = defaultProver(f.keys);
    vi.stubEnv('COUNTERSEAL_RAPIDSNARK', '');
    const snarkjs = defaultProver(f.keys);
    vi.unstubAllEnvs();
    expect([rapidsnark.name, snarkjs.name]).toEqual(['rapidsnark', 'snarkjs']);
    expect((await rapidsnark.prove(PRODUCT_V1, INPUTS)).publicSignals).toEqual(SIGNALS);
    await Promise.all([rapidsnark.close(), snarkjs.close()]);
  });
});

describe('a pool of provers', () => {
  it('proves as many at once as it has provers, and those that wait in their order', async () => {
    const pool = new ProverPool([1, 2].map(() => new SnarkjsProver({ keys: f.keys, singleThread: true })));
    const events: string[] = [];
    const prove = async (name: string) => {
      await pool.prove(PRODUCT_V1, INPUTS, { onProgress: (s) => s === 'loading' && events.push(name) });
      events.push(`${name} done`);
    };
    await Promise.all(['1', '2', '3', '4'].map(prove));
    expect(events.slice(0, 2)).toEqual(['1', '2']);
    expect(events[2]).toMatch(/^[12] done$/);
    expect(events.indexOf('3')).toBeLessThan(events.indexOf('4'));
    expect(events.filter((event) => event.endsWith('done'))).toHaveLength(4);

    const [first, second, waiting] = ['5', '6', '7'].map((name) => failure(prove(name)));
    await pool.close();
    for (const proof of [first, second, waiting]) expect((await proof!).code).toBe('unavailable');
    expect(events).not.toContain('7');
  });

  it('takes no more provers by default than there are cores, and than memory holds', () => {
    expect(defaultParallel(8, 64e9)).toBe(8);
    expect(defaultParallel(8, 2e9)).toBe(2);
    expect(defaultParallel(8, 1e8)).toBe(1);
  });
});

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // A process that has ended but was not yet collected by its parent is not alive.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.startsWith('Z');
  } catch {
    return false;
  }
};

describe('the proving process', () => {
  const provers: SnarkjsProver[] = [];
  afterAll(() => Promise.all(provers.map((p) => p.close())));
  const make = (idleTimeout?: number) => {
    const prover = new SnarkjsProver({ keys: f.keys, ...(idleTimeout === undefined ? {} : { idleTimeout }) });
    provers.push(prover);
    return prover;
  };

  it('is kept for the next proof, and ends when idle', async () => {
    const prover = make();
    await prover.prove(PRODUCT_V1, INPUTS);
    const { pid } = prover;
    expect(pid).toBeTypeOf('number');
    await prover.prove(PRODUCT_V1, INPUTS);
    expect(prover.pid).toBe(pid);
    const brief = make(50);
    await brief.prove(PRODUCT_V1, INPUTS);
    await vi.waitFor(() => expect(brief.pid).toBeUndefined(), { timeout: 10_000 });
    expect((await brief.prove(PRODUCT_V1, INPUTS)).publicSignals).toEqual(SIGNALS);
  });

  it('that is killed mid-proof gives a coded error, and the next proof a new process', async () => {
    const prover = make();
    const begun = prover.prove(PRODUCT_V1, INPUTS, {
      onProgress: (stage) => stage === 'witness' && process.kill(prover.pid!, 'SIGKILL'),
    });
    await expect(begun).rejects.toMatchObject({ code: 'unavailable' });
    expect((await prover.prove(PRODUCT_V1, INPUTS)).publicSignals).toEqual(SIGNALS);
  });

  it('is killed when the proof is aborted', async () => {
    const prover = make();
    const controller = new AbortController();
    let pid = 0;
    const begun = prover.prove(PRODUCT_V1, INPUTS, {
      signal: controller.signal,
      onProgress: (stage) => {
        if (stage !== 'witness') return;
        pid = prover.pid!;
        controller.abort(new Error('enough'));
      },
    });
    await expect(begun).rejects.toMatchObject({ code: 'unavailable', cause: { message: 'enough' } });
    await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 10_000 });
  });

  it('does not carry inputs in its arguments or environment', async () => {
    const prover = make();
    let seen = '';
    await prover.prove(PRODUCT_V1, INPUTS, {
      onProgress: (stage) => {
        if (stage !== 'proving') return;
        for (const file of ['cmdline', 'environ'])
          seen += readFileSync(`/proc/${prover.pid!}/${file}`, 'utf8');
      },
    });
    expect(seen).toContain('snarkjs-child.js');
    expect(seen).not.toContain(String(SECRET));
    expect(seen).not.toContain('HOME=');
  });

  const program = (then: string) => `
    import { SnarkjsProver } from './dist/proofs/snarkjs-prover.js';
    import { KeyRegistry } from './dist/proofs/keys.js';
    const prover = new SnarkjsProver({ keys: new KeyRegistry(${JSON.stringify(f.root)}) });
    const { publicSignals } = await prover.prove({ id: 'product', version: 1 }, { x: 3n, y: 5n, binding: 7n });
    console.log(JSON.stringify([prover.pid, String(publicSignals)]));
    ${then}`;

  it('lets the process that uses it end, and ends with it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      program(''),
    ]);
    const [pid, signals] = JSON.parse(stdout) as [number, string];
    expect(signals).toBe('15,49,7');
    await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 10_000 });
  });

  it('ends when the process that uses it is killed', async () => {
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      program('setInterval(() => {}, 1000);'),
    ]);
    const line = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (d) => resolve(String(d))),
    );
    const [pid] = JSON.parse(line) as [number];
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 10_000 });
  });
});

describe('rapidsnark', () => {
  const prove = async (mode: string, signal?: AbortSignal) => {
    const prover = new RapidsnarkProver({ keys: f.keys, program: rapidsnarkLike(mode) });
    try {
      return await prover.prove(PRODUCT_V1, INPUTS, signal ? { signal } : {});
    } finally {
      await prover.close();
    }
  };

  it('gets four arguments, and the witness in a file that nobody else can read and that is removed', async () => {
    await prove('prove');
    expect(report()).toMatchObject({
      arguments: 4,
      folderMode: 0o700,
      witnessMode: 0o600,
      environment: ['PATH'],
    });
    expect(existsSync(report().folder)).toBe(false);
  });

  it.each([
    ['fails', 'fail', 'unavailable'],
    ['writes nothing', 'silent', 'invalid_proof'],
    ['writes other public signals', 'wrong', 'invalid_proof'],
    ['writes numbers that are not canonical', 'sloppy', 'invalid_proof'],
  ])('that %s is a coded error, and the witness is removed', async (_, mode, code) => {
    const error = await failure(prove(mode));
    expect(error.code).toBe(code);
    expect(error.text).not.toContain(String(SECRET));
    expect(existsSync(report().folder)).toBe(false);
  });

  it('that is aborted is killed, and the witness is removed', async () => {
    const controller = new AbortController();
    const outcome = failure(prove('hang', controller.signal));
    await vi.waitFor(() => expect(existsSync(join(folder, 'report'))).toBe(true), { timeout: 20_000 });
    controller.abort();
    expect((await outcome).code).toBe('unavailable');
    expect(existsSync(report().folder)).toBe(false);
  });

  it('that is not there is a coded error', async () => {
    const prover = new RapidsnarkProver({ keys: f.keys, program: join(folder, 'nothing') });
    await expect(prover.prove(PRODUCT_V1, INPUTS)).rejects.toMatchObject({ code: 'io' });
    await prover.close();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no witness when the process gets %s', async (signal) => {
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { RapidsnarkProver } from './dist/proofs/rapidsnark-prover.js';
       import { KeyRegistry } from './dist/proofs/keys.js';
       const keys = new KeyRegistry(${JSON.stringify(f.root)});
       const prover = new RapidsnarkProver({ keys, program: ${JSON.stringify(rapidsnarkLike('hang'))} });
       await prover.prove({ id: 'product', version: 1 }, { x: 3n, y: 5n, binding: 7n });`,
    ]);
    const ended = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    await vi.waitFor(() => expect(existsSync(join(folder, 'report'))).toBe(true), { timeout: 20_000 });
    await vi.waitFor(() => expect(() => report()).not.toThrow());
    expect(existsSync(report().folder)).toBe(true);
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(existsSync(report().folder)).toBe(false);
  });
});

describe('the proof cache of the tests', () => {
  it('proves once, and gives proofs that verify', async () => {
    let proved = 0;
    const inner = new SnarkjsProver({ keys: f.keys });
    const counting: Prover = {
      name: inner.name,
      prove: (...args) => (proved++, inner.prove(...args)),
      close: () => inner.close(),
    };
    const cached = cachedProver(counting, f.keys, join(folder, 'proofs'));
    const first = await cached.prove(PRODUCT_V1, INPUTS);
    expect(await cached.prove(PRODUCT_V1, { binding: 7n, y: 5n, x: SECRET })).toEqual(first);
    expect(proved).toBe(1);
    expect(await verify(PRODUCT_V1, first.publicSignals, first.proof, f.keys)).toBe(true);
    await cached.prove(PRODUCT_V1, { ...INPUTS, y: 6n });
    await cached.prove(PRODUCT_V2, INPUTS);
    expect(proved).toBe(3);
    await cached.close();
  });
});
