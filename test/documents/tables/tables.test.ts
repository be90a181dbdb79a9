import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyMapping,
  type Cell,
  type Mapping,
  parseMapping,
  plainMapping,
  proposeMapping,
  readCsv,
  readXlsx,
  type Table,
  type TableRow,
} from '../../../src/documents/index.js';
import { decimalValue } from '../../../src/documents/tables/mapping.js';
import { spreadsheetDecimal } from '../../../src/documents/tables/xlsx.js';
import { xlsx, zip } from '../files.js';
import { coded, utf8 } from '../helpers.js';

async function* chunks(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const csv = (text: string | Uint8Array, encoding?: string, size?: number): Promise<Table> =>
  readCsv(chunks(typeof text === 'string' ? utf8(text) : text, size), encoding);

async function rowsOf(table: Table): Promise<TableRow[]> {
  const rows = [];
  for await (const row of table.rows) rows.push(row);
  return rows;
}

const MAPPING: Mapping = parseMapping(
  JSON.stringify({
    counterseal: 'mapping',
    version: 1,
    kind: 'invoice',
    columns: {
      number: 'No',
      issueDate: 'Date',
      amount: 'Total',
      'issuer.vat': 'VAT',
      'objects.container': 'Boxes',
    },
    constants: { currency: 'EUR' },
    dateFormat: 'DMY',
    decimalSeparator: ',',
  }),
);
const ROW = { No: 'R-1', Date: '03.04.2025', Total: '1.190,00', VAT: 'DE136695976', Boxes: '' };

describe('a mapping', () => {
  it('makes a document of a row, by the stated date format and separator', () => {
    const document = applyMapping(MAPPING, { ...ROW, Boxes: 'CSQU3054383; csqu 305438-3' });
    expect(document.kind).toBe(380);
    expect(document.strings).toMatchObject({
      issuer: 'VAT|DE136695976',
      number: '2025|R1',
      issueDate: '2025-04-03',
      currency: 'EUR',
      amount: '119000',
      objects: ['CONTAINER|CSQU3054383'],
    });
    expect(document.sources).toMatchObject({ number: 'No', amount: 'Total' });
    expect(applyMapping({ ...MAPPING, dateFormat: 'MDY' }, ROW).strings.issueDate).toBe('2025-03-04');
  });

  it.each([
    ['a day that does not exist', { Date: '31.02.2025' }, 'invalid_document', 'Date'],
    ['a year of two digits', { Date: '03.04.25' }, 'invalid_document', 'Date'],
    ['an amount of the other notation', { Total: '1,190.00' }, 'invalid_document', 'Total'],
    ['an exponent', { Total: '1,19E3' }, 'invalid_document', 'Total'],
    ['a currency sign', { Total: '1190,00 €' }, 'invalid_document', 'Total'],
    ['a third decimal', { Total: '1190,001' }, 'invalid_document', 'Total'],
    ['no number', { No: ' ' }, 'missing_field', 'No'],
    ['no issuer', { VAT: '' }, 'missing_field', 'VAT'],
    ['a hidden character', { No: 'R\u200B1' }, 'invalid_document', 'No'],
  ] as const)('refuses %s, naming the column', (_name, change, code, field) =>
    expect(() => applyMapping(MAPPING, { ...ROW, ...change })).toThrow(coded(code, field)),
  );

  it('an order of day and month is never guessed', () => {
    expect(() => applyMapping({ ...MAPPING, dateFormat: 'ISO' }, ROW)).toThrow(
      coded('invalid_document', 'Date'),
    );
    expect(
      applyMapping({ ...MAPPING, dateFormat: 'MDY' }, { ...ROW, Date: '2025-04-03 00:00:00' }).strings
        .issueDate,
    ).toBe('2025-04-03');
  });

  it.each([
    ['1.190,00', ',', '1190.00'],
    ['1190', ',', '1190'],
    ["1'190.5", '.', '1190.5'],
    ['1,234,567', '.', '1234567'],
    ['1 190,00', ',', '1190,00'.replace(',', '.')],
    ['119,00-', ',', '-119.00'],
    ['(119.00)', '.', '-119.00'],
    ['\u2212119', '.', '-119'],
  ] as const)('reads %s with %s as %s', (cell, separator, expected) =>
    expect(decimalValue(cell, separator, 'f')).toBe(expected),
  );

  it.each([
    ['1.19', ','],
    ['1,19', '.'],
    ['1.190.00', '.'],
    ['12.34.567', ','],
    ['1,190 000', '.'],
    ['--1', '.'],
    ['-(1)', '.'],
    ['(-1)', '.'],
    ['0x10', '.'],
    ['', '.'],
    ['NaN', '.'],
  ] as const)('refuses %s with %s', (cell, separator) =>
    expect(() => decimalValue(cell, separator, 'f')).toThrow(coded('invalid_document', 'f')),
  );

  it('the kind can be a column; a word that is not explained is refused', () => {
    const mapping: Mapping = {
      ...MAPPING,
      kind: { column: 'Type', values: { RE: 'invoice', GU: 'credit-note' } },
    };
    expect(applyMapping(mapping, { ...ROW, Type: 'GU' }).kind).toBe(381);
    for (const Type of ['XX', '', 'constructor', '__proto__'])
      expect(() => applyMapping(mapping, { ...ROW, Type })).toThrow(coded('invalid_document', 'Type'));
  });

  it('a negative invoice is a credit note', () => {
    expect(applyMapping(MAPPING, { ...ROW, Total: '1.190,00-' })).toMatchObject({
      kind: 381,
      strings: { amount: '119000' },
    });
  });

  it('headers are compared without case; a missing or doubled one is refused', () => {
    const { No, ...rest } = ROW;
    expect(applyMapping(MAPPING, { ' nO ': No, ...rest }).strings.number).toBe('2025|R1');
    expect(() => applyMapping(MAPPING, rest)).toThrow(coded('invalid_argument', 'No'));
    expect(() => applyMapping(MAPPING, { ...ROW, no: 'R-2' })).toThrow(coded('invalid_argument', 'No'));
  });

  it.each([
    ['no JSON', '{'],
    ['an open question', JSON.stringify({ ...MAPPING, dateFormat: null })],
    ['an unknown field', JSON.stringify({ ...MAPPING, columns: { numbr: 'No' } })],
    ['an unknown kind', JSON.stringify({ ...MAPPING, kind: 'letter' })],
    ['a misspelt key', JSON.stringify({ ...MAPPING, decimal: ',' })],
    ['a later version', JSON.stringify({ ...MAPPING, version: 2 })],
  ])('a mapping file with %s is refused', (_name, json) =>
    expect(() => parseMapping(json)).toThrow(coded('invalid_argument')),
  );
});

describe('a proposed mapping', () => {
  it('knows headers of several languages, and what samples decide', () => {
    const headers = [
      'Rechnungs-Nr.',
      'Rechnungsdatum',
      'USt-IdNr.',
      'Währung',
      'Bruttobetrag',
      'Fälligkeit',
      'Zeichen',
    ];
    const { mapping, questions, unmapped } = proposeMapping(headers, [
      ['R1', '03.04.2025', 'DE1', 'EUR', '1.190,00', '13.04.2025', 'x'],
      ['R2', '05.04.2025', 'DE1', 'EUR', '5,00', '28.04.2025', 'y'],
    ]);
    expect(questions).toEqual([]);
    expect(unmapped).toEqual(['Zeichen']);
    expect(mapping).toMatchObject({ kind: 'invoice', dateFormat: 'DMY', decimalSeparator: ',' });
    expect(mapping.columns).toEqual({
      number: 'Rechnungs-Nr.',
      issueDate: 'Rechnungsdatum',
      'issuer.vat': 'USt-IdNr.',
      currency: 'Währung',
      amount: 'Bruttobetrag',
      endDate: 'Fälligkeit',
    });
    expect(parseMapping(JSON.stringify(mapping))).toMatchObject({ kind: 'invoice' });
  });

  it.each([
    ['Invoice Number', 'Invoice Date', 'Supplier VAT', 'Currency', 'Total Amount'],
    ['Numéro facture', 'Date facture', 'TVA fournisseur', 'Devise', 'Montant TTC'],
    ['Número factura', 'Fecha factura', 'NIF proveedor', 'Moneda', 'Importe total'],
    ['Numero fattura', 'Data fattura', 'Partita IVA', 'Valuta', 'Totale fattura'],
    ['XBLNR', 'BLDAT', 'STCEG', 'WAERS', 'WRBTR'],
  ])('finds the five fields of %s', (...headers) => {
    const { columns } = proposeMapping(headers, []).mapping;
    expect(Object.keys(columns).sort()).toEqual(['amount', 'currency', 'issueDate', 'issuer.vat', 'number']);
  });

  const headers = ['Invoice No', 'Date', 'Total', 'VAT ID', 'Currency'];
  const asked = (rows: readonly (readonly Cell[])[]): readonly string[] =>
    proposeMapping(headers, rows).questions.map(({ field }) => field);

  it('asks what the samples leave open, and never guesses', () => {
    expect(asked([['1', '03/04/2025', '1.234', 'DE1', 'EUR']])).toEqual(['dateFormat', 'decimalSeparator']);
    expect(asked([['1', '2025-04-03', '1234', 'DE1', 'EUR']])).toEqual([]);
    expect(asked([['1', '13/04/2025', '1.2', 'DE1', 'EUR']])).toEqual([]);
    expect(
      asked([
        ['1', '13/04/2025', '1,2', 'DE1', 'EUR'],
        ['2', '04/13/2025', '1.2', 'DE1', 'EUR'],
      ]),
    ).toEqual(['dateFormat', 'decimalSeparator']);
    expect(proposeMapping(['Total', 'Comment'], []).questions.map(({ field }) => field)).toEqual([
      'kind',
      'number',
      'issuer',
      'currency',
    ]);
    // What is open is null, and a null is refused as a mapping.
    const { mapping } = proposeMapping(headers, [['1', '03/04/2025', '1.234', 'DE1', 'EUR']]);
    expect(() => parseMapping(JSON.stringify(mapping))).toThrow(coded('invalid_argument', 'dateFormat'));
  });

  it('the plain form needs none', async () => {
    const mapping = plainMapping([
      'kind',
      'number',
      'issueDate',
      'issuer.vat',
      'currency',
      'amount',
      'objects.lot',
    ]);
    expect(mapping).toBeDefined();
    expect(plainMapping(['kind', 'number', 'comment'])).toBeUndefined();
    expect(plainMapping(['number', 'issueDate'])).toBeUndefined();
    if (mapping === undefined) return;
    const document = applyMapping(mapping, {
      kind: 'purchase-order',
      number: 'B 7',
      issueDate: '2025-04-03',
      'issuer.vat': 'DE136695976',
      currency: 'EUR',
      amount: '5.00',
      'objects.lot': '1;2',
    });
    expect(document.kind).toBe(105);
    expect(document.strings.objects).toEqual(['LOT|1', 'LOT|2']);
  });
});

describe('CSV', () => {
  it.each([
    ['commas', 'a,b\n1,2\n'],
    ['semicolons', 'a;b\r\n1;2'],
    ['tabs', 'a\tb\n1\t2\n'],
    ['bars', 'a|b\n1|2\n'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['quotes', '"a","b"\n"1","2"\n'],
    ['a comma in a quoted header', '"a",b\n1,2\n'],
    ['blank lines', 'a,b\n\n1,2\n\n'.replace('\n\n1', '\n1')],
  ])('with %s', async (_name, text) => {
    const table = await csv(text);
    expect(table.headers).toEqual(['a', 'b']);
    expect(await rowsOf(table)).toEqual([{ row: 2, cells: ['1', '2'] }]);
  });

  it('quotes, line ends and delimiters inside a value are part of it; rows count as spreadsheets count', async () => {
    const table = await csv('a;b\n"x;1\n""y""";2\n\n3;4\n', undefined, 3);
    expect(await rowsOf(table)).toEqual([
      { row: 2, cells: ['x;1\n"y"', '2'] },
      { row: 4, cells: ['3', '4'] },
    ]);
  });

  it.each([
    ['utf-16le', Buffer.from('\uFEFFä,b\n1,2\n', 'utf16le'), undefined],
    ['windows-1252', Buffer.from('ä,b\n1,2\n', 'latin1'), 'windows-1252'],
    ['utf-8', Buffer.from('ä,b\n1,2\n'), undefined],
  ])('in %s', async (_name, bytes, encoding) => {
    const table = await csv(bytes, encoding, 5);
    expect(table.headers).toEqual(['ä', 'b']);
    expect(await rowsOf(table)).toEqual([{ row: 2, cells: ['1', '2'] }]);
  });

  it('bytes that are not of the encoding are refused, never replaced', async () => {
    await expect(csv(Buffer.from('ä,b\n1,2\n', 'latin1'))).rejects.toThrow(coded('invalid_document', 'CSV'));
    const late = Buffer.concat([
      Buffer.from('a,b\n'),
      Buffer.from('1,2\n'.repeat(40_000)),
      Buffer.from([0xe4]),
    ]);
    const table = await csv(late, undefined, 65_536);
    await expect(rowsOf(table)).rejects.toThrow(coded('invalid_document', 'CSV'));
  });

  it.each([
    ['nothing', ''],
    ['blank lines only', '\n\n'],
    ['NUL characters', 'a\0,b\n'],
    ['an unclosed quote in the headers', '"a,b\n1,2\n'],
  ])('refuses %s', async (_name, text) =>
    expect(csv(text)).rejects.toThrow(coded('invalid_document', 'CSV')),
  );

  it('rows that cannot be read are problems with their row, and the rest goes on', async () => {
    const rows = await rowsOf(await csv('a,b\n1,2\n1,2,3\nx"y,2\n5,6\n'));
    expect(rows).toEqual([
      { row: 2, cells: ['1', '2'] },
      { row: 3, problem: coded('invalid_document', 'CSV') },
      { row: 4, problem: coded('invalid_document', 'CSV') },
      { row: 5, cells: ['5', '6'] },
    ]);
    expect(await rowsOf(await csv('a,b\n1,2\n"3,4\n5,6\n'))).toEqual([
      { row: 2, cells: ['1', '2'] },
      { row: 3, problem: coded('invalid_document', 'CSV') },
    ]);
  });

  it('whatever is quoted by the rules is read back', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string()), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t'),
        fc.integer({ min: 1, max: 64 }),
        async (rows, delimiter, size) => {
          const clean = rows.map((row) => row.map((cell) => cell.replaceAll('\0', '') || 'x'));
          const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
          const text = [['h1', 'h2'], ...clean].map((row) => row.map(quote).join(delimiter)).join('\n');
          const read = await rowsOf(await csv(text, undefined, size));
          const expected = clean.filter((row) => row.some((cell) => cell.trim() !== ''));
          expect(read.map((row) => ('cells' in row ? row.cells : row))).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    ));
});

describe('XLSX', () => {
  it('reads text, numbers as they are shown, and dates', async () => {
    const table = await readXlsx(
      xlsx([
        ['No', 'Date', 'Total', 'VAT', 'Boxes'],
        ['000123', { serial: 45750 }, { number: '1190.1000000000001' }, 'DE136695976', null],
        [{ number: '7' }, '03.04.2025', '5,00', 'DE136695976', ''],
      ]),
    );
    expect(table.headers).toEqual(['No', 'Date', 'Total', 'VAT', 'Boxes']);
    const rows = await rowsOf(table);
    expect(rows).toEqual([
      { row: 2, cells: ['000123', { date: '2025-04-03' }, { decimal: '1190.1' }, 'DE136695976', ''] },
      { row: 3, cells: [{ decimal: '7' }, '03.04.2025', '5,00', 'DE136695976', ''] },
    ]);
    const [first] = rows;
    if (first === undefined || 'problem' in first) throw new Error('the first row is read');
    const row = Object.fromEntries(table.headers.map((header, i) => [header, first.cells[i] ?? '']));
    // The number is 1190.10 whatever the separator of the text cells is.
    expect(applyMapping(MAPPING, row).strings).toMatchObject({ amount: '119010', issueDate: '2025-04-03' });
  });

  it.each([
    ['0.30000000000000004', '0.3'],
    ['1190.0999999999999', '1190.1'],
    ['1.19E3', '1190'],
    ['-2.5E-3', '-0.0025'],
    ['123456789012345', '123456789012345'],
    ['0', '0'],
    ['-0', '0'],
  ])('shows %s as %s', (text, shown) => expect(spreadsheetDecimal(text)).toBe(shown));

  it.each([
    ['no archive', utf8('hello')],
    ['an archive of something else', zip([{ name: 'a.txt', content: utf8('x') }])],
    ['a truncated one', xlsx([['a'], ['b']]).subarray(0, 400)],
    ['an empty sheet', xlsx([])],
  ])('refuses %s', async (_name, bytes) =>
    expect(readXlsx(bytes)).rejects.toThrow(coded('invalid_document', 'XLSX')),
  );

  it('refuses what unpacks to far more than it says, and grids without end', async () => {
    const bomb = zip([
      { name: 'xl/worksheets/sheet1.xml', content: Buffer.alloc(401 * 1024 * 1024), claimedSize: 10 },
    ]);
    expect(bomb.length).toBeLessThan(1024 * 1024);
    await expect(readXlsx(bomb)).rejects.toThrow(coded('invalid_document', 'XLSX'));
    for (const dimension of ['A1:XFD1048576', 'A25000000', 'AAAA1', 'A1:T2000000']) {
      await expect(readXlsx(xlsx([['a']], `<dimension ref="${dimension}"/>`))).rejects.toThrow(
        coded('invalid_document', 'XLSX'),
      );
    }
    // Runs of blanks stall parsers of attributes.
    const blank = xlsx([['a']], `<dimension ref${' '.repeat(4_000_000)}x=""/>`);
    await expect(readXlsx(blank)).rejects.toThrow(coded('invalid_document', 'XLSX'));
    expect((await readXlsx(xlsx([['a']]))).headers).toEqual(['a']);
  });
});
