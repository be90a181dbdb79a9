import type { BookEntry, Duplicates } from '../../documents/index.js';
import type { Problem, ReadBook } from './read-book.js';

/** What a scan found. */
export interface ScanReport {
  readonly documents: number;
  readonly files: number;
  readonly groups: readonly Duplicates[];
  readonly problems: readonly Problem[];
}

export function reportOf({ book, problems, files }: ReadBook): ScanReport {
  return { documents: book.size, files, groups: book.duplicates(), problems };
}

const one = (value: string | readonly string[] | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : value.join('; ');

const place = ({ source, row }: { source: string; row: number | null }): string =>
  row === null ? source : `${source}, row ${row}`;

const agreed = ({ agree }: Duplicates): string =>
  agree.map(({ slot, value }) => `${slot} ${value}`).join(', ');
const differing = ({ differ }: Duplicates): string =>
  differ
    .map(({ slot, values }) => `${slot} ${values.map((value) => value || '(none)').join(' / ')}`)
    .join(', ');

/** For people at a terminal: characters that would move its cursor are shown as a question mark. */
export function reportText(report: ScanReport, maxProblems: number): string[] {
  const { documents, groups, problems } = report;
  const lines = groups.flatMap((group, i) => [
    `${i + 1}. ${group.match}: ${group.meaning}`,
    `   agree: ${agreed(group)}`,
    ...(group.differ.length === 0 ? [] : [`   differ: ${differing(group)}`]),
    ...group.entries.map((entry) => `   - ${place(entry)} (${entry.kindName})`),
    '',
  ]);
  const count = (match: Duplicates['match']): number =>
    groups.filter((group) => group.match === match).length;
  const listed = problems
    .slice(0, maxProblems)
    .map(
      (problem) =>
        `   - ${place(problem)}${problem.field === null ? '' : `, ${problem.field}`}: ${problem.message}`,
    );
  return [
    ...lines,
    `${documents} documents: ${count('exact')} groups of exact duplicates, ${count('near')} of near ones, ${count('alias')} under other identifiers`,
    ...(problems.length === 0 ? [] : [`${problems.length} could not be read:`, ...listed]),
    ...(problems.length > maxProblems ? [`   and ${problems.length - maxProblems} more`] : []),
    // eslint-disable-next-line no-control-regex -- these are the characters meant
  ].map((line) => line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?'));
}

/**
 * A cell that no spreadsheet takes for a formula (CWE-1236): what begins like one gets an apostrophe, which spreadsheets
 * show as text. Everything is quoted, so that no value can end its cell.
 */
export function csvCell(value: string): string {
  const guarded = /^[\s\0]*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${guarded.replaceAll('"', '""')}"`;
}

const COLUMNS = [
  ...['group', 'match', 'source', 'row', 'kind', 'issuer', 'number', 'transport', 'issueDate', 'currency'],
  ...['amount', 'counterparty', 'agree', 'differ', 'problem', 'field', 'value'],
];

/** One line per document of a group, then one per problem. CRLF, with a byte order mark, as spreadsheets want it. */
export function reportCsv({ groups, problems }: ScanReport): string {
  const row = (cells: Readonly<Record<string, string>>): string =>
    COLUMNS.map((column) => csvCell(cells[column] ?? '')).join(',');
  const entryRow = (group: Duplicates, i: number, entry: BookEntry): string =>
    row({
      group: String(i + 1),
      match: group.match,
      source: entry.source,
      row: entry.row === null ? '' : String(entry.row),
      kind: entry.kindName,
      ...Object.fromEntries(
        (['issuer', 'number', 'transport', 'issueDate', 'currency', 'amount', 'counterparty'] as const).map(
          (slot) => [slot, one(entry.strings[slot])],
        ),
      ),
      agree: group.agree.map(({ slot }) => slot).join(' '),
      differ: group.differ.map(({ slot }) => slot).join(' '),
    });
  const lines = [
    COLUMNS.map(csvCell).join(','),
    ...groups.flatMap((group, i) => group.entries.map((entry) => entryRow(group, i, entry))),
    ...problems.map((problem) =>
      row({
        source: problem.source,
        row: problem.row === null ? '' : String(problem.row),
        problem: problem.message,
        field: problem.field ?? '',
        value: problem.value ?? '',
      }),
    ),
  ];
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; overflow-wrap: anywhere }
.differs { background: #fff3cd } .tag { border: 1px solid #888; border-radius: .3rem; padding: 0 .4rem; font-size: .8rem }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616 } th, td { border-color: #444 } .differs { background: #4a3f12 } }`;

/** A page of its own: no scripts, nothing fetched, every value escaped. */
export function reportHtml(report: ScanReport, title: string): string {
  const { documents, groups, problems } = report;
  const text = escapeHtml;
  const table = (headers: readonly string[], rows: readonly string[]): string =>
    `<table><thead><tr>${headers.map((header) => `<th scope="col">${text(header)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
  const section = (group: Duplicates, i: number): string => {
    const slots = [...group.agree, ...group.differ].map(({ slot }) => slot);
    const differs = new Set(group.differ.map(({ slot }) => slot));
    const rows = group.entries.map(
      (entry) =>
        `<tr><td>${text(place(entry))}</td><td>${text(entry.kindName)}</td>${slots
          .map(
            (slot) =>
              `<td${differs.has(slot) ? ' class="differs"' : ''}>${text(one(entry.strings[slot]))}</td>`,
          )
          .join('')}</tr>`,
    );
    return `<h2>${i + 1}. <span class="tag">${group.match}</span> ${text(group.meaning)}</h2>${table(['where', 'kind', ...slots], rows)}`;
  };
  const unread = problems.map(
    (problem) =>
      `<tr><td>${text(place(problem))}</td><td>${text(problem.field ?? '')}</td><td>${text(problem.value ?? '')}</td><td>${text(problem.message)}</td></tr>`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    `<meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${text(title)}</h1>`,
    `<p>${documents} documents, ${groups.length} groups of duplicates, ${problems.length} that could not be read. Cells that differ within a group are marked. Made on this computer; nothing was sent anywhere.</p>`,
    ...groups.map(section),
    ...(unread.length === 0
      ? []
      : ['<h2>Could not be read</h2>', table(['where', 'field', 'value', 'what is wrong'], unread)]),
    '</body></html>',
    '',
  ].join('\n');
}
