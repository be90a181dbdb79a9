import { CountersealError } from '../../errors.js';
import { minorUnits } from '../canonical/amount.js';
import type { Currency } from '../canonical/currencies.js';
import { formatDecimal, parseDecimal } from '../canonical/decimal.js';
import { canonicalNumber } from '../canonical/number.js';
import { canonicalSet } from '../canonical/sets.js';
import { canonicalText, cutToBytes } from '../canonical/text.js';
import { CREDIT_NOTE, INVOICE, type Kind, kindInfo } from '../kinds.js';
import type { SlotName } from '../slots.js';

/** A value and where it stands, as the format calls it. */
export interface Found {
  readonly value: string;
  readonly field: string;
}

/** One line: what was sold, how much, for how much. */
export interface LineFields {
  readonly name: string;
  readonly quantity: string | undefined;
  readonly amount: string | undefined;
}

/** A document referred to; `issuer` says which party of this document numbered it. */
export interface ReferenceFields extends Found {
  readonly kind: number;
  readonly issuer: 'issuer' | 'counterparty' | 'unknown';
}

/** The longest description of goods in a line's canonical string. */
const LINE_NAME_MAX_BYTES = 240;

/** @throws missing_field for what is absent */
export function required<T>(value: T | undefined, field: string): T {
  if (value !== undefined) return value;
  throw new CountersealError('missing_field', `${field} is missing or empty`, { field });
}

/** Collects slots; an optional one that has no canonical form is left out with a warning. */
export class Slots {
  readonly strings: Partial<Record<SlotName, string | readonly string[]>> = {};
  readonly sources: Partial<Record<SlotName, string>> = {};
  readonly warnings: string[] = [];

  set(slot: SlotName, value: string | readonly string[], source: string): void {
    if (value.length === 0) return;
    this.strings[slot] = value;
    this.sources[slot] = source;
  }

  optional(slot: SlotName, source: string, make: () => string | readonly string[] | null): void {
    try {
      const value = make();
      if (value !== null) this.set(slot, value, source);
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      this.warnings.push(`${slot} is left out: ${error.message}`);
    }
  }
}

/** `kind|issuer|number`; the issuer is empty where the document does not say who it is. */
export function references(found: readonly ReferenceFields[], strings: Slots['strings']): readonly string[] {
  const parties = { issuer: strings.issuer, counterparty: strings.counterparty, unknown: undefined };
  return canonicalSet(
    found.map(
      ({ kind, issuer, value, field }) =>
        `${kind}|${String(parties[issuer] ?? '')}|${referenceNumber(value, field)}`,
    ),
    'references',
  );
}

/** The number form, or for references that are prose (`by telephone, Mr Müller`) the text form. */
function referenceNumber(value: string, field: string): string {
  try {
    return canonicalNumber(value, field);
  } catch {
    return cutToBytes(canonicalText(value, field), 100);
  }
}

/**
 * `name|quantity|net amount` of each line. Units and item numbers are left out: the same line has unit EA in one
 * syntax and H87 in the other.
 *
 * A set slot holds 64 distinct elements, and long invoices are normal: beyond that the slot is left out with a
 * warning (the error of canonicalSet becomes one). No required fingerprint contains it, so nothing is evaded; a part
 * of the lines would be a set that matches shorter invoices.
 */
export function lines(
  found: readonly LineFields[],
  field: string,
  currency: Currency | undefined,
): readonly string[] {
  return canonicalSet(
    found.map((line) => {
      const name = cutToBytes(canonicalText(line.name, field), LINE_NAME_MAX_BYTES);
      const quantity = line.quantity === undefined ? '' : formatDecimal(parseDecimal(line.quantity, field));
      return `${name}|${quantity}|${lineAmount(line.amount, field, currency)}`;
    }),
    field,
  );
}

function lineAmount(value: string | undefined, field: string, currency: Currency | undefined): string {
  if (value === undefined) return '';
  const decimal = parseDecimal(value, field);
  if (currency === undefined || decimal.scale > currency.digits) return formatDecimal(decimal);
  const { magnitude, negative } = minorUnits(decimal, currency, field);
  return `${negative ? '-' : ''}${magnitude}`;
}

/**
 * The kind carries the sign. An invoice with a negative total is a credit: it becomes a credit note, in every syntax
 * alike, so that it can neither be financed nor share an identity with the invoice of the same number that it may
 * cancel. A credit note's total is its absolute value, whichever sign its sender writes.
 *
 * @throws invalid_document for a negative amount of any other kind
 */
export function signedKind(kind: Kind, negative: boolean, field: string, warnings: string[]): Kind {
  if (!negative) return kind;
  if (kind === CREDIT_NOTE) {
    warnings.push(`${field} is negative on a credit note: its amount is used without the sign`);
    return CREDIT_NOTE;
  }
  if (kind === INVOICE) {
    warnings.push(`${field} is negative: this invoice is a credit and is taken for a credit note`);
    return CREDIT_NOTE;
  }
  throw new CountersealError(
    'invalid_document',
    `${field} is negative: a ${kindInfo(kind).name} has a positive amount`,
    { field },
  );
}
