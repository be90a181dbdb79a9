import type { Agent } from '../agent/index.js';
import { defaultProver, type Prover } from '../proofs/index.js';

const SAID = {
  submitted: 'an entry that was held back was submitted',
  refused: 'an entry that was held back was refused: see "entry list"',
  'proved-again': 'an entry was not submitted in time, and was proved again',
} as const;

/**
 * Does what a member's privacy settings leave to a process that runs on, as long as `work` does: submits entries and
 * shows fingerprints at their time, and sends cover requests. What fails in one ends all. `shared` is the prover of a process that has one.
 */
export async function withBackground(
  agent: Agent,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
  shared?: () => Prover,
): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  let prover: Prover | undefined;
  const proverOf = shared ?? ((): Prover => (prover ??= defaultProver()));
  const end = (): void => ended.abort();
  try {
    const outcomes = await Promise.allSettled(
      [
        work(signal),
        agent.cover(signal),
        agent.outbox.run(signal, proverOf, (_, what) => process.stderr.write(`${SAID[what]}\n`)),
        agent.showings.run(signal, proverOf, (settled) =>
          process.stderr.write(
            `a fingerprint that was held back was ${'refused' in settled ? `refused: ${settled.refused}` : 'shown'}\n`,
          ),
        ),
      ].map((task) =>
        task.catch((error: unknown) => {
          end();
          throw error;
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    end();
    await prover?.close();
  }
}
