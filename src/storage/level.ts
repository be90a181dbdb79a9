import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import { checkTables } from './table-check.js';

/** What a LevelDB directory consists of, beside the file `CURRENT` that says which of it counts. */
const PARTS = /^(MANIFEST-\d+|\d+\.(log|ldb|sst))$/;

const CODES: Readonly<Record<string, ErrorCode>> = {
  LEVEL_CORRUPTION: 'data_corrupted',
  LEVEL_LOCKED: 'failed_precondition',
  LEVEL_DATABASE_NOT_OPEN: 'failed_precondition',
};

/** LevelDB's errors by their codes; what fails to open says why in its cause. */
export function levelError(error: unknown, what: string): CountersealError {
  if (error instanceof CountersealError) return error;
  const outer = error as { code?: string; message?: string; cause?: { code?: string; message?: string } };
  const { code: driver = '', message = String(error) } = outer.cause ?? outer;
  // A file that is missing, or a folder in the place of one: LevelDB calls it an I/O error.
  const lost = /No such file or directory|does not exist|missing files/.test(message);
  const code = CODES[driver] ?? (lost ? 'data_corrupted' : 'io');
  const why = driver === 'LEVEL_LOCKED' ? 'another process has it open' : message;
  const remedy = { data_corrupted: ': restore a backup', io: ': see to the disk' }[code as string] ?? '';
  return new CountersealError(code, `${what}: ${why}${remedy}`, { cause: error });
}

/**
 * Opens or makes a database. Throws `failed_precondition` while another process has it open, `data_corrupted` for a
 * damaged one or one of which files are gone, `io` where it cannot be read or written.
 */
export async function openLevel<V>(
  directory: string,
  valueEncoding: 'utf8' | 'view',
): Promise<Level<string, V>> {
  ensureWhole(directory);
  checkTables(directory);
  const db = new Level<string, V>(directory, { keyEncoding: 'utf8', valueEncoding });
  try {
    await db.open();
  } catch (error) {
    throw levelError(error, `the database ${directory} cannot be opened`);
  }
  return db;
}

/** Without `CURRENT` LevelDB would start a new database, and delete what is left of the old one. */
function ensureWhole(directory: string): void {
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    // Not there yet, or no folder: opening says so.
    return;
  }
  ensure(
    existsSync(join(directory, 'CURRENT')) || !files.some((file) => PARTS.test(file)),
    'data_corrupted',
    `the database ${directory} has lost its file CURRENT: restore a backup`,
  );
}
