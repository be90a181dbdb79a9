import { ensure } from '../errors.js';

/**
 * What people found out about a match: `same` document or deal, `different` ones, or `authorised`: the same, and known
 * to be in order (a syndicate, an assignment). Kept by this member alone; to the ledger a match stays a match.
 */
export const RESOLUTIONS = ['same', 'different', 'authorised'] as const;
export type ResolutionKind = (typeof RESOLUTIONS)[number];

const REASON_MAX_LENGTH = 1_000;

/** How somebody knows what they found out, in words. Throws `invalid_argument` for what is not one line of text. */
export function reasonOf(text: string): string {
  const reason = text.trim();
  ensure(
    reason.length > 0 && reason.length <= REASON_MAX_LENGTH,
    'invalid_argument',
    `a reason has 1 to ${REASON_MAX_LENGTH} characters`,
    'reason',
  );
  ensure(
    !/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(reason),
    'invalid_argument',
    'a reason is one line of text: no control characters',
    'reason',
  );
  return reason;
}
