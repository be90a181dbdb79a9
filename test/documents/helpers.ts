import { expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';

/** Matches a coded error, with its field if given. */
export function coded(code: ErrorCode, field?: string): unknown {
  return expect.objectContaining(field === undefined ? { code } : { code, field });
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface InvoiceOptions {
  number?: string;
  date?: string;
  currency?: string | null;
  total?: string | null;
  typeCode?: string;
  seller?: string;
  lines?: number;
  extra?: string;
}

export const SELLER_UBL =
  '<cac:PostalAddress><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>' +
  '<cac:PartyTaxScheme><cbc:CompanyID>DE136695976</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>' +
  '<cac:PartyLegalEntity><cbc:RegistrationName>Beispiel GmbH</cbc:RegistrationName></cac:PartyLegalEntity>';

/** A UBL invoice of made-up content. */
export function ubl(
  options: InvoiceOptions = {},
  root: 'Invoice' | 'CreditNote' | 'DebitNote' = 'Invoice',
): string {
  const {
    number = 'R-2025/0017',
    date = '2025-04-03',
    currency = 'EUR',
    total = '1190.00',
    typeCode,
    seller = SELLER_UBL,
  } = options;
  const quantity = {
    Invoice: 'InvoicedQuantity',
    CreditNote: 'CreditedQuantity',
    DebitNote: 'DebitedQuantity',
  }[root];
  const totals = root === 'DebitNote' ? 'RequestedMonetaryTotal' : 'LegalMonetaryTotal';
  const lines = Array.from(
    { length: options.lines ?? 2 },
    (_, i) =>
      `<cac:${root}Line><cbc:ID>${i + 1}</cbc:ID><cbc:${quantity} unitCode="EA">${i + 1}.0</cbc:${quantity}>` +
      `<cbc:LineExtensionAmount currencyID="EUR">500.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>Part ${i}</cbc:Name></cac:Item></cac:${root}Line>`,
  ).join('');
  return (
    `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:${root}-2" ` +
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" ' +
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">' +
    `<cbc:ID>${number}</cbc:ID><cbc:IssueDate>${date}</cbc:IssueDate>` +
    (typeCode === undefined ? '' : `<cbc:${root}TypeCode>${typeCode}</cbc:${root}TypeCode>`) +
    (currency === null ? '' : `<cbc:DocumentCurrencyCode>${currency}</cbc:DocumentCurrencyCode>`) +
    `<cac:AccountingSupplierParty><cac:Party>${seller}</cac:Party></cac:AccountingSupplierParty>` +
    '<cac:AccountingCustomerParty><cac:Party><cac:PartyName><cbc:Name>Acheteur SA</cbc:Name></cac:PartyName></cac:Party></cac:AccountingCustomerParty>' +
    (options.extra ?? '') +
    (total === null
      ? ''
      : `<cac:${totals}><cbc:TaxInclusiveAmount currencyID="${currency ?? 'EUR'}">${total}</cbc:TaxInclusiveAmount></cac:${totals}>`) +
    lines +
    `</${root}>`
  );
}

export const SELLER_CII =
  '<ram:Name>Beispiel GmbH</ram:Name><ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>' +
  '<ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">201/113/40209</ram:ID></ram:SpecifiedTaxRegistration>' +
  '<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE136695976</ram:ID></ram:SpecifiedTaxRegistration>';

/** The same invoice in CII (D16B). */
export function cii(options: InvoiceOptions = {}): string {
  const {
    number = 'R-2025/0017',
    date = '20250403',
    currency = 'EUR',
    total = '1190',
    typeCode = '380',
    seller = SELLER_CII,
  } = options;
  const lines = Array.from(
    { length: options.lines ?? 2 },
    (_, i) =>
      `<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:Name>Part ${i}</ram:Name></ram:SpecifiedTradeProduct>` +
      `<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="H87">${i + 1}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>` +
      '<ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>500</ram:LineTotalAmount>' +
      '</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>',
  ).join('');
  return (
    '<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" ' +
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" ' +
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">' +
    `<rsm:ExchangedDocument><ram:ID>${number}</ram:ID><ram:TypeCode>${typeCode}</ram:TypeCode>` +
    `<ram:IssueDateTime><udt:DateTimeString format="102">${date}</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>` +
    `<rsm:SupplyChainTradeTransaction>${lines}<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty>${seller}</ram:SellerTradeParty>` +
    '<ram:BuyerTradeParty><ram:Name>Acheteur SA</ram:Name></ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>' +
    '<ram:ApplicableHeaderTradeDelivery/><ram:ApplicableHeaderTradeSettlement>' +
    (currency === null ? '' : `<ram:InvoiceCurrencyCode>${currency}</ram:InvoiceCurrencyCode>`) +
    (options.extra ?? '') +
    '<ram:SpecifiedTradeSettlementHeaderMonetarySummation>' +
    (total === null ? '' : `<ram:GrandTotalAmount>${total}</ram:GrandTotalAmount>`) +
    '</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>'
  );
}
