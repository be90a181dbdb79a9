import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBook, readMappingFile } from '../../../src/cli/documents/read-book.js';
import {
  csvCell,
  escapeHtml,
  reportCsv,
  reportHtml,
  reportOf,
  reportText,
} from '../../../src/cli/documents/report.js';
import { Book, readDocument } from '../../../src/documents/index.js';
import { pdf, xlsx } from '../files.js';
import { cii, coded, SELLER_UBL, ubl, utf8 } from '../helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'counterseal-scan-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const quiet = (): void => {};

const MAPPING = file(
  'mapping.json',
  JSON.stringify({
    counterseal: 'mapping',
    version: 1,
    kind: 'invoice',
    columns: {
      number: 'No',
      issueDate: 'Date',
      amount: 'Total',
      'issuer.vat': 'VAT',
      'counterparty.name': 'Buyer',
    },
    constants: { currency: 'EUR' },
    dateFormat: 'DMY',
    decimalSeparator: ',',
  }),
);
const HEADER = 'No;Date;Total;VAT;Buyer\n';
const ROWS =
  'R-1;03.04.2025;1.190,00;DE136695976;A\n' +
  'R-2;04.04.2025;5,00;DE136695976;B\n' +
  'r 1;03.04.2025;1190,00;DE 136 695 976;C\n' +
  'R-9;03.04.2025;1.190,00;DE136695976;A\n' +
  'R-1;03.04.2025;1.190,00;FR44732829320;A\n' +
  'R-3;31.02.2025;5,00;DE136695976;<script>alert(1)</script>\n' +
  'R-4;03.04.2025;five;DE136695976;D\n' +
  ';03.04.2025;5,00;DE136695976;D\n';

const scan = async (path: string, mapping?: string) =>
  reportOf(await readBook(path, mapping === undefined ? undefined : await readMappingFile(mapping), quiet));

describe('a book', () => {
  const book = (...documents: string[]): Book => {
    const made = new Book();
    documents.forEach((document, i) => made.add(`${i}.xml`, null, readDocument(utf8(document))));
    return made;
  };
  const found = (...documents: string[]) =>
    book(...documents)
      .duplicates()
      .map(({ match, entries }) => [match, entries.map(({ source }) => source)]);

  it('tells the same document, the same deal, and the same document of another identifier', () => {
    expect(found(ubl(), cii(), ubl({ number: 'X' }))).toEqual([
      ['exact', ['0.xml', '1.xml']],
      ['near', ['0.xml', '1.xml', '2.xml']],
    ]);
    const other = SELLER_UBL.replace('DE136695976', 'DE111111125');
    expect(found(ubl(), ubl({ seller: other }))).toEqual([['alias', ['0.xml', '1.xml']]]);
  });

  it('says nothing of documents that are alike in nothing, or of other kinds', () => {
    expect(found(ubl(), ubl({ number: 'X', total: '7.00' }))).toEqual([]);
    expect(found(ubl(), ubl({ typeCode: '381' }), ubl({ typeCode: '325' }))).toEqual([]);
    expect(found(ubl({ date: '2024-04-03' }), ubl())).toEqual([]);
    expect(new Book().duplicates()).toEqual([]);
  });

  it('explains what agrees and what differs', () => {
    const [group] = book(ubl(), ubl({ total: '1190.01' })).duplicates();
    expect(group).toMatchObject({
      match: 'exact',
      differ: [{ slot: 'amount', values: ['119000', '119001'] }],
    });
    expect(group?.agree).toContainEqual({ slot: 'number', value: '2025|R2025-0017' });
  });

  it('the order of documents changes no group', () => {
    const documents = [ubl(), cii(), ubl({ number: 'X' }), ubl({ number: 'Y', total: '3.00' })];
    const groups = (order: string[]) =>
      found(...order).map(([match, sources]) => [match, (sources as string[]).length]);
    expect(groups([...documents].reverse())).toEqual(groups(documents));
  });
});

describe('scanning', () => {
  it('a table: duplicates, and rows to mend with row, field and value', async () => {
    const report = await scan(file('invoices.csv', HEADER + ROWS), MAPPING);
    expect(report.documents).toBe(5);
    expect(report.groups.map(({ match, entries }) => [match, entries.map(({ row }) => row)])).toEqual([
      ['exact', [2, 4]],
      ['near', [2, 4, 5]],
      ['alias', [2, 4, 6]],
    ]);
    expect(report.problems).toMatchObject([
      { row: 7, field: 'Date', value: '31.02.2025', code: 'invalid_document' },
      { row: 8, field: 'Total', value: 'five', code: 'invalid_document' },
      { row: 9, field: 'No', value: '', code: 'missing_field' },
    ]);
    expect(reportText(report, 2).join('\n')).toMatch(/3 could not be read[\s\S]*and 1 more/);
  });

  it('a spreadsheet', async () => {
    const rows = (HEADER + ROWS)
      .trim()
      .split('\n')
      .map((line) => line.split(';'));
    const report = await scan(file('invoices.xlsx', xlsx(rows)), MAPPING);
    expect([report.documents, report.groups.length, report.problems.length]).toEqual([5, 3, 3]);
  });

  it('a folder of everything, by content and not by name', async () => {
    file('book/a.txt', ubl());
    file('book/deep/b.dat', cii());
    file('book/c.xml', pdf([['factur-x.xml', utf8(cii())]]));
    file('book/d.json', HEADER + ROWS);
    file('book/.hidden', 'x');
    file('book/broken.xml', '<Invoice');
    file('book/picture.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3));
    const report = await scan(join(folder, 'book'), MAPPING);
    expect(report.files).toBe(6);
    expect(report.groups[0]?.entries.map(({ source }) => source)).toEqual(['a.txt', 'c.xml', 'deep/b.dat']);
    expect(
      report.problems.filter(({ row }) => row === null).map(({ source, code }) => [source, code]),
    ).toEqual([
      ['broken.xml', 'invalid_document'],
      ['picture.png', 'invalid_document'],
    ]);
  });

  it('needs a mapping for tables that are not in the plain form, and says how to make one', async () => {
    const path = file('plain.csv', 'kind,number,issueDate,issuer.vat\ninvoice,1,2025-04-03,DE136695976\n');
    expect((await scan(path)).documents).toBe(1);
    await expect(scan(file('other.csv', HEADER + ROWS))).rejects.toThrow(
      coded('invalid_argument', 'mapping'),
    );
    await expect(scan(file('lacking.csv', 'a;b\n1;2\n'), MAPPING)).rejects.toThrow(
      coded('invalid_argument', 'No'),
    );
  });

  it('refuses a path that is not there, and a file that is nothing', async () => {
    await expect(scan(join(folder, 'absent'))).rejects.toThrow(coded('io'));
    await expect(readMappingFile(join(folder, 'absent'))).rejects.toThrow(coded('io'));
    await expect(scan(file('empty', ''))).rejects.toThrow(coded('invalid_document'));
    await expect(scan(file('broken.xml', '<Invoice'))).rejects.toThrow(coded('invalid_document'));
  });
});

describe('reports', () => {
  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['  =cmd|calc', `"'  =cmd|calc"`],
    ['\r=1', `"'\r=1"`],
    ['＝1', `"'＝1"`],
    ['a"b', '"a""b"'],
    ['R-1', '"R-1"'],
    ['', '""'],
  ])('a cell of %j is %s', (value, cell) => expect(csvCell(value)).toBe(cell));

  it('CSV: no value of a document becomes a formula', async () => {
    const evil = 'R-1;03.04.2025;1190,00;DE136695976;"=HYPERLINK(""http://x"")"\n';
    const report = await scan(file('evil.csv', HEADER + evil + evil + 'R-2;=cmd|calc;x;y;z\n'), MAPPING);
    const text = reportCsv(report);
    expect(text).toContain("'=");
    for (const cell of text.slice(1).matchAll(/(?:^|,)"((?:[^"]|"")*)"/gm))
      expect(cell[1]).not.toMatch(/^[=+\-@\t\r]/);
    expect(text.trimEnd().split('\r\n')).toHaveLength(1 + 2 + 1);
  });

  it('HTML: every value is escaped, nothing is fetched, no script runs', async () => {
    const evil = `R-1;03.04.2025;1190,00;DE136695976;"<img src=x onerror=alert(1)>'&"\n`;
    const report = await scan(file('evil-html.csv', HEADER + evil + evil + '<b>;<i>;x;y;z\n'), MAPPING);
    const html = reportHtml(report, '<title>');
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<(?:img|script|link|iframe|i|b)\b|url\(|@import/i);
    expect(html).toContain('&lt;title&gt;');
    expect(html).toContain('&lt;IMG SRC=X ONERROR=ALERT(1)&gt;&#39;&amp;');
    expect(escapeHtml(`<>&"'`)).toBe('&lt;&gt;&amp;&quot;&#39;');
  });

  it('text: no value moves the cursor', async () => {
    const report = await scan(file('bell.csv', `${HEADER}\u001b[2J;03.04.2025;1;x;y\n`), MAPPING);
    expect(report.problems).toHaveLength(1);
    expect(reportText(report, 10).join('\n')).not.toContain('\u001b');
  });
});
