import {
  type FingerprintVerdict,
  purposeOf,
  unixMs,
  type Network,
  type Replica,
  type Sequence,
} from '../ledger/index.js';
import { ownPossession } from './agreement.js';
import {
  listEntries,
  ownEntryOrThrow,
  payloadView,
  type EntryView,
  type OwnEntry,
  type PayloadView,
} from './entries.js';
import type { Findings } from './findings.js';
import type { LedgerCopy } from './ledger-copy.js';
import { standingOf } from './outbox.js';
import { findingsAt } from './own-matches.js';
import type { AgentStore } from './store.js';

/** An own entry that is on the ledger, in full. */
export interface ShownEntry extends EntryView {
  readonly payload: PayloadView;
  readonly findings: Findings;
  /** What it carries beside exact and near, and whom each of that meets now. */
  readonly fingerprints: readonly (FingerprintVerdict & { readonly name: string })[];
}

interface Parts {
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

/** The member's entries, the newest last, each with its state now. */
export async function viewEntries({ store, copy }: Omit<Parts, 'network'>): Promise<EntryView[]> {
  await copy.sync();
  return store.use(async (session) => {
    const replica = copy.replica(session);
    const entries = await listEntries(session);
    return entries
      .sort((a, b) => a.createdAt - b.createdAt)
      .map((entry) => ({ entry, state: stateOf(replica, entry) }));
  });
}

/** One of the member's entries, and what the ledger has met of it so far. Throws `not_found`. */
export async function showEntry({ network, store, copy }: Parts, sequence: number): Promise<ShownEntry> {
  await copy.sync();
  return store.use(async (session) => {
    const entry = ownEntryOrThrow(session, sequence);
    const replica = copy.replica(session);
    const self = replica.entry(entry.sequence)!;
    const own = await listEntries(session);
    const time = unixMs(Date.now());
    const possession = ownPossession(entry, self);
    const sought = { ...self, self, ...(possession === undefined ? {} : { possession }) };
    const findings = findingsAt({ session, replica, own }, sought, time);
    const fingerprints = self.fingerprints.map(({ name, tag }) => ({
      name,
      ...replica.carried({ ...self, name }, tag, time, self),
    }));
    const terms = purposeOf(network.genesis.schema, self.purpose);
    const payload = payloadView(terms, self, replica.isErased(self.sequence), time);
    return { entry, state: stateOf(replica, entry), payload, findings, fingerprints };
  });
}

function stateOf(replica: Replica, entry: OwnEntry): EntryView['state'] {
  if (entry.refused !== undefined) return 'refused';
  const indexed = entry.sequence === undefined ? undefined : replica.entry(entry.sequence as Sequence);
  if (!indexed) return standingOf(entry, replica, unixMs(Date.now())) === 'expired' ? 'expired' : 'pending';
  return replica.stateOf(indexed, unixMs(Date.now()));
}
