import { inflateRawSync } from 'node:zlib';
import { CountersealError } from '../../errors.js';
import { MAX_COLUMNS } from './table.js';

/** A spreadsheet of a million rows has some hundred MiB of XML. */
const MAX_INFLATED_BYTES = 400 * 1024 * 1024;
/** More cells than this a grid in memory cannot have; a single cell in the last corner asks for 17 billion. */
const MAX_CELLS = 30_000_000;
const MAX_BLANKS = 2000;
/** Where spreadsheets end. */
const MAX_ROWS = 1_048_576;
const LOCAL_HEADER = Buffer.from([0x50, 0x4b, 3, 4]);
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;

function hostile(message: string): CountersealError {
  return new CountersealError('invalid_document', message, { field: 'XLSX' });
}

/**
 * Refuses a ZIP archive that unpacks to more than a spreadsheet can be, whatever its directory says: everything that
 * looks like an entry is unpacked within a budget.
 *
 * @throws invalid_document
 */
export function refuseZipBombs(bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let budget = MAX_INFLATED_BYTES;
  for (let at = buffer.indexOf(LOCAL_HEADER); at >= 0; at = buffer.indexOf(LOCAL_HEADER, at + 4)) {
    if (at + LOCAL_HEADER_BYTES > buffer.length) return;
    const method = buffer.readUInt16LE(at + 8);
    const nameEnd = at + LOCAL_HEADER_BYTES + buffer.readUInt16LE(at + 26);
    const dataStart = nameEnd + buffer.readUInt16LE(at + 28);
    if (method === STORED || dataStart >= buffer.length) continue;
    const name = buffer.toString('latin1', at + LOCAL_HEADER_BYTES, nameEnd);
    const inflated = inflate(buffer.subarray(dataStart), budget);
    if (inflated === undefined) continue;
    budget -= inflated.length;
    if (/\.(?:xml|rels)$/i.test(name)) refuseLongBlanks(inflated);
    if (/worksheets\/[^/]*\.xml$/i.test(name)) refuseHugeGrid(inflated);
  }
}

/** The entry unpacked; undefined if there is none after all. */
function inflate(data: Buffer, budget: number): Buffer | undefined {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(budget, 1) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw hostile(
        `the file unpacks to more than ${MAX_INFLATED_BYTES / 1024 / 1024} MiB: it is damaged or hostile, or must be split`,
      );
    }
    return undefined;
  }
}

/** Parsers of attributes take time that grows with the square of a run of white space; nobody writes such runs. */
function refuseLongBlanks(xml: Buffer): void {
  let run = 0;
  for (const byte of xml) {
    run = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) ? run + 1 : 0;
    if (run > MAX_BLANKS)
      throw hostile(`the file has more than ${MAX_BLANKS} blanks in a row: it is hostile`);
  }
}

/** The largest row times the largest column that any cell or the sheet's own dimension names. */
function refuseHugeGrid(sheet: Buffer): void {
  let rows = 0;
  let columns = 0;
  for (const [, letters = '', digits = ''] of sheet
    .toString('latin1')
    .matchAll(/\br(?:ef)?\s*=\s*["'](?:[A-Z]{1,4}[0-9]{1,9}:)?([A-Z]{0,4})([0-9]{1,9})["']/g)) {
    rows = Math.max(rows, Number(digits));
    columns = Math.max(
      columns,
      [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0),
    );
  }
  if (rows > MAX_ROWS || columns > MAX_COLUMNS || rows * columns > MAX_CELLS) {
    throw hostile(
      `the sheet spans ${rows} rows and ${columns} columns: delete what lies beyond the table, or save it as CSV`,
    );
  }
}
