import { defaultProver, type Prover } from '../proofs/index.js';

/** Runs `work` with a prover, closed behind it. */
export async function withProver<T>(work: (prover: Prover) => Promise<T>): Promise<T> {
  const prover = defaultProver();
  try {
    return await work(prover);
  } finally {
    await prover.close();
  }
}
