import { CountersealError, ensure } from '../errors.js';
import { currencyOf } from './canonical/currencies.js';
import { formatDecimal, parseDecimal } from './canonical/decimal.js';
import type { CapacitySlot } from './capacity.js';
import type { CanonicalDocument } from './document.js';
import { UINT64_LIMIT } from './units.js';

/** The parts of a document that say in what its capacity is counted. */
type Counted = Pick<CanonicalDocument, 'row' | 'strings'>;

/** In what a slot is counted: `EUR` with 2 decimal digits, `kg` with 3. */
interface Unit {
  readonly name: string;
  readonly digits: number;
  /** As parts of it are written, to show how. */
  readonly example: string;
}

/** A cession's quantity is a share of the risk, all others' a mass. */
function unitOf({ row: { row }, strings: { currency } }: Counted, slot: CapacitySlot): Unit {
  if (slot === 'packages') return { name: 'packages', digits: 0, example: '42' };
  if (slot === 'quantity')
    return row === 'cession'
      ? { name: 'ppm', digits: 0, example: '250000' }
      : { name: 'kg', digits: 3, example: '12500.5' };
  if (typeof currency !== 'string')
    throw new CountersealError('missing_field', 'the document has no currency', { field: 'currency' });
  const { code: name, digits } = currencyOf(currency, 'currency');
  return { name, digits, example: `40000${digits > 0 ? `.${'0'.repeat(digits)}` : ''}` };
}

/** A number and its unit, neither longer than any that is meant can be. */
const PART = /^([+-]?(?=\.?\d)\d{0,25}(?:\.\d{0,25})?) {0,3}(%|[a-z]{0,12})$/i;

/**
 * What somebody writes as a part of a slot's value: an amount in the document's currency, a mass in kilograms, a share
 * in parts per million, packages; with its unit, as {@link formatSlotValue} writes it, or without; or as percent of what
 * the document states (`60%`), rounded down, so that parts of a hundred percent are never more than the whole. Throws
 * `invalid_argument` for what is no such number, for another unit and for nothing, `missing_field` without a currency.
 */
export function parseSlotValue(document: Counted, slot: CapacitySlot, text: string): bigint {
  const { name, digits, example } = unitOf(document, slot);
  const hold = (condition: unknown, why: string) =>
    ensure(condition, 'invalid_argument', `${slot} is ${JSON.stringify(text.slice(0, 80))}: ${why}`, slot);
  const [, number = '', unit = ''] = PART.exec(text.trim()) ?? [];
  hold(number !== '', `write a number with a decimal point, without separators, as ${example} or 60%`);
  const { units, scale } = parseDecimal(number, slot);
  hold(units > 0n, `the least that can be drawn is ${formatSlotValue(document, slot, 1n)}`);
  if (unit === '%') {
    const stated = document.strings[slot];
    if (typeof stated !== 'string')
      throw new CountersealError('missing_field', `the document states no ${slot}`, { field: slot });
    const hundred = 100n * 10n ** BigInt(scale);
    hold(units <= hundred, `the document states no more than 100%`);
    const value = (BigInt(stated) * units) / hundred;
    hold(value > 0n, `the least that can be drawn is ${formatSlotValue(document, slot, 1n)}`);
    return value;
  }
  hold(unit === '' || unit.toLowerCase() === name.toLowerCase(), `the document is in ${name}, not ${unit}`);
  hold(scale <= digits, digits > 0 ? `${name} has ${digits} decimal digits` : `write a whole number`);
  const value = units * 10n ** BigInt(digits - scale);
  hold(value < UINT64_LIMIT, 'no document states so much');
  return value;
}

/** A part of a slot's value as people read it: `40000.00 EUR`, `500.5 kg`. */
export function formatSlotValue(document: Counted, slot: CapacitySlot, value: bigint): string {
  const { name, digits } = unitOf(document, slot);
  if (slot !== 'amount') return `${formatDecimal({ units: value, scale: digits })} ${name}`;
  const text = value.toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${whole}${digits > 0 ? `.${text.slice(-digits)}` : ''} ${name}`;
}

/** What percentage of the whole a part is, to two digits: `60 %`, `33.33 %`, `less than 0.01 %`. */
export function formatPercent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '';
  const units = (part * 10_000n) / whole;
  return units === 0n && part > 0n ? 'less than 0.01 %' : `${formatDecimal({ units, scale: 2 })} %`;
}
