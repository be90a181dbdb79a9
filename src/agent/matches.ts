import { CountersealError, ensure } from '../errors.js';
import {
  unixMs,
  type EntryState,
  type MatchVia,
  type Network,
  type Replica,
  type Sequence,
} from '../ledger/index.js';
import { isOwn, listEntries, ownEntryOrThrow, type OwnEntry, type RegisteredEntry } from './entries.js';
import type { LedgerCopy } from './ledger-copy.js';
import { reasonOf, type ResolutionKind } from './resolutions.js';
import { agreement, ownPossession, type Agreement } from './agreement.js';
import type { AgentStore, StoreSession } from './store.js';

export interface Resolution {
  readonly as: ResolutionKind;
  readonly reason: string;
  /** Who: the user of the operating system, and the name of the member's folder. */
  readonly user: string;
  readonly member: string;
  /** ISO 8601, by this computer's clock. */
  readonly at: string;
}

/** A match of an own entry with somebody else's. */
export interface MatchView {
  readonly entry: number;
  readonly other: number;
  readonly purpose: string;
  readonly via: MatchVia;
  /** Of the other entry, now. */
  readonly state: EntryState;
  readonly possession: Agreement;
  /** The one that counts; null while nobody has looked at it. */
  readonly resolution: Resolution | null;
  /** All of them, the oldest first. */
  readonly history: readonly Resolution[];
}

const resolutionKey = (entry: number, other: number) => `own/resolution/${entry}/${other}`;
const historyOf = (session: StoreSession, entry: number, other: number): readonly Resolution[] =>
  session.getSealed<Resolution[]>(resolutionKey(entry, other)) ?? [];

/** How a match of an own entry was resolved last. */
export const resolutionOf = (session: StoreSession, entry: number, other: number): Resolution | undefined =>
  historyOf(session, entry, other).at(-1);

/** How the match of another entry with a document was resolved: through the own entries of that very document. */
export function resolutionOfDocument(
  session: StoreSession,
  own: readonly Pick<OwnEntry, 'sequence' | 'purpose' | 'tags'>[],
  { purpose, exact }: { readonly purpose: string; readonly exact: bigint },
  other: number,
): Resolution | undefined {
  const found = own.flatMap((entry) =>
    entry.sequence !== undefined && entry.purpose === purpose && BigInt(entry.tags[0]) === exact
      ? (resolutionOf(session, entry.sequence, other) ?? [])
      : [],
  );
  return found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
}

interface Parts {
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

/**
 * The matches of one own entry, or of all, with others': per tag the earliest and the latest, as a verdict lists them,
 * and those that were resolved. Throws `not_found`.
 */
export async function listMatches({ store, copy }: Parts, sequence?: number): Promise<MatchView[]> {
  await copy.sync();
  return store.use(async (session) => {
    const replica = copy.replica(session);
    if (sequence !== undefined) return matchesIn(session, replica, ownEntryOrThrow(session, sequence));
    const own = (await listEntries(session)).filter(
      (entry): entry is RegisteredEntry => entry.sequence !== undefined,
    );
    return own.sort((a, b) => a.sequence - b.sequence).flatMap((entry) => matchesIn(session, replica, entry));
  });
}

export interface MatchDecision {
  /** The other entry; needed where there are several matches. */
  readonly other?: number;
  readonly as: ResolutionKind;
  readonly reason: string;
  readonly user: string;
  readonly member: string;
}

/**
 * Resolves a match, or resolves it anew. Throws `not_found` where the entry is not the member's or there is no such
 * match, `invalid_argument` where it is not clear which match is meant, or the reason is empty or too long.
 */
export async function resolveMatch(
  { network, store, copy }: Parts,
  sequence: number,
  { other, as, reason, user, member }: MatchDecision,
): Promise<MatchView> {
  const why = reasonOf(reason);
  await copy.sync();
  return store.use((session) => {
    const replica = copy.replica(session);
    const entry = ownEntryOrThrow(session, sequence);
    const match = other === undefined ? only(matchesIn(session, replica, entry), entry) : undefined;
    const view = match ?? named(session, network, replica, entry, other!);
    const resolution = { as, reason: why, user, member, at: new Date().toISOString() };
    const history = [...view.history, resolution];
    session.putSealed(resolutionKey(view.entry, view.other), history);
    return { ...view, resolution, history };
  });
}

function only(matches: readonly MatchView[], { sequence }: RegisteredEntry): MatchView {
  const [match, ...more] = matches;
  ensure(match, 'not_found', `entry ${sequence} has no match with an entry of others`, 'entry');
  ensure(
    more.length === 0,
    'invalid_argument',
    `entry ${sequence} has ${matches.length} matches: say which one is meant, --with ${matches.map(({ other }) => other).join(', ')}`,
    'with',
  );
  return match;
}

/** The match with an entry, also one that a verdict would not list. */
function named(
  session: StoreSession,
  network: Network,
  replica: Replica,
  entry: RegisteredEntry,
  other: number,
): MatchView {
  const { sequence, purpose } = entry;
  const self = replica.entry(sequence)!;
  const found = isOwn(session, other) ? undefined : replica.entry(other as Sequence);
  const via = !found || found.purpose !== purpose ? undefined : viaOf(self.tags, found.tags);
  if (!found || via === undefined)
    throw new CountersealError(
      'not_found',
      `entry ${other} is no match of entry ${sequence} by somebody else`,
      { field: 'with' },
    );
  const state = replica.stateOf(found, unixMs(Date.now()));
  const possession = agreement(ownPossession(entry, self), found);
  return viewOf(session, sequence, purpose, { sequence: found.sequence, via, state, possession });
}

/** How the entry of one pair of tags matches that of another: the exact tag first, as a verdict says it. */
function viaOf(own: readonly [bigint, bigint], other: readonly [bigint, bigint]): MatchVia | undefined {
  if (other.includes(own[0])) return 'exact';
  return other.includes(own[1]) ? 'near' : undefined;
}

function matchesIn(session: StoreSession, replica: Replica, entry: RegisteredEntry): MatchView[] {
  const { sequence, purpose } = entry;
  const self = replica.entry(sequence)!;
  const possession = ownPossession(entry, self);
  return replica
    .verdict(purpose, self.tags, unixMs(Date.now()), { self })
    .matches.filter((match) => !isOwn(session, match.sequence))
    .map((match) =>
      viewOf(session, sequence, purpose, {
        ...match,
        possession: agreement(possession, replica.entry(match.sequence)),
      }),
    );
}

function viewOf(
  session: StoreSession,
  entry: number,
  purpose: string,
  {
    sequence: other,
    ...match
  }: { sequence: number; via: MatchVia; state: EntryState; possession: Agreement },
): MatchView {
  const history = historyOf(session, entry, other);
  return { entry, other, purpose, ...match, resolution: history.at(-1) ?? null, history };
}
