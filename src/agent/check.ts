import { purposeOf, unixMs, type IndexedEntry, type Network } from '../ledger/index.js';
import { tagOf, type EvaluatorWarning } from '../oprf/index.js';
import { listEntries } from './entries.js';
import type { Evaluations } from './evaluations.js';
import type { Findings } from './findings.js';
import { evaluateAll, type FingerprintedDocument } from './fingerprinting.js';
import type { LedgerCopy } from './ledger-copy.js';
import { findingsAt, meetsAny } from './own-matches.js';
import type { AgentStore } from './store.js';

/** What a document would meet, were it registered now. */
export interface CheckResult extends Findings {
  readonly purpose: string;
  /** Entries under the other purposes that a check consults: context, not part of the verdict. */
  readonly alsoUnder: readonly { readonly purpose: string; readonly entries: number }[];
  readonly warnings: readonly EvaluatorWarning[];
}

interface Parts {
  readonly network: Network;
  readonly evaluations: Evaluations;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

/**
 * Whether documents would be unique under a purpose, with one round of evaluations; the results are in their order.
 * Throws `not_found` (purpose), `quota_exceeded`, `unavailable`.
 */
export async function checkDocuments(
  { network, evaluations: evaluators, store, copy }: Parts,
  documents: readonly FingerprintedDocument[],
  purposeName: string,
): Promise<CheckResult[]> {
  const { name, consults } = purposeOf(network.genesis.schema, purposeName);
  const [{ evaluated, warnings }] = await Promise.all([evaluateAll(evaluators, documents), copy.sync()]);
  return store.use(async (session) => {
    const replica = copy.replica(session);
    const time = unixMs(Date.now());
    const tagsUnder =
      (i: number) =>
      (purpose: string): IndexedEntry['tags'] => [
        tagOf(evaluated[i]!.exact.documentKey, purpose),
        tagOf(evaluated[i]!.near.documentKey, purpose),
      ];
    const met = documents.some((_, i) => meetsAny(replica.verdict(name, tagsUnder(i)(name), time)));
    const own = met ? await listEntries(session) : [];
    return documents.map(({ document }, i) => {
      const tags = tagsUnder(i);
      const { possession } = evaluated[i]!;
      const sought = {
        documentKind: document.kind,
        purpose: name,
        tags: tags(name),
        ...(possession ? { possession: tagOf(possession.documentKey, name) } : {}),
      };
      return {
        purpose: name,
        ...findingsAt({ session, replica, own }, sought, time),
        alsoUnder: consults
          .filter((other) => other !== name)
          .map((other) => ({
            purpose: other,
            entries: replica.verdict(other, tags(other), time).exact.total,
          }))
          .filter(({ entries }) => entries > 0),
        warnings,
      };
    });
  });
}
