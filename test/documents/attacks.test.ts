import { describe, expect, it } from 'vitest';
import { type Identified, identifyDocument } from '../../src/documents/index.js';
import { cii, coded, type InvoiceOptions, SELLER_CII, SELLER_UBL, ubl, utf8 } from './helpers.js';

const identify = (xml: string): Identified => identifyDocument(utf8(xml));
const honest = identify(ubl());
const SYNTAXES = [
  ['UBL', ubl],
  ['CII', cii],
] as const;

/**
 * A fraudster has one invoice financed twice. The second file must look like another document to the network and
 * like a good invoice to the second bank's eyes: so only changes that a reader would not notice, or not mind, are of use.
 */
describe.each(SYNTAXES)('a fraudster changes how the %s looks', (_, make) => {
  const same: [string, InvoiceOptions][] = [
    ['another separator in the number', { number: 'R 2025 - 0017' }],
    ['no separator beside letters', { number: 'R2025/0017' }],
    ['lower case', { number: 'r-2025/0017' }],
    ['leading zeros', { number: '00R-2025/0017' }],
    ['white space around', { number: '\n\t R-2025/0017 ' }],
    ['non-breaking space', { number: '\u00A0R-2025/0017\u2003' }],
    ['a minus sign for a dash', { number: 'R\u22122025\u20130017' }],
    ['full-width characters', { number: 'Ｒ－２０２５／００１７' }],
    ['mathematical letters', { number: '𝐑-𝟐𝟎𝟐𝟓/0017' }],
    ['decimals', { total: '1190.0000' }],
    ['a plus sign', { total: '+1190' }],
    ['leading zeros of the total', { total: '0001190.00' }],
    ['type 389 for 380', { typeCode: '389' }],
    ['type 384 for 380', { typeCode: '384' }],
    ['another order and number of lines', { lines: 5 }],
    ['another spelling of the currency', { currency: ' eur ' }],
  ];
  it.each(same)('%s', (_name, options) => {
    const { exact, near, possession, kind } = identify(make(options));
    expect({ exact, near, possession, kind }).toEqual({
      exact: honest.exact,
      near: honest.near,
      possession: honest.possession,
      kind: 380,
    });
  });

  it.each([
    ['zero width', 'R\u200B-2025/0017'],
    ['word joiner', 'R-2025/00\u206017'],
    ['soft hyphen', 'R\u00AD-2025/0017'],
    ['right to left', '\u202ER-2025/0017'],
    ['variation selector', 'R-2025/0017\uFE0F'],
    ['Hangul filler', 'R-2025/0017\u3164'],
    ['a combining mark', 'R\u0301-2025/0017'],
    ['a letter of another script that folds to none', 'Ꭱ-2025/0017'],
    ['digits of another script', 'R-2025/००१७'],
  ])('hidden or foreign characters are refused: %s', (_name, number) =>
    expect(() => identify(make({ number }))).toThrow(coded('invalid_document')),
  );

  it('look-alikes in a number become the letters that they imitate', () => {
    expect(identify(make({ number: 'ΝO-АB 1' })).exact).toEqual(identify(make({ number: 'NO-AB 1' })).exact);
  });
});

describe('a fraudster adds, drops and reorders identifiers', () => {
  const tax = (id: string, scheme = 'VAT'): string =>
    `<cac:PartyTaxScheme><cbc:CompanyID>${id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>${scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>`;
  const gln =
    '<cac:PartyIdentification><cbc:ID schemeID="0088">4000001123452</cbc:ID></cac:PartyIdentification>';
  const lei =
    '<cac:PartyLegalEntity><cbc:CompanyID schemeID="0199">529900T8BM49AURSDO55</cbc:CompanyID></cac:PartyLegalEntity>';

  it.each([
    ['a GLN before', gln + SELLER_UBL],
    ['a LEI after', SELLER_UBL + lei],
    ['a local tax number before', tax('201/113/40209', 'FC') + SELLER_UBL],
    ['a foreign tax number before', tax('ATU12345675') + SELLER_UBL],
    ['the number twice', tax('DE 136 695 976') + SELLER_UBL],
    ['spaces and case', SELLER_UBL.replace('DE136695976', 'de 136.695.976')],
    ['no prefix', SELLER_UBL.replace('DE136695976', '136695976')],
    ['a look-alike in the prefix', SELLER_UBL.replace('DE136695976', 'DΕ136695976')],
    ['another name', SELLER_UBL.replace('Beispiel GmbH', 'BEISPIEL Gesellschaft mbH')],
  ])('%s', (_name, seller) => expect(identify(ubl({ seller })).exact).toEqual(honest.exact));

  it('a hidden character in the tax number is refused, not passed over for the next identifier', () => {
    for (const broken of ['DE1366\u200B95976', 'D\u0301E136695976']) {
      expect(() => identify(ubl({ seller: gln + SELLER_UBL.replace('DE136695976', broken) }))).toThrow(
        coded('invalid_document'),
      );
    }
  });

  it('of two names the same one counts in either order', () => {
    const names = ['Beispiel GmbH', 'Zweitname AG'].map(
      (name) => `<cac:PartyName><cbc:Name>${name}</cbc:Name></cac:PartyName>`,
    );
    const exact = (seller: string): readonly string[] => identify(ubl({ seller })).exact;
    expect(exact(names.join(''))).toEqual(exact([...names].reverse().join('')));
  });

  it('CII: the order of tax registrations does not matter', () => {
    const [, name = '', first = '', second = ''] =
      /^(.*?)(<ram:SpecifiedTaxRegistration>.*?<\/ram:SpecifiedTaxRegistration>)(.*)$/.exec(SELLER_CII) ?? [];
    expect(identify(cii({ seller: name + second + first })).exact).toEqual(honest.exact);
  });
});

describe('a fraudster hides a second value from other readers', () => {
  it('comments and CDATA inside a number are not separators', () => {
    expect(identify(ubl({ number: 'R-2025<!-- x -->/0017' })).exact).toEqual(honest.exact);
    expect(identify(ubl({ number: '<![CDATA[R-2025/]]>0017' })).exact).toEqual(honest.exact);
    expect(identify(ubl({ number: 'R&#45;2025/0017' })).exact).toEqual(honest.exact);
  });

  it('an invoice in an extension of another does not count; the outer one does', () => {
    const inner = ubl({ number: 'INNER' }).replace(/^<\?xml[^>]*\?>/, '');
    expect(identify(ubl({ extra: `<x:Ext xmlns:x="urn:x">${inner}</x:Ext>` })).exact).toEqual(honest.exact);
  });

  it('an element of the right name in a foreign namespace does not count', () => {
    expect(
      identify(
        ubl({
          extra: '<x:ID xmlns:x="urn:x">OTHER</x:ID><x:IssueDate xmlns:x="urn:x">2024-01-01</x:IssueDate>',
        }),
      ).exact,
    ).toEqual(honest.exact);
  });
});

/** A griefer wants an honest document to meet a false duplicate. */
describe('a griefer makes documents collide', () => {
  it.each([
    ['1-12', '11-2'],
    ['1/12', '112'],
    ['2025-1', '20251'],
    ['R1-1', 'R11'],
    ['0-12', '12'],
    ['A1', 'B1'],
  ])('%s and %s stay apart', (a, b) =>
    expect(identify(ubl({ number: a })).exact).not.toEqual(identify(ubl({ number: b })).exact),
  );

  it('the same number in another year is another invoice', () => {
    expect(identify(ubl({ date: '2024-04-03' })).exact).not.toEqual(honest.exact);
  });

  it('credit note, debit note and pro-forma of one number are not the invoice', () => {
    const documents = [
      ubl(),
      ubl({ typeCode: '381' }),
      ubl({ typeCode: '383' }),
      ubl({ typeCode: '325' }),
      ubl({ total: '-1190.00' }),
    ].map(identify);
    expect(new Set(documents.map(({ kind }) => kind)).size).toBe(4);
  });

  it('a separator in a name cannot imitate another issuer', () => {
    const named = (name: string, country: string): string =>
      ubl({
        seller:
          `<cac:PostalAddress><cac:Country><cbc:IdentificationCode>${country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>` +
          `<cac:PartyName><cbc:Name>${name}</cbc:Name></cac:PartyName>`,
      });
    expect(identify(named('A|DE', '')).exact).not.toEqual(identify(named('A', 'DE')).exact);
    expect(identify(named('VAT|DE136695976', 'DE')).exact[0]).toMatch(/^NAME\|/);
  });

  it('a number cannot carry a year of its own', () => {
    const [, number] = identify(ubl({ number: '2024|R1' })).exact;
    expect(number).toBe('2025|2024R1');
  });

  it('a number of millions of characters is refused before anything is made of it', () => {
    const start = performance.now();
    expect(() => identify(ubl({ number: 'A-'.repeat(1_000_000) }))).toThrow(
      coded('invalid_document', 'cbc:ID'),
    );
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
