import { CountersealError } from '../errors.js';
import { unixMs } from '../ledger/index.js';
import { isPassing } from '../rpc/passing.js';
import { ownEntry } from './entries.js';
import { withEvaluations } from './entry-opening.js';
import type { Evaluations } from './evaluations.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { Recovered } from './recover.js';
import type { AgentStore } from './store.js';

/**
 * Evaluates anew the recovered entries that somebody can write to, so that a watch tells of their mail. Those alone: it
 * takes evaluations of the daily quota. Where an evaluator does not answer, or a field is absent, `match show` tries
 * again.
 */
export async function evaluateRecovered(
  parts: { readonly evaluations: Evaluations; readonly store: AgentStore; readonly copy: LedgerCopy },
  recovered: readonly Recovered[],
): Promise<void> {
  const { store, copy } = parts;
  const entries = await store.use((session) => {
    const replica = copy.replica(session);
    return recovered.flatMap(({ sequence, document }) => {
      const entry = document === 'document' ? ownEntry(session, sequence) : undefined;
      const self = entry && replica.entry(entry.sequence);
      if (!entry || !self) return [];
      const { exact } = replica.verdict(entry.purpose, self.tags, unixMs(Date.now()), { self });
      return exact.total > 0 ? [entry] : [];
    });
  });
  for (const entry of entries)
    try {
      await withEvaluations(parts, entry);
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      // No evaluator answers for the others either.
      if (isPassing(error)) return;
    }
}
