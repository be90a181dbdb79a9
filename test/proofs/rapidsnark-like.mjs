#!/usr/bin/env node
// Keeps the contract of rapidsnark's `prover ZKEY WITNESS PROOF PUBLIC`, with real proofs by snarkjs. Beside
// it lie `mode`, how to behave, and `snarkjs`, where that is; what it was given goes into `report`.
import { setTimeout } from 'node:timers/promises';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const mode = existsSync(join(folder, 'mode')) ? readFileSync(join(folder, 'mode'), 'utf8') : 'prove';
const [zkey, witness, proofFile, publicFile] = process.argv.slice(2);
const report = {
  arguments: process.argv.length - 2,
  folder: dirname(witness),
  folderMode: statSync(dirname(witness)).mode & 0o777,
  witnessMode: statSync(witness).mode & 0o777,
  environment: Object.keys(process.env),
};
writeFileSync(join(folder, 'report'), JSON.stringify(report));
if (mode === 'fail') process.exit(3);
if (mode === 'hang') await setTimeout(600_000);
else if (mode !== 'silent') {
  const { groth16 } = await import(readFileSync(join(folder, 'snarkjs'), 'utf8'));
  const { proof, publicSignals } = await groth16.prove(zkey, witness, undefined, { singleThread: true });
  if (mode === 'wrong') publicSignals[0] = '1';
  if (mode === 'sloppy') publicSignals[0] = `0${publicSignals[0]}`;
  writeFileSync(proofFile, JSON.stringify(proof));
  writeFileSync(publicFile, JSON.stringify(publicSignals));
  process.exit(0);
}
