import { availableParallelism, freemem } from 'node:os';
import { packageKeys, type KeyRegistry } from './keys.js';
import type { Prover } from './prover.js';
import { ProverPool } from './prover-pool.js';
import { RapidsnarkProver } from './rapidsnark-prover.js';
import { SnarkjsProver } from './snarkjs-prover.js';

/** What one single-threaded snarkjs process takes for a proof of `register`, with room. */
const PROVER_BYTES = 400 * 1024 * 1024;

/** rapidsnark if `COUNTERSEAL_RAPIDSNARK` names its `prover` program, else snarkjs, which needs nothing. */
export function defaultProver(keys: KeyRegistry = packageKeys): Prover {
  const program = process.env['COUNTERSEAL_RAPIDSNARK'];
  return program ? new RapidsnarkProver({ program, keys }) : new SnarkjsProver({ keys });
}

/** As many as there are cores, and no more than fit into half of the memory that is free; at least one. */
export function defaultParallel(cores = availableParallelism(), freeBytes = freemem()): number {
  return Math.max(1, Math.min(cores, Math.floor(freeBytes / 2 / PROVER_BYTES)));
}

/**
 * For many proofs: `parallel` of them at once, each on one core, which wastes none of them. rapidsnark uses all cores
 * for each, and makes one after the other.
 */
export function batchProver(parallel: number, keys: KeyRegistry = packageKeys): Prover {
  if (parallel === 1 || process.env['COUNTERSEAL_RAPIDSNARK']) return defaultProver(keys);
  return new ProverPool(
    Array.from({ length: parallel }, () => new SnarkjsProver({ keys, singleThread: true })),
  );
}
