import type { ComparisonStatus, CustomsPage, PageComparison, PageEntry } from '../../agent/index.js';
import type { RuleOutcome } from '../../proofs/index.js';
import { table } from '../output.js';

const STATUS: Readonly<Record<ComparisonStatus, string>> = {
  agrees: 'agrees',
  disagrees: 'DISAGREES',
  asked: 'no answer yet',
  expired: 'never answered',
  missing: 'not asked',
  void: 'withdrawn since',
};

const CONCLUSION: Readonly<Record<CustomsPage['conclusion'], string>> = {
  clear: 'Every paper agrees, and the goods are declared once.',
  open: 'Nothing disagrees so far, and something is missing.',
  alarm: 'Something is wrong: see above.',
};

const when = ({ registeredAt }: PageEntry): string => registeredAt.slice(0, 16).replace('T', ' ');

function outcomeLine({ name, status, decides, refuses, meaning }: RuleOutcome): string[] {
  const shown = refuses ? 'FAILS' : status === 'holds' ? 'holds' : '-';
  const remark = refuses
    ? status === 'fails'
      ? ''
      : ` (${status === 'not-shown' ? 'not shown' : 'a paper does not say'})`
    : status === 'holds'
      ? ''
      : ` (${meaning ?? (decides === 'never' ? 'it does not hold, which decides nothing' : status)})`;
  return [shown, `${name}${remark}`];
}

/** The other paper's entry: of the insurance the insurer's, which is the first side. */
const paperOf = ({ rules, entries: [a, b] }: PageComparison): PageEntry | undefined =>
  rules === 'invoice/insurance@1' ? a : b;

/** An officer's page as text. */
export function pageLines(page: CustomsPage): string[] {
  const { declaration, comparisons, matches } = page;
  const papers = comparisons.map((comparison) => {
    const entry = paperOf(comparison);
    return [
      comparison.paper,
      STATUS[comparison.status],
      entry ? String(entry.entry) : '',
      entry ? when(entry) : '',
      entry ? entry.writtenBy.join(', ') : '',
    ];
  });
  return [
    `Declaration ${declaration.entry}: ${declaration.kind}, registered ${when(declaration)}, ${declaration.state}`,
    `by one of: ${declaration.writtenBy.join(', ')}`,
    '',
    ...table([['paper', 'comparison', 'entry', 'registered (UTC)', 'written by one of'], ...papers]),
    ...comparisons
      .filter(({ outcomes }) => outcomes.length > 0)
      .flatMap(({ question, outcomes, alsoFor }) => [
        '',
        question,
        ...table(outcomes.map(outcomeLine), '  '),
        ...alsoFor.map((other) => `  FAILS  the same paper was shown for declaration ${other}`),
      ]),
    ...(matches.length === 0
      ? []
      : [
          '',
          ...matches.map(
            (match) =>
              `SAME ${match.same === 'goods' ? 'GOODS' : 'NUMBER'} in declaration ${match.entry}, registered ${when(match)}, ${match.state}`,
          ),
        ]),
    '',
    CONCLUSION[page.conclusion],
  ];
}
