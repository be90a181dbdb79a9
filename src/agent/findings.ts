import {
  verdictLabel,
  type EntryState,
  type IndexedEntry,
  type MatchCounts,
  type MatchVia,
  type Verdict,
  type VerdictLabel,
} from '../ledger/index.js';

/** Another entry with an equal tag; `own` ones are the member's and no alarm. */
export interface FoundMatch {
  readonly sequence: number;
  readonly state: EntryState;
  readonly via: MatchVia;
  readonly own: boolean;
}

/** A verdict as a member sees it: its label leaves the member's own entries out. */
export interface Findings {
  readonly verdict: VerdictLabel;
  readonly exact: MatchCounts;
  readonly near: MatchCounts;
  readonly matches: readonly FoundMatch[];
}

const without = (counts: MatchCounts, own: readonly EntryState[]): MatchCounts => {
  const count = (state: EntryState) => own.filter((s) => s === state).length;
  return {
    total: counts.total - own.length,
    registered: counts.registered - count('registered'),
    engaged: counts.engaged - count('engaged'),
    settled: counts.settled - count('settled'),
  };
};

/**
 * What a verdict says to the author of `own` entries: their states by tag are taken out of the counts.
 * `own` holds the member's other entries that carry the exact, or the near, tag.
 */
export function findingsOf(
  verdict: Verdict,
  own: { readonly exact: readonly OwnMatch[]; readonly near: readonly OwnMatch[] },
): Findings {
  const exact = without(
    verdict.exact,
    own.exact.map(({ state }) => state),
  );
  const near = without(
    verdict.near,
    own.near.map(({ state }) => state),
  );
  const sequences = new Set([...own.exact, ...own.near].map(({ sequence }) => sequence));
  return {
    verdict: verdictLabel(exact, near),
    exact,
    near,
    matches: verdict.matches.map((match) => ({ ...match, own: sequences.has(match.sequence) })),
  };
}

export interface OwnMatch {
  readonly sequence: IndexedEntry['sequence'];
  readonly state: EntryState;
}
