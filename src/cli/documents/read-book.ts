import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  Book,
  type CanonicalDocument,
  type Cell,
  cellText,
  type Mapping,
  oedReader,
  parseMapping,
  plainMapping,
  readCsv,
  readDocument,
  type ReadDocument,
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
const PROGRESS_EVERY = 1000;

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

/** Whether a path holds more than one document: a folder, or a table. Throws `io`. */
export async function holdsMany(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory() || (await contentOf(path)) !== 'document';
  } catch (cause) {
    throw ioError(path, cause);
  }
}

/** The table of a CSV or XLSX file. */
export async function openTable(path: string, encoding?: string): Promise<Table> {
  return (await contentOf(path)) === 'xlsx'
    ? readXlsx(await bytesOf(path))
    : readCsv(createReadStream(path), encoding);
}

/** A document of a file, or of a row of a table; or why it could not be read. */
export type SourceItem =
  | { readonly source: string; readonly row: number | null; readonly read: ReadDocument }
  | { readonly problem: Problem };

/**
 * Reads a file, or every file of a folder, document by document; goes on after what it cannot read.
 *
 * @throws io if the path itself cannot be read; invalid_argument if the mapping does not fit a table
 */
export async function* documentsIn(path: string, mapping: Mapping | undefined): AsyncGenerator<SourceItem> {
  let files: readonly string[];
  let folder: boolean;
  try {
    folder = (await stat(path)).isDirectory();
    files = folder ? await filesBelow(path) : [path];
  } catch (cause) {
    throw ioError(path, cause);
  }
  for (const file of files) {
    const source = folder ? relative(path, file) : file;
    try {
      if ((await contentOf(file)) === 'document')
        yield { source, row: null, read: readDocument(await unwrapDocument(await bytesOf(file))) };
      else yield* rowsOf(file, source, mapping, folder);
    } catch (error) {
      if (!(error instanceof CountersealError) && (error as NodeJS.ErrnoException).code === undefined)
        throw error;
      const coded = error instanceof CountersealError ? error : ioError(file, error);
      // Alone, a file that cannot be read is the answer; among others, a line of it.
      if (!folder) throw coded;
      yield { problem: problemOf(source, null, coded, null) };
    }
  }
}

/** Reads all of a path into a book. Throws as {@link documentsIn}. */
export async function readBook(
  path: string,
  mapping: Mapping | undefined,
  onProgress: (message: string) => void,
): Promise<ReadBook> {
  const book = new Book();
  const problems: Problem[] = [];
  const sources = new Set<string>();
  let items = 0;
  for await (const item of documentsIn(path, mapping)) {
    if (items++ % PROGRESS_EVERY === 0) onProgress(`${book.size} documents`);
    sources.add('problem' in item ? item.problem.source : item.source);
    if ('problem' in item) problems.push(item.problem);
    else book.add(item.source, item.row, item.read);
  }
  return { book, problems, files: sources.size };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function* rowsOf(
  file: string,
  source: string,
  mapping: Mapping | undefined,
  amongOthers: boolean,
): AsyncGenerator<SourceItem> {
  const table = await openTable(file, mapping?.encoding);
  const read = readerOf(table, mapping, amongOthers);
  if (read === undefined) {
    throw new CountersealError(
      'invalid_argument',
      `${source} needs a mapping that says what its columns are: counterseal document map ${source} --out mapping.json`,
      { field: 'mapping' },
    );
  }
  for await (const entry of table.rows) {
    if ('problem' in entry) {
      yield { problem: problemOf(source, entry.row, entry.problem, null) };
      continue;
    }
    let item: SourceItem;
    try {
      const document = read(entry.cells);
      if (document === undefined) continue;
      item = { source, row: entry.row, read: { format: table.format, document } };
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      const cell = entry.cells[table.headers.indexOf(error.field ?? '')];
      item = { problem: problemOf(source, entry.row, error, cell === undefined ? null : cellText(cell)) };
    }
    yield item;
  }
}

/**
 * How the rows of a table are read: as the mapping says, else as its headers do. Undefined where neither does. A mapping
 * for the tables of a folder need not be for those that need none.
 */
function readerOf(
  { headers }: Table,
  mapping: Mapping | undefined,
  amongOthers: boolean,
): ((cells: readonly Cell[]) => CanonicalDocument | undefined) | undefined {
  const known = (): ReturnType<typeof readerOf> => {
    const plain = plainMapping(headers);
    return plain === undefined ? oedReader(headers) : rowReader(plain, headers);
  };
  if (mapping === undefined) return known();
  try {
    return rowReader(mapping, headers);
  } catch (error) {
    const other = amongOthers ? known() : undefined;
    if (other === undefined) throw error;
    return other;
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
