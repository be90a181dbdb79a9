import {
  countsAsDuplicate,
  verdictLabel,
  type EntryState,
  type IndexedEntry,
  type MatchCounts,
  type MatchVia,
  type Verdict,
  type VerdictLabel,
} from '../ledger/index.js';
import { fingerprintRow, maskOf } from '../documents/index.js';
import type { Agreement } from './agreement.js';
import type { Resolution } from './matches.js';

/** Another entry with an equal tag; `own` ones are the member's and no alarm. */
export interface FoundMatch {
  readonly sequence: number;
  readonly state: EntryState;
  readonly via: MatchVia;
  readonly own: boolean;
  readonly possession: Agreement;
  /** What this member found out about it before; unset while nobody has looked. */
  readonly resolution?: Resolution;
}

/** A verdict as a member sees it: its label leaves the member's own entries out. */
export interface Findings {
  readonly verdict: VerdictLabel;
  readonly exact: MatchCounts;
  readonly near: MatchCounts;
  readonly matches: readonly FoundMatch[];
  /**
   * Near matches of others that count, where near means issuer, currency, amount and day: each is the same deal under
   * another number, or one of several of the same amount on the same day. At least so many where not all are listed.
   */
  readonly siblings: number;
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
 * `own` holds the member's other entries that carry the exact, the near, or the possession tag.
 */
export function findingsOf(
  documentKind: number,
  verdict: Verdict,
  own: {
    readonly exact: readonly OwnMatch[];
    readonly near: readonly OwnMatch[];
    readonly possession?: readonly OwnMatch[];
  },
): Findings {
  const exact = without(
    verdict.exact,
    own.exact.map(({ state }) => state),
  );
  const near = without(
    verdict.near,
    own.near.map(({ state }) => state),
  );
  const possession =
    verdict.possession &&
    without(
      verdict.possession,
      (own.possession ?? []).map(({ state }) => state),
    );
  const sequences = new Set([...own.exact, ...own.near].map(({ sequence }) => sequence));
  const matches = verdict.matches.map((match) => ({
    ...match,
    own: sequences.has(match.sequence),
    possession: 'unknown' as const,
  }));
  return {
    verdict: verdictLabel(exact, near, possession),
    exact,
    near,
    matches,
    siblings: nearIsSameDay(documentKind) ? nearOnly(matches, exact, near) : 0,
  };
}

const SAME_DAY = maskOf(['issuer', 'currency', 'amount', 'issueDate']);
const nearIsSameDay = (documentKind: number): boolean => fingerprintRow(documentKind).near?.mask === SAME_DAY;

const countingOf = ({ registered, engaged, settled }: MatchCounts): number => registered + engaged + settled;

/** Those that match by the near tag alone. Of a match that is not listed the counts do not say which tags it has. */
function nearOnly(matches: readonly FoundMatch[], exact: MatchCounts, near: MatchCounts): number {
  const listed = matches.filter(
    ({ via, own, state }) => via === 'near' && !own && countsAsDuplicate(state),
  ).length;
  return Math.max(listed, countingOf(near) - countingOf(exact));
}

/** Findings whose matches say whether possession agrees, and what people found out about them. */
export const withDetails = (
  findings: Findings,
  detailsOf: (sequence: number) => {
    readonly possession: Agreement;
    readonly resolution: Resolution | undefined;
  },
): Findings => ({
  ...findings,
  matches: findings.matches.map((match) => {
    const { possession, resolution } = detailsOf(match.sequence);
    return { ...match, possession, ...(match.own || !resolution ? {} : { resolution }) };
  }),
});

export interface OwnMatch {
  readonly sequence: IndexedEntry['sequence'];
  readonly state: EntryState;
}
