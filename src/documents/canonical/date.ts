import { CountersealError } from '../../errors.js';
import { type Days, UINT32_LIMIT } from '../units.js';
import { DAY_MS } from '../../time.js';

/** How the user says that a date such as `03/04/2025` is to be read. */
export type DateFormat = 'DMY' | 'MDY' | 'YMD';

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:T[0-9:.]+)?\s*(?:Z|[+-]\d{2}:?\d{2})?$/;
/** UN/CEFACT 2379 codes 102, 203 and 204: CCYYMMDD, with or without a time; 205 adds an offset. */
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:\d{4}(?:\d{2})?)?(?:Z|[+-]\d{4})?$/;
const SEPARATED = /^(\d{1,4})[/. -](\d{1,2})[/. -](\d{1,4})$/;

function refuse(value: string, field: string, why: string): never {
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 40))}: ${why}`,
    { field },
  );
}

/**
 * A calendar date as `YYYY-MM-DD`: ISO 8601, `YYYYMMDD`; times, `Z` and offsets are ignored, because a
 * document's date is the one written on it. Anything else only with `format`.
 *
 * @throws invalid_document for other forms, impossible dates, and years before 1970
 */
export function canonicalDate(value: string, field: string, format?: DateFormat): string {
  const trimmed = value.trim();
  const match = ISO.exec(trimmed) ?? COMPACT.exec(trimmed);
  let parts: readonly [string, string, string] | undefined;
  if (match !== null) parts = [match[1] ?? '', match[2] ?? '', match[3] ?? ''];
  else {
    const [, a = '', b = '', c = ''] = SEPARATED.exec(trimmed) ?? [];
    if (a === '') refuse(value, field, 'write dates as 2025-04-03');
    if (format === undefined) {
      refuse(value, field, 'the order of day and month is not known; write 2025-04-03, or state the format');
    }
    parts = format === 'DMY' ? [c, b, a] : format === 'MDY' ? [c, a, b] : [a, b, c];
  }
  const [year, month, day] = parts.map(Number) as [number, number, number];
  if (parts[0].length !== 4) refuse(value, field, 'the year needs four digits');
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    refuse(value, field, 'there is no such day');
  }
  if (year < 1970) refuse(value, field, 'dates before 1970-01-01 cannot be registered');
  return date.toISOString().slice(0, 10);
}

/** Days since 1970-01-01 of a date in canonical form. */
export function daysOf(canonical: string): Days {
  const days = BigInt(Date.parse(`${canonical}T00:00:00Z`) / DAY_MS);
  if (days < 0n || days >= UINT32_LIMIT)
    throw new CountersealError('invalid_argument', `${canonical} is out of range`);
  return days as Days;
}

/** The year, as four digits, of a date in canonical form. */
export function yearOf(canonical: string): string {
  return canonical.slice(0, 4);
}
