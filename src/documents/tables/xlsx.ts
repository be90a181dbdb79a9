import { CountersealError } from '../../errors.js';
import { formatDecimal } from '../canonical/decimal.js';
import type { Cell } from './cell.js';
import { MAX_COLUMNS, type Table, type TableRow } from './table.js';
import { refuseZipBombs } from './zip-guard.js';

export const XLSX_MAX_BYTES = 64 * 1024 * 1024;

/** Spreadsheets keep numbers as binary floating point and show fifteen digits of them: the sixteenth is noise. */
const SIGNIFICANT_DIGITS = 15;

/** A number as the file has it, before any rounding by a parser. */
class NumberText {
  constructor(readonly text: string) {}
}

/**
 * The decimal that a spreadsheet shows for the number in its file: 0.30000000000000004 is 0.3.
 *
 * @throws invalid_document for what is no number
 */
export function spreadsheetDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$/.exec(text.trim()) ?? [];
  if (whole === '')
    throw new CountersealError('invalid_document', `${JSON.stringify(text.slice(0, 40))} is no number`, {
      field: 'XLSX',
    });
  let units = BigInt(whole + fraction);
  let scale = fraction.length - Number(exponent);
  const surplus = units.toString().length - SIGNIFICANT_DIGITS;
  if (surplus > 0) {
    const divisor = 10n ** BigInt(surplus);
    units = (units + divisor / 2n) / divisor;
    scale -= surplus;
  }
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  if (scale < 0) {
    units *= 10n ** BigInt(-scale);
    scale = 0;
  }
  return formatDecimal({ units: sign === '-' ? -units : units, scale });
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return '';
  if (value instanceof NumberText) return { decimal: spreadsheetDecimal(value.text) };
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? '' : { date: value.toISOString().slice(0, 10) };
  return String(value);
}

/**
 * Reads the first sheet of a spreadsheet.
 *
 * @throws invalid_document for what is no XLSX, is hostile, or has no headers
 */
export async function readXlsx(bytes: Uint8Array): Promise<Table> {
  if (bytes.length > XLSX_MAX_BYTES) {
    throw new CountersealError(
      'invalid_document',
      `the file is larger than ${XLSX_MAX_BYTES / 1024 / 1024} MiB: save it as CSV`,
      { field: 'XLSX' },
    );
  }
  refuseZipBombs(bytes);
  const sheet = await sheetOf(bytes);
  const at = sheet.findIndex((row) => row.some((value) => value !== null && value !== ''));
  const headers = (sheet[at] ?? []).map((value) => {
    const cell = cellOf(value);
    return (typeof cell === 'string' ? cell : Object.values(cell).join('')).trim();
  });
  if (at < 0 || headers.length > MAX_COLUMNS) {
    throw new CountersealError('invalid_document', 'the first sheet has no row of headers', {
      field: 'XLSX',
    });
  }
  async function* rows(): AsyncGenerator<TableRow> {
    for (const [i, values] of sheet.entries()) {
      if (i <= at || values.every((value) => value === null || value === '')) continue;
      yield { row: i + 1, cells: headers.map((_, column) => cellOf(values[column])) };
    }
  }
  return { format: 'xlsx', headers, rows: rows() };
}

async function sheetOf(bytes: Uint8Array): Promise<readonly (readonly unknown[])[]> {
  // Loaded when it is needed: most uses never see a spreadsheet.
  const { readSheet } = await import('read-excel-file/node');
  try {
    return await readSheet(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      parseNumber: (text: string) => new NumberText(text),
      trim: false,
    });
  } catch (cause) {
    throw new CountersealError(
      'invalid_document',
      'the file is no XLSX spreadsheet that can be read: save it again, or as CSV',
      { field: 'XLSX', cause },
    );
  }
}
