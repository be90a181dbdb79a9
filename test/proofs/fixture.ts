// Keys of a small circuit, and proofs made with them. Generated once (some seconds), kept below .cache/.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as snarkjs from 'snarkjs';
import { proofFromSnarkjs, proofToBytes } from '../../src/proofs/proof-encoding.js';
import { KeyRegistry, type Statement } from '../../src/proofs/keys.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Public: product, square (outputs), binding. Private: x, which must not be 0, and y. */
const CIRCUIT = `pragma circom 2.1.0;
template Product() {
  signal input x;
  signal input y;
  signal input binding;
  signal output product;
  signal output square;
  signal inverse;
  inverse <-- x == 0 ? 0 : 1 / x;
  x * inverse === 1;
  product <== x * y;
  square <== binding * binding;
}
component main {public [binding]} = Product();
`;

export const PRODUCT_V1: Statement = { id: 'product', version: 1 };
/** The same circuit with other keys, said to come from a ceremony. */
export const PRODUCT_V2: Statement = { id: 'product', version: 2 };
/** Said to come from a ceremony, but without a second phase: delta is the generator. */
export const PRODUCT_V3: Statement = { id: 'product', version: 3 };

export interface ProvedFixture {
  readonly publicSignals: bigint[];
  readonly proof: Uint8Array;
}

export interface Fixture {
  readonly root: string;
  readonly keys: KeyRegistry;
  /** 64 proofs of v1 with x = i + 1, y = 3, binding = 1000 + i. */
  readonly proofs: readonly ProvedFixture[];
  /** 8 proofs of v2. */
  readonly proofsV2: readonly ProvedFixture[];
  /** verification.json of v1, for snarkjs. */
  readonly verificationKey: unknown;
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

async function makeKeys(folder: string): Promise<void> {
  writeFileSync(join(folder, 'product.circom'), CIRCUIT);
  // The compiler is a sandboxed program that sees only what is below the folder in which it runs.
  await promisify(execFile)(
    process.execPath,
    [
      join(repository, 'node_modules/circom2/cli.js'),
      'product.circom',
      '--O2',
      '--r1cs',
      '--wasm',
      '-o',
      '.',
    ],
    { cwd: folder },
  );
  const curve = await snarkjs.curves.getCurveFromName('bn128', { singleThread: true });
  const at = (name: string) => join(folder, name);
  await snarkjs.powersOfTau.newAccumulator(curve, 8, at('0.ptau'));
  await snarkjs.powersOfTau.contribute(at('0.ptau'), at('1.ptau'), 'test', 'test');
  await snarkjs.powersOfTau.preparePhase2(at('1.ptau'), at('2.ptau'));
  await snarkjs.zKey.newZKey(at('product.r1cs'), at('2.ptau'), at('0.zkey'));
  const wasm = readFileSync(at('product_js/product.wasm'));
  for (const { id, version } of [PRODUCT_V1, PRODUCT_V2, PRODUCT_V3]) {
    const target = join(folder, 'keys', id, `v${version}`);
    mkdirSync(target, { recursive: true });
    const zkey = join(target, 'proving.zkey');
    if (version === 3) writeFileSync(zkey, readFileSync(at('0.zkey')));
    else await snarkjs.zKey.contribute(at('0.zkey'), zkey, 'test', `test ${version}`);
    const verification = JSON.stringify(await snarkjs.zKey.exportVerificationKey(zkey), null, 1);
    writeFileSync(join(target, 'verification.json'), verification);
    writeFileSync(join(target, 'witness.wasm'), wasm);
    const info = await snarkjs.r1cs.info(at('product.r1cs'));
    const manifest = {
      statement: id,
      version,
      setup: version === 1 ? 'development' : 'ceremony',
      circom: { version: '2.2.3', flags: ['--O2'] },
      sources: { 'product.circom': sha256(CIRCUIT) },
      r1cs: {
        sha256: sha256(readFileSync(at('product.r1cs'))),
        constraints: info.nConstraints,
        publicSignals: 3,
      },
      zkey: { file: 'proving.zkey', sha256: sha256(readFileSync(zkey)) },
      verificationKey: { file: 'verification.json', sha256: sha256(verification) },
      witness: { file: 'witness.wasm', sha256: sha256(wasm) },
      ptau: { sha256: sha256(readFileSync(at('2.ptau'))) },
      publicSignals: ['product', 'square', 'binding'],
    };
    writeFileSync(join(target, 'manifest.json'), JSON.stringify(manifest, null, 2));
  }
}

async function prove(
  root: string,
  { id, version }: Statement,
  i: number,
): Promise<{ s: string[]; p: string }> {
  const folder = join(root, id, `v${version}`);
  const witness = { type: 'mem' as const };
  await snarkjs.wtns.calculate(
    { x: BigInt(i + 1), y: 3n, binding: BigInt(1000 + i) },
    join(folder, 'witness.wasm'),
    witness,
  );
  const { proof, publicSignals } = await snarkjs.groth16.prove(
    join(folder, 'proving.zkey'),
    witness,
    undefined,
    {
      singleThread: true,
    },
  );
  return { s: publicSignals, p: Buffer.from(proofToBytes(proofFromSnarkjs(proof))).toString('hex') };
}

/** The keys and proofs, made in a folder of their own and then renamed: test files that run at once do not collide. */
export async function fixture(): Promise<Fixture> {
  const cache = join(repository, '.cache', 'proofs-fixture');
  const folder = join(cache, sha256(readFileSync(fileURLToPath(import.meta.url))).slice(0, 16));
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const temporary = mkdtempSync(join(cache, 'making-'));
    try {
      await makeKeys(temporary);
      const root = join(temporary, 'keys');
      const proofs = [];
      for (let i = 0; i < 64; i++) proofs.push(await prove(root, PRODUCT_V1, i));
      const proofsV2 = [];
      for (let i = 0; i < 8; i++) proofsV2.push(await prove(root, PRODUCT_V2, i));
      writeFileSync(join(temporary, 'proofs.json'), JSON.stringify({ proofs, proofsV2 }));
      if (!existsSync(folder)) renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  const root = join(folder, 'keys');
  const stored = JSON.parse(readFileSync(join(folder, 'proofs.json'), 'utf8')) as Record<
    'proofs' | 'proofsV2',
    { s: string[]; p: string }[]
  >;
  const read = (list: { s: string[]; p: string }[]) =>
    list.map(({ s, p }) => ({ publicSignals: s.map(BigInt), proof: new Uint8Array(Buffer.from(p, 'hex')) }));
  return {
    root,
    keys: new KeyRegistry(root),
    proofs: read(stored.proofs),
    proofsV2: read(stored.proofsV2),
    verificationKey: JSON.parse(readFileSync(join(root, 'product/v1/verification.json'), 'utf8')) as unknown,
  };
}
