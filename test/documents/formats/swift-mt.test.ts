import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CanonicalDocument, readDocument } from '../../../src/documents/index.js';
import { coded, utf8 } from '../helpers.js';

const EXAMPLE = readFileSync(
  new URL('../../../examples/documents/letter-of-credit.swift.txt', import.meta.url),
  'utf8',
);
const read = (text: string): CanonicalDocument => readDocument(utf8(text)).document;

/** A message of a type with these lines as block 4. */
const mt = (type: string, lines: readonly string[], sender = 'QQHBDEFFAXXX'): string =>
  `{1:F01${sender}0000000000}{2:I${type}QQBKSGSGXXXXN}{4:\n${lines.join('\n')}\n-}`;
/** The example with one text for another. */
const edited = (from: string, to: string): string => {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replace(from, to);
};

const CREDIT = {
  issuer: 'BIC|QQHBDEFF',
  number: 'LC2026-000318',
  looseNumber: '1C2026318',
  counterparty: 'NAME|NORDLICHT ARMATUREN GMBH|',
  currency: 'EUR',
  amount: '4879000',
  issueDate: '2026-02-02',
  endDate: '2026-05-31',
};

describe('SWIFT MT', () => {
  it('a letter of credit', () => {
    const { document, format } = readDocument(utf8(EXAMPLE));
    expect(format).toBe('swift-mt');
    expect(document).toMatchObject({ kind: 465, weaklyIdentified: false, warnings: [] });
    expect(document.strings).toEqual(CREDIT);
  });

  it.each([
    ['CRLF', EXAMPLE.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${EXAMPLE}`],
    ['trailers', EXAMPLE.replace('-}', '-}{5:{MAC:00000000}{CHK:123456789ABC}}{S:{SAC:}{COP:P}}')],
    ['JSON around it', JSON.stringify({ mt: '700', fin: EXAMPLE })],
    ['the bank named', edited(':59:', ':52A:QQHBDEFF500\n:59:')],
    ['the bank named behind its account', edited(':59:', ':52A:/D/123\nQQHBDEFFXXX\n:59:')],
    ['a branch as sender', edited('QQHBDEFFAXXX', 'QQHBDEFFA500')],
    ['the answer of the network', `{1:F21QQHBDEFFAXXX0000000000}{4:{177:2602021200}{451:0}}${EXAMPLE}`],
    ['an amount with its decimals', edited('EUR48790,', 'EUR48790,00')],
    [
      'as its receiver has it',
      edited(
        '{1:F01QQHBDEFFAXXX0000000000}{2:I700QQBKSGSGXXXXN}',
        '{1:F01QQBKSGSGAXXX0000000000}{2:O7001200260202QQHBDEFFAXXX00000000002602021201N}',
      ),
    ],
    [
      'with its continuation',
      `${EXAMPLE.trim()}\n$\n${mt('701', [':27:2/2', ':20:LC-2026/000318', ':45A:MORE'])}`,
    ],
  ])('is the same with %s', (_name, text) => expect(read(text).strings).toEqual(CREDIT));

  it('advised by another bank, or between a company and its bank, it is the same', () => {
    const fields = [
      ':31C:260202',
      ':31D:260531SINGAPORE',
      ':59:NORDLICHT ARMATUREN GMBH',
      ':32B:EUR48790,00',
      ':52A:QQHBDEFFXXX',
    ];
    const advice = [':27:1/1', ':40B:IRREVOCABLE', ':20:ADV1', ':21:LC-2026/000318', ...fields];
    expect(read(mt('710', advice, 'QQBKSGSGAXXX')).strings).toEqual(CREDIT);
    const envelope = [':20:ENV1', ':12:700', ':77E:', ':27A:2/2', ':20:LC-2026/000318', ...fields];
    expect(read(mt('798', envelope, 'QQBKSGSGAXXX')).strings).toEqual(CREDIT);
    // Who sends these need not have issued it.
    for (const [type, lines] of [
      ['710', advice],
      ['798', envelope],
    ] as const)
      expect(() =>
        read(
          mt(
            type,
            lines.filter((line) => !line.startsWith(':52A:')),
          ),
        ),
      ).toThrow(coded('missing_field', ':52A:'));
  });

  it('transferred, it is another one that refers to it', () => {
    const { strings } = read(
      mt(
        '720',
        [
          ':20:TRF77',
          ':21:LC-2026/000318',
          ':31D:260515SINGAPORE',
          ':59:SECOND BENEFICIARY',
          ':32B:EUR40000,',
          ':52A:QQHBDEFF',
        ],
        'QQBKSGSGAXXX',
      ),
    );
    expect(strings).toMatchObject({
      issuer: 'BIC|QQBKSGSG',
      number: 'TRF77',
      references: ['465||LC2026-000318'],
      amount: '4000000',
    });
  });

  describe('undertakings', () => {
    const lines = (form: string, purpose = 'ISSU', more: readonly string[] = []): readonly string[] => [
      ':15A:',
      ':27:1/1',
      `:22A:${purpose}`,
      ':15B:',
      ':20:SB1',
      ':30:260202',
      `:22D:${form}`,
      ':40C:ISPR',
      ':23B:FIXD',
      ':31E:270202',
      ':50:APPLICANT',
      ':52A:QQHBDEFF',
      ':59:BENEFICIARY',
      ':32B:USD5000,',
      ':77U:TERMS',
      ...more,
    ];
    it('a standby letter of credit is read, of its own sequence only', () => {
      const strings = {
        issuer: 'BIC|QQHBDEFF',
        number: 'SB1',
        looseNumber: 'SB1',
        counterparty: 'NAME|BENEFICIARY|',
        currency: 'USD',
        amount: '500000',
        issueDate: '2026-02-02',
        endDate: '2027-02-02',
      };
      expect(read(mt('760', lines('STBY'))).strings).toEqual(strings);
      const local = [':15C:', ':20:LOCAL', ':22D:DGAR', ':32B:USD1,', ':59:OTHER'];
      expect(read(mt('760', lines('STBY', 'ISSU', local))).strings).toEqual(strings);
    });
    it.each([
      [lines('DGAR'), 'unsupported_format', ':22D:', 'demand guarantee'],
      [lines('DEPU'), 'unsupported_format', ':22D:', 'dependent undertaking'],
      [lines('STBY', 'ISCO'), 'unsupported_format', ':22A:', 'counter-undertaking'],
      [lines('constructor'), 'invalid_document', ':22D:', 'STBY'],
      [lines('STBY', 'ISSU', [':15B:', ':20:SB2']), 'invalid_document', ':15B:', '2 times'],
      [[':20:OLD', ':23:ISSUE', ':30:260202', ':77C:TEXT'], 'missing_field', ':22A:', 'missing'],
    ] as const)('refuses others', (fields, code, field, why) => {
      expect(() => read(mt('760', fields))).toThrow(coded(code, field));
      expect(() => read(mt('760', fields))).toThrow(why);
    });
  });

  it.each([
    ['707', 'amendment of a letter of credit'],
    ['701', 'continuation'],
    ['705', 'pre-advice'],
    ['765', 'demand'],
    ['767', 'amendment'],
    ['770', 'application'],
    ['103', 'MT103'],
  ])('MT%s is none: %s', (type, why) => {
    expect(() => read(mt(type, [':20:X']))).toThrow(coded('unsupported_format', 'MT'));
    expect(() => read(mt(type, [':20:X']))).toThrow(why);
  });

  it.each([
    ['a second number', edited(':20:', ':20:OTHER\n:20:'), 'invalid_document', ':20:'],
    ['no number', edited(':20:LC-2026/000318\n', ''), 'missing_field', ':20:'],
    ['a number of seventeen', edited('LC-2026/000318', 'LC-2026/000318ABC'), 'invalid_document', ':20:'],
    ['a slash at the end', edited('LC-2026/000318', 'LC-2026/'), 'invalid_document', ':20:'],
    ['two slashes', edited('LC-2026/000318', 'LC//318'), 'invalid_document', ':20:'],
    ['a number of two lines', edited('LC-2026/000318', 'LC-2026\n318'), 'invalid_document', ':20:'],
    ['an empty number', edited('LC-2026/000318', ''), 'invalid_document', ':20:'],
    ['no amount', edited(':32B:EUR48790,\n', ''), 'missing_field', ':32B:'],
    ['a point', edited('EUR48790,', 'EUR48790.00'), 'invalid_document', ':32B:'],
    ['no comma', edited('EUR48790,', 'EUR48790'), 'invalid_document', ':32B:'],
    ['a currency that is none', edited('EUR48790,', 'XXQ48790,'), 'invalid_document', ':32B:'],
    ['too many digits', edited('EUR48790,', 'EUR123456789012345,'), 'invalid_document', ':32B:'],
    ['half a cent', edited('EUR48790,', 'EUR48790,005'), 'invalid_document', ':32B:'],
    ['no expiry', edited(':31D:260531SINGAPORE\n', ''), 'missing_field', ':31D:'],
    ['a day that is none', edited('260531', '260532'), 'invalid_document', ':31D:'],
    ['a date with a century', edited(':31C:260202', ':31C:20260202'), 'invalid_document', ':31C:'],
    ['two banks', edited(':59:', ':52A:QQHBDEFF\n:52D:BANK\n:59:'), 'invalid_document', ':52D:'],
    ['a bank’s code that is none', edited(':59:', ':52A:BANK\n:59:'), 'invalid_document', ':52A:'],
    [
      'a letter that SWIFT has not',
      edited('PROBEHAFEN ANLAGENBAU', 'PROBEHÄFEN'),
      'invalid_document',
      ':50:',
    ],
    ['a tab', edited('PROBEHAFEN ANLAGENBAU', 'PROBE\tHAFEN'), 'invalid_document', ':50:'],
    ['a line with a colon', edited('BEISPIELKAI 7', ':BEISPIELKAI'), 'invalid_document', ':50:'],
    ['text before the first field', edited('{4:\n', '{4:\nTEXT\n'), 'invalid_document', 'block 4'],
    ['no block 2', edited('{2:I700QQBKSGSGXXXXN}', ''), 'invalid_document', 'block 2'],
    ['no sender', edited('QQHBDEFFAXXX', 'QQHB'), 'invalid_document', 'block 1'],
    ['no end', edited('\n-}', ''), 'invalid_document', 'block 4'],
    ['no fields', '{1:F01QQHBDEFFAXXX0000000000}{2:I700QQBKSGSGXXXXN}{4:\n-}', 'invalid_document', 'block 4'],
    [
      'a message that was not accepted',
      `{1:F21QQHBDEFFAXXX0000000000}{4:{177:2602021200}{451:1}{405:H50}}${EXAMPLE}`,
      'invalid_document',
      'block 4',
    ],
    ['a system message', EXAMPLE.replace('{1:F01', '{1:F02'), 'invalid_document', 'block 1'],
    ['text after it', `${EXAMPLE}TEXT`, 'invalid_document', 'block 1'],
    ['another credit after it', EXAMPLE + EXAMPLE, 'invalid_document', 'MT'],
    ['a foreign continuation', EXAMPLE + mt('701', [':20:OTHER']), 'invalid_document', 'MT'],
    ['an envelope of nothing', mt('798', [':20:E', ':12:700']), 'missing_field', ':77E:'],
    [
      'an envelope in an envelope',
      mt('798', [':20:E', ':12:798', ':77E:', ':20:F']),
      'unsupported_format',
      'MT',
    ],
    ['an envelope of no type', mt('798', [':20:E', ':77E:', ':20:F']), 'missing_field', ':12:'],
    ['too much', EXAMPLE + ' '.repeat(200_001), 'invalid_document', 'MT'],
  ])('refuses %s', (_name, text, code, field) =>
    expect(() => read(text)).toThrow(coded(code as 'invalid_document', field)),
  );

  it('an ending inside the text cannot hide fields behind it', () => {
    const forged = edited(':45A:', '-}\n:20:OTHER\n:45A:');
    expect(() => read(forged)).toThrow(coded('invalid_document', 'block 1'));
  });

  it('is read in time whatever it repeats', () => {
    const start = performance.now();
    for (const text of [
      `{1:F01QQHBDEFFAXXX0000000000}${'{3:'.repeat(60_000)}`,
      `{1:F01QQHBDEFFAXXX0000000000}{2:I700QQBKSGSGXXXXN}{3:${'{108:A}'.repeat(25_000)}`,
      mt('700', [':20:A']).repeat(2500),
      edited('AS PER', ':20:\n'.repeat(30_000)),
    ])
      expect(() => read(text)).toThrow(coded('invalid_document'));
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
