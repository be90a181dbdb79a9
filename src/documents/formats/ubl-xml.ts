import { CountersealError } from '../../errors.js';
import type { CanonicalDocument } from '../document.js';
import { CREDIT_NOTE, DEBIT_NOTE, INVOICE, type Kind, kindOfCode } from '../kinds.js';
import type { XmlFormat } from './format.js';
import { canonicalInvoice, type InvoiceFields, type TotalField } from './invoice.js';
import type { Found, LineFields, ReferenceFields } from './slot-builder.js';
import { isUblRoot, ubl } from './ubl-elements.js';
import { ublParty } from './ubl-party.js';
import type { XmlElement } from './xml.js';

/** How the invoice-like document types of UBL 2.0 to 2.4 differ. */
interface DocumentType {
  readonly kind: Kind;
  readonly typeCode: string;
  readonly line: string;
  readonly quantity: string;
  readonly total: string;
}

const INVOICE_TYPE: DocumentType = {
  kind: INVOICE,
  typeCode: 'cbc:InvoiceTypeCode',
  line: 'cac:InvoiceLine',
  quantity: 'cbc:InvoicedQuantity',
  total: 'cac:LegalMonetaryTotal',
};
const CREDIT_NOTE_TYPE: DocumentType = {
  kind: CREDIT_NOTE,
  typeCode: 'cbc:CreditNoteTypeCode',
  line: 'cac:CreditNoteLine',
  quantity: 'cbc:CreditedQuantity',
  total: 'cac:LegalMonetaryTotal',
};
const TYPES: ReadonlyMap<string, DocumentType> = new Map([
  ['Invoice', INVOICE_TYPE],
  ['SelfBilledInvoice', INVOICE_TYPE],
  ['FreightInvoice', INVOICE_TYPE],
  ['CreditNote', CREDIT_NOTE_TYPE],
  ['SelfBilledCreditNote', CREDIT_NOTE_TYPE],
  [
    'DebitNote',
    {
      kind: DEBIT_NOTE,
      typeCode: 'cbc:DebitNoteTypeCode',
      line: 'cac:DebitNoteLine',
      quantity: 'cbc:DebitedQuantity',
      total: 'cac:RequestedMonetaryTotal',
    },
  ],
]);

/** UBL 2.0 to 2.4 invoices, credit notes and debit notes, with all national customisations of them. */
export const ublXml: XmlFormat = {
  name: 'ubl-xml',
  recognises: (element) => isUblRoot(element, new Set(TYPES.keys())),
  read: readUbl,
};

function readUbl(root: XmlElement): CanonicalDocument {
  const type = TYPES.get(root.name);
  if (type === undefined)
    throw new CountersealError('internal', `${root.name} is not a UBL document of this importer`);
  const warnings: string[] = [];
  const kind = kindOf(root, type, warnings);
  const totals = ubl.one(root, type.total);
  const supplier = ubl.one(root, 'cac:AccountingSupplierParty');
  const customer = ubl.one(root, 'cac:AccountingCustomerParty');
  const fields: InvoiceFields = {
    kind,
    number: ubl.value(root, 'cbc:ID'),
    issueDate: ubl.value(root, 'cbc:IssueDate'),
    currency: ubl.value(root, 'cbc:DocumentCurrencyCode'),
    total: total(totals, type, 'cbc:TaxInclusiveAmount'),
    payable: payable(totals, type),
    seller: supplier === undefined ? undefined : ublParty(ubl, supplier, 'cac:AccountingSupplierParty'),
    buyer: customer === undefined ? undefined : ublParty(ubl, customer, 'cac:AccountingCustomerParty'),
    dueDates: dueDates(root),
    periodStart: ubl.values(root, 'cac:InvoicePeriod/cbc:StartDate')[0],
    lines: ubl.all(root, type.line).map((line) => lineFields(line, type)),
    linesField: type.line,
    references: referenceFields(root),
    warnings,
    names: {
      number: 'cbc:ID',
      issueDate: 'cbc:IssueDate',
      seller: 'cac:AccountingSupplierParty/cac:Party',
      total: `${type.total}/cbc:TaxInclusiveAmount`,
    },
  };
  return canonicalInvoice(fields);
}

/**
 * The type code of an Invoice can say that it is a credit note (381), a pro-forma, a debit note. Codes that are not
 * UN/CEFACT 1001 (`01` of SUNAT and DIAN, `SATIS` of Turkey) leave it to the root element; so does a CreditNote root.
 */
function kindOf(root: XmlElement, type: DocumentType, warnings: string[]): Kind {
  const found = ubl.value(root, type.typeCode);
  // National codes have two digits too (91 is a credit note of DIAN): only an Invoice has its kind from its code.
  if (found === undefined || !/^[1-9][0-9]{1,2}$/.test(found.value)) return type.kind;
  if (type.kind !== INVOICE && found.value.length < 3) return type.kind;
  const kind = kindOfCode(Number(found.value));
  if (kind === undefined) {
    warnings.push(
      `${type.typeCode} ${found.value} is not known as an invoice or credit note: the element ${root.name} decides`,
    );
    return type.kind;
  }
  if (type.kind === INVOICE && kindOfInvoice(kind)) return kind;
  if (kind !== type.kind) {
    warnings.push(`${type.typeCode} is ${found.value} in a ${root.name}: the element decides`);
  }
  return type.kind;
}

function kindOfInvoice(kind: Kind): boolean {
  return kind === INVOICE || kind === CREDIT_NOTE || kind === DEBIT_NOTE || kind === kindOfCode(325);
}

function total(totals: XmlElement | undefined, type: DocumentType, path: string): TotalField | undefined {
  const found = totals === undefined ? undefined : ubl.value(totals, path);
  return found === undefined
    ? undefined
    : { ...found, field: `${type.total}/${path}`, currency: found.attributes.get('currencyID') };
}

function payable(totals: XmlElement | undefined, type: DocumentType): InvoiceFields['payable'] {
  const due = total(totals, type, 'cbc:PayableAmount');
  if (totals === undefined || due === undefined) return undefined;
  return {
    due,
    prepaid: total(totals, type, 'cbc:PrepaidAmount'),
    rounding: total(totals, type, 'cbc:PayableRoundingAmount'),
  };
}

/** Where UBL 2.0 to 2.4 put due dates: BT-9 is DueDate in an Invoice and PaymentDueDate in a CreditNote. */
function dueDates(root: XmlElement): readonly Found[] {
  const own = ubl.values(root, 'cbc:DueDate');
  if (own.length > 0) return own;
  const terms = ubl.values(root, 'cac:PaymentTerms/cbc:PaymentDueDate');
  return terms.length > 0 ? terms : ubl.values(root, 'cac:PaymentMeans/cbc:PaymentDueDate');
}

function lineFields(line: XmlElement, type: DocumentType): LineFields {
  const first = (...paths: string[]): string | undefined =>
    paths.flatMap((path) => ubl.values(line, path)).map(({ value }) => value)[0];
  return {
    name:
      first(
        'cac:Item/cbc:Name',
        'cac:Item/cbc:Description',
        'cac:Item/cac:SellersItemIdentification/cbc:ID',
        'cbc:Note',
      ) ?? '',
    // A CreditNote in the wild can have invoiced quantities, and the reverse.
    quantity: first(type.quantity, 'cbc:InvoicedQuantity', 'cbc:CreditedQuantity', 'cbc:DebitedQuantity'),
    amount: first('cbc:LineExtensionAmount'),
  };
}

/** Paths of references to other documents: kind of the other, who numbered it. */
const REFERENCES: readonly (readonly [path: string, kind: number, issuer: ReferenceFields['issuer']])[] = [
  ['cac:OrderReference/cbc:ID', 105, 'counterparty'],
  ['cac:ContractDocumentReference/cbc:ID', 315, 'unknown'],
  ['cac:DespatchDocumentReference/cbc:ID', 271, 'unknown'],
  ['cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID', 380, 'issuer'],
];

function referenceFields(root: XmlElement): readonly ReferenceFields[] {
  return REFERENCES.flatMap(([path, kind, issuer]) =>
    ubl
      .values(root, path)
      // Peppol BIS Billing 3.0: an order reference that must be there and says that there is none.
      .filter(({ value }) => !(kind === 105 && value.toUpperCase() === 'NA'))
      .map((found) => ({ ...found, kind, issuer })),
  );
}
