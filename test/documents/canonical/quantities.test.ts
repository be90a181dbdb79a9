import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minorUnits } from '../../../src/documents/canonical/amount.js';
import { allCurrencies, currencyOf } from '../../../src/documents/canonical/currencies.js';
import { canonicalDate, daysOf } from '../../../src/documents/canonical/date.js';
import { addDecimal, formatDecimal, parseDecimal } from '../../../src/documents/canonical/decimal.js';
import { grams, packages } from '../../../src/documents/canonical/mass.js';
import { coded } from '../helpers.js';

const minor = (value: string, code: string): string => {
  const { magnitude, negative } = minorUnits(parseDecimal(value, 'f'), currencyOf(code, 'f'), 'f');
  return `${negative ? '-' : ''}${magnitude}`;
};

describe('currencies', () => {
  it.each([
    ['EUR', 978n, 2],
    ['HUF', 348n, 2],
    ['IQD', 368n, 3],
    ['COP', 170n, 2],
    ['IDR', 360n, 2],
    ['JPY', 392n, 0],
    ['KWD', 414n, 3],
    ['CLF', 990n, 4],
    ['ALL', 8n, 2],
    ['HRK', 191n, 2],
  ])('%s is %i with %i digits', (code, number, digits) =>
    expect(currencyOf(code, 'f')).toEqual({ code, number, digits }),
  );

  it('no number occurs twice, but for the Caribbean guilder, which took over that of its predecessor', () => {
    const all = allCurrencies();
    expect(all.length).toBeGreaterThan(170);
    const numbers = all.filter(({ code }) => code !== 'XCG').map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(currencyOf('XCG', 'f').number).toBe(currencyOf('ANG', 'f').number);
    for (const { code, number, digits } of all) {
      expect(code).toMatch(/^[A-Z]{3}$/);
      expect(number > 0n && number < 1000n && [0, 2, 3, 4].includes(digits)).toBe(true);
    }
  });

  it('refuses what is no code', () => {
    for (const code of ['EU', 'XXX', '978', '€', '', '__proto__']) {
      expect(() => currencyOf(code, 'cbc:DocumentCurrencyCode')).toThrow(
        coded('invalid_document', 'cbc:DocumentCurrencyCode'),
      );
    }
  });
});

describe('amounts', () => {
  it.each([
    ['1729.00', 'EUR', '172900'],
    ['1729', 'EUR', '172900'],
    ['+0.10', 'SEK', '10'],
    ['.5', 'EUR', '50'],
    ['1.', 'EUR', '100'],
    ['10.5000', 'EUR', '1050'],
    ['1000', 'JPY', '1000'],
    ['1000.00', 'JPY', '1000'],
    ['1.234', 'KWD', '1234'],
    ['-8.79', 'EUR', '-879'],
    ['-0.00', 'EUR', '0'],
    ['184467440737095516.15', 'EUR', '18446744073709551615'],
  ])('%s %s is %s', (value, code, expected) => expect(minor(value, code)).toBe(expected));

  it.each([
    ['1.005', 'EUR'],
    ['1.5', 'JPY'],
    ['184467440737095516.16', 'EUR'],
    ['1.729,00', 'EUR'],
    ['1,729.00', 'EUR'],
    ['1e5', 'EUR'],
    ['', 'EUR'],
    ['.', 'EUR'],
    ['--1', 'EUR'],
    ['NaN', 'EUR'],
    ['0x10', 'EUR'],
    ['１２', 'EUR'],
    ['1'.repeat(61), 'EUR'],
  ])('refuses %s %s', (value, code) =>
    expect(() => minor(value, code)).toThrow(coded('invalid_document', 'f')),
  );

  it('any spelling of a decimal is one decimal', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.nat(6),
        fc.nat(4),
        (units, scale, zeros) => {
          const form = formatDecimal({ units, scale });
          const again = parseDecimal(form, 'f');
          expect(formatDecimal(again)).toBe(form);
          expect(
            formatDecimal(
              parseDecimal(
                form.includes('.') ? form + '0'.repeat(zeros) : `${form}.${'0'.repeat(zeros)}`,
                'f',
              ),
            ),
          ).toBe(form);
          expect(again.units * 10n ** BigInt(scale - again.scale)).toBe(units);
        },
      ),
    );
  });

  it('adds and subtracts without loss', () => {
    expect(formatDecimal(addDecimal(parseDecimal('0.1', 'f'), parseDecimal('0.2', 'f')))).toBe('0.3');
    expect(formatDecimal(addDecimal(parseDecimal('10', 'f'), parseDecimal('0.05', 'f'), -1n))).toBe('9.95');
  });
});

describe('dates', () => {
  it.each([
    '2025-04-03',
    '20250403',
    '2025-04-03Z',
    '2025-04-03+02:00',
    '2025-04-03T23:59:59-05:00',
    '202504032359',
    ' 2025-04-03 ',
  ])('%j is 2025-04-03', (value) => expect(canonicalDate(value, 'f')).toBe('2025-04-03'));

  it('an order of day and month that is not stated is refused, stated it is used', () => {
    expect(() => canonicalDate('03/04/2025', 'cbc:IssueDate')).toThrow(
      coded('invalid_document', 'cbc:IssueDate'),
    );
    expect(canonicalDate('03/04/2025', 'f', 'DMY')).toBe('2025-04-03');
    expect(canonicalDate('04/03/2025', 'f', 'MDY')).toBe('2025-04-03');
    expect(canonicalDate('3.4.2025', 'f', 'DMY')).toBe('2025-04-03');
    expect(canonicalDate('2025/4/3', 'f', 'YMD')).toBe('2025-04-03');
  });

  it.each([
    '',
    '2025-13-01',
    '2025-02-29',
    '20250230',
    '250403',
    '2025-4-3',
    '1969-12-31',
    '0000-00-00',
    'yesterday',
    '2025-04-03x',
  ])('refuses %j', (value) =>
    expect(() => canonicalDate(value, 'f')).toThrow(coded('invalid_document', 'f')),
  );

  it('counts days from 1970-01-01', () => {
    expect(daysOf('1970-01-01')).toBe(0n);
    expect(daysOf('2026-02-16')).toBe(20500n);
    expect(daysOf('2000-03-01')).toBe(11017n);
  });
});

describe('masses', () => {
  it.each([
    [[['1', 'KGM']], 1000n],
    [[['1.5', 'TNE']], 1_500_000n],
    [[['1', 'LBR']], 454n],
    [[['0.0005', 'KGM']], 1n],
    [[['0.00049', 'KGM']], 0n],
    [
      [
        ['0.0004', 'KGM'],
        ['0.0004', 'kg'],
        ['0.2', 'GRM'],
      ],
      1n,
    ],
    [[['1000', 'LBR']], 453_592n],
  ])('%j is %i g', (weights, expected) =>
    expect(
      grams(
        weights.map(([value = '', unit = '']) => ({ value, unit })),
        'f',
      ),
    ).toBe(expected),
  );

  it('refuses unknown units, negative and enormous masses', () => {
    for (const weight of [
      { value: '1', unit: 'MTQ' },
      { value: '-1', unit: 'KGM' },
      { value: '18446744073709551616', unit: 'GRM' },
    ]) {
      expect(() => grams([weight], 'f')).toThrow(coded('invalid_document', 'f'));
    }
  });

  it('packages are whole', () => {
    expect(packages('12', 'f')).toBe(12n);
    expect(packages('12.0', 'f')).toBe(12n);
    for (const value of ['1.5', '-1', '4294967296'])
      expect(() => packages(value, 'f')).toThrow(coded('invalid_document', 'f'));
  });
});
