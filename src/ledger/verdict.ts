import * as P from 'micro-packed';
import { choice, type Codec, listOf, u32, u64 } from './codec.js';
import { MATCHES_LISTED_EACH_END } from './limits.js';
import { ENTRY_STATES, type EntryState } from './states.js';
import type { Sequence } from './units.js';
import { VERDICT_LABELS, type VerdictLabel } from './verdict-labels.js';

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
  /**
   * Of the possession tag, where the one who asks has shown or knows it: these entries are of the very same document.
   * Those that match exactly and are engaged or settled, and are not among them, say something else under the same
   * number.
   */
  readonly possession?: MatchCounts;
  /** In ascending order of sequence number. */
  readonly matches: readonly Match[];
}

export const NO_MATCHES: MatchCounts = { total: 0, registered: 0, engaged: 0, settled: 0 };

const counting = (counts: MatchCounts): boolean => counts.registered + counts.engaged + counts.settled > 0;

/**
 * The one table of labels. An entry is engaged, and so settled, only after it has shown possession: where the asker's
 * is known too, an engaged entry that is not of the same possession is a `duplicate-conflicting` one. Somebody who
 * knows no more than a number makes that of a document, and whoever holds it sees the difference.
 */
export function verdictLabel(exact: MatchCounts, near: MatchCounts, possession?: MatchCounts): VerdictLabel {
  const same = possession ?? exact;
  if (same.engaged > 0) return 'duplicate-engaged';
  if (same.settled > 0) return 'duplicate-settled';
  if (exact.engaged + exact.settled > 0) return 'duplicate-conflicting';
  if (exact.registered > 0) return 'duplicate';
  return counting(near) ? 'near-duplicate' : 'unique';
}

/** Labels of a fingerprint beside exact and near, by whom else it met. */
export const FINGERPRINT_LABELS = ['multiple-cover', 'matched', 'unmatched'] as const;
export type FingerprintLabel = (typeof FINGERPRINT_LABELS)[number];

/** Another entry with the same tag. */
export interface TagMatch {
  readonly sequence: Sequence;
  readonly state: EntryState;
}

/** What a fingerprint beside exact and near met; as {@link Verdict}. */
export interface FingerprintVerdict {
  readonly label: FingerprintLabel;
  readonly counts: MatchCounts;
  readonly matches: readonly TagMatch[];
}

/** `multiple-cover` where, with this one, more than `threshold` entries are live: registered or engaged. */
export function fingerprintLabel(counts: MatchCounts, threshold: number | undefined): FingerprintLabel {
  if (threshold !== undefined && counts.registered + counts.engaged + 1 > threshold) return 'multiple-cover';
  return counting(counts) ? 'matched' : 'unmatched';
}

const countsCodec: Codec<MatchCounts> = P.struct({
  total: u32(),
  registered: u32(),
  engaged: u32(),
  settled: u32(),
});

const ascending = <T extends TagMatch>(item: Codec<T>, max: number): Codec<readonly T[]> =>
  P.validate(listOf(P.U8, item), (matches) => {
    if (matches.length > max) throw new Error('more matches than a verdict lists');
    for (let i = 1; i < matches.length; i++)
      if (matches[i]!.sequence <= matches[i - 1]!.sequence)
        throw new Error('matches are not in ascending order');
    return matches;
  });

const tagMatch = { sequence: u64<Sequence>(), state: choice(ENTRY_STATES) };
const found = { label: choice(VERDICT_LABELS), exact: countsCodec, near: countsCodec };
const matches = ascending(
  P.struct({ ...tagMatch, via: choice(MATCH_VIAS) }) as Codec<Match>,
  4 * MATCHES_LISTED_EACH_END,
);

/** Of a registration, which does not show possession. */
export const verdictCodec = P.struct({ ...found, matches }) as Codec<Verdict>;

/** Of an engagement, which follows possession. */
export const engagementVerdictCodec = P.struct({
  ...found,
  possession: countsCodec,
  matches,
}) as Codec<Verdict>;

export const fingerprintVerdictCodec: Codec<FingerprintVerdict> = P.struct({
  label: choice(FINGERPRINT_LABELS),
  counts: countsCodec,
  matches: ascending(P.struct(tagMatch) as Codec<TagMatch>, 2 * MATCHES_LISTED_EACH_END),
});
