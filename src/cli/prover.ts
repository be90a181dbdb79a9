import type { Prover } from '../proofs/index.js';

/** Runs `work` with a prover, closed behind it. What proves is loaded only then. */
export async function withProver<T>(work: (prover: Prover) => Promise<T>): Promise<T> {
  const { defaultProver } = await import('../proofs/index.js');
  const prover = defaultProver();
  try {
    return await work(prover);
  } finally {
    await prover.close();
  }
}
