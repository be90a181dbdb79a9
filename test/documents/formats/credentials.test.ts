import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type CanonicalDocument,
  fingerprintStrings,
  identifyDocument,
  readDocument,
} from '../../../src/documents/index.js';
import { countryCode } from '../../../src/documents/formats/country-names.js';
import { writtenAmount, writtenDate, writtenWeight } from '../../../src/documents/formats/written.js';
import { coded, utf8 } from '../helpers.js';

const FOLDER = new URL('../../../examples/documents/', import.meta.url);
const example = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const read = (text: string): CanonicalDocument => readDocument(utf8(text)).document;
type Json = Record<string, unknown>;
const inner = (json: Json, ...path: (string | number)[]): Json =>
  path.reduce<unknown>((value, key) => (value as Json)[key as string], json) as Json;
function changed(name: string, change: (json: Json) => void): string {
  const json = JSON.parse(example(name)) as Json;
  change(json);
  return JSON.stringify(json);
}
const exact = (document: CanonicalDocument) => fingerprintStrings(document, document.row.exact);

const UNVERIFIED = 'the signature was not verified: the content is taken as it stands';
const UUID = '3f0c1d2e-0000-4000-8000-000000000000';

describe('what people write', () => {
  it('every country has a code of two letters, and no name has two', () => {
    const source = readFileSync(
      new URL('../../../src/documents/formats/country-names.ts', import.meta.url),
      'utf8',
    );
    const [, table = ''] = /TABLE = `([^`]*)`/.exec(source) ?? [];
    const names = table.split(';').flatMap((entry) => entry.trim().slice(3).split('|'));
    expect(names.length).toBeGreaterThan(200);
    expect(new Set(names).size).toBe(names.length);
    for (const entry of table.split(';'))
      for (const name of entry.trim().slice(3).split('|'))
        expect([name, countryCode(name)]).toEqual([name, entry.trim().slice(0, 2)]);
  });

  it.each([
    ['17325', '17325', undefined],
    ['$17,325.00', '17325.00', undefined],
    ['USD 1,017,325', '1017325', 'USD'],
    ['-12.50 EUR', '-12.50', 'EUR'],
    ['€1,000.00', '1000.00', 'EUR'],
    // Each could be two numbers, or two currencies: it stays as it is, and is refused where it is parsed.
    ['17,325', '17,325', undefined],
    ['1.729,00', '1.729,00', undefined],
    ['1,72,900.00', '1,72,900.00', undefined],
    ['USD 1 EUR', 'USD 1 EUR', undefined],
  ])('the amount %s', (value, number, currency) =>
    expect(writtenAmount({ value, field: 'f' })).toEqual({ value: number, field: 'f', currency }),
  );

  it.each([
    ['21-Jun-2017', '2017-06-21'],
    ['5 March 2026', '2026-03-05'],
    ['01/08/23', '01/08/23'],
    ['5-Foo-2026', '5-Foo-2026'],
  ])('the date %s', (value, date) =>
    expect(writtenDate({ value, field: 'f' })).toEqual({ value: date, field: 'f' }),
  );

  it.each([
    ['122460 KGM', { value: '122460', unit: 'KGM' }],
    ['2.65 MT', { value: '2.65', unit: 'TNE' }],
    ['10', undefined],
    ['12,000 KGS', undefined],
    ['-5 KGM', undefined],
  ])('the weight %s', (text, weight) => expect(writtenWeight(text)).toEqual(weight));

  it.each([
    ['Singapore', 'SG'],
    ['sg', 'SG'],
    ['UNITED STATES', 'US'],
    ["Côte d'Ivoire", 'CI'],
    ['UK', 'GB'],
    ['Signapore', undefined],
    ['S G', undefined],
    ['', undefined],
  ])('the country %s', (name, code) => expect(countryCode(name)).toBe(code));
});

describe('OpenAttestation and TradeTrust', () => {
  const NAME = 'bill-of-lading.openattestation.json';
  const salted = (value: unknown, type = 'string'): string => `${UUID}:${type}:${String(value)}`;
  const data = (change: (data: Json) => void): string => changed(NAME, (json) => change(inner(json, 'data')));
  const bare = (change: (data: Json) => void = () => {}): Json => {
    const json = JSON.parse(example(NAME).replace(/"[0-9a-f-]{36}:string:/g, '"')) as Json;
    change(inner(json, 'data'));
    return inner(json, 'data');
  };

  it('is the bill of lading that DCSA tells of', () => {
    const document = read(example(NAME));
    const dcsa = read(example('bill-of-lading.dcsa.json'));
    expect(exact(document)).toEqual(exact(dcsa));
    for (const slot of ['number', 'looseNumber', 'transport', 'quantity', 'startDate', 'issueDate'] as const)
      expect([slot, document.strings[slot]]).toEqual([slot, dcsa.strings[slot]]);
    expect(document.warnings).toEqual([UNVERIFIED]);
  });

  it('is one document in every envelope and in none', () => {
    const { strings } = read(example(NAME));
    const subject = bare();
    const credential = {
      '@context': [
        'https://www.w3.org/2018/credentials/v1',
        'https://trustvc.io/context/bill-of-lading.json',
      ],
      type: ['VerifiableCredential'],
      issuer: 'did:web:platform.example',
      credentialSubject: { ...subject, id: 'urn:bnid:_:1', type: ['BillOfLading'] },
    };
    for (const json of [
      subject,
      { data: subject, ownership: {}, fileName: 'x' },
      {
        version: 'https://schema.openattestation.com/2.0/schema.json',
        data: inner(JSON.parse(example(NAME)) as Json, 'data'),
      },
      // Out of its envelope with its salts.
      inner(JSON.parse(example(NAME)) as Json, 'data'),
      credential,
      { ...credential, '@context': ['https://www.w3.org/ns/credentials/v2'] },
      { ...credential, credentialSubject: [credential.credentialSubject] },
      { type: 'VerifiablePresentation', verifiableCredential: [credential] },
    ])
      expect(read(JSON.stringify(json)).strings).toEqual(strings);
  });

  it.each([
    ['a value without salt', { blNumber: '1' }, 'invalid_document', 'data.blNumber'],
    ['a number without salt', { blNumber: 1 }, 'invalid_document', 'data.blNumber'],
    ['a salted number that is none', { blNumber: `${UUID}:number:1x` }, 'invalid_document', 'data.blNumber'],
    [
      'two numbers',
      { blNumber: [`${UUID}:string:1`, `${UUID}:string:2`] },
      'invalid_document',
      'data.blNumber',
    ],
    ['no number', { blNumber: undefined }, 'missing_field', 'data.blNumber'],
    ['an empty number', { blNumber: `${UUID}:string:` }, 'missing_field', 'data.blNumber'],
    ['no carrier', { scac: `${UUID}:null:null` }, 'missing_field', 'data.scac'],
    ['a carrier that is none', { scac: `${UUID}:string:987` }, 'invalid_document', 'data.scac'],
    ['a long carrier', { scac: `${UUID}:string:abcde` }, 'invalid_document', 'data.scac'],
    [
      'a day that could be a month',
      { shippedOnBoardDate: `${UUID}:string:01/08/23` },
      'invalid_document',
      'data.shippedOnBoardDate',
    ],
    ['an object for a number', { blNumber: {} }, 'invalid_document', 'data.blNumber'],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => read(data((d) => Object.assign(d, change)))).toThrow(coded(code, field)),
  );

  it('a number is the digits that were salted', () => {
    const of = (blNumber: string) => read(data((d) => Object.assign(d, { blNumber }))).strings.transport;
    expect(of(salted('12345678901234567890', 'number'))).toBe('SCAC:QQQQ|12345678901234567890');
    // Unwrapped once: what was salted twice is no number.
    expect(() => of(salted(salted('1')))).toThrow(coded('invalid_document', 'data.blNumber'));
  });

  it('keys of prototypes are data like others', () => {
    const text = example(NAME).replace(
      '"blNumber"',
      `"__proto__": {"blNumber": "${salted('EVIL')}"}, "constructor": "${salted('x')}", "blNumber"`,
    );
    expect(read(text).strings).toEqual(read(example(NAME)).strings);
    expect(({} as Json)['blNumber']).toBeUndefined();
    const without = text.replace(/"blNumber": "[^"]*QQQQ26000417"/, '"x": "' + salted('x') + '"');
    expect(() => read(without)).toThrow(coded('missing_field', 'data.blNumber'));
  });

  it('says that fields are hidden, and lacks them', () => {
    const hidden = changed(NAME, (json) => {
      delete inner(json, 'data')['packages'];
      Object.assign(json, { privacy: { obfuscatedData: ['aa', 'bb'] } });
    });
    const line = identifyDocument(utf8(hidden));
    expect(line.exact).toEqual(identifyDocument(utf8(example(NAME))).exact);
    expect(line.warnings).toContain(
      'the sender has hidden 2 fields: identities that need one of them are missing',
    );
  });

  it('weights without units are none', () => {
    const { strings, warnings } = read(
      data((d) => Object.assign(inner(d, 'packages', 0), { weight: salted('7.25') })),
    );
    expect(strings.quantity).toBeUndefined();
    expect(warnings.some((warning) => warning.startsWith('quantity is left out: data.packages.weight'))).toBe(
      true,
    );
  });

  it.each(['CHAFTA_COO', 'PROMISSORY_NOTE', 'SOMETHING_ELSE'])(
    'says that there is no kind for %s',
    (name) => {
      const other = data((d) => {
        delete d['blNumber'];
        Object.assign(inner(d, '$template'), { name: salted(name) });
      });
      expect(() => read(other)).toThrow(coded('unsupported_format', 'data.$template.name'));
      const called = name === 'CHAFTA_COO' ? 'certificate of origin' : name.replace('_', ' ').toLowerCase();
      expect(() => read(other)).toThrow(called);
    },
  );

  it.each([
    [
      'the fields of two forms',
      { billOfLadingNo: salted('OTHER'), SCAC: salted('ZZZZ') },
      'data.$template.name',
    ],
    ['a template of another kind', { $template: { name: salted('INVOICE') } }, 'data.$template.name'],
    ['two consignees', { consigneeName: salted('Other AG') }, 'data.consigneeName'],
  ] as const)('who shows %s, shows people another document than is read', (_name, change, field) =>
    expect(() => read(data((d) => Object.assign(d, change)))).toThrow(coded('invalid_document', field)),
  );

  it('a credential of two vocabularies is of none', () => {
    const both = (change: Json): string =>
      changed('letter-of-credit.ktdde.json', (json) => {
        Object.assign(json, change['@context'] === undefined ? {} : { '@context': change['@context'] });
        Object.assign(inner(json, 'credentialSubject'), change, { '@context': undefined });
      });
    for (const change of [
      { blNumber: '1', scac: 'QQQQ' },
      { '@context': ['https://w3id.org/traceability/v1'] },
    ])
      expect(() => read(both(change))).toThrow(coded('invalid_document', 'JSON'));
    const platform = { '@context': ['https://trustvc.io/context/attachments-context.json'] };
    expect(read(both(platform)).kind).toBe(465);
  });

  it('the BIMCO form has the same number and carrier', () => {
    const bimco = {
      $template: { name: 'BILL_OF_LADING_BIMCO' },
      issuers: [],
      billOfLadingNo: 'QQQQ26000417',
      SCAC: 'QQQQ',
      consignee: { party: { partyName: 'Probehafen Anlagenbau AG', address: { country: 'Germany' } } },
      cargoGrossWeight: '8250.5 KGM',
      dateOfIssue: 'Hamburg, 2026-03-20',
      shippedOnBoardDate: '2026-03-19',
    };
    const { strings } = read(JSON.stringify(bimco));
    expect(strings).toEqual({
      ...read(example(NAME)).strings,
      issuer: undefined,
      counterparty: 'NAME|PROBEHAFEN ANLAGENBAU AG|DE',
    });
    expect(() => read(JSON.stringify({ ...bimco, SCAC: null }))).toThrow(coded('missing_field', 'SCAC'));
    expect(() => read(JSON.stringify({ ...bimco, billOfLadingNo: '' }))).toThrow(
      coded('missing_field', 'billOfLadingNo'),
    );
  });

  describe('invoices and warehouse receipts', () => {
    const invoice = {
      id: '2034',
      date: '2026-03-16',
      billFrom: { name: 'ABC Company' },
      billTo: { company: { name: 'DEF Company' } },
      billableItems: [{ description: 'Service', quantity: '1', unitPrice: '200', amount: '$200.00' }],
      total: 'USD 1,625.00',
    };
    const flat = {
      type: ['VerifiableCredential'],
      credentialSubject: {
        id: 'urn:bnid:_:7',
        type: ['Invoice'],
        invoiceId: '2034',
        date: '2026-03-16',
        billFromName: 'ABC Company',
        billToCompanyName: 'DEF Company',
        billableItems: [
          { billableItemsDescription: 'Service', billableItemsQuantity: '1', billableItemsAmount: '200' },
        ],
        total: 'USD 1625',
      },
    };
    it('are one in both forms', () => {
      const { strings } = read(JSON.stringify(invoice));
      expect(strings).toEqual(read(JSON.stringify(flat)).strings);
      expect(strings).toMatchObject({
        issuer: 'NAME|ABC COMPANY|',
        number: '2026|2034',
        currency: 'USD',
        amount: '162500',
        lines: ['SERVICE|1|20000'],
      });
    });
    it('a dollar is nobody’s currency, and a credit stays a credit', () => {
      const { strings, warnings } = read(JSON.stringify({ ...invoice, total: '$625.00' }));
      expect(strings.amount).toBeUndefined();
      expect(warnings).toContain('amount is left out: total has no currency');
      expect(read(JSON.stringify({ ...invoice, total: '$-625.00' })).kind).toBe(381);
    });
    it('two numbers are refused, whichever a template shows', () => {
      expect(() => read(JSON.stringify({ ...invoice, invoiceId: '2035' }))).toThrow(
        coded('invalid_document', 'id'),
      );
      expect(read(JSON.stringify({ ...invoice, invoiceId: '2034' })).strings.number).toBe('2026|2034');
    });
    it.each([
      ['a total that could be two', { total: '17,325' }, 'invalid_document', 'total'],
      ['two currencies', { currency: 'EUR' }, 'invalid_document', 'total'],
      ['no date', { date: '' }, 'missing_field', 'date'],
      ['no number', { id: undefined }, 'missing_field', 'invoiceId'],
      ['no seller', { billFrom: {} }, 'missing_field', 'billFrom'],
    ] as const)('refuses %s', (_name, change, code, field) =>
      expect(() => read(JSON.stringify({ ...invoice, ...change }))).toThrow(coded(code, field)),
    );
    it('the id of a credential’s subject is no number', () => {
      const redacted = { ...flat, '@context': ['https://trustvc.io/context/invoice.json'] };
      const subject = { id: 'urn:1', type: 'Invoice', date: '2026-03-16', billFromName: 'ABC Company' };
      expect(() => read(JSON.stringify({ ...redacted, credentialSubject: subject }))).toThrow(
        coded('missing_field', 'credentialSubject.invoiceId'),
      );
    });
    it('a warehouse receipt is the warrant of its warehouse', () => {
      const receipt = {
        warehouseReceiptDetails: { warehouseReceipt: 'POKL 4', issuanceDate: '21-Jun-2017', account: 'ABC' },
        warehouseAddress: '10 Anson Road, Singapore',
      };
      expect(read(JSON.stringify(receipt))).toMatchObject({
        kind: 635,
        strings: { issuer: 'NAME|10 ANSON ROAD, SINGAPORE|', number: 'POKL4', issueDate: '2017-06-21' },
      });
      expect(() => read(JSON.stringify({ ...receipt, warehouseAddress: '' }))).toThrow(
        coded('missing_field', 'warehouseAddress'),
      );
    });
  });
});

describe('W3C credentials', () => {
  const NAME = 'invoice-a.traceability.json';
  const subject = (change: (subject: Json) => void): string =>
    changed(NAME, (json) => change(inner(json, 'credentialSubject')));

  it('the traceability vocabulary tells of invoice A; only the due date has no place in it', () => {
    const { endDate, ...strings } = read(example('invoice-a.ubl.xml')).strings;
    expect(endDate).toBe('2026-05-15');
    const document = read(example(NAME));
    expect(document.strings).toEqual(strings);
    expect(document.warnings).toEqual([UNVERIFIED]);
  });

  it.each([
    [
      'no date but that of payment',
      { invoiceDate: undefined, purchaseDate: '2026-03-16' },
      'missing_field',
      'invoiceDate',
    ],
    ['no number', { invoiceNumber: undefined }, 'missing_field', 'invoiceNumber'],
    ['two sellers', { seller: [{ name: 'A' }, { name: 'B' }] }, 'invalid_document', 'seller'],
    ['a manifest', { type: ['SeaCargoManifest'] }, 'unsupported_format', 'type'],
    ['a key of a prototype as type', { type: 'constructor' }, 'unsupported_format', 'type'],
    ['two types', { type: ['Invoice', 'BillOfLading'] }, 'unsupported_format', 'type'],
    [
      'a packing list, which has no number there',
      { type: ['PackingList'] },
      'missing_field',
      'packingListNumber',
    ],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => read(subject((s) => Object.assign(s, change)))).toThrow(
      coded(code, `credentialSubject.${field}`),
    ),
  );

  it.each([
    ['none', undefined],
    ['a text', 'x'],
    ['none of several', []],
    ['two', [{ type: 'Invoice' }, { type: 'Invoice' }]],
  ])('refuses %s for a subject', (_name, credentialSubject) => {
    const text = changed(NAME, (json) => Object.assign(json, { credentialSubject }));
    expect(() => read(text)).toThrow(
      credentialSubject === undefined
        ? coded('unsupported_format')
        : coded('invalid_document', 'credentialSubject'),
    );
  });

  it('names what no importer knows', () => {
    const unknown = changed(NAME, (json) =>
      Object.assign(json, {
        '@context': ['https://www.w3.org/ns/credentials/v2'],
        credentialSubject: { type: 'UniversityDegree' },
      }),
    );
    expect(() => read(unknown)).toThrow(coded('unsupported_format', 'JSON'));
    expect(() => read(unknown)).toThrow('university degree');
  });

  it('bills of lading, waybills and entries', () => {
    const as = (type: string, content: Json): CanonicalDocument =>
      read(changed(NAME, (json) => Object.assign(json, { credentialSubject: { type: [type], ...content } })));
    expect(
      as('MasterBillOfLading', { billOfLadingNumber: 'X1', carrier: { name: 'Line', scac: 'QQQQ' } }),
    ).toMatchObject({
      kind: 704,
      strings: { transport: 'SCAC:QQQQ|X1' },
    });
    expect(
      as('BillOfLading', {
        billOfLadingNumber: 'X1',
        carrier: { name: 'Line', address: { addressCountry: 'Hong Kong SAR' } },
      }),
    ).toMatchObject({ kind: 705, strings: { transport: 'NAME|LINE|HK|X1' } });
    expect(() => as('BillOfLading', { billOfLadingNumber: 'X1' })).toThrow(
      coded('missing_field', 'credentialSubject.carrier'),
    );
    const waybill = { airlineCodeNumber: '172', serialNumber: '48835010', carrier: { name: 'F' } };
    const numbered = (more: Json): unknown => as('IATAAirWaybill', { ...waybill, ...more }).strings.transport;
    expect(numbered({})).toBe('IATA:172|48835010');
    expect(numbered({ airWaybillNumber: '172-48835010' })).toBe('IATA:172|48835010');
    expect(numbered({ airWaybillNumber: 'H1', waybillType: 'Master' })).toBe('IATA:172|48835010');
    // Two forwarder's waybills under one of the airline are two documents.
    expect(numbered({ airWaybillNumber: 'H1', waybillType: 'House' })).toBe('NAME|F||H1');
    expect(numbered({ airWaybillNumber: 'H1' })).toBe('NAME|F||H1');
    expect(() => numbered({ airWaybillNumber: '172-48835021' })).toThrow(
      coded('invalid_document', 'credentialSubject.airWaybillNumber'),
    );
    expect(() => numbered({ waybillType: 'House' })).toThrow(
      coded('missing_field', 'credentialSubject.airWaybillNumber'),
    );
    expect(() => numbered({ serialNumber: '1' })).toThrow(
      coded('missing_field', 'credentialSubject.airlineCodeNumber'),
    );
    const entry = { entryNumber: 'A123456', importerOfRecord: { number: '10025672', identifierType: 'CBP' } };
    expect(as('CBPEntry', entry).strings).toMatchObject({ issuer: 'TAX|USCBP10025672', number: 'A123456' });
    expect(as('CBPEntrySummary', entry).strings.issuer).toBe('TAX|USCBP10025672');
  });
});

describe('KTDDE', () => {
  const NAME = 'letter-of-credit.ktdde.json';
  const subject = (change: Json): string =>
    changed(NAME, (json) => Object.assign(inner(json, 'credentialSubject'), change));
  const as = (type: string, content: Json): CanonicalDocument =>
    read(
      changed(NAME, (json) =>
        Object.assign(json, { credentialSubject: { type, documentId: 'D-1', ...content } }),
      ),
    );

  it('is the letter of credit that SWIFT tells of, in every slot but the country of the beneficiary', () => {
    const swift = read(example('letter-of-credit.swift.txt'));
    expect(read(example(NAME)).strings).toEqual({
      ...swift.strings,
      counterparty: 'NAME|NORDLICHT ARMATUREN GMBH|DE',
    });
  });

  it.each([
    [
      'a credit whose bank is not named',
      { documentaryCreditIssuingBank: undefined },
      'missing_field',
      'documentaryCreditIssuingBank',
    ],
    [
      'a bank’s code that is none',
      { documentaryCreditIssuingBank: { swiftBic: 'DEUT-DEFF' } },
      'invalid_document',
      'documentaryCreditIssuingBank.swiftBic',
    ],
    ['no number', { documentaryCreditIdentifier: ' ' }, 'missing_field', 'documentaryCreditIdentifier'],
    ['a bill of exchange', { type: 'BillOfExchange' }, 'unsupported_format', 'type'],
    ['a carnet', { type: 'TIRCarnet' }, 'unsupported_format', 'type'],
    [
      'an amount that is none',
      { documentaryCreditAmount: true },
      'invalid_document',
      'documentaryCreditAmount',
    ],
  ] as const)('refuses %s', (_name, change, code, field) =>
    expect(() => read(subject(change))).toThrow(coded(code, `credentialSubject.${field}`)),
  );

  it('two dates of an invoice must agree: the year is part of its identity', () => {
    const invoice = {
      invoiceNumber: 'I1',
      billFrom: { name: 'A', country: 'Singapore' },
      totalAmount: 1,
      currencyCode: 'USD',
    };
    const dated = (dates: Json) => as('Invoice', { ...invoice, ...dates });
    expect(dated({ issueDate: '2026-01-01' }).strings).toEqual(dated({ invoiceDate: '2026-01-01' }).strings);
    expect(() => dated({ invoiceDate: '2026-01-01', issueDate: '2025-12-31' })).toThrow(
      coded('invalid_document', 'credentialSubject.issueDate'),
    );
  });

  it('each kind has its own number', () => {
    const carrier = { name: 'Line', country: 'Indonesia' };
    expect(as('BillOfLading', { carrier }).strings.transport).toBe('NAME|LINE|ID|D1');
    expect(as('SeaWaybill', { carrier, billOfLadingNumber: 'S1' }).strings.transport).toBe('NAME|LINE|ID|S1');
    expect(() => as('SeaWaybill', { carrier })).toThrow(
      coded('missing_field', 'credentialSubject.billOfLadingNumber'),
    );
    expect(as('AirWaybill', { carrier, billOfLadingNumber: '125-88997766' }).strings.transport).toBe(
      'IATA:125|88997766',
    );
    const house = { billOfLadingNumber: '125-88997766', houseWaybillDocumentIdentifier: 'H1' };
    expect(as('AirWaybill', { ...house, freightForwarder: { name: 'F' } }).strings.transport).toBe(
      'NAME|F||H1',
    );
    expect(() => as('AirWaybill', { ...house, carrier })).toThrow(
      coded('missing_field', 'credentialSubject.freightForwarder'),
    );
    expect(() => as('BillOfLading', { carrier, transportEquipmentIdentifier: 'MSCU1234567' })).toThrow(
      coded('invalid_document', 'credentialSubject.transportEquipmentIdentifier'),
    );
  });

  it('two certificates under one policy are two', () => {
    const certificate = (documentId: string): CanonicalDocument =>
      as('CargoInsurance', { documentId, insurancePolicyNumber: 'P1', insuranceCompany: { name: 'I' } });
    expect(certificate('C1').kind).toBe(520);
    expect(exact(certificate('C1'))).not.toEqual(exact(certificate('C2')));
    expect(certificate('C1').strings.references).toEqual(['530|NAME|I||P1']);
  });

  it('a declaration is of import or of export', () => {
    const parties = { importer: { name: 'I' }, exporter: { name: 'E' } };
    expect(as('CustomsDeclaration', { ...parties, customsOfficeOfEntry: {} })).toMatchObject({
      kind: 929,
      strings: { issuer: 'NAME|I|' },
    });
    expect(as('CustomsDeclaration', { ...parties, customsOfficeOfExit: {} })).toMatchObject({
      kind: 830,
      strings: { issuer: 'NAME|E|' },
    });
    for (const offices of [{}, { customsOfficeOfEntry: {}, customsOfficeOfExit: {} }])
      expect(() => as('CustomsDeclaration', { ...parties, ...offices })).toThrow(
        coded('missing_field', 'credentialSubject.customsOfficeOfEntry'),
      );
  });
});
