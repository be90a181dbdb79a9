import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { identifyDocument, plainJsonSchema, readDocument } from '../../../src/documents/index.js';
import { plainDocument } from '../../../src/documents/formats/counterseal-schema.js';
import { PLAIN_KINDS } from '../../../src/documents/formats/plain.js';
import { coded, utf8 } from '../helpers.js';

const SCHEMA_FILE = new URL('../../../src/documents/counterseal.schema.json', import.meta.url);
const FULL = {
  counterseal: 1,
  kind: 'invoice',
  number: 'R-2025/0017',
  issueDate: '2025-04-03',
  issuer: { name: 'Beispiel GmbH', country: 'DE', vat: 'DE136695976' },
  counterparty: { name: 'Acheteur SA', country: 'FR' },
  currency: 'EUR',
  amount: '1190.00',
  startDate: '2025-03-01',
  endDate: '2025-05-03',
  references: [{ kind: 'purchase-order', number: 'B 7', issuer: 'counterparty' }],
  lines: [{ name: 'Part', quantity: '2', amount: '1000.00' }],
  transport: { carrier: 'MAEU', number: '123' },
  objects: [{ type: 'container', id: 'CSQU3054383' }],
  hsCode: '8409.99',
  grossMass: { value: '1.5', unit: 'TNE' },
  packages: 12,
};
const identify = (document: unknown) => identifyDocument(utf8(JSON.stringify(document)));
const read = (document: unknown) => readDocument(utf8(JSON.stringify(document))).document;
type Change = Record<string, unknown>;

describe('the JSON Schema of the plain form', () => {
  const file: unknown = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));

  it('in the package is that of the program', () => {
    expect(file).toEqual(plainJsonSchema());
  });

  it('accepts and refuses what the program does', () => {
    const schema = z.fromJSONSchema(file as Parameters<typeof z.fromJSONSchema>[0]);
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        '',
        ' ',
        'EUR',
        'eur',
        '2025-04-03',
        '2025-4-3',
        '1e5',
        '-1.0',
        '1,5',
        null,
        true,
      ),
      fc.constantFrom<unknown>(
        1,
        0,
        -1,
        1.5,
        1e21,
        4294967296,
        [],
        {},
        ['x'],
        { vat: 1 },
        { number: '1' },
        'container',
      ),
      fc.string({ maxLength: 1100 }),
    );
    const paths = Object.keys(FULL).flatMap((key) => {
      const value = (FULL as Change)[key];
      return typeof value === 'object' && !Array.isArray(value)
        ? [[key], ...Object.keys(value as object).map((inner) => [key, inner])]
        : [[key]];
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...paths, ['extra'], ['issuer', 'extra']), values, fc.boolean()), {
          minLength: 1,
          maxLength: 3,
        }),
        (changes) => {
          const document = structuredClone(FULL) as Change;
          for (const [[key = '', inner], value, remove] of changes) {
            const parent = inner === undefined ? document : (document[key] as Change);
            if (typeof parent !== 'object' || parent === null) continue;
            if (remove) delete parent[inner ?? key];
            else parent[inner ?? key] = value;
          }
          expect(schema.safeParse(document).success).toBe(plainDocument.safeParse(document).success);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the plain form', () => {
  it('fills every slot', () => {
    expect(read(FULL).strings).toEqual({
      issuer: 'VAT|DE136695976',
      number: '2025|R2025-0017',
      references: ['105|NAME|ACHETEUR SA|FR|B7'],
      looseNumber: 'R202517',
      counterparty: 'NAME|ACHETEUR SA|FR',
      currency: 'EUR',
      amount: '119000',
      issueDate: '2025-04-03',
      lines: ['PART|2|100000'],
      transport: 'MAEU|123',
      objects: ['CONTAINER|CSQU3054383'],
      classCode: 'HS|840999',
      quantity: '1500000',
      packages: '12',
      startDate: '2025-03-01',
      endDate: '2025-05-03',
    });
  });

  it.each([...PLAIN_KINDS])('has %s', (kind, code) => {
    const transport = [704, 705, 710, 714].includes(code)
      ? { transport: { carrier: 'MAEU', number: '123' } }
      : {};
    const air = code === 740 ? { number: '108-36924680', transport: undefined } : {};
    const { exact, kind: found } = identify({ ...FULL, kind, ...transport, ...air });
    expect(found).toBe(code);
    expect(exact.length).toBeGreaterThan(0);
  });

  it('amounts may be numbers; their digits count, not the nearest binary number', () => {
    const document = utf8(
      JSON.stringify({ ...FULL, amount: 0 }).replace('"amount":0', '"amount":90071992547409.93'),
    );
    expect(readDocument(document).document.strings.amount).toBe('9007199254740993');
    expect(read({ ...FULL, amount: -1190 })).toMatchObject({ kind: 381, strings: { amount: '119000' } });
    expect(read({ ...FULL, number: 17 }).strings.number).toBe('2025|17');
  });

  it('units of mass are one mass', () => {
    const mass = (grossMass: unknown): unknown => read({ ...FULL, grossMass }).strings.quantity;
    expect(mass({ value: '1.5', unit: 'TNE' })).toBe(mass({ value: '1500' }));
    expect(mass({ value: 1500.0 })).toBe(mass({ value: '1500000', unit: 'GRM' }));
  });

  it('a share of a risk is in parts per million', () => {
    const share = (sharePercent: unknown): unknown =>
      read({ ...FULL, kind: 'reinsurance-cession', grossMass: undefined, sharePercent }).strings.quantity;
    expect(share('12.5')).toBe('125000');
    expect(share('100')).toBe('1000000');
    expect(share('0.0001')).toBe('1');
    for (const wrong of ['0', '100.0001', '-5', '0.00001'])
      expect(() => share(wrong)).toThrow(coded('invalid_document', 'sharePercent'));
  });

  it.each([
    ['another version', { counterseal: 2 }, 'invalid_document', 'counterseal'],
    ['an unknown kind', { kind: 'letter' }, 'invalid_document', 'kind'],
    ['a misspelt field', { isuer: {} }, 'invalid_document', 'counterseal'],
    ['a date in another order', { issueDate: '03.04.2025' }, 'invalid_document', 'issueDate'],
    ['a day that does not exist', { issueDate: '2025-02-30' }, 'invalid_document', 'issueDate'],
    ['a comma in an amount', { amount: '1190,00' }, 'invalid_document', 'amount'],
    ['an exponent in a string', { amount: '1.19e3' }, 'invalid_document', 'amount'],
    ['a third decimal', { amount: '1190.001' }, 'invalid_document', 'amount'],
    ['an unknown currency', { currency: 'XXY' }, 'invalid_document', 'currency'],
    ['no number', { number: undefined }, 'missing_field', 'number'],
    ['no date', { issueDate: undefined }, 'missing_field', 'issueDate'],
    ['no issuer', { issuer: undefined }, 'missing_field', 'issuer.vat'],
    ['a party without anything', { issuer: { country: 'DE' } }, 'missing_field', 'issuer.vat'],
    ['a lower-case country', { issuer: { country: 'de', vat: 'DE1' } }, 'invalid_document', 'issuer.country'],
    ['a look-alike that is none', { number: 'Ꭱ1' }, 'invalid_document', 'number'],
    [
      'a B/L without carrier',
      { kind: 'bill-of-lading', transport: undefined },
      'missing_field',
      'transport.carrier',
    ],
    [
      'a mistyped container on a B/L',
      { kind: 'bill-of-lading', objects: [{ type: 'container', id: 'CSQU3054384' }] },
      'invalid_document',
      'objects[0].id',
    ],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => identify({ ...FULL, ...(change as Change) })).toThrow(coded(code, field)),
  );

  it('what no fingerprint reads is left out with a warning', () => {
    const { warnings, exact } = identify({ ...FULL, objects: [{ type: 'container', id: 'CSQU3054384' }] });
    expect(exact).toEqual(['VAT|DE136695976', '2025|R2025-0017']);
    expect(warnings.join()).toMatch(/objects is left out.*ISO 6346/);
  });
});
