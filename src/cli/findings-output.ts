import type { Findings, FoundMatch } from '../agent/index.js';
import { table } from './output.js';

const MEANING: Record<Findings['verdict'], string> = {
  'duplicate-engaged':
    'another member has engaged this very document, the whole or a part of it: do not engage it',
  'duplicate-settled': 'this very document was engaged and settled before: it is used up',
  'duplicate-conflicting':
    'another member has engaged a document with the same number that says something else: one of the two is not the true one',
  duplicate: 'another member has registered this very document, and not engaged it',
  'near-duplicate':
    'another entry has the same issuer, amount and date, the same goods or the same insured object: probably the same deal',
  unique: 'nobody has registered this document, nor one of the same deal',
};

const remark = ({ own, resolution }: FoundMatch): string =>
  own
    ? 'own: not an alarm'
    : resolution
      ? `resolved: ${resolution.as}, ${resolution.at.slice(0, 10)} by ${resolution.user}: ${resolution.reason}`
      : '';

/** A verdict with its matches, for people. */
export function findingsLines({ verdict, exact, near, matches, siblings }: Findings): string[] {
  const lines = [`${verdict}: ${MEANING[verdict]}`];
  if (matches.length > 0)
    lines.push(
      ...table(
        [
          ['entry', 'match', 'state', 'possession', ''],
          ...matches.map((match) => [
            String(match.sequence),
            match.via,
            match.state,
            match.possession,
            remark(match),
          ]),
        ],
        '  ',
      ),
    );
  const listed = matches.filter(({ own }) => !own).length;
  const total = Math.max(exact.total, near.total);
  if (total > listed) lines.push(`  and ${total - listed} more`);
  if (siblings > 0)
    lines.push(
      `  ${siblings} of the same issuer, currency, amount and day under another number: a renumbered copy, or one of several invoices of that day`,
    );
  return lines;
}
