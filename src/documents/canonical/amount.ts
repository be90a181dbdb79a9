import { CountersealError } from '../../errors.js';
import { type MinorUnits, UINT64_LIMIT } from '../units.js';
import type { Currency } from './currencies.js';
import type { Decimal } from './decimal.js';

/** An amount and its sign: the slot is unsigned, the document's kind carries the sign. */
export interface SignedAmount {
  readonly magnitude: MinorUnits;
  readonly negative: boolean;
}

/**
 * A decimal in the minor units of its currency.
 *
 * @throws invalid_document if it has non-zero digits beyond the minor unit (rounding would let one document
 * have several amounts), or is 2^64 minor units or more
 */
export function minorUnits(value: Decimal, currency: Currency, field: string): SignedAmount {
  const magnitude = value.units < 0n ? -value.units : value.units;
  let units: bigint;
  if (value.scale <= currency.digits) units = magnitude * 10n ** BigInt(currency.digits - value.scale);
  else {
    const divisor = 10n ** BigInt(value.scale - currency.digits);
    if (magnitude % divisor !== 0n) {
      throw new CountersealError(
        'invalid_document',
        `${field} has more than the ${currency.digits} decimal digits of ${currency.code}: correct the total`,
        { field },
      );
    }
    units = magnitude / divisor;
  }
  if (units >= UINT64_LIMIT) {
    throw new CountersealError(
      'invalid_document',
      `${field} is too large: amounts are below 2^64 minor units`,
      { field },
    );
  }
  return { magnitude: units as MinorUnits, negative: value.units < 0n && units > 0n };
}
