import type { FieldElement } from '../crypto/index.js';
import {
  possessionTagOf,
  type IndexedEntry,
  type Replica,
  type Sequence,
  type UnixMs,
  type Verdict,
} from '../ledger/index.js';
import type { OwnEntry } from './entries.js';
import { agreement } from './agreement.js';
import { findingsOf, withDetails, type Findings } from './findings.js';
import { resolutionOf, resolutionOfDocument } from './matches.js';
import type { StoreSession } from './store.js';

/**
 * Whether anybody's entry carries one of the tags. Where none does, own entries need not be looked at: there may be many,
 * and each is unsealed.
 */
export const meetsAny = ({ exact, near }: Pick<Verdict, 'exact' | 'near'>): boolean =>
  exact.total + near.total > 0;

/** The own entries other than `self` that carry one of the tags. */
export function matchesOf(
  own: readonly OwnEntry[],
  replica: Replica,
  purpose: string,
  tags: IndexedEntry['tags'],
  self: IndexedEntry | undefined,
): IndexedEntry[] {
  return own.flatMap(({ sequence }) => {
    if (sequence === undefined || sequence === self?.sequence) return [];
    const entry = replica.entry(sequence as Sequence);
    return entry?.purpose === purpose && entry.tags.some((tag) => tags.includes(tag)) ? [entry] : [];
  });
}

/** Those with the exact tag and those with the near one; one that has both is in both, as a verdict counts it. */
export function byTag<T extends Pick<IndexedEntry, 'tags'>>(
  entries: readonly T[],
  [exact, near]: IndexedEntry['tags'],
) {
  const having = (tag: FieldElement) => entries.filter(({ tags }) => tags.includes(tag));
  return { exact: having(exact), near: near === exact ? [] : having(near) };
}

/** What tags are looked up in. */
export interface Surroundings {
  readonly session: StoreSession;
  readonly replica: Replica;
  readonly own: readonly OwnEntry[];
}

/** Tags of a document of a kind, under a purpose; `self` is the own entry that carries them, if any. */
export interface Sought {
  readonly documentKind: number;
  readonly purpose: string;
  readonly tags: IndexedEntry['tags'];
  /** The tag of its possession fingerprint, where that is known. */
  readonly possession?: FieldElement;
  readonly self?: IndexedEntry;
}

/** What tags meet at a time among the entries of others. */
export function findingsAt(
  { session, replica, own }: Surroundings,
  { documentKind, purpose, tags, possession, self }: Sought,
  time: UnixMs,
): Findings {
  const matches = matchesOf(own, replica, purpose, tags, self).map((entry) => ({
    ...entry,
    state: replica.stateOf(entry, time),
  }));
  const asker = { ...(self ? { self } : {}), ...(possession === undefined ? {} : { possession }) };
  const verdict = replica.verdict(purpose, tags, time, asker);
  const same = matches.filter((entry) => possession !== undefined && possessionTagOf(entry) === possession);
  return withDetails(
    findingsOf(documentKind, verdict, { ...byTag(matches, tags), possession: same }),
    (other) => ({
      possession: agreement(possession, replica.entry(other as Sequence)),
      resolution: self
        ? resolutionOf(session, self.sequence, other)
        : resolutionOfDocument(session, own, { purpose, exact: tags[0] }, other),
    }),
  );
}
