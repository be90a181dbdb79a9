import { beforeAll, describe, expect, it } from 'vitest';
import { initPoseidon } from '../../src/crypto/index.js';
import {
  fingerprintRow,
  identifyDocument,
  identifyLine,
  identity,
  inspectDocument,
  readDocument,
  slotsOf,
} from '../../src/documents/index.js';
import { cii, coded, ubl, utf8 } from './helpers.js';

describe('identify', () => {
  it('gives the line of a file', () => {
    expect(identifyLine('a.xml', utf8(ubl()))).toEqual({
      file: 'a.xml',
      format: 'ubl-xml',
      kind: 380,
      exact: ['VAT|DE136695976', '2025|R2025-0017'],
      near: ['VAT|DE136695976', 'EUR', '119000', '2025-04-03'],
      possession: ['VAT|DE136695976', '2025|R2025-0017', 'EUR', '119000', '2025-04-03'],
      warnings: [],
    });
    expect(Object.keys(identifyLine('a.xml', utf8(cii())))).toEqual([
      'file',
      'format',
      'kind',
      'exact',
      'near',
      'possession',
      'warnings',
    ]);
  });

  it('gives the error of a file, so that a batch goes on', () => {
    expect(identifyLine('b.xml', utf8(ubl({ number: '' })))).toEqual({
      file: 'b.xml',
      error: { code: 'missing_field', message: 'cbc:ID is missing or empty', field: 'cbc:ID' },
    });
    expect(identifyLine('c', utf8('hello'))).toMatchObject({
      error: { code: 'unsupported_format', field: null },
    });
  });

  it('an absent slot empties the identities that need it, with a warning that names it', () => {
    const line = identifyDocument(utf8(ubl({ total: null })));
    expect(line).toMatchObject({ exact: ['VAT|DE136695976', '2025|R2025-0017'], near: [], possession: [] });
    expect(line.warnings).toEqual([
      'amount is left out: cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount is missing',
      'no near identity: the invoice has no amount',
      'no possession identity: the invoice has no amount',
    ]);
  });

  it('reports what is weak or wrong about the seller', () => {
    const named = identifyDocument(
      utf8(ubl({ seller: '<cac:PartyName><cbc:Name>Müller</cbc:Name></cac:PartyName>' })),
    );
    expect(named.exact[0]).toBe('NAME|MÜLLER|');
    expect(named.warnings.join()).toContain('by name only');
    expect(readDocument(utf8(ubl())).document.weaklyIdentified).toBe(false);
  });
});

describe('inspect', () => {
  beforeAll(initPoseidon);

  it('shows slots, sources and fingerprints', () => {
    const shown = inspectDocument(utf8(ubl()));
    expect(shown.slots).toHaveLength(16);
    expect(shown.slots[1]).toMatchObject({
      slot: 'number',
      index: 1,
      present: true,
      value: '2025|R2025-0017',
      source: 'cbc:ID',
    });
    expect(shown.slots[9]).toMatchObject({
      slot: 'transport',
      present: false,
      value: null,
      source: null,
      element: 0n,
    });
    const elements = slotsOf(readDocument(utf8(ubl())).document);
    const { exact } = fingerprintRow(380);
    expect(shown.fingerprints[0]).toEqual({
      name: 'invoice/exact@1',
      slots: ['issuer', 'number'],
      strings: ['VAT|DE136695976', '2025|R2025-0017'],
      identity: identity(exact.name, exact.mask, elements),
    });
    expect(shown.fingerprints.map(({ name }) => name)).toEqual([
      'invoice/exact@1',
      'invoice/near@1',
      'invoice/possession@1',
      'invoice/loose@1',
      'invoice/alias@1',
      'invoice/lines@1',
      'goods@1',
    ]);
    expect(shown.fingerprints.at(-1)).toMatchObject({ strings: [], identity: null });
  });

  it('both syntaxes have the same identities', () => {
    const identities = (xml: string): unknown =>
      inspectDocument(utf8(xml)).fingerprints.map((f) => f.identity);
    expect(identities(cii())).toEqual(identities(ubl()));
  });

  it('an invoice and a credit note of one number do not', () => {
    const exact = (xml: string): unknown => inspectDocument(utf8(xml)).fingerprints[0]?.identity;
    expect(exact(ubl({}, 'CreditNote'))).not.toEqual(exact(ubl()));
  });

  it('refuses as reading does', () => {
    expect(() => inspectDocument(utf8('<a/>'))).toThrow(coded('unsupported_format'));
  });
});
