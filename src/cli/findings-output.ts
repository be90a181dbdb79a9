import type { Findings } from '../agent/index.js';
import { table } from './output.js';

const MEANING: Record<Findings['verdict'], string> = {
  'duplicate-engaged': 'another member has engaged this very document: do not engage it',
  'duplicate-settled': 'this very document was engaged and settled before: it is used up',
  duplicate: 'another member has registered this very document, and not engaged it',
  'near-duplicate':
    'another entry has the same issuer, amount and date, or the same goods: probably the same deal',
  unique: 'nobody has registered this document, nor one of the same deal',
};

/** A verdict with its matches, for people. */
export function findingsLines({ verdict, exact, near, matches }: Findings): string[] {
  const lines = [`${verdict}: ${MEANING[verdict]}`];
  if (matches.length > 0)
    lines.push(
      ...table(
        [
          ['entry', 'match', 'state', ''],
          ...matches.map((match) => [
            String(match.sequence),
            match.via,
            match.state,
            match.own ? 'own: not an alarm' : '',
          ]),
        ],
        '  ',
      ),
    );
  const listed = matches.filter(({ own }) => !own).length;
  const total = Math.max(exact.total, near.total);
  if (total > listed) lines.push(`  and ${total - listed} more`);
  return lines;
}
