import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fieldElement } from '../../src/crypto/index.js';
import { packageKeys, statementName, type KeyRegistry } from '../../src/proofs/keys.js';
import type { CircuitInput, CircuitInputs, Proved, Prover } from '../../src/proofs/prover.js';

const FOLDER = fileURLToPath(new URL('../../.cache/proofs/', import.meta.url));

const canonical = (value: CircuitInput): unknown =>
  typeof value === 'bigint' || typeof value === 'string' ? String(value) : value.map(canonical);

/** SHA-256 of statement, key hash and inputs, in an order that does not depend on how the inputs were put together. */
const digest = (name: string, keyHash: string, inputs: CircuitInputs): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        name,
        keyHash,
        Object.entries(inputs)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([signal, value]) => [signal, canonical(value)]),
      ]),
    )
    .digest('hex');

/**
 * A prover that keeps its proofs below `.cache/proofs/`, for tests only: the inputs of a cached proof are gone, but its
 * proof and public signals lie there in the clear.
 */
export function cachedProver(
  prover: Prover,
  keys: KeyRegistry = packageKeys,
  folder: string = FOLDER,
): Prover {
  return {
    name: `cached ${prover.name}`,
    async prove(statement, inputs, options): Promise<Proved> {
      const { verificationKey } = await keys.load(statement);
      const path = join(folder, `${digest(statementName(statement), verificationKey.hash, inputs)}.json`);
      try {
        const { proof, publicSignals } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
        return {
          proof: new Uint8Array(Buffer.from(proof as string, 'hex')),
          publicSignals: (publicSignals as string[]).map((s) => fieldElement(BigInt(s))),
        };
      } catch {
        const made = await prover.prove(statement, inputs, options);
        mkdirSync(folder, { recursive: true });
        const temporary = `${path}.${process.pid}`;
        const publicSignals = made.publicSignals.map(String);
        writeFileSync(
          temporary,
          JSON.stringify({ proof: Buffer.from(made.proof).toString('hex'), publicSignals }),
        );
        renameSync(temporary, path);
        return made;
      }
    },
    close: () => prover.close(),
  };
}
