import { encodeDocument } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import { logIndex, purposeOf, type Network, type Sequence } from '../ledger/index.js';
import type { EvaluatorWarning } from '../oprf/index.js';
import type { Prover } from '../proofs/index.js';
import { isLive, listEntries, type EntryView, type OwnEntry } from './entries.js';
import { findingsOf, type Findings } from './findings.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { Outbox, RegisterOrder } from './outbox.js';
import { byTag, matchesOf, meetsAny } from './own-matches.js';
import type { RegisterProgress } from './register.js';
import type { AgentStore } from './store.js';

/** What a document met when it was registered. */
export interface RegisterResult extends Findings {
  readonly purpose: string;
  readonly sequence: number;
  /** The member had a live entry of this document for this purpose: nothing was registered now. */
  readonly existed?: true;
  readonly warnings: readonly EvaluatorWarning[];
}

/** An entry that is proved, and submitted later. */
export interface DeferredRegistration {
  readonly purpose: string;
  readonly state: 'pending';
  /** ISO 8601. */
  readonly notBefore: string;
  readonly warnings: readonly EvaluatorWarning[];
}

interface Parts {
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly outbox: Outbox;
}

/** Who proves, and who is told how far it is. */
export interface Proving {
  readonly prover: Prover;
  readonly onProgress: (step: RegisterProgress) => void;
}

/**
 * Registers a document, unless one of the member's live entries, which `entries` lists, is of it already. Throws what a
 * check throws, and `rejected`.
 */
export async function registerDocument(
  parts: Parts,
  order: RegisterOrder,
  proving: Proving,
  entries: () => Promise<readonly EntryView[]>,
): Promise<RegisterResult> {
  const { network, outbox } = parts;
  const { name: purpose } = purposeOf(network.genesis.schema, order.purpose);
  // What waits goes first, held back or not; the same document is then not registered a second time.
  const same = sameOrder({ ...order, purpose });
  const [before] = await outbox.push(same, { force: true, proving });
  if (before?.sequence !== undefined) return registered(parts, before, []);
  const live = (await entries()).find(({ entry, state }) => same(entry) && isLive(state));
  if (live) return { ...(await registered(parts, live.entry, [])), existed: true };
  const { entry, warnings } = await outbox.prepare({ ...order, purpose }, proving);
  proving.onProgress('submitting');
  const [submitted] = await outbox.submit(entry);
  if (submitted?.sequence === undefined)
    throw new CountersealError(
      'rejected',
      `the ledger refuses the entry: ${submitted?.refused ?? 'the members, or the day, changed meanwhile: register it again'}`,
    );
  return registered(parts, submitted, warnings);
}

/** Proves a document, and keeps the entry to be submitted within the member's window. Throws as {@link registerDocument}. */
export async function deferDocument(
  { network, outbox }: Pick<Parts, 'network' | 'outbox'>,
  order: RegisterOrder,
  proving: Proving,
): Promise<DeferredRegistration> {
  const { name: purpose } = purposeOf(network.genesis.schema, order.purpose);
  const named = { ...order, purpose };
  const [before] = await outbox.waiting(sameOrder(named));
  if (before && before.standing !== 'expired') return deferred(before.entry, []);
  const { entry, warnings } = await outbox.prepare(named, proving, {
    within: outbox.window,
    ...(before ? { replaces: before.entry.nullifier } : {}),
  });
  return deferred(entry, warnings);
}

/** What an own entry met when it was registered: the verdict of its record, without the member's own entries. */
function registered(
  { store, copy }: Pick<Parts, 'store' | 'copy'>,
  entry: OwnEntry,
  warnings: readonly EvaluatorWarning[],
): Promise<RegisterResult> {
  return store.use(async (session) => {
    const replica = copy.replica(session);
    const self = replica.entry(entry.sequence as Sequence)!;
    const { body } = copy.record(session, logIndex(entry.index!));
    ensure(body.type === 'register', 'data_corrupted', 'the record of an own entry is another one');
    const states = new Map(body.verdict.matches.map(({ sequence, state }) => [sequence, state]));
    const own = meetsAny(body.verdict) ? await listEntries(session) : [];
    const before = matchesOf(own, replica, entry.purpose, self.tags, self)
      .filter(({ sequence }) => sequence < self.sequence)
      .map((match) => ({ ...match, state: states.get(match.sequence) ?? match.state }));
    const findings = findingsOf(self.documentKind, body.verdict, byTag(before, self.tags));
    return { purpose: entry.purpose, sequence: self.sequence, ...findings, warnings };
  });
}

const sameOrder =
  ({ document, purpose }: RegisterOrder) =>
  (entry: OwnEntry): boolean =>
    entry.purpose === purpose && entry.document === Buffer.from(encodeDocument(document)).toString('utf8');

const deferred = (
  { purpose, notBefore, createdAt }: OwnEntry,
  warnings: readonly EvaluatorWarning[],
): DeferredRegistration => ({
  purpose,
  state: 'pending',
  notBefore: new Date(notBefore ?? createdAt).toISOString(),
  warnings,
});
