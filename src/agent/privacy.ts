import { z } from 'zod';
import { MAX_BATCH } from '../oprf/index.js';

/** A deferred entry is proved for the day on which it is to go, which the ledger admits for a day more. */
const SUBMIT_WITHIN_MAX_MINUTES = 12 * 60;
const COVER_MAX_PER_DAY = 1_440;

/**
 * What a member does against those who watch when it asks and when it submits: the `privacy` section of `member.json`.
 * The defaults do nothing, because each of these costs: time, priority, or the evaluators' daily quota.
 */
export const PrivacyConfig = z.strictObject({
  /**
   * Entries are proved at once and submitted at a random time within so many minutes; 0: at once. Until then there is
   * no verdict, and whoever registers the document meanwhile is before this member.
   */
  submitWithinMinutes: z.int().min(0).max(SUBMIT_WITHIN_MAX_MINUTES).default(0),
  /** Requests to the evaluators are filled up to a multiple of so many evaluations, which are charged like any. */
  padEvaluationsTo: z.int().min(1).max(MAX_BATCH).default(1),
  /** Requests of {@link padEvaluationsTo} evaluations each that a running `watch` sends a day, at random times. */
  coverPerDay: z.int().min(0).max(COVER_MAX_PER_DAY).default(0),
});
export type PrivacyConfig = z.infer<typeof PrivacyConfig>;

export const NO_PRIVACY_MEASURES: PrivacyConfig = PrivacyConfig.parse({});

/** Evaluations that cover requests take of the daily quota on an average day. */
export const coverEvaluations = ({ coverPerDay, padEvaluationsTo }: PrivacyConfig): number =>
  coverPerDay * padEvaluationsTo;
