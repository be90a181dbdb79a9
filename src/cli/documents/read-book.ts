import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  Book,
  cellText,
  type Mapping,
  parseMapping,
  plainMapping,
  readCsv,
  readDocument,
  readXlsx,
  rowReader,
  type Table,
  unwrapDocument,
} from '../../documents/index.js';
import { CountersealError } from '../../errors.js';

/** A file or a row that could not be read, and what would be right. */
export interface Problem {
  readonly source: string;
  readonly row: number | null;
  readonly code: string;
  readonly field: string | null;
  readonly value: string | null;
  readonly message: string;
}

/** One's own documents, and what could not be read of them. */
export interface ReadBook {
  readonly book: Book;
  readonly problems: readonly Problem[];
  readonly files: number;
}

/** The largest single document, and the largest spreadsheet; CSV files are read as a stream and have no limit. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const SNIFFED_BYTES = 1024;
const PROGRESS_EVERY = 2000;

function ioError(path: string, cause: unknown): CountersealError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'error';
  return new CountersealError('io', `cannot read ${path}: ${code}`, { cause });
}

/** @throws io, invalid_argument */
export async function readMappingFile(path: string): Promise<Mapping> {
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (cause) {
    throw ioError(path, cause);
  }
  return parseMapping(json);
}

type ContentType = 'document' | 'xlsx' | 'csv';

/** By the first bytes, never by the name. */
async function contentOf(path: string): Promise<ContentType> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    if (head.subarray(0, 4).equals(Buffer.from([0x50, 0x4b, 3, 4]))) return 'xlsx';
    if (head.includes('%PDF-')) return 'document';
    const first = /[^\s\0\u00ef\u00bb\u00bf\u00ff\u00fe]/.exec(head.toString('latin1'))?.[0];
    return first === undefined || ['<', '{', '['].includes(first) ? 'document' : 'csv';
  } finally {
    await file.close();
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES) {
    throw new CountersealError(
      'invalid_document',
      `the file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`,
    );
  }
  return readFile(path);
}

/** The table of a CSV or XLSX file. */
export async function openTable(path: string, encoding?: string): Promise<Table> {
  return (await contentOf(path)) === 'xlsx'
    ? readXlsx(await bytesOf(path))
    : readCsv(createReadStream(path), encoding);
}

/**
 * Reads a file, or every file of a folder, into a book; goes on after what it cannot read.
 *
 * @throws io if the path itself cannot be read; invalid_argument if the mapping does not fit a table
 */
export async function readBook(
  path: string,
  mapping: Mapping | undefined,
  onProgress: (message: string) => void,
): Promise<ReadBook> {
  const book = new Book();
  const problems: Problem[] = [];
  let files: readonly string[];
  let folder: boolean;
  try {
    folder = (await stat(path)).isDirectory();
    files = folder ? await filesBelow(path) : [path];
  } catch (cause) {
    throw ioError(path, cause);
  }
  for (const [i, file] of files.entries()) {
    const source = folder ? relative(path, file) : file;
    const at = files.length > 1 ? `file ${i + 1} of ${files.length}, ` : '';
    onProgress(`${at}${book.size} documents`);
    try {
      if ((await contentOf(file)) === 'document')
        book.add(source, null, readDocument(await unwrapDocument(await bytesOf(file))));
      else
        await readRows(file, source, mapping, book, problems, () =>
          onProgress(`${at}${book.size} documents`),
        );
    } catch (error) {
      if (!(error instanceof CountersealError) && (error as NodeJS.ErrnoException).code === undefined)
        throw error;
      const coded = error instanceof CountersealError ? error : ioError(file, error);
      // Alone, a file that cannot be read is the answer; among others, a line of it.
      if (!folder) throw coded;
      problems.push(problemOf(source, null, coded, null));
    }
  }
  return { book, problems, files: files.length };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function readRows(
  file: string,
  source: string,
  mapping: Mapping | undefined,
  book: Book,
  problems: Problem[],
  onProgress: () => void,
): Promise<void> {
  const table = await openTable(file, mapping?.encoding);
  const rules = mapping ?? plainMapping(table.headers);
  if (rules === undefined) {
    throw new CountersealError(
      'invalid_argument',
      `${source} needs a mapping that says what its columns are: counterseal document map ${source} --out mapping.json`,
      { field: 'mapping' },
    );
  }
  const read = rowReader(rules, table.headers);
  for await (const entry of table.rows) {
    if (entry.row % PROGRESS_EVERY === 0) onProgress();
    if ('problem' in entry) {
      problems.push(problemOf(source, entry.row, entry.problem, null));
      continue;
    }
    try {
      book.add(source, entry.row, { format: table.format, document: read(entry.cells) });
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      const cell = entry.cells[table.headers.indexOf(error.field ?? '')];
      problems.push(problemOf(source, entry.row, error, cell === undefined ? null : cellText(cell)));
    }
  }
}

function problemOf(
  source: string,
  row: number | null,
  error: CountersealError,
  value: string | null,
): Problem {
  return {
    source,
    row,
    code: error.code,
    field: error.field ?? null,
    value: value === null ? null : value.slice(0, 200),
    message: error.message,
  };
}
