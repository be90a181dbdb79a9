import { currencyOf } from '../documents/canonical/currencies.js';

/** Invoice currencies with 0, 2 and 3 minor digits, and how many thousandths of a unit a euro is about worth. */
export const CURRENCIES: readonly (readonly [code: string, perThousand: number])[] = [
  ['EUR', 1_000],
  ['USD', 1_090],
  ['GBP', 850],
  ['CHF', 960],
  ['PLN', 4_300],
  ['INR', 91_000],
  ['JPY', 162_000],
  ['KRW', 1_480_000],
  ['CLP', 1_010_000],
  ['KWD', 335],
  ['BHD', 411],
  ['TND', 3_380],
];

/** Minor units as documents write them: `48790.00`, `7812345`, `15204.125`. */
export function decimalOf(minorUnits: bigint, currency: string): string {
  const { digits } = currencyOf(currency, 'currency');
  const text = minorUnits.toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Cents of a euro in the minor units of another currency, at least one. */
export function minorUnitsOf(cents: bigint, [code, perThousand]: (typeof CURRENCIES)[number]): bigint {
  const { digits } = currencyOf(code, 'currency');
  const units = (cents * BigInt(perThousand) * 10n ** BigInt(digits)) / 100_000n;
  return units > 0n ? units : 1n;
}

/** Grams as kilograms with three decimals. */
export function kilograms(grams: bigint): string {
  const text = grams.toString().padStart(4, '0');
  return `${text.slice(0, -3)}.${text.slice(-3)}`;
}
