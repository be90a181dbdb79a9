import { CountersealError, ensure } from '../errors.js';
import { minorUnits } from './canonical/amount.js';
import { currencyOf, type Currency } from './canonical/currencies.js';
import { formatDecimal, parseDecimal } from './canonical/decimal.js';
import { grams } from './canonical/mass.js';
import type { CapacitySlot } from './capacity.js';
import type { CanonicalDocument } from './document.js';
import { UINT64_LIMIT } from './units.js';

/** The parts of a document that say in what its capacity is counted. */
type Counted = Pick<CanonicalDocument, 'row' | 'strings'>;

function currencyIn({ strings }: Counted): Currency {
  const { currency } = strings;
  if (typeof currency !== 'string')
    throw new CountersealError('missing_field', 'the document has no currency', { field: 'currency' });
  return currencyOf(currency, 'currency');
}

/** A cession's quantity is a share of the risk, all others' a mass. */
const isShare = ({ row }: Counted): boolean => row.row === 'cession';

/**
 * What somebody writes as a part of a slot's value: an amount in the document's currency, a mass in kilograms, a share
 * in parts per million, packages. Throws `invalid_document` for what is no such number, `missing_field` without a
 * currency.
 */
export function parseSlotValue(document: Counted, slot: CapacitySlot, text: string): bigint {
  if (slot === 'amount') {
    const { magnitude, negative } = minorUnits(parseDecimal(text, 'amount'), currencyIn(document), 'amount');
    ensure(!negative, 'invalid_document', `the amount is ${text}: it is not negative`, 'amount');
    return magnitude;
  }
  if (slot === 'quantity' && !isShare(document)) return grams([{ value: text, unit: 'KGM' }], 'quantity');
  const { units, scale } = parseDecimal(text, slot);
  ensure(
    scale === 0 && units >= 0n && units < UINT64_LIMIT,
    'invalid_document',
    `${slot} is ${text}: write a whole number`,
    slot,
  );
  return units;
}

/** A part of a slot's value as people read it: `40000.00 EUR`, `500.5 kg`. */
export function formatSlotValue(document: Counted, slot: CapacitySlot, value: bigint): string {
  if (slot === 'amount') {
    const { code, digits } = currencyIn(document);
    const text = value.toString().padStart(digits + 1, '0');
    const whole = text.slice(0, text.length - digits);
    return `${whole}${digits > 0 ? `.${text.slice(-digits)}` : ''} ${code}`;
  }
  if (slot === 'quantity')
    return isShare(document) ? `${value} ppm` : `${formatDecimal({ units: value, scale: 3 })} kg`;
  return `${value} packages`;
}
