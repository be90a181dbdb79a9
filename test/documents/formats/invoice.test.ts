import { describe, expect, it } from 'vitest';
import { type CanonicalDocument, readDocument } from '../../../src/documents/index.js';
import { cii, coded, type InvoiceOptions, SELLER_UBL, ubl, utf8 } from '../helpers.js';

const read = (xml: string): CanonicalDocument => readDocument(utf8(xml)).document;

const SYNTAXES = [
  ['UBL', ubl],
  ['CII', cii],
] as const;

describe('one invoice in two syntaxes', () => {
  it('has the same canonical strings', () => {
    const a = read(ubl());
    const b = read(cii());
    expect(a.strings).toEqual({
      issuer: 'VAT|DE136695976',
      number: '2025|R2025-0017',
      looseNumber: 'R202517',
      counterparty: 'NAME|ACHETEUR SA|',
      currency: 'EUR',
      amount: '119000',
      issueDate: '2025-04-03',
      lines: ['PART 0|1|50000', 'PART 1|2|50000'],
    });
    expect(b.strings).toEqual(a.strings);
    expect(b.present).toBe(a.present);
    expect(a.sources.number).toBe('cbc:ID');
    expect(b.sources.number).toBe('rsm:ExchangedDocument/ram:ID');
    expect([...a.warnings, ...b.warnings]).toEqual([]);
  });

  it('reads due dates, period and references alike', () => {
    const a = read(
      ubl({
        extra:
          '<cac:OrderReference><cbc:ID>B 17/4</cbc:ID></cac:OrderReference><cac:ContractDocumentReference><cbc:ID>C1</cbc:ID></cac:ContractDocumentReference>' +
          '<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>R-1</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>' +
          '<cac:InvoicePeriod><cbc:StartDate>2025-03-01</cbc:StartDate></cac:InvoicePeriod>' +
          '<cac:PaymentMeans><cbc:PaymentDueDate>2025-05-03Z</cbc:PaymentDueDate></cac:PaymentMeans>',
      }),
    );
    const b = read(
      cii({
        extra:
          '<ram:BillingSpecifiedPeriod><ram:StartDateTime><udt:DateTimeString format="102">20250301</udt:DateTimeString></ram:StartDateTime></ram:BillingSpecifiedPeriod>' +
          '<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20250503</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>' +
          '<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>R-1</ram:IssuerAssignedID></ram:InvoiceReferencedDocument>',
      }).replace(
        '</ram:ApplicableHeaderTradeAgreement>',
        '<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>b17-4</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>' +
          '<ram:ContractReferencedDocument><ram:IssuerAssignedID>C 1</ram:IssuerAssignedID></ram:ContractReferencedDocument></ram:ApplicableHeaderTradeAgreement>',
      ),
    );
    expect(a.strings).toMatchObject({
      references: ['105|NAME|ACHETEUR SA||B17-4', '315||C1', '380|VAT|DE136695976|R1'],
      startDate: '2025-03-01',
      endDate: '2025-05-03',
    });
    expect(b.strings).toEqual(a.strings);
  });
});

describe.each(SYNTAXES)('%s', (name, make) => {
  const names =
    name === 'UBL'
      ? { number: 'cbc:ID', date: 'cbc:IssueDate', seller: 'cac:AccountingSupplierParty/cac:Party' }
      : {
          number: 'rsm:ExchangedDocument/ram:ID',
          date: 'rsm:ExchangedDocument/ram:IssueDateTime',
          seller: 'ram:SellerTradeParty',
        };

  it('names what is missing as the format calls it', () => {
    expect(() => read(make({ number: ' ' }))).toThrow(coded('missing_field', names.number));
    expect(() => read(make({ date: '' }))).toThrow(coded('missing_field', names.date));
    expect(() => read(make({ seller: '' }))).toThrow(coded('missing_field', names.seller));
  });

  it('refuses ambiguous dates, hidden characters, amounts with excess digits or grouping, unknown currencies', () => {
    const refused: InvoiceOptions[] = [
      { date: '03/04/2025' },
      { date: '2025-02-30' },
      { number: 'R\u200B1' },
      { number: 'Счёт' },
      { total: '1.005' },
      { total: '1.190,00' },
      { total: '1e3' },
      { currency: 'EUX' },
    ];
    for (const options of refused)
      expect(() => read(make(options)), JSON.stringify(options)).toThrow(coded('invalid_document'));
  });

  it('a missing total leaves near and possession out, not the document', () => {
    const document = read(make({ total: null }));
    expect(document.strings.amount).toBeUndefined();
    expect(document.strings.number).toBe('2025|R2025-0017');
    expect(document.warnings.join()).toContain('amount is left out');
  });

  it('more than 64 distinct lines leave the lines out, with a warning; 64 are kept', () => {
    expect(read(make({ lines: 64 })).strings.lines).toHaveLength(64);
    const long = read(make({ lines: 100 }));
    expect(long.strings.lines).toBeUndefined();
    expect(long.warnings.join()).toContain('100 distinct elements');
    expect(long.strings.amount).toBe('119000');
  });

  it('type 381 is a credit note, with either sign; a negative invoice is one too', () => {
    expect(read(make({ typeCode: '381' }))).toMatchObject({ kind: 381, strings: { amount: '119000' } });
    expect(read(make({ typeCode: '381', total: '-1190.00' }))).toMatchObject({
      kind: 381,
      strings: { amount: '119000' },
    });
    for (const typeCode of ['380', '384', '389']) {
      expect(read(make({ typeCode, total: '-1190.00' }))).toMatchObject({
        kind: 381,
        strings: { amount: '119000' },
      });
      expect(read(make({ typeCode })).kind).toBe(380);
    }
    expect(read(make({ total: '0.00' }))).toMatchObject({ kind: 380, strings: { amount: '0' } });
    expect(read(make({ total: '-0.00' })).kind).toBe(380);
  });

  it('debit notes and pro-forma invoices are kinds of their own, and are not negative', () => {
    expect(read(make({ typeCode: '383' })).kind).toBe(383);
    expect(read(make({ typeCode: '325' })).kind).toBe(325);
    expect(() => read(make({ typeCode: '325', total: '-1' }))).toThrow(coded('invalid_document'));
  });

  it('an unknown type code leaves it to the root element', () => {
    expect(read(make({ typeCode: '01' })).kind).toBe(380);
    expect(read(make({ typeCode: 'SATIS' })).kind).toBe(380);
    expect(read(make({ typeCode: '999' })).warnings.join()).toContain('999');
  });
});

describe('UBL', () => {
  it('a CreditNote and an Invoice of type 381 are the same credit note', () => {
    const a = read(ubl({ typeCode: '381' }, 'CreditNote'));
    const b = read(ubl({ typeCode: '381' }));
    expect(a.kind).toBe(381);
    expect(b).toMatchObject({ kind: a.kind, strings: a.strings });
  });

  it('a CreditNote is one whatever its type code says', () => {
    expect(read(ubl({ typeCode: '380' }, 'CreditNote')).kind).toBe(381);
    expect(read(ubl({}, 'DebitNote')).kind).toBe(383);
  });

  it('without DocumentCurrencyCode the total says the currency; two that differ are refused', () => {
    expect(read(ubl({ currency: null })).strings.currency).toBe('EUR');
    const mixed = ubl().replace('currencyID="EUR">1190.00', 'currencyID="USD">1190.00');
    expect(() => read(mixed)).toThrow(
      coded('invalid_document', 'cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount'),
    );
  });

  it('without TaxInclusiveAmount the total is payable plus prepaid less rounding', () => {
    const totals =
      '<cac:LegalMonetaryTotal><cbc:PrepaidAmount currencyID="EUR">190.00</cbc:PrepaidAmount>' +
      '<cbc:PayableRoundingAmount currencyID="EUR">0.40</cbc:PayableRoundingAmount><cbc:PayableAmount currencyID="EUR">1000.40</cbc:PayableAmount></cac:LegalMonetaryTotal>';
    expect(read(ubl({ total: null, extra: totals })).strings.amount).toBe('119000');
  });

  it('two numbers, dates or totals are refused: another reader could take the other', () => {
    const twice = (element: string, other: string): string => ubl().replace(element, element + other);
    expect(() => read(twice('<cbc:ID>R-2025/0017</cbc:ID>', '<cbc:ID>R-2</cbc:ID>'))).toThrow(
      coded('invalid_document', 'cbc:ID'),
    );
    expect(() =>
      read(twice('<cbc:IssueDate>2025-04-03</cbc:IssueDate>', '<cbc:IssueDate>2025-04-04</cbc:IssueDate>')),
    ).toThrow(coded('invalid_document', 'cbc:IssueDate'));
    expect(() => read(ubl({ extra: '<cac:LegalMonetaryTotal/>' }))).toThrow(
      coded('invalid_document', 'cac:LegalMonetaryTotal'),
    );
  });

  const seller = (inner: string): string | readonly string[] | undefined =>
    read(ubl({ seller: inner })).strings.issuer;
  const country = (code: string): string =>
    `<cac:PostalAddress><cac:Country><cbc:IdentificationCode>${code}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>`;
  const tax = (id: string, scheme: string, attributes = ''): string =>
    `<cac:PartyTaxScheme><cbc:CompanyID${attributes}>${id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>${scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>`;
  const identification = (id: string, attributes: string): string =>
    `<cac:PartyIdentification><cbc:ID ${attributes}>${id}</cbc:ID></cac:PartyIdentification>`;
  const legal = (id: string, attributes = ''): string =>
    `<cac:PartyLegalEntity><cbc:CompanyID${attributes}>${id}</cbc:CompanyID></cac:PartyLegalEntity>`;

  it.each([
    [
      'Peppol, Norway',
      country('NO') +
        tax('NO974760673MVA', 'VAT') +
        tax('Foretaksregisteret', 'TAX') +
        legal('974760673', ' schemeID="0192"'),
      'VAT|NO974760673',
    ],
    [
      'Norway below the threshold',
      country('NO') + tax('Foretaksregisteret', 'TAX') + legal('974760673', ' schemeID="0192"'),
      'REG|NO974760673',
    ],
    [
      'Australia',
      country('AU') + tax('51824753556', 'GST') + legal('51824753556', ' schemeID="0151"'),
      'VAT|AU51824753556',
    ],
    ['New Zealand', country('NZ') + tax('49-091-850', 'GST'), 'VAT|NZ49091850'],
    ['Singapore', country('SG') + tax('M90370013L', 'GST'), 'VAT|SGM90370013L'],
    [
      'Denmark, OIOUBL',
      country('DK') +
        tax('DK13585628', '63', ' schemeID="DK:SE"') +
        legal('DK13585628', ' schemeID="DK:CVR"'),
      'VAT|DK13585628',
    ],
    [
      'Turkey',
      identification('4540536920', 'schemeID="VKN"') +
        '<cac:PartyName><cbc:Name>Örnek</cbc:Name></cac:PartyName>',
      'VAT|TR4540536920',
    ],
    [
      'Colombia, DIAN',
      country('CO') + tax('860069378', '01', ' schemeAgencyID="195" schemeID="4" schemeName="31"'),
      'VAT|CO860069378',
    ],
    [
      'Peru, SUNAT UBL 2.1',
      country('PE') +
        identification(
          '20131312955',
          'schemeID="6" schemeName="Documento de Identidad" schemeAgencyName="PE:SUNAT"',
        ),
      'VAT|PE20131312955',
    ],
    [
      'Italy, Peppol',
      country('IT') + identification('IT07643520567', 'schemeID="9906"'),
      'VAT|IT07643520567',
    ],
    [
      'Saudi Arabia',
      country('SA') + identification('1010010000', 'schemeID="CRN"') + tax('399999999900003', 'VAT'),
      'VAT|SA399999999900003',
    ],
    [
      'Malaysia',
      country('MY') +
        identification('C2584563222', 'schemeID="TIN"') +
        identification('202001234567', 'schemeID="BRN"'),
      'VAT|MYC2584563222',
    ],
    [
      'a register number as the tax number, Denmark',
      country('DK') + tax('DK16356706', 'VAT', ' schemeID="CVR"') + legal('16356706', ' schemeID="CVR"'),
      'VAT|DK16356706',
    ],
    [
      'Colombia, another number as the legal entity',
      country('CO') +
        tax('860069378', '01', ' schemeAgencyID="195" schemeID="4" schemeName="31"') +
        legal('100200300', ' schemeAgencyID="195" schemeID="4" schemeName="31"'),
      'VAT|CO860069378',
    ],
    [
      'Peru, tax scheme',
      tax('20200464529', '-', ' schemeID="6" schemeName="SUNAT:Identificador de Documento de Identidad"'),
      'VAT|PE20200464529',
    ],
    [
      'a supplier number that is called a GLN',
      identification('Supp123', 'schemeID="GLN"') + legal('5566778899', ' schemeID="0007"'),
      'REG|SE5566778899',
    ],
    [
      'only such a number',
      identification('Supp123', 'schemeID="GLN"') + '<cac:PartyName><cbc:Name>X</cbc:Name></cac:PartyName>',
      'NAME|X|',
    ],
    ['GLN only', identification('4000001123452', 'schemeID="0088"'), 'GLN|4000001123452'],
    ['DUNS only', identification('123456789', 'schemeID="0060"'), 'DUNS|123456789'],
    ['LEI as legal entity', legal('529900T8BM49AURSDO55', ' schemeID="0199"'), 'LEI|529900T8BM49AURSDO55'],
    [
      'a supplier number of the buyer is none',
      identification('4711', 'schemeID="ZZZ"') + '<cac:PartyName><cbc:Name>X</cbc:Name></cac:PartyName>',
      'NAME|X|',
    ],
    [
      'endpoint only',
      `<cbc:EndpointID schemeID="0007">5566778899</cbc:EndpointID>${country('SE')}`,
      'REG|SE5566778899',
    ],
    [
      'a bank identifier is none',
      `${identification('DE98ZZZ09999999999', 'schemeID="SEPA"')}${SELLER_UBL}`,
      'VAT|DE136695976',
    ],
  ])('%s', (_, inner, expected) => expect(seller(inner)).toBe(expected));

  it('lies in an envelope, in a signature, or as text in an AttachedDocument', () => {
    const invoice = ubl().replace(/^<\?xml[^>]*\?>/, '');
    const expected = read(ubl()).strings;
    expect(read(`<e:Envelope xmlns:e="urn:e"><e:Body>${invoice}</e:Body></e:Envelope>`).strings).toEqual(
      expected,
    );
    expect(
      read(
        `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Object>${invoice}</ds:Object></ds:Signature>`,
      ).strings,
    ).toEqual(expected);
    const attached =
      '<AttachedDocument xmlns="urn:oasis:names:specification:ubl:schema:xsd:AttachedDocument-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">' +
      `<cac:Attachment><cac:ExternalReference><cbc:Description><![CDATA[${ubl()}]]></cbc:Description></cac:ExternalReference></cac:Attachment></AttachedDocument>`;
    expect(read(attached).strings).toEqual(expected);
  });

  it('two documents in one file are refused', () => {
    const invoice = ubl().replace(/^<\?xml[^>]*\?>/, '');
    expect(() => read(`<e xmlns="urn:e">${invoice}${invoice}</e>`)).toThrow(
      coded('invalid_document', 'Invoice'),
    );
  });
});

describe('CII', () => {
  it('reads ZUGFeRD 1.0', () => {
    const one = cii()
      .replaceAll('rsm:CrossIndustryInvoice', 'rsm:CrossIndustryDocument')
      .replace(
        'urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100',
        'urn:ferd:CrossIndustryDocument:invoice:1p0',
      )
      .replace(
        'ReusableAggregateBusinessInformationEntity:100',
        'ReusableAggregateBusinessInformationEntity:12',
      )
      .replace('UnqualifiedDataType:100', 'UnqualifiedDataType:15')
      .replaceAll('rsm:ExchangedDocument', 'rsm:HeaderExchangedDocument')
      .replaceAll('rsm:SupplyChainTradeTransaction', 'rsm:SpecifiedSupplyChainTradeTransaction')
      .replaceAll('ram:ApplicableHeaderTrade', 'ram:ApplicableSupplyChainTrade')
      .replaceAll(
        'SpecifiedTradeSettlementHeaderMonetarySummation',
        'SpecifiedTradeSettlementMonetarySummation',
      )
      .replaceAll(
        'SpecifiedTradeSettlementLineMonetarySummation',
        'SpecifiedTradeSettlementMonetarySummation',
      )
      .replaceAll('ram:SpecifiedLineTrade', 'ram:SpecifiedSupplyChainTrade');
    expect(read(one).strings).toEqual(read(cii()).strings);
  });

  it('a date of another format than a day is refused', () => {
    expect(() => read(cii({ date: '250403' }).replace('format="102"', 'format="101"'))).toThrow(
      coded('invalid_document'),
    );
    // DDMMCCYY: eight digits too, and another day.
    expect(() => read(cii().replace('format="102"', 'format="4"'))).toThrow(coded('invalid_document'));
    expect(read(cii().replace('format="102">20250403', 'format="203">202504031200')).strings.issueDate).toBe(
      '2025-04-03',
    );
    expect(
      read(
        cii().replace(
          /<udt:DateTimeString.*?<\/udt:DateTimeString>/,
          '<udt:DateTime>2025-04-03T00:00:00</udt:DateTime>',
        ),
      ).strings.issueDate,
    ).toBe('2025-04-03');
  });

  it('of totals in several currencies that of the invoice counts', () => {
    const two = cii().replace(
      '<ram:GrandTotalAmount>1190</ram:GrandTotalAmount>',
      '<ram:GrandTotalAmount currencyID="USD">1300</ram:GrandTotalAmount><ram:GrandTotalAmount currencyID="EUR">1190</ram:GrandTotalAmount>',
    );
    expect(read(two).strings).toMatchObject({ amount: '119000', currency: 'EUR' });
    const conflicting = cii().replace(
      '<ram:GrandTotalAmount>1190</ram:GrandTotalAmount>',
      '<ram:GrandTotalAmount>1190</ram:GrandTotalAmount><ram:GrandTotalAmount>1191</ram:GrandTotalAmount>',
    );
    expect(() => read(conflicting)).toThrow(coded('invalid_document'));
  });

  it('a section that is not there is named', () => {
    expect(() => read(cii().replaceAll('ram:ApplicableHeaderTradeAgreement', 'ram:Other'))).toThrow(
      coded('missing_field', 'ram:ApplicableHeaderTradeAgreement'),
    );
  });
});

describe('detection', () => {
  it('refuses what it does not know, by content', () => {
    for (const content of [
      '<M_INVOIC/>',
      '<Invoice/>',
      '<Invoice xmlns="urn:other"/>',
      '{"a":1}',
      '%PDF-1.7',
      'a;b;c',
    ]) {
      expect(() => read(content), content).toThrow(coded('unsupported_format'));
    }
    expect(() => read('')).toThrow(coded('invalid_document'));
  });

  it("elements of other namespaces are not the invoice's", () => {
    expect(() =>
      read(ubl().replace('<cbc:ID>R-2025/0017</cbc:ID>', '<x:ID xmlns:x="urn:x">R-2025/0017</x:ID>')),
    ).toThrow(coded('missing_field', 'cbc:ID'));
  });
});
