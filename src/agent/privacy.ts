import { z } from 'zod';
import { MAX_BATCH } from '../oprf/index.js';

/** A deferred entry is proved for the day on which it is to go, which the ledger admits for a day more. */
const SUBMIT_WITHIN_MAX_MINUTES = 12 * 60;
/** Half of what an evaluator grants a member a day where nobody has said otherwise: cover must not take the rest. */
const COVER_EVALUATIONS_MAX_PER_DAY = 1_000;

/**
 * What a member does against those who watch when it asks and when it submits: the `privacy` section of `member.json`.
 * The defaults do nothing, because each of these costs: time, priority, or the evaluators' daily quota.
 */
export const PrivacyConfig = z
  .strictObject({
    /**
     * Entries are proved at once and submitted, and further fingerprints of entries evaluated at once and shown, at a
     * random time within so many minutes; 0: at once. Until then there is
     * no verdict, and whoever registers the document meanwhile is before this member.
     */
    submitWithinMinutes: z.int().min(0).max(SUBMIT_WITHIN_MAX_MINUTES).default(0),
    /** Requests to the evaluators are filled up to a multiple of so many evaluations, which are charged like any. */
    padEvaluationsTo: z.int().min(1).max(MAX_BATCH).default(1),
    /** Requests of `padEvaluationsTo` dummies each that a running `watch` sends a day on average, at random times. */
    coverPerDay: z.int().min(0).default(0),
  })
  .refine(({ coverPerDay, padEvaluationsTo }) => coverPerDay === 0 || padEvaluationsTo > 1, {
    path: ['padEvaluationsTo'],
    message: 'cover requests look like real ones only where these are padded: 3 or more',
  })
  .refine((privacy) => coverEvaluations(privacy) <= COVER_EVALUATIONS_MAX_PER_DAY, {
    path: ['coverPerDay'],
    message: `cover may take ${COVER_EVALUATIONS_MAX_PER_DAY} evaluations of the daily quota at most: coverPerDay times padEvaluationsTo`,
  });
export type PrivacyConfig = z.infer<typeof PrivacyConfig>;

/** Evaluations that cover takes of the daily quota on an average day. */
const coverEvaluations = ({
  coverPerDay,
  padEvaluationsTo,
}: {
  readonly coverPerDay: number;
  readonly padEvaluationsTo: number;
}): number => coverPerDay * padEvaluationsTo;

export const NO_PRIVACY_MEASURES: PrivacyConfig = PrivacyConfig.parse({});
