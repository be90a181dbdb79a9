import { CountersealError } from '../../errors.js';
import { minorUnits } from '../canonical/amount.js';
import { currencyOf } from '../canonical/currencies.js';
import { canonicalDate, yearOf } from '../canonical/date.js';
import { addDecimal, type Decimal, parseDecimal } from '../canonical/decimal.js';
import { canonicalNumber, looseNumber } from '../canonical/number.js';
import { canonicalParty, type PartyFields, requireParty } from '../canonical/party.js';
import { type CanonicalDocument, canonicalDocument } from '../document.js';
import { YEARLY_NUMBERS } from '../fingerprints.js';
import { type Kind, kindInfo } from '../kinds.js';
import {
  type Found,
  type LineFields,
  lines,
  type ReferenceFields,
  references,
  required,
  signedKind,
  Slots,
} from './slot-builder.js';

/** A total with the currency that its attribute names, if it has one. */
export interface TotalField extends Found {
  readonly currency: string | undefined;
}

/** What every syntax of an invoice or credit note says, before canonical forms. */
export interface InvoiceFields {
  readonly kind: Kind;
  readonly number: Found | undefined;
  readonly issueDate: Found | undefined;
  readonly currency: Found | undefined;
  /** The total with tax (EN 16931 BT-112). */
  readonly total: TotalField | undefined;
  /** Used if there is no total with tax: BT-115 + BT-113 - BT-114. */
  readonly payable: { due: TotalField; prepaid: Found | undefined; rounding: Found | undefined } | undefined;
  readonly seller: PartyFields | undefined;
  readonly buyer: PartyFields | undefined;
  readonly dueDates: readonly Found[];
  readonly periodStart: Found | undefined;
  readonly lines: readonly LineFields[];
  readonly linesField: string;
  readonly references: readonly ReferenceFields[];
  readonly warnings: readonly string[];
  /** How this syntax calls the required fields, for errors about absent ones. */
  readonly names: {
    readonly number: string;
    readonly issueDate: string;
    readonly seller: string;
    readonly total: string;
  };
}

/**
 * The canonical document of an invoice or credit note in any syntax.
 *
 * The amount is unsigned and the kind carries the sign. An invoice with a negative total is a credit: it becomes a
 * credit note, in every syntax alike, so that it can neither be financed nor share an identity with the invoice of the
 * same number that it may cancel. A credit note's total is its absolute value: senders disagree on the sign of credit
 * notes (CII 381), and type 381 says what is meant either way.
 *
 * @throws missing_field, invalid_document with the field as the syntax calls it
 */
export function canonicalInvoice(fields: InvoiceFields): CanonicalDocument {
  const slots = new Slots();
  slots.warnings.push(...fields.warnings);

  const issueDate = required(fields.issueDate, fields.names.issueDate);
  const date = canonicalDate(issueDate.value, issueDate.field);
  slots.set('issueDate', date, issueDate.field);

  const seller = requireParty(fields.seller, fields.names.seller);
  slots.set('issuer', seller.value, seller.field);
  slots.warnings.push(...seller.warnings);
  if (seller.weak) {
    slots.warnings.push(
      `${seller.field}: the seller is identified by name only, which is weak: add its tax or registration number`,
    );
  }

  const kind = amountSlots(fields, slots);
  const number = required(fields.number, fields.names.number);
  const canonical = canonicalNumber(number.value, number.field);
  slots.set(
    'number',
    YEARLY_NUMBERS.has(kindInfo(kind).row) ? `${yearOf(date)}|${canonical}` : canonical,
    number.field,
  );
  slots.optional('looseNumber', number.field, () => looseNumber(number.value, number.field));

  const { buyer } = fields;
  if (buyer !== undefined) {
    slots.optional('counterparty', buyer.field, () => {
      const party = canonicalParty(buyer);
      slots.warnings.push(...(party?.warnings ?? []));
      return party?.value ?? null;
    });
  }
  dateSlots(fields, slots);
  slots.optional('references', 'references', () => references(fields.references, slots.strings));
  const currency = slots.strings.currency;
  slots.optional('lines', fields.linesField, () =>
    lines(
      fields.lines,
      fields.linesField,
      typeof currency === 'string' ? currencyOf(currency, 'currency') : undefined,
    ),
  );
  return canonicalDocument(kind, slots.strings, slots.sources, slots.warnings);
}

/** The total to be used, in the document's own decimal. */
function totalOf(fields: InvoiceFields): { value: Decimal; field: TotalField } | undefined {
  if (fields.total !== undefined) {
    return { value: parseDecimal(fields.total.value, fields.total.field), field: fields.total };
  }
  if (fields.payable === undefined) return undefined;
  const { due, prepaid, rounding } = fields.payable;
  let value = parseDecimal(due.value, due.field);
  if (prepaid !== undefined) value = addDecimal(value, parseDecimal(prepaid.value, prepaid.field));
  if (rounding !== undefined) value = addDecimal(value, parseDecimal(rounding.value, rounding.field), -1n);
  return { value, field: due };
}

/** Sets currency and amount; returns the kind, which the sign can change. */
function amountSlots(fields: InvoiceFields, slots: Slots): Kind {
  const total = totalOf(fields);
  if (total === undefined) {
    slots.warnings.push(`amount is left out: ${fields.names.total} is missing`);
    if (fields.currency !== undefined) {
      slots.set(
        'currency',
        currencyOf(fields.currency.value, fields.currency.field).code,
        fields.currency.field,
      );
    }
    return fields.kind;
  }
  const { field } = total;
  const source =
    fields.currency ??
    (field.currency === undefined
      ? undefined
      : { value: field.currency, field: `${field.field}/@currencyID` });
  if (source === undefined) {
    slots.warnings.push(`amount is left out: ${field.field} has no currency`);
    return signedKind(fields.kind, total.value.units < 0n, field.field, slots.warnings);
  }
  const { value: code, field: codeField } = source;
  const currency = currencyOf(code, codeField);
  if (field.currency !== undefined && currencyOf(field.currency, field.field).code !== currency.code) {
    throw new CountersealError(
      'invalid_document',
      `${field.field} is in ${field.currency}, the document in ${currency.code} (${codeField}): the total of the document's currency is needed`,
      { field: field.field },
    );
  }
  const { magnitude, negative } = minorUnits(total.value, currency, field.field);
  slots.set('currency', currency.code, codeField);
  slots.set('amount', magnitude.toString(), field.field);
  return signedKind(fields.kind, negative, field.field, slots.warnings);
}

function dateSlots(fields: InvoiceFields, slots: Slots): void {
  const { periodStart } = fields;
  if (periodStart !== undefined) {
    slots.optional('startDate', periodStart.field, () => canonicalDate(periodStart.value, periodStart.field));
  }
  const [due] = fields.dueDates;
  if (due !== undefined) {
    // Payable in instalments: the last one ends it, in whatever order they stand.
    slots.optional(
      'endDate',
      due.field,
      () =>
        fields.dueDates
          .map((date) => canonicalDate(date.value, date.field))
          .sort()
          .at(-1) ?? null,
    );
  }
}
