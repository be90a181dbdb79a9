import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CanonicalDocument, readDocument } from '../../../src/documents/index.js';
import { coded, utf8 } from '../helpers.js';

const FOLDER = new URL('../../../examples/documents/', import.meta.url);
const example = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const read = (text: string): CanonicalDocument => readDocument(utf8(text)).document;
type Json = Record<string, unknown>;

/** The example with a change made to its parsed form. */
function changed(name: string, change: (json: Json) => void): string {
  const json = JSON.parse(example(name)) as Json;
  change(json);
  return JSON.stringify(json);
}
const inner = (json: Json, ...path: (string | number)[]): Json =>
  path.reduce<unknown>((value, key) => (value as Json)[key as string], json) as Json;

describe('UBL-JSON', () => {
  const invoice = (change: (invoice: Json) => void, top: (json: Json) => void = () => {}): string =>
    changed('invoice-a.ubl.json', (json) => {
      change(inner(json, 'Invoice', 0));
      top(json);
    });

  it('is the XML that it stands for', () => {
    expect(read(example('invoice-a.ubl.json')).strings).toEqual(read(example('invoice-a.ubl.xml')).strings);
  });

  it('needs no namespaces, and takes those of UBL in each other’s places', () => {
    for (const _D of [undefined, '', 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'])
      expect(
        read(
          invoice(
            () => {},
            (json) => Object.assign(json, { _D }),
          ),
        ).kind,
      ).toBe(380);
    expect(() =>
      read(
        invoice(
          () => {},
          (json) => Object.assign(json, { _D: 'urn:other' }),
        ),
      ),
    ).toThrow(coded('unsupported_format'));
  });

  it.each([
    [
      'two numbers',
      (i: Json) => Object.assign(i, { ID: [{ _: 'A' }, { _: 'B' }] }),
      'invalid_document',
      'cbc:ID',
    ],
    ['no number', (i: Json) => delete i.ID, 'missing_field', 'cbc:ID'],
    ['a list for a text', (i: Json) => Object.assign(i, { ID: [{ _: ['A'] }] }), 'invalid_document', 'ID'],
    ['null for a text', (i: Json) => Object.assign(i, { ID: [{ _: null }] }), 'invalid_document', 'ID'],
    ['a bare string', (i: Json) => Object.assign(i, { ID: 'A' }), 'missing_field', 'cbc:ID'],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => read(invoice(change as (invoice: Json) => void))).toThrow(coded(code, field)),
  );

  it('refuses two documents', () => {
    const two = invoice(
      () => {},
      (json) => Object.assign(json, { CreditNote: [{}] }),
    );
    expect(() => read(two)).toThrow(coded('invalid_document', 'Invoice'));
  });

  it('an exponent is the number that it means', () => {
    const total = (text: string): unknown =>
      read(example('invoice-a.ubl.json').replace('"_": 48790', `"_": ${text}`)).strings.amount;
    expect(total('4.879E4')).toBe('4879000');
    expect(() => total('4.879E99')).toThrow(coded('invalid_document'));
  });
});

describe('GOBL', () => {
  const bill = (change: (doc: Json) => void): string =>
    changed('invoice-a.gobl.json', (json) => change(inner(json, 'doc')));

  it('is the same invoice as in UBL, in every slot', () => {
    expect(read(example('invoice-a.gobl.json')).strings).toEqual(read(example('invoice-a.ubl.xml')).strings);
  });

  it('needs no envelope', () => {
    const { doc } = JSON.parse(example('invoice-a.gobl.json')) as { doc: unknown };
    expect(read(JSON.stringify(doc)).strings).toEqual(read(example('invoice-a.gobl.json')).strings);
  });

  it.each([
    ['credit-note', 381],
    ['debit-note', 383],
    ['proforma', 325],
    ['corrective', 380],
    ['something-new', 380],
  ])('type %s is kind %i', (type, kind) =>
    expect(read(bill((doc) => Object.assign(doc, { type }))).kind).toBe(kind),
  );

  it.each([
    ['no code', { code: undefined }, 'missing_field', 'code'],
    ['no date', { issue_date: undefined }, 'missing_field', 'issue_date'],
    ['no supplier', { supplier: undefined }, 'missing_field', 'supplier'],
    ['two codes', { code: ['1', '2'] }, 'invalid_document', 'code'],
    ['an object for a code', { code: {} }, 'invalid_document', 'code'],
    ['a currency that is none', { currency: 'EURO' }, 'invalid_document', 'currency'],
    [
      'a total with words',
      { totals: { total_with_tax: 'many' } },
      'invalid_document',
      'totals.total_with_tax',
    ],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => read(bill((doc) => Object.assign(doc, change)))).toThrow(coded(code, field)),
  );

  it('orders are the buyer’s; delivery notes are packing lists, receipts are nothing', () => {
    const order = read(example('order.gobl.json'));
    expect(order).toMatchObject({ kind: 105, strings: { issuer: 'VAT|DE999999815', number: 'PO88-1204' } });
    const delivery = (type: string): string =>
      changed('order.gobl.json', (doc) =>
        Object.assign(doc, { $schema: 'https://gobl.org/draft-0/bill/delivery', type }),
      );
    expect(read(delivery('note'))).toMatchObject({ kind: 271, strings: { issuer: 'VAT|DE999999903' } });
    expect(() => read(delivery('receipt'))).toThrow(coded('unsupported_format', 'type'));
  });
});

describe('bills of lading', () => {
  const dcsa = (change: (json: Json) => void): CanonicalDocument =>
    read(changed('bill-of-lading.dcsa.json', change));
  const { strings } = read(example('bill-of-lading.dcsa.json'));

  it('DCSA and UBL say the same of one, in other units', () => {
    const ubl = read(example('bill-of-lading.ubl.xml'));
    const { references, ...same } = strings;
    expect(references).toEqual(['335|LEI|529900T8BM49AURSDO55|BKG881204']);
    expect(ubl.strings).toEqual(same);
    expect(same).toMatchObject({
      number: '26000417',
      transport: 'SCAC:QQQQ|26000417',
      objects: ['CONTAINER|CSQU3054383'],
      quantity: '8250500',
      startDate: '2026-03-19',
    });
  });

  it.each([
    ['without the carrier’s code before the number', { transportDocumentReference: '26000417' }],
    ['with separators and zeros', { transportDocumentReference: 'qqqq-0026000417' }],
    ['in another status', { transportDocumentStatus: 'SURRENDERED' }],
    ['as a sea waybill', { transportDocumentTypeCode: 'SWB' }],
  ])('is one document %s', (_name, change) =>
    expect(dcsa((json) => Object.assign(json, change)).strings.transport).toBe(strings.transport),
  );

  it('the betas’ fields count too', () => {
    const beta = dcsa((json) => {
      const item = inner(json, 'consignmentItems', 0, 'cargoItems', 0);
      delete item.cargoGrossWeight;
      Object.assign(item, { weight: 8250.5, weightUnit: 'KGM' });
      const parties = inner(json, 'documentParties');
      json.issuingParty = parties.issuingParty;
      delete parties.issuingParty;
    });
    expect(beta.strings).toEqual(strings);
  });

  it.each([
    ['no number', { transportDocumentReference: undefined }, 'missing_field', 'transportDocumentReference'],
    ['no carrier', { carrierCode: undefined }, 'missing_field', 'carrierCode'],
    [
      'a code of nobody’s list',
      { carrierCodeListProvider: 'ZZZ' },
      'invalid_document',
      'carrierCodeListProvider',
    ],
    ['a code of five letters', { carrierCode: 'abcde' }, 'invalid_document', 'transportDocumentReference'],
    ['another type', { transportDocumentTypeCode: 'XXX' }, 'invalid_document', 'transportDocumentTypeCode'],
    [
      'a type of the prototype',
      { transportDocumentTypeCode: 'constructor' },
      'invalid_document',
      'transportDocumentTypeCode',
    ],
    ['an impossible day', { shippedOnBoardDate: '2026-02-30' }, 'invalid_document', 'shippedOnBoardDate'],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => dcsa((json) => Object.assign(json, change))).toThrow(coded(code, field)),
  );

  it.each([
    ['a mistyped container', (item: Json) => (item.equipmentReference = 'CSQU3054384')],
    ['a negative weight', (item: Json) => (inner(item, 'cargoGrossWeight').value = -1)],
    ['an unknown unit', (item: Json) => (inner(item, 'cargoGrossWeight').unit = 'BAG')],
    ['an absurd exponent', (item: Json) => (inner(item, 'cargoGrossWeight').value = '1e9')],
  ])('refuses %s rather than leave a fingerprint out', (_name, change) =>
    expect(() => dcsa((json) => change(inner(json, 'consignmentItems', 0, 'cargoItems', 0)))).toThrow(
      coded('invalid_document'),
    ),
  );

  it('a UBL waybill is told by its mode, and by its airline’s number', () => {
    const waybill = (mode: string, id: string): CanonicalDocument =>
      read(
        example('bill-of-lading.ubl.xml')
          .replaceAll('BillOfLading', 'Waybill')
          .replace(/<cac:CarrierParty>[\s\S]*?<\/cac:CarrierParty>/, '')
          .replace('>1</cbc:TransportModeCode>', `>${mode}</cbc:TransportModeCode>`)
          .replace('>26000417<', `>${id}<`),
      );
    expect(waybill('4', '108-36924680')).toMatchObject({
      kind: 740,
      strings: { transport: 'IATA:108|36924680' },
    });
    expect(waybill('1', 'MAEU123')).toMatchObject({ kind: 710, strings: { transport: 'MAEU|123' } });
    expect(waybill('3', 'MAEU123').warnings.join()).toMatch(/road or rail/);
    expect(() => waybill('1', '123')).toThrow(coded('missing_field', 'cac:CarrierParty'));
    expect(() => waybill('4', '108-3692468')).toThrow(coded('missing_field', 'cac:CarrierParty'));
  });
});

describe('customs declarations', () => {
  const wco = (from: string | RegExp, to: string): CanonicalDocument =>
    read(example('export-declaration.wco.xml').replace(from, to));

  it('WCO and ICS say the same of the goods', () => {
    const declaration = read(example('export-declaration.wco.xml'));
    expect(declaration).toMatchObject({
      kind: 830,
      strings: {
        issuer: 'EORI|DE000000000000001',
        number: 'DEEXP2026-0417',
        counterparty: 'EORI|DE000000000000002',
        references: ['380||RE2026-0417', '705||QQQQ26000417'],
        currency: 'EUR',
        amount: '4100000',
        transport: 'SCAC:QQQQ|26000417',
        objects: ['CONTAINER|CSQU3054383'],
        classCode: 'HS|848180',
        quantity: '8250500',
        packages: '36',
      },
    });
    const { transport, classCode, quantity } = declaration.strings;
    expect(read(example('entry-summary.ics.xml'))).toMatchObject({
      kind: 929,
      strings: { transport, classCode, quantity, issueDate: '2026-03-18' },
    });
  });

  it('its goods are those of the bill of lading', () => {
    const { transport, quantity, objects } = read(example('bill-of-lading.dcsa.json')).strings;
    expect(read(example('export-declaration.wco.xml')).strings).toMatchObject({
      transport,
      quantity,
      objects,
    });
  });

  const item =
    '<Commodity><InvoiceLine><ItemChargeAmount currencyID="$">20</ItemChargeAmount></InvoiceLine></Commodity>';
  const items = (...currencies: string[]): CanonicalDocument =>
    read(
      example('export-declaration.wco.xml')
        .replace(/<InvoiceAmount[^>]*>[^<]*<\/InvoiceAmount>/, '')
        .replace(
          /<GovernmentAgencyGoodsItem>[\s\S]*<\/GovernmentAgencyGoodsItem>/,
          currencies
            .map(
              (currency) =>
                `<GovernmentAgencyGoodsItem>${item.replace('$', currency)}</GovernmentAgencyGoodsItem>`,
            )
            .join(''),
        ),
    );
  it('without an invoice total the items’ sum counts, in one currency only; never a statistical value', () => {
    expect(items('EUR', 'EUR').strings).toMatchObject({ currency: 'EUR', amount: '4000' });
    expect(items('EUR', 'USD').strings.amount).toBeUndefined();
    const statistical = wco(/<InvoiceAmount[^>]*>[^<]*<\/InvoiceAmount>/, '').strings.amount;
    expect(statistical).toBeUndefined();
  });

  it('a total mass stands for the items, kilograms are the unit where none is written', () => {
    expect(wco('unitCode="KGM">8250.5', '>8250.5').strings.quantity).toBe('8250500');
    expect(wco('unitCode="KGM">8250.5', 'unitCode="TNE">8.2505').strings.quantity).toBe('8250500');
    expect(
      wco(
        '<TotalPackageQuantity>',
        '<TotalGrossMassMeasure>9000</TotalGrossMassMeasure><TotalPackageQuantity>',
      ).strings.quantity,
    ).toBe('9000000');
    expect(() => wco('unitCode="KGM">8250.5', 'unitCode="KGX">8250.5')).toThrow(coded('invalid_document'));
  });

  it.each([
    ['another type', 'EXA', 'ZZA', 'invalid_document', 'd:TypeCode'],
    [
      'no number',
      /<FunctionalReferenceID>.*?<[/]FunctionalReferenceID>/,
      '',
      'missing_field',
      'd:FunctionalReferenceID',
    ],
    [
      'two numbers',
      '<TypeCode>EXA',
      '<FunctionalReferenceID>X</FunctionalReferenceID><TypeCode>EXA',
      'invalid_document',
      'd:FunctionalReferenceID',
    ],
    ['an empty number', 'DE-EXP-2026-0417', ' ', 'missing_field', 'd:FunctionalReferenceID'],
    ['half a package', '>36<', '>36.5<', 'invalid_document', 'd:TotalPackageQuantity'],
    ['a DOCTYPE', '<md:MetaData', '<!DOCTYPE x><md:MetaData', 'invalid_document', 'XML'],
  ] as const)('refuses %s', (_name, from, to, code, field) => {
    const text = example('export-declaration.wco.xml').replace(from, to);
    expect(() => read(text)).toThrow(coded(code, field));
  });

  it('a mistyped container of a declaration is flagged, not taken', () => {
    const document = wco('CSQU3054383', 'CSQU3054384');
    expect(document.strings.objects).toBeUndefined();
    expect(document.warnings.join()).toMatch(/objects is left out.*ISO 6346/);
  });

  it('the order of goods does not matter', () => {
    const one = (code: string): string =>
      `<Commodity><Classification><ID>${code}</ID><IdentificationTypeCode>TSP</IdentificationTypeCode></Classification></Commodity>`;
    const both = (a: string, b: string): CanonicalDocument =>
      wco(
        /<GovernmentAgencyGoodsItem>[\s\S]*<\/GovernmentAgencyGoodsItem>/,
        [a, b].map((code) => `<GovernmentAgencyGoodsItem>${one(code)}</GovernmentAgencyGoodsItem>`).join(''),
      );
    expect(both('84818081', '73071100').strings.classCode).toBe('HS|730711');
    expect(both('73071100', '84818081').strings.classCode).toBe('HS|730711');
  });
});

describe('Open Insurance Brasil', () => {
  const policy = (change: (data: Json, json: Json) => void): CanonicalDocument =>
    read(changed('policy.open-insurance.json', (json) => change(inner(json, 'data'), json)));
  const claim = (change: (data: Json, json: Json) => void): CanonicalDocument =>
    read(changed('claim.open-insurance.json', (json) => change(inner(json, 'data', 0), json)));

  it('a policy: the lead insurer, the thing insured and its peril', () => {
    expect(policy(() => {})).toMatchObject({
      kind: 530,
      weaklyIdentified: false,
      strings: {
        issuer: 'SUSEP|00000',
        number: '551-2026-000417',
        currency: 'BRL',
        amount: '25000000',
        objects: ['VIN|1M8GDM9AXKP042788'],
        classCode: 'CASCO_COMPREENSIVA',
        startDate: '2026-03-15',
        endDate: '2027-03-15',
      },
    });
  });

  it('a claim: the loss; its insurer is known by its host only', () => {
    expect(claim(() => {})).toMatchObject({
      kind: 60001,
      weaklyIdentified: true,
      strings: { classCode: 'ROUBO_OU_FURTO', startDate: '2026-06-14', objects: ['VIN|1M8GDM9AXKP042788'] },
    });
  });

  it('the order of coverages does not matter; persons are no objects', () => {
    const reversed = policy((data) => (inner(data, 'insuredObjects', 0).coverages as unknown[]).reverse());
    expect(reversed.strings).toEqual(policy(() => {}).strings);
    const person = policy((data) => (inner(data, 'insuredObjects', 0).type = 'PESSOA'));
    expect(person.strings.objects).toBeUndefined();
  });

  it('a percentage is no amount', () => {
    const percent = policy((data) => (data.maxLMG = { amount: '10.00', unitType: 'PORCENTAGEM' }));
    expect(percent.strings.amount).toBeUndefined();
  });

  it.each([
    [
      'no insurer',
      () => policy((data, json) => (delete data.leadInsurerCode, delete json.links)),
      'missing_field',
      'data.leadInsurerCode',
    ],
    ['no policy number', () => policy((data) => (data.policyId = '')), 'missing_field', 'data.policyId'],
    [
      'an amount with words',
      () => policy((data) => (inner(data, 'maxLMG').amount = 'x')),
      'invalid_document',
      'data.maxLMG.amount',
    ],
    [
      'a day that does not exist',
      () => claim((data) => (data.occurrenceDate = '2026-06-31')),
      'invalid_document',
      'data.occurrenceDate',
    ],
    [
      'no claim number',
      () => claim((data) => delete data.identification),
      'missing_field',
      'data.identification',
    ],
    ['two claims', () => claim((data, json) => (json.data = [data, data])), 'invalid_document', 'data'],
  ] as const)('refuses %s', (_name, make, code, field) => expect(make).toThrow(coded(code, field)));
});
