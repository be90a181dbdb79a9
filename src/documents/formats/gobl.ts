import { CountersealError } from '../../errors.js';
import type { PartyFields, PartyId } from '../canonical/party.js';
import { registerOf } from '../canonical/schemes.js';
import type { CanonicalDocument } from '../document.js';
import {
  CREDIT_NOTE,
  DEBIT_NOTE,
  INVOICE,
  type Kind,
  ORDER,
  PACKING_LIST,
  PROFORMA_INVOICE,
} from '../kinds.js';
import { canonicalFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { canonicalInvoice } from './invoice.js';
import { own } from './json.js';
import { type FoundObject, objectAt, objectsAt, valueAt, valuesAt } from './json-path.js';
import type { Found, LineFields, ReferenceFields } from './slot-builder.js';

const SCHEMA = /^https:\/\/gobl\.org\/draft-0\/bill\/(invoice|order|delivery)$/;

/** GOBL bills (gobl.org): invoices with their credit and debit notes, orders, delivery notes; in an envelope or not. */
export const gobl: JsonFormat = {
  name: 'gobl-json',
  recognises: (object) => SCHEMA.test(schemaOf(object)),
  read(object): CanonicalDocument {
    const doc: FoundObject = { object, field: '' };
    const [, type] = SCHEMA.exec(schemaOf(object)) ?? [];
    if (type === 'order') return readOrder(doc);
    return type === 'delivery' ? readDelivery(doc) : readInvoice(doc);
  },
};

function schemaOf(object: FoundObject['object']): string {
  const schema = own(object, '$schema');
  return typeof schema === 'string' ? schema : '';
}

const INVOICE_KINDS: Readonly<Record<string, Kind>> = {
  standard: INVOICE,
  corrective: INVOICE,
  other: INVOICE,
  'credit-note': CREDIT_NOTE,
  'debit-note': DEBIT_NOTE,
  proforma: PROFORMA_INVOICE,
};

function readInvoice(doc: FoundObject): CanonicalDocument {
  const warnings: string[] = [];
  const type = valueAt(doc, 'type')?.value ?? 'standard';
  const kind = Object.hasOwn(INVOICE_KINDS, type) ? INVOICE_KINDS[type] : undefined;
  if (kind === undefined) warnings.push(`type ${type.slice(0, 40)} is not known: taken for an invoice`);
  const total = valueAt(doc, 'totals.total_with_tax');
  const due = valueAt(doc, 'totals.payable');
  return canonicalInvoice({
    kind: kind ?? INVOICE,
    number: numberOf(doc),
    issueDate: valueAt(doc, 'issue_date'),
    currency: valueAt(doc, 'currency'),
    total: total === undefined ? undefined : { ...total, currency: undefined },
    payable:
      due === undefined
        ? undefined
        : {
            due: { ...due, currency: undefined },
            prepaid: undefined,
            rounding: valueAt(doc, 'totals.rounding'),
          },
    seller: party(doc, 'supplier'),
    buyer: party(doc, 'customer'),
    dueDates: valuesAt(doc, 'payment.terms.due_dates.date'),
    periodStart: valueAt(doc, 'ordering.period.start'),
    lines: lineFields(doc),
    linesField: 'lines',
    references: [
      ...numbersOf(doc, 'preceding', 380, 'issuer'),
      ...references(doc, 'ordering.code', 105, 'counterparty'),
      ...numbersOf(doc, 'ordering.purchases', 105, 'counterparty'),
      ...numbersOf(doc, 'ordering.contracts', 315, 'unknown'),
      ...numbersOf(doc, 'ordering.despatch', 271, 'unknown'),
    ],
    warnings,
    names: {
      number: 'code',
      issueDate: 'issue_date',
      seller: 'supplier',
      total: 'totals.total_with_tax',
    },
  });
}

/** A purchase order is the customer's; a quote or a sales order the supplier's. */
function readOrder(doc: FoundObject): CanonicalDocument {
  const bySupplier = ['quote', 'sale'].includes(valueAt(doc, 'type')?.value ?? '');
  const [issuer, counterparty] = bySupplier ? ['supplier', 'customer'] : ['customer', 'supplier'];
  return canonicalFields({
    kind: ORDER,
    issuer: party(doc, issuer ?? ''),
    counterparty: party(doc, counterparty ?? ''),
    ...common(doc),
    references: numbersOf(doc, 'contracts', 315, 'unknown'),
    names: { issuer: issuer ?? '', number: 'code' },
  });
}

function readDelivery(doc: FoundObject): CanonicalDocument {
  if (valueAt(doc, 'type')?.value === 'receipt') {
    throw new CountersealError(
      'unsupported_format',
      'type is receipt: what the customer says of a delivery is none of the kinds; a note or an advice is read as packing list',
      { field: 'type' },
    );
  }
  return canonicalFields({
    kind: PACKING_LIST,
    issuer: party(doc, 'supplier'),
    counterparty: party(doc, 'customer'),
    ...common(doc),
    references: numbersOf(doc, 'ordering.purchases', 105, 'counterparty'),
    names: { issuer: 'supplier', number: 'code' },
  });
}

function common(doc: FoundObject) {
  return {
    number: numberOf(doc),
    issueDate: valueAt(doc, 'issue_date'),
    currency: valueAt(doc, 'currency'),
    amount: valueAt(doc, 'totals.total_with_tax') ?? valueAt(doc, 'totals.payable'),
    lines: { items: lineFields(doc), field: 'lines' },
  };
}

/** The number on the paper: series and code with a dash, as the converters to other formats write it. */
function numberOf(doc: FoundObject): Found | undefined {
  const code = valueAt(doc, 'code');
  const series = valueAt(doc, 'series');
  if (code === undefined || series === undefined) return code;
  return { value: `${series.value}-${code.value}`, field: code.field };
}

function numbersOf(
  doc: FoundObject,
  path: string,
  kind: number,
  issuer: ReferenceFields['issuer'],
): readonly ReferenceFields[] {
  return objectsAt(doc, path).flatMap((reference) => {
    const number = numberOf(reference);
    return number === undefined ? [] : [{ ...number, kind, issuer }];
  });
}

function references(
  doc: FoundObject,
  path: string,
  kind: number,
  issuer: ReferenceFields['issuer'],
): readonly ReferenceFields[] {
  return valuesAt(doc, path).map((found) => ({ ...found, kind, issuer }));
}

function lineFields(doc: FoundObject): readonly LineFields[] {
  return objectsAt(doc, 'lines').map((line) => ({
    name: valueAt(line, 'item.name')?.value ?? valueAt(line, 'item.description')?.value ?? '',
    quantity: valueAt(line, 'quantity')?.value,
    amount: (valueAt(line, 'total') ?? valueAt(line, 'sum'))?.value,
  }));
}

/** A party: `tax_id` is its number on invoices, `identities` are others, by ICD, by type, or by a key such as `de-tax-number`. */
function party(doc: FoundObject, path: string): PartyFields | undefined {
  const found = objectAt(doc, path);
  if (found === undefined) return undefined;
  const ids: PartyId[] = [];
  const taxCountry = valueAt(found, 'tax_id.country')?.value.toUpperCase();
  const taxCode = valueAt(found, 'tax_id.code');
  if (taxCode !== undefined) {
    const register =
      taxCountry === undefined ? { scheme: 'VAT' as const } : { scheme: 'VAT' as const, country: taxCountry };
    ids.push({ register, ...taxCode });
  }
  for (const identity of objectsAt(found, 'identities')) {
    const code = valueAt(identity, 'code');
    const key = valueAt(identity, 'key')?.value;
    const icd = objectAt(identity, 'ext');
    const register =
      registerOf(icd === undefined ? undefined : valueAt(icd, 'iso-scheme-id')?.value) ??
      registerOf(valueAt(identity, 'type')?.value) ??
      registerOf(key) ??
      (key?.endsWith('-tax-number') === true ? { scheme: 'TAX' as const } : undefined);
    if (code !== undefined && register !== undefined) ids.push({ register, ...code });
  }
  const [address] = objectsAt(found, 'addresses');
  const country = (address === undefined ? undefined : valueAt(address, 'country')?.value) ?? taxCountry;
  return {
    ids,
    endpoints: [],
    name: valueAt(found, 'name'),
    country: country === 'EL' ? 'GR' : country,
    field: path,
  };
}
