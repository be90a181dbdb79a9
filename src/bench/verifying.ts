import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { BatchVerifier, packageKeys, proofFromBytes, REGISTER, type Verifier } from '../proofs/index.js';
import { proofToSnarkjs } from '../proofs/proof-encoding.js';
import { ensure } from '../errors.js';
import { median, timed, type Times } from './clock.js';
import type { Group } from './figure.js';
import { registrations, type Registration } from './registrations.js';
import { syntheticNetwork } from './synthetic-network.js';

const BATCH = 64;
const ROUNDS = 7;
const ONE_BY_ONE = 16;

async function verifyAll(verifier: Verifier, proofs: readonly Registration[]): Promise<void> {
  const verdicts = await Promise.all(
    proofs.map(({ signals, proof }) => verifier.verify(REGISTER, signals, proof)),
  );
  ensure(
    verdicts.every((valid) => valid),
    'internal',
    'a proof that was made here does not verify',
  );
}

/** snarkjs on one proof after the other. */
async function plainSnarkjs(proofs: readonly Registration[]): Promise<Times> {
  const path = join(packageKeys.root, REGISTER.id, `v${REGISTER.version}`, 'verification.json');
  const key: unknown = JSON.parse(await readFile(path, 'utf8'));
  const verify = async ({ signals, proof }: Registration): Promise<void> => {
    const valid = await snarkjs.groth16.verify(
      key,
      signals.map(String),
      proofToSnarkjs(proofFromBytes(proof)),
    );
    ensure(valid, 'internal', 'a proof that was made here does not verify');
  };
  await verify(proofs[0]!);
  return timed(async () => {
    for (const proof of proofs) await verify(proof);
  });
}

export const verifying: Group = {
  names: ['verify.batch64'],
  async measure({ cache, progress }) {
    const proofs = await registrations(await syntheticNetwork(), BATCH, cache, progress);
    progress('verifying');
    const verifier = new BatchVerifier();
    const rounds: Times[] = [];
    try {
      for (let i = 0; i < 3; i++) await verifyAll(verifier, proofs);
      for (let i = 0; i < ROUNDS; i++) rounds.push(await timed(() => verifyAll(verifier, proofs)));
    } finally {
      await verifier.close();
    }
    const plain = await plainSnarkjs(proofs.slice(0, ONE_BY_ONE));
    const wall = median(rounds.map((round) => round.wall)) / BATCH;
    const cpu = median(rounds.map((round) => round.cpu)) / BATCH;
    return [
      {
        name: 'verify.batch64',
        value: 1000 / wall,
        unit: 'proofs/s',
        baseline: (1000 * ONE_BY_ONE) / plain.wall,
        against: 'snarkjs, one by one',
        better: 'higher',
        notes: [
          `${wall.toFixed(2)} ms and ${cpu.toFixed(2)} ms of processor a proof; snarkjs ` +
            `${(plain.wall / ONE_BY_ONE).toFixed(1)} and ${(plain.cpu / ONE_BY_ONE).toFixed(1)}`,
        ],
      },
    ];
  },
};
