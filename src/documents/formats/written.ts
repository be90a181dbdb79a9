import type { Weight } from '../canonical/mass.js';
import type { Found } from './slot-builder.js';

/** An amount as forms have it, `$17,325.00`, and the currency that it names, if it does: a dollar sign names none. */
export interface WrittenAmount extends Found {
  readonly currency: string | undefined;
}

/**
 * An amount that a person typed. Commas group thousands where a point or a second comma says that they do; anything
 * that could be two numbers stays as it is, to be refused where it is parsed.
 */
export function writtenAmount({ value, field }: Found): WrittenAmount {
  const [, before, symbol, number = '', after] =
    /^([A-Z]{3})?\s*([$€£¥])?\s*([-+]?[0-9][0-9,]*(?:\.[0-9]+)?)\s*([A-Z]{3})?$/.exec(value.trim()) ?? [];
  const grouped = /^[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$/.test(number);
  const certain = !number.includes(',') || (grouped && /\.|,.*,/.test(number));
  if (number === '' || !certain || (before !== undefined && after !== undefined))
    return { value, field, currency: undefined };
  return {
    value: number.replaceAll(',', ''),
    field,
    currency: before ?? after ?? (symbol === '€' ? 'EUR' : undefined),
  };
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** A date whose month is a word, `21-Jun-2017`, can be read in one way only; any other stays as it is. */
export function writtenDate(found: Found | undefined): Found | undefined {
  if (found === undefined) return undefined;
  const [, day = '', word = '', year = ''] =
    /^([0-9]{1,2})[- ]([A-Za-z]{3,9})[- ,]{1,2}([0-9]{4})$/.exec(found.value.trim()) ?? [];
  const month = MONTHS.findIndex((name) => word.toUpperCase().startsWith(name)) + 1;
  if (month === 0) return found;
  return { value: `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`, field: found.field };
}

const UNITS: Readonly<Record<string, string>> = { MT: 'TNE', TONNES: 'TNE', TONNE: 'TNE', GR: 'GRM' };

/** A weight with its unit behind it, `122460 KGM`; undefined where no unit is written, which none is assumed for. */
export function writtenWeight(text: string): Weight | undefined {
  const [, value, unit = ''] =
    /^\s*([0-9]+(?:\.[0-9]+)?)\s*(KGM?|KGS|GRM?|TNE|MT|TONNES?|LBS?|LBR)\.?\s*$/i.exec(text) ?? [];
  return value === undefined ? undefined : { value, unit: UNITS[unit.toUpperCase()] ?? unit };
}
