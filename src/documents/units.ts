/** An amount in the minor unit of its currency (cents; whole yen), unsigned, below 2^64. */
export type MinorUnits = bigint & { readonly __unit: 'minor-units' };
/** Days since 1970-01-01, below 2^32. */
export type Days = bigint & { readonly __unit: 'days' };
/** A mass in grams, below 2^64. */
export type Grams = bigint & { readonly __unit: 'grams' };
/** A number of packages, below 2^32. */
export type Packages = bigint & { readonly __unit: 'packages' };
/** A share of a risk in parts per million: at most 1,000,000. */
export type PartsPerMillion = bigint & { readonly __unit: 'ppm' };
/** The numeric code of ISO 4217: 978 for EUR. */
export type CurrencyNumber = bigint & { readonly __unit: 'iso4217-numeric' };

/** Exclusive upper bounds (protocol section 4). */
export const UINT64_LIMIT = 1n << 64n;
export const UINT32_LIMIT = 1n << 32n;
