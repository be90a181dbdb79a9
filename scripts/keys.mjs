// Makes the development keys of a statement, or checks those in keys/ against the sources.
//
//   npm run keys -- --ptau FILE [--statement register] [--version 1]
//   npm run keys -- --check [--statement register] [--version 1] [--ptau FILE]
//
// Proving keys of 20 MB stay in git for ever: change a circuit, freeze it, then make its keys, once per version.
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as snarkjs from 'snarkjs';
import { circomVersion, compile, ROOT, sha256OfFile, signalNames, sourceHashes } from './circuits.mjs';

const FILES = ['proving.zkey', 'verification.json', 'witness.wasm'];
const FLAGS = ['--r1cs', '--wasm', '--sym', '--O2'];

const { values } = parseArgs({
  options: {
    ptau: { type: 'string' },
    statement: { type: 'string', default: 'register' },
    version: { type: 'string', default: '1' },
    check: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
});
const { statement } = values;
const version = Number(values.version);
const main = `circuits/main/${statement}.circom`;
const folder = join(ROOT, 'keys', statement, `v${version}`);
const work = join(ROOT, 'build', 'keys', statement);

function fail(message) {
  console.error(message);
  process.exit(1);
}

async function compiled() {
  console.log(`Compiling ${main} ...`);
  await compile(main, work, FLAGS);
  const r1cs = join(work, `${statement}.r1cs`);
  const info = await snarkjs.r1cs.info(r1cs);
  const publicSignals = info.nOutputs + info.nPubInputs;
  return {
    r1cs,
    witness: join(work, `${statement}_js`, `${statement}.wasm`),
    constraints: info.nConstraints,
    names: signalNames(join(work, `${statement}.sym`), publicSignals),
  };
}

async function make(ptau) {
  if (existsSync(join(folder, 'manifest.json')) && !values.force)
    fail(`${folder} has keys already. Give --version for a new version, or --force to replace them.`);
  const circuit = await compiled();
  // Made aside and put into place at the end: who proves meanwhile sees the old keys or the new, never both.
  const made = join(work, 'keys');
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const [zkey, verification, witness] = FILES.map((file) => join(made, file));

  console.log(`Setting up ${circuit.constraints} constraints (a minute) ...`);
  const unfinished = join(work, 'setup.zkey');
  const refused = await snarkjs.zKey.newZKey(circuit.r1cs, ptau, unfinished);
  if (refused === -1) fail(`${ptau} is not a prepared powers-of-tau file large enough for this circuit.`);
  // Without a second phase delta is the generator, and anybody can forge a proof.
  await snarkjs.zKey.contribute(unfinished, zkey, 'development', randomBytes(64).toString('hex'));
  rmSync(unfinished);
  console.log('Checking the proving key against circuit and powers of tau (a minute) ...');
  if (!(await snarkjs.zKey.verifyFromR1cs(circuit.r1cs, ptau, zkey)))
    fail('The proving key does not verify.');

  const key = await snarkjs.zKey.exportVerificationKey(zkey);
  writeFileSync(verification, `${JSON.stringify(key, null, 1)}\n`);
  copyFileSync(circuit.witness, witness);
  const file = async (name) => ({ file: name, sha256: await sha256OfFile(join(made, name)) });
  const manifest = {
    statement,
    version,
    setup: 'development',
    circom: { version: circomVersion(), flags: FLAGS },
    sources: sourceHashes(main),
    r1cs: {
      sha256: await sha256OfFile(circuit.r1cs),
      constraints: circuit.constraints,
      publicSignals: circuit.names.length,
    },
    zkey: await file(FILES[0]),
    verificationKey: await file(FILES[1]),
    witness: await file(FILES[2]),
    ptau: { sha256: await sha256OfFile(ptau) },
    publicSignals: circuit.names,
  };
  writeFileSync(join(made, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(made, folder);
  console.log(`Wrote ${folder}.`);
}

/** Compares sources, constraint system, witness program and keys with the manifest; with a ptau, the key's setup. */
async function check(ptau) {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const circuit = await compiled();
  const found = {
    'circom version': [circomVersion(), manifest.circom.version],
    'circom flags': [FLAGS.join(' '), manifest.circom.flags.join(' ')],
    sources: [JSON.stringify(sourceHashes(main)), JSON.stringify(manifest.sources)],
    r1cs: [await sha256OfFile(circuit.r1cs), manifest.r1cs.sha256],
    'witness program, compiled': [await sha256OfFile(circuit.witness), manifest.witness.sha256],
    'public signals': [circuit.names.join(), manifest.publicSignals.join()],
  };
  for (const part of ['zkey', 'verificationKey', 'witness'])
    found[manifest[part].file] = [
      await sha256OfFile(join(folder, manifest[part].file)),
      manifest[part].sha256,
    ];
  const key = await snarkjs.zKey.exportVerificationKey(join(folder, manifest.zkey.file));
  found['verification key, exported'] = [
    JSON.stringify(key),
    JSON.stringify(JSON.parse(readFileSync(join(folder, manifest.verificationKey.file), 'utf8'))),
  ];
  const wrong = Object.keys(found).filter((name) => found[name][0] !== found[name][1]);
  if (ptau && !(await snarkjs.zKey.verifyFromR1cs(circuit.r1cs, ptau, join(folder, manifest.zkey.file))))
    wrong.push('setup');
  if (wrong.length > 0)
    fail(`keys/${statement}/v${version} differs from its sources in: ${wrong.join(', ')}.`);
  console.log(`keys/${statement}/v${version} agrees with its sources.`);
}

if (!/^[a-z][a-z-]*$/.test(statement) || !Number.isInteger(version) || version < 1)
  fail('--statement is the name of a file of circuits/main, --version an integer from 1.');
if (!existsSync(join(ROOT, main))) fail(`There is no ${main}.`);
if (values.check) await check(values.ptau);
else if (values.ptau) await make(values.ptau);
else fail('Usage: npm run keys -- --ptau FILE [--statement NAME] [--version N] [--force], or --check');
// snarkjs keeps its worker threads.
process.exit(0);
