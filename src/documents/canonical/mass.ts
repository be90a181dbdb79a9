import { CountersealError } from '../../errors.js';
import { type Grams, type Packages, UINT32_LIMIT, UINT64_LIMIT } from '../units.js';
import { type Decimal, parseDecimal } from './decimal.js';

/** UN/ECE Recommendation 20 codes, in nanograms per unit (the pound is 453.59237 g exactly). */
const NANOGRAMS: ReadonlyMap<string, bigint> = new Map([
  ['GRM', 1_000_000_000n],
  ['KGM', 1_000_000_000_000n],
  ['TNE', 1_000_000_000_000_000n],
  ['LBR', 453_592_370_000n],
]);

/** Other names of the same units, as data of carriers and customs write them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['G', 'GRM'],
  ['KG', 'KGM'],
  ['KGS', 'KGM'],
  ['T', 'TNE'],
  ['LB', 'LBR'],
  ['LBS', 'LBR'],
]);

/** One weighed item: a decimal string and its unit. */
export interface Weight {
  readonly value: string;
  readonly unit: string;
}

/**
 * The sum of `weights` in grams, rounded half up once, after adding.
 *
 * @throws invalid_document for an unknown unit, a negative weight, or 2^64 grams and more
 */
export function grams(weights: readonly Weight[], field: string): Grams {
  // Everything over one common denominator: 10^scale nanograms.
  let sum: Decimal = { units: 0n, scale: 0 };
  for (const { value, unit } of weights) {
    const code = unit.trim().toUpperCase();
    const factor = NANOGRAMS.get(ALIASES.get(code) ?? code);
    if (factor === undefined) {
      throw new CountersealError(
        'invalid_document',
        `${field} is in ${JSON.stringify(unit)}: masses are in KGM, TNE, GRM or LBR (UN/ECE Recommendation 20)`,
        { field },
      );
    }
    const parsed = parseDecimal(value, field);
    if (parsed.units < 0n) {
      throw new CountersealError('invalid_document', `${field} is ${value}: a mass is not negative`, {
        field,
      });
    }
    const scale = Math.max(sum.scale, parsed.scale);
    sum = {
      units:
        sum.units * 10n ** BigInt(scale - sum.scale) +
        parsed.units * factor * 10n ** BigInt(scale - parsed.scale),
      scale,
    };
  }
  const denominator = 1_000_000_000n * 10n ** BigInt(sum.scale);
  const rounded = (sum.units + denominator / 2n) / denominator;
  if (rounded >= UINT64_LIMIT)
    throw new CountersealError('invalid_document', `${field} is too large`, { field });
  return rounded as Grams;
}

/**
 * A number of packages.
 *
 * @throws invalid_document unless it is an integer from 0 to 2^32 - 1
 */
export function packages(value: string, field: string): Packages {
  const { units, scale } = parseDecimal(value, field);
  if (scale !== 0 || units < 0n || units >= UINT32_LIMIT) {
    throw new CountersealError(
      'invalid_document',
      `${field} is ${value}: packages are counted in whole numbers`,
      { field },
    );
  }
  return units as Packages;
}
