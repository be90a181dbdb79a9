import { CountersealError } from '../../errors.js';
import type { CanonicalDocument } from '../document.js';
import { INVOICE, type Kind, kindOfCode } from '../kinds.js';
import { ciiParty } from './cii-party.js';
import type { XmlFormat } from './format.js';
import { canonicalInvoice, type InvoiceFields, type TotalField } from './invoice.js';
import type { Found, LineFields, ReferenceFields } from './slot-builder.js';
import type { XmlElement } from './xml.js';
import { XmlReader } from './xml-path.js';

/** CrossIndustryInvoice of any version (D16B is :100), and the draft that ZUGFeRD 1.0 uses. */
const ROOT = /^urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:[0-9]+$/;
const ZUGFERD_1 = 'urn:ferd:CrossIndustryDocument:invoice:1p0';
const AGGREGATES = /^urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:[0-9]+$/;
const DATA_TYPES = /^urn:un:unece:uncefact:data:standard:(?:Unq|Q)ualifiedDataType:[0-9]+$/;

const reader = new XmlReader({
  rsm: (namespace) => ROOT.test(namespace) || namespace === ZUGFERD_1,
  ram: (namespace) => AGGREGATES.test(namespace),
  udt: (namespace) => DATA_TYPES.test(namespace),
});

/** The names that changed between ZUGFeRD 1.0 and D16B. */
interface Vocabulary {
  readonly header: string;
  readonly transaction: string;
  readonly agreement: string;
  readonly delivery: string;
  readonly settlement: string;
  readonly summation: string;
  readonly lineDelivery: string;
  readonly lineSettlement: string;
  readonly lineSummation: string;
}

const D16B: Vocabulary = {
  header: 'rsm:ExchangedDocument',
  transaction: 'rsm:SupplyChainTradeTransaction',
  agreement: 'ram:ApplicableHeaderTradeAgreement',
  delivery: 'ram:ApplicableHeaderTradeDelivery',
  settlement: 'ram:ApplicableHeaderTradeSettlement',
  summation: 'ram:SpecifiedTradeSettlementHeaderMonetarySummation',
  lineDelivery: 'ram:SpecifiedLineTradeDelivery',
  lineSettlement: 'ram:SpecifiedLineTradeSettlement',
  lineSummation: 'ram:SpecifiedTradeSettlementLineMonetarySummation',
};
const VERSION_1: Vocabulary = {
  header: 'rsm:HeaderExchangedDocument',
  transaction: 'rsm:SpecifiedSupplyChainTradeTransaction',
  agreement: 'ram:ApplicableSupplyChainTradeAgreement',
  delivery: 'ram:ApplicableSupplyChainTradeDelivery',
  settlement: 'ram:ApplicableSupplyChainTradeSettlement',
  summation: 'ram:SpecifiedTradeSettlementMonetarySummation',
  lineDelivery: 'ram:SpecifiedSupplyChainTradeDelivery',
  lineSettlement: 'ram:SpecifiedSupplyChainTradeSettlement',
  lineSummation: 'ram:SpecifiedTradeSettlementMonetarySummation',
};

/** UN/CEFACT Cross Industry Invoice: Factur-X, ZUGFeRD 1 and 2, XRechnung. */
export const ciiXml: XmlFormat = {
  name: 'cii-xml',
  recognises: ({ name, namespace }) =>
    (name === 'CrossIndustryInvoice' && ROOT.test(namespace)) ||
    (name === 'CrossIndustryDocument' && namespace === ZUGFERD_1),
  read: (root) => readCii(root, root.name === 'CrossIndustryInvoice' ? D16B : VERSION_1),
};

function section(parent: XmlElement, path: string): XmlElement {
  const found = reader.one(parent, path);
  if (found === undefined) throw new CountersealError('missing_field', `${path} is missing`, { field: path });
  return found;
}

function readCii(root: XmlElement, names: Vocabulary): CanonicalDocument {
  const header = section(root, names.header);
  const transaction = section(root, names.transaction);
  const agreement = section(transaction, names.agreement);
  const settlement = section(transaction, names.settlement);
  const delivery = reader.one(transaction, names.delivery);
  const summation = reader.one(settlement, names.summation);
  const seller = reader.one(agreement, 'ram:SellerTradeParty');
  const buyer = reader.one(agreement, 'ram:BuyerTradeParty');
  const currency = reader.value(settlement, 'ram:InvoiceCurrencyCode');
  const warnings: string[] = [];
  const totalField = (path: string): TotalField | undefined =>
    total(summation, names.summation, path, currency?.value);
  const due = totalField('ram:DuePayableAmount');
  const issued = at(names.header, reader.value(header, 'ram:ID'));
  const fields: InvoiceFields = {
    kind: kindOf(header, warnings),
    number: issued,
    issueDate: at(names.header, dates(header, 'ram:IssueDateTime')[0]),
    currency,
    total: totalField('ram:GrandTotalAmount'),
    payable:
      due === undefined
        ? undefined
        : { due, prepaid: totalField('ram:TotalPrepaidAmount'), rounding: totalField('ram:RoundingAmount') },
    seller: seller === undefined ? undefined : ciiParty(reader, seller, 'ram:SellerTradeParty'),
    buyer: buyer === undefined ? undefined : ciiParty(reader, buyer, 'ram:BuyerTradeParty'),
    dueDates: dates(settlement, 'ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime'),
    periodStart: dates(settlement, 'ram:BillingSpecifiedPeriod/ram:StartDateTime')[0],
    lines: reader
      .all(transaction, 'ram:IncludedSupplyChainTradeLineItem')
      .filter(isItem)
      .map((line) => lineFields(line, names)),
    linesField: 'ram:IncludedSupplyChainTradeLineItem',
    references: referenceFields(agreement, delivery, settlement),
    warnings,
    names: {
      number: `${names.header}/ram:ID`,
      issueDate: `${names.header}/ram:IssueDateTime`,
      seller: 'ram:SellerTradeParty',
      total: `${names.summation}/ram:GrandTotalAmount`,
    },
  };
  return canonicalInvoice(fields);
}

/** The same value with the section before its path. */
function at(parent: string, found: Found | undefined): Found | undefined {
  return found === undefined ? undefined : { ...found, field: `${parent}/${found.field}` };
}

function kindOf(header: XmlElement, warnings: string[]): Kind {
  const found = reader.value(header, 'ram:TypeCode');
  const kind =
    found !== undefined && /^[1-9][0-9]{0,2}$/.test(found.value)
      ? kindOfCode(Number(found.value))
      : undefined;
  if (kind !== undefined) return kind;
  warnings.push(
    `ram:TypeCode ${found?.value.slice(0, 20) ?? ''} is not known as an invoice or credit note: taken for an invoice`,
  );
  return INVOICE;
}

/** Dates of `path`: a DateTimeString with its format code, or an ISO 8601 DateTime. */
function dates(from: XmlElement, path: string): readonly Found[] {
  const strings = [
    ...reader.values(from, `${path}/udt:DateTimeString`),
    ...reader.values(from, `${path}/udt:DateTime`),
  ];
  for (const { field, attributes } of strings) {
    const format = attributes.get('format');
    // 102, 203, 204 and 205 begin with CCYYMMDD; 101 has a year of two digits, 610 and 616 no day.
    if (format !== undefined && !['102', '203', '204', '205'].includes(format.trim())) {
      throw new CountersealError(
        'invalid_document',
        `${field} has format ${format.slice(0, 20)}; a day as CCYYMMDD (102) is needed`,
        {
          field,
        },
      );
    }
  }
  return strings;
}

/**
 * A total; the standard lets amounts repeat in several currencies, so of several those in the invoice's own count.
 */
function total(
  summation: XmlElement | undefined,
  parent: string,
  path: string,
  currency: string | undefined,
): TotalField | undefined {
  if (summation === undefined) return undefined;
  const all = reader.values(summation, path);
  const own = all.filter(({ attributes }) => (attributes.get('currencyID') ?? currency) === currency);
  const [found, ...more] = own.length > 0 ? own : all;
  if (found === undefined) return undefined;
  if (more.some(({ value }) => value !== found.value)) {
    throw new CountersealError('invalid_document', `${path} has several values; one is allowed`, {
      field: `${parent}/${path}`,
    });
  }
  return { ...found, field: `${parent}/${path}`, currency: found.attributes.get('currencyID') };
}

/** Group and information lines (sub-invoice lines of the EXTENDED profile) repeat what their parts say. */
function isItem(line: XmlElement): boolean {
  const [reason] = reader.values(line, 'ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode');
  return reason === undefined || !['GROUP', 'INFORMATION'].includes(reason.value.toUpperCase());
}

function lineFields(line: XmlElement, names: Vocabulary): LineFields {
  const first = (...paths: string[]): string | undefined =>
    paths.flatMap((path) => reader.values(line, path)).map(({ value }) => value)[0];
  return {
    name:
      first(
        'ram:SpecifiedTradeProduct/ram:Name',
        'ram:SpecifiedTradeProduct/ram:Description',
        'ram:SpecifiedTradeProduct/ram:SellerAssignedID',
        'ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content',
      ) ?? '',
    quantity: first(`${names.lineDelivery}/ram:BilledQuantity`),
    amount: first(`${names.lineSettlement}/${names.lineSummation}/ram:LineTotalAmount`),
  };
}

/** Documents referred to. ZUGFeRD 1.0 has their numbers in ram:ID, D16B in ram:IssuerAssignedID. */
function referenceFields(
  agreement: XmlElement,
  delivery: XmlElement | undefined,
  settlement: XmlElement,
): readonly ReferenceFields[] {
  const find = (
    from: XmlElement | undefined,
    element: string,
    kind: number,
    issuer: ReferenceFields['issuer'],
  ): ReferenceFields[] =>
    from === undefined
      ? []
      : [
          ...reader.values(from, `${element}/ram:IssuerAssignedID`),
          ...reader.values(from, `${element}/ram:ID`),
        ].map((found) => ({
          ...found,
          kind,
          issuer,
        }));
  return [
    ...find(agreement, 'ram:BuyerOrderReferencedDocument', 105, 'counterparty'),
    ...find(agreement, 'ram:ContractReferencedDocument', 315, 'unknown'),
    ...find(delivery, 'ram:DespatchAdviceReferencedDocument', 271, 'unknown'),
    ...find(settlement, 'ram:InvoiceReferencedDocument', 380, 'issuer'),
  ];
}
