// Makes src/crypto/poseidon.wasm: circomlibjs's Poseidon on the scalar field of BN254, and nothing of the curve, which
// circomlibjs itself builds anew in each process. With --check: fails if what is there differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PATH = fileURLToPath(new URL('../src/crypto/poseidon.wasm', import.meta.url));
const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const MEMORY_PAGES = 25;

const require = createRequire(import.meta.url);
// What circomlibjs builds with: the versions that it depends on.
const builders = createRequire(createRequire(require.resolve('circomlibjs')).resolve('ffjavascript'));

export async function poseidonProgram() {
  const { buildPoseidonWasm } = await import('circomlibjs');
  const { ModuleBuilder } = builders('wasmbuilder');
  const module = new ModuleBuilder();
  module.setMemory(MEMORY_PAGES);
  builders('wasmcurves/src/build_f1.js')(module, FIELD_ORDER, 'fr', 'frm');
  buildPoseidonWasm(module);
  return Buffer.from(module.build());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const program = await poseidonProgram();
  if (!process.argv.includes('--check')) writeFileSync(PATH, program);
  else if (!readFileSync(PATH).equals(program)) {
    console.error('src/crypto/poseidon.wasm is not what circomlibjs makes: run npm run generate.');
    process.exitCode = 1;
  }
}
