import * as P from 'micro-packed';
import { choice, type Codec, listOf, u32, u64 } from './codec.js';
import { MATCHES_LISTED_EACH_END } from './limits.js';
import { ENTRY_STATES, type EntryState } from './states.js';
import type { Sequence } from './units.js';

/** Labels of a verdict, strongest first (protocol section 7). */
export const VERDICT_LABELS = [
  'duplicate-engaged',
  'duplicate-settled',
  'duplicate',
  'near-duplicate',
  'unique',
] as const;
export type VerdictLabel = (typeof VERDICT_LABELS)[number];

/** How a match came about: `exact` also where both tags are equal. */
export const MATCH_VIAS = ['exact', 'near'] as const;
export type MatchVia = (typeof MATCH_VIAS)[number];

/** Other entries with one equal tag and the same purpose: all of them, and those that count, by state. */
export interface MatchCounts {
  readonly total: number;
  /** Registered and not lapsed. */
  readonly registered: number;
  readonly engaged: number;
  readonly settled: number;
}

export interface Match {
  readonly sequence: Sequence;
  /** At the time of the block: `lapsed` included. */
  readonly state: EntryState;
  readonly via: MatchVia;
}

/**
 * What a transaction met. The counts are complete; `matches` lists, per tag, the earliest and the latest
 * {@link MATCHES_LISTED_EACH_END}, so that a document that somebody registers thousands of times costs its next
 * holder no more than any other.
 */
export interface Verdict {
  readonly label: VerdictLabel;
  readonly exact: MatchCounts;
  /** Of the near tag; an entry that matches exactly as well is counted in both. All 0 where near was skipped. */
  readonly near: MatchCounts;
  /** In ascending order of sequence number. */
  readonly matches: readonly Match[];
}

export const NO_MATCHES: MatchCounts = { total: 0, registered: 0, engaged: 0, settled: 0 };

const counting = (counts: MatchCounts): boolean => counts.registered + counts.engaged + counts.settled > 0;

/** The one table of labels. */
export function verdictLabel(exact: MatchCounts, near: MatchCounts): VerdictLabel {
  if (exact.engaged > 0) return 'duplicate-engaged';
  if (exact.settled > 0) return 'duplicate-settled';
  if (exact.registered > 0) return 'duplicate';
  return counting(near) ? 'near-duplicate' : 'unique';
}

const countsCodec: Codec<MatchCounts> = P.struct({
  total: u32(),
  registered: u32(),
  engaged: u32(),
  settled: u32(),
});

const matchCodec: Codec<Match> = P.struct({
  sequence: u64<Sequence>(),
  state: choice(ENTRY_STATES),
  via: choice(MATCH_VIAS),
});

export const verdictCodec: Codec<Verdict> = P.struct({
  label: choice(VERDICT_LABELS),
  exact: countsCodec,
  near: countsCodec,
  matches: P.validate(listOf(P.U8, matchCodec), (matches) => {
    if (matches.length > 4 * MATCHES_LISTED_EACH_END) throw new Error('more matches than a verdict lists');
    for (let i = 1; i < matches.length; i++)
      if (matches[i]!.sequence <= matches[i - 1]!.sequence)
        throw new Error('matches are not in ascending order');
    return matches;
  }),
});
