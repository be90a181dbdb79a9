import { describe, expect, it } from 'vitest';
import { transportNumber } from '../../../src/documents/canonical/carrier.js';
import {
  isContainer,
  isEori,
  isGln,
  isImo,
  isLei,
  isVin,
} from '../../../src/documents/canonical/check-digits.js';
import {
  container,
  harmonizedSystem,
  imoShip,
  objectOf,
  vehicle,
} from '../../../src/documents/canonical/objects.js';
import { canonicalParty, type PartyFields, type PartyId } from '../../../src/documents/canonical/party.js';
import { registerOf } from '../../../src/documents/canonical/schemes.js';
import { taxId } from '../../../src/documents/canonical/tax-id.js';
import { coded } from '../helpers.js';

describe('check digits', () => {
  it('hold for the examples of the standards', () => {
    expect(isContainer('CSQU3054383')).toBe(true); // ISO 6346
    expect(isContainer('MSCU6639870')).toBe(true);
    expect(isLei('529900T8BM49AURSDO55')).toBe(true); // ISO 17442
    expect(isGln('4000001123452')).toBe(true); // GS1
    expect(isImo('9074729')).toBe(true); // IMO
    expect(isVin('1M8GDM9AXKP042788')).toBe(true); // 49 CFR 565
    expect(isVin('11111111111111111')).toBe(true);
    expect(isEori('DE123456789012345')).toBe(true);
  });

  it('fail for one changed digit', () => {
    expect(isContainer('CSQU3054384')).toBe(false);
    expect(isContainer('CSQA3054383')).toBe(false);
    expect(isLei('529900T8BM49AURSDO56')).toBe(false);
    expect(isGln('4000001123453')).toBe(false);
    expect(isImo('9074728')).toBe(false);
    expect(isVin('1M8GDM9A1KP042788')).toBe(false);
  });
});

describe('objects', () => {
  it('containers need their check digit, ships and vehicles warn', () => {
    expect(container('csqu 305438-3', 'f')).toBe('CONTAINER|CSQU3054383');
    expect(() => container('CONU1234567', 'f')).toThrow(coded('invalid_document', 'f'));
    expect(imoShip('IMO 9074729', 'f')).toEqual({ value: 'IMO|9074729' });
    expect(imoShip('9074728', 'f')).toMatchObject({
      value: 'IMO|9074728',
      warning: expect.stringContaining('check digit') as string,
    });
    expect(() => imoShip('12345', 'f')).toThrow(coded('invalid_document', 'f'));
    expect(vehicle('1m8gdm9axkp042788', 'f')).toEqual({ value: 'VIN|1M8GDM9AXKP042788' });
    expect(vehicle('WVWZZZ1JZXW000001', 'f').value).toBe('VIN|WVWZZZ1JZXW000001');
    expect(() => vehicle('1M8GDM9AXKP04278O', 'f')).toThrow(coded('invalid_document', 'f'));
  });

  it('HS codes are six digits', () => {
    expect(harmonizedSystem('8409.99.00 10', 'f')).toBe('HS|840999');
    expect(() => harmonizedSystem('8409', 'f')).toThrow(coded('invalid_document', 'f'));
  });

  const transport = (scheme: 'SMDG' | 'SCAC', code: string, number: string): string =>
    transportNumber({ scheme, code }, number, 'f').value;

  it('SMDG and SCAC meet; unknown codes keep their scheme', () => {
    expect(transport('SMDG', 'MSK', 'MAEU 123-456')).toBe(transport('SCAC', 'maeu', 'maeu123/456'));
    expect(transport('SCAC', 'ABCD', '1')).toBe('SCAC:ABCD|1');
    expect(transport('SMDG', 'ABCD', '1')).toBe('SMDG:ABCD|1');
    expect(() => transport('SCAC', 'abcde', '1')).toThrow(coded('invalid_document', 'f'));
  });

  it("the carrier's code before a number is no part of it, and names the carrier where nothing else does", () => {
    const expected = 'MAEU|123456';
    expect(transport('SMDG', 'MSK', '123456')).toBe(expected);
    expect(transport('SCAC', 'MAEU', 'MAEU-0123456')).toBe(expected);
    expect(transportNumber(undefined, 'maeu 123456', 'f')).toEqual({ value: expected, known: true });
    expect(transportNumber(undefined, 'MEDUX1', 'f').value).toBe(transport('SMDG', 'MSC', 'X1'));
    expect(transportNumber(undefined, 'ABCD123456', 'f')).toEqual({
      value: 'SCAC:ABCD|123456',
      known: false,
    });
    expect(transportNumber(undefined, '0054047', 'f')).toEqual({ value: '|54047', known: false });
    // Another carrier's code is part of the number; a number that is nothing but the code stays.
    expect(transport('SMDG', 'MSK', 'HLCU123')).toBe('MAEU|HLCU123');
    expect(transport('SCAC', 'MAEU', 'MAEU')).toBe('MAEU|MAEU');
  });

  it('an air waybill carries its airline in its number', () => {
    const air = (number: string): string => transportNumber({ air: true }, number, 'f').value;
    expect(air('108-36924680')).toBe('IATA:108|36924680');
    expect(air('10836924680')).toBe(air('108 3692 4680'.replace(' 4680', '4680')));
    expect(air('108-3692468')).toBe('|108-3692468');
  });

  it('other objects are a type and an identifier', () => {
    expect(objectOf('lot', '54-6378 239', 'f')).toBe('LOT|546378239');
    expect(() => objectOf('lot', '--', 'f')).toThrow(coded('invalid_document', 'f'));
  });
});

describe('tax numbers', () => {
  it.each([
    ['DE 136 695 976', 'DE', 'DE136695976'],
    ['136695976', 'DE', 'DE136695976'],
    ['de136695976', undefined, 'DE136695976'],
    ['DE136695976', 'FR', 'DE136695976'],
    ['NL8200.98.395.B.01', 'NL', 'NL820098395B01'],
    ['NO 974 760 673 MVA', 'NO', 'NO974760673'],
    ['974760673', 'NO', 'NO974760673'],
    ['CHE-116.281.710 MWST', 'CH', 'CHE116281710'],
    ['GR094259216', 'GR', 'EL094259216'],
    ['EL094259216', 'GR', 'EL094259216'],
    ['094259216', 'GR', 'EL094259216'],
    ['B58818501', 'ES', 'ESB58818501'],
    ['ESB58818501', 'ES', 'ESB58818501'],
    ['GODE561231GR8', 'MX', 'MXGODE561231GR8'],
    ['DEM8801152E9', 'MX', 'MXDEM8801152E9'],
    ['MXDEM8801152E9', 'MX', 'MXDEM8801152E9'],
    ['ÑAN880115AB1', 'MX', 'MXNAN880115AB1'],
    ['RSSMRA80A01H501U', 'IT', 'ITRSSMRA80A01H501U'],
    ['20131312955', 'PE', 'PE20131312955'],
    ['800197268', 'CO', 'CO800197268'],
    ['800.197.268-4', 'CO', 'CO800197268'],
    ['1018419008', 'CO', 'CO1018419008'],
    ['DE\u20131366\u00A095976', 'DE', 'DE136695976'],
    ['ＤＥ１３６６９５９７６', 'DE', 'DE136695976'],
    ['DΕ136695976', 'DE', 'DE136695976'],
  ])('%j in %s is %s', (value, country, expected) => {
    expect(taxId(value, country, 'f').value).toBe(expected);
    expect(taxId(expected, country, 'f').value).toBe(expected);
  });

  it('a wrong check digit warns and is used as it stands', () => {
    expect(taxId('DE136695976', 'DE', 'f').warning).toBeUndefined();
    expect(taxId('DE123456789', 'DE', 'f')).toEqual({
      value: 'DE123456789',
      warning: expect.stringContaining('not a valid') as string,
    });
    expect(taxId('123', undefined, 'f').warning).toContain('no country prefix');
  });

  it('hidden and foreign characters are errors', () => {
    for (const value of ['DE1366\u200B95976', 'DE١٣٦', 'DEϪ136695976']) {
      expect(() => taxId(value, 'DE', 'f')).toThrow(coded('invalid_document', 'f'));
    }
  });
});

describe('schemes', () => {
  it.each([
    ['0088', { scheme: 'GLN' }],
    ['0060', { scheme: 'DUNS' }],
    ['0199', { scheme: 'LEI' }],
    ['9930', { scheme: 'VAT', country: 'DE' }],
    ['0192', { scheme: 'REG', country: 'NO' }],
    ['DK:CVR', { scheme: 'REG', country: 'DK' }],
    ['DKVAT', { scheme: 'VAT', country: 'DK' }],
    ['NO:ORGNR', { scheme: 'REG', country: 'NO' }],
    ['vkn', { scheme: 'VAT', country: 'TR' }],
    ['9958', undefined],
    ['SEPA', undefined],
    ['EM', undefined],
    ['ZZZ', undefined],
    ['constructor', undefined],
  ])('%s', (code, register) => expect(registerOf(code)).toEqual(register));
});

describe('parties', () => {
  const id = (scheme: PartyId['register']['scheme'], value: string): PartyId => ({
    register: { scheme },
    value,
    field: scheme,
  });
  const party = (ids: PartyId[], more: Partial<PartyFields> = {}): PartyFields => ({
    ids,
    endpoints: [],
    name: { value: 'Beispiel GmbH', field: 'name' },
    country: 'DE',
    field: 'seller',
    ...more,
  });
  const all = [
    id('GLN', '4000001123452'),
    id('TAX', '201/113/40209'),
    id('LEI', '529900T8BM49AURSDO55'),
    id('DUNS', '123456789'),
    id('REG', 'HRB 12345'),
    id('EORI', 'DE1234567890'),
    id('VAT', 'DE136695976'),
  ];

  it('the order of schemes decides, never the position', () => {
    const expected = [
      'VAT|DE136695976',
      'TAX|DE20111340209',
      'REG|DEHRB12345',
      'EORI|DE1234567890',
      'LEI|529900T8BM49AURSDO55',
      'DUNS|123456789',
      'GLN|4000001123452',
    ];
    let rest = all;
    for (const value of expected) {
      expect(canonicalParty(party(rest))?.value).toBe(value);
      expect(canonicalParty(party([...rest].reverse()))?.value).toBe(value);
      rest = rest.filter((entry) => !value.startsWith(entry.register.scheme));
    }
    expect(canonicalParty(party([]))).toMatchObject({ value: 'NAME|BEISPIEL GMBH|DE', weak: true });
  });

  it('identifiers of the electronic address come after all others and before the name', () => {
    expect(canonicalParty(party([], { endpoints: [id('VAT', 'DE136695976')] }))?.value).toBe(
      'VAT|DE136695976',
    );
    expect(
      canonicalParty(party([id('GLN', '4000001123452')], { endpoints: [id('VAT', 'DE136695976')] }))?.value,
    ).toBe('GLN|4000001123452');
  });

  it('of two tax numbers the one of the own country, in either order', () => {
    const two = [id('VAT', 'AT U12345675'), id('VAT', 'DE136695976')];
    expect(canonicalParty(party(two))?.value).toBe('VAT|DE136695976');
    expect(canonicalParty(party([...two].reverse()))?.value).toBe('VAT|DE136695976');
    expect(canonicalParty(party(two, { country: 'FR' }))?.value).toBe('VAT|ATU12345675');
    expect(canonicalParty(party([...two].reverse(), { country: 'FR' }))?.value).toBe('VAT|ATU12345675');
    expect(canonicalParty(party(two))?.warnings.join()).toContain('several VAT');
  });

  it('prose in the place of a number is passed over', () => {
    expect(
      canonicalParty(party([id('TAX', 'Godkänd för F-skatt'), id('REG', '5566778899')], { country: 'SE' }))
        ?.value,
    ).toBe('REG|SE5566778899');
  });

  it("registers: the country once, SIRET as SIREN, marks of the register's language folded", () => {
    const reg = (value: string, country: string): string | undefined =>
      canonicalParty(party([id('REG', value)], { country }))?.value;
    expect(reg('556677-8899', 'SE')).toBe('REG|SE5566778899');
    expect(reg('DK16356706', 'DK')).toBe('REG|DK16356706');
    expect(reg('732 829 320 00074', 'FR')).toBe('REG|FR732829320');
    expect(reg('Amtsgericht Köln HRB 1', 'DE')).toBe('REG|DEAMTSGERICHTKOLNHRB1');
  });

  it('a name with look-alike letters is the same name', () => {
    const named = (value: string): string | undefined =>
      canonicalParty(party([], { name: { value, field: 'name' } }))?.value;
    expect(named('АCМE  ltd')).toBe(named('ACME LTD'));
    expect(named('!!!')).toBeUndefined();
    expect(() => named('AC\u200BME')).toThrow(coded('invalid_document', 'name'));
    expect(new TextEncoder().encode(named('Ж'.repeat(1000))).length).toBeLessThan(260);
  });
});
