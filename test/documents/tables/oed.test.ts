import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type CanonicalDocument, oedReader, proposeMapping, readCsv } from '../../../src/documents/index.js';
import { readBook, readMappingFile } from '../../../src/cli/documents/read-book.js';
import { CountersealError } from '../../../src/errors.js';
import { coded, utf8 } from '../helpers.js';

const EXAMPLE = readFileSync(
  new URL('../../../examples/documents/policies.oed.csv', import.meta.url),
  'utf8',
);

/** What each row comes to: a document, nothing, or the code and column of its problem. */
async function rowsOf(text: string): Promise<(CanonicalDocument | string | undefined)[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield utf8(text);
  }
  const table = await readCsv(stream());
  const reader = oedReader(table.headers);
  if (reader === undefined) return ['no OED'];
  const results: (CanonicalDocument | string | undefined)[] = [];
  for await (const row of table.rows) {
    if ('problem' in row) throw row.problem;
    try {
      results.push(reader(row.cells));
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      results.push(`${error.code} ${error.field}`);
    }
  }
  return results;
}
const edited = (from: string, to: string): string => {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replaceAll(from, to);
};

describe('OED account files', () => {
  it('a policy is one document, however many layers it has', async () => {
    const [first, layered, again] = await rowsOf(EXAMPLE);
    expect(first).toMatchObject({
      kind: 530,
      weaklyIdentified: true,
      strings: {
        issuer: 'NAME|ERDACHTE VERSICHERUNG AG|',
        number: 'POL2026-77',
        counterparty: 'NAME|NORDLICHT ARMATUREN GMBH|',
        currency: 'EUR',
        amount: '500000000',
        startDate: '2026-01-01',
        endDate: '2026-12-31',
        classCode: 'WW1',
      },
    });
    expect(layered).toMatchObject({ strings: { number: 'POL2026-78' } });
    // The limit of a layer is no amount of the policy, whichever layer comes first.
    expect((layered as CanonicalDocument).strings.amount).toBeUndefined();
    expect(again).toBeUndefined();
    const lines = EXAMPLE.trim().split('\n');
    const [other] = await rowsOf([lines[0], lines[3]].join('\n'));
    expect((other as CanonicalDocument).strings).toEqual((layered as CanonicalDocument).strings);
  });

  it('columns are found by name, in any order and case, and a zero is no text', async () => {
    const header = 'POLNUMBER,accnumber,PolPerilsCovered,CedantName,AccName,AccCurrency,PolInceptionDate';
    expect(await rowsOf(`${header}\nP1,A1,WW1,Insurer,0,0,0\nP2,A1,WW1,0,0,0,0`)).toEqual([
      expect.objectContaining({
        strings: { issuer: 'NAME|INSURER|', number: 'P1', looseNumber: 'P1', classCode: 'WW1' },
      }),
      'missing_field CedantName',
    ]);
  });

  it.each([
    ['no insurer', edited('Erdachte Versicherung AG', ''), 'missing_field CedantName'],
    ['no number', edited('POL-2026-77', ''), 'missing_field PolNumber'],
    ['a day that is none', edited('2026-12-31', '2026-12-32'), 'invalid_document PolExpiryDate'],
    ['an unclear day', edited('2026-12-31', '12/11/2026'), 'invalid_document PolExpiryDate'],
    ['a currency that is none', edited(',EUR,', ',EURO,'), 'invalid_document AccCurrency'],
    ['a limit with words', edited('1,5000000,0', '1,much,0'), 'invalid_document LayerLimit'],
    ['a limit below zero', edited('1,5000000,0', '1,-5,0'), 'invalid_document LayerLimit'],
  ])('refuses %s', async (_name, text, problem) => expect((await rowsOf(text))[0]).toBe(problem));

  it('rows of one policy must agree, and two accounts have two policies', async () => {
    const lines = EXAMPLE.trim().split('\n');
    const last = lines[3] ?? '';
    for (const [from, to] of [
      ['2026-12-31', '2027-12-31'],
      ['QQ1;WW1', 'QQ1'],
      [',EUR,', ',USD,'],
      ['A-200', 'A-300'],
    ] as const) {
      const changed = [...lines.slice(0, 3), last.replace(from, to)].join('\n');
      expect((await rowsOf(changed))[2]).toBe('invalid_document PolNumber');
    }
  });

  it('location and reinsurance files hold no document', async () => {
    await expect(rowsOf('AccNumber,LocNumber,BuildingTIV\nA,1,5')).rejects.toThrow(
      coded('unsupported_format', 'LocNumber'),
    );
    await expect(rowsOf('ReinsNumber,AccNumber,PolNumber,CededPercent\n1,A,P,0.1')).rejects.toThrow(
      coded('unsupported_format', 'ReinsNumber'),
    );
    await expect(rowsOf(EXAMPLE.replace('PortNumber', 'polnumber'))).rejects.toThrow(
      coded('invalid_argument', 'polnumber'),
    );
    expect(await rowsOf('AccNumber,PolNumber\nA,P')).toEqual(['no OED']);
    expect(await rowsOf('Rechnungsnummer,Betrag\n1,2')).toEqual(['no OED']);
  });

  it('a mapping of one is proposed, to state the insurer in', () => {
    const [header = '', row = ''] = EXAMPLE.split('\n');
    const { mapping, questions } = proposeMapping(
      header.split(',').filter((name) => name !== 'CedantName'),
      [row.split(',').filter((cell) => !cell.startsWith('Erdachte'))],
    );
    expect(mapping).toMatchObject({
      kind: 'insurance-policy',
      columns: {
        number: 'PolNumber',
        startDate: 'PolInceptionDate',
        endDate: 'PolExpiryDate',
        currency: 'AccCurrency',
        amount: 'LayerLimit',
        peril: 'PolPerilsCovered',
      },
    });
    expect(questions.map(({ field }) => field)).toEqual(['issuer']);
  });

  it('needs no mapping, and none of other tables of its folder stands in its way', async () => {
    const folder = fileURLToPath(new URL('../../../examples/documents', import.meta.url));
    const mapping = await readMappingFile(`${folder}/invoices.mapping.json`);
    const all = await readBook(folder, mapping, () => {});
    // The mapping itself and the notes are no documents, and one row of the invoices is to be mended.
    expect(all.problems.map(({ source, row }) => [source, row])).toEqual([
      ['README.md', null],
      ['invoices.csv', 6],
      ['invoices.mapping.json', null],
    ]);
    const alone = await readBook(`${folder}/policies.oed.csv`, undefined, () => {});
    expect([alone.book.size, alone.problems, alone.book.duplicates()]).toEqual([2, [], []]);
    await expect(readBook(`${folder}/policies.oed.csv`, mapping, () => {})).rejects.toThrow(
      coded('invalid_argument'),
    );
  });
});
