import { CountersealError } from '../../errors.js';

/** A decimal number without floating point: `units` / 10^`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;
/** More digits than any amount below 2^64 or any mass can need. */
const MAX_DIGITS = 60;

/**
 * Reads an xs:decimal: optional sign, digits, a point. Neither exponents nor grouping: `1.729,00` could mean
 * either of two numbers.
 *
 * @throws invalid_document
 */
export function parseDecimal(value: string, field: string): Decimal {
  const trimmed = value.trim();
  const match = DECIMAL.exec(trimmed);
  const whole = match?.[2] ?? '';
  const fraction = (match?.[3] ?? '').replace(/0+$/, '');
  if (
    match === null ||
    (whole === '' && (match[3] ?? '') === '') ||
    whole.length + fraction.length > MAX_DIGITS
  ) {
    throw new CountersealError(
      'invalid_document',
      `${field} is ${JSON.stringify(value.slice(0, 80))}: write a number with a decimal point, without separators, as in 1729.00`,
      { field },
    );
  }
  const units = BigInt(whole + fraction || '0');
  return { units: match[1] === '-' ? -units : units, scale: fraction.length };
}

/** `0.5`, `-12`, `1000`: no trailing zeros, no plus sign, no negative zero. */
export function formatDecimal({ units, scale }: Decimal): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? '' : digits.slice(-scale).replace(/0+$/, '');
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

/** a + sign·b. */
export function addDecimal(a: Decimal, b: Decimal, sign: 1n | -1n = 1n): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const raise = (d: Decimal): bigint => d.units * 10n ** BigInt(scale - d.scale);
  return { units: raise(a) + sign * raise(b), scale };
}
