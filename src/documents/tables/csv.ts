import { type CsvError, parse } from 'csv-parse';
import { Readable } from 'node:stream';
import { CountersealError } from '../../errors.js';
import { MAX_COLUMNS, type Table, type TableRow } from './table.js';

/** The longest row: an unclosed quote would otherwise swallow the rest of the file. */
const MAX_ROW_CHARACTERS = 1024 * 1024;
/** How much of the file is looked at for its delimiter. */
const HEAD_BYTES = 64 * 1024;
const DELIMITERS = [',', ';', '\t', '|'];

function malformed(message: string, cause?: unknown): CountersealError {
  return new CountersealError('invalid_document', message, {
    field: 'CSV',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The bytes as characters, by byte order mark or the stated encoding; a byte that is none of it ends the reading. */
async function* decoded(chunks: AsyncIterable<Uint8Array>, stated: string): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let encoding = stated;
  try {
    for await (const chunk of chunks) {
      if (decoder === undefined) {
        if (chunk[0] === 0xff && chunk[1] === 0xfe) encoding = 'utf-16le';
        else if (chunk[0] === 0xfe && chunk[1] === 0xff) encoding = 'utf-16be';
        else if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) encoding = 'utf-8';
        decoder = new TextDecoder(encoding, { fatal: true });
      }
      yield decoder.decode(chunk, { stream: true });
    }
    if (decoder !== undefined) yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw malformed(
      `the file has bytes that are not ${encoding}: state its encoding in the mapping, as in "encoding": "windows-1252"`,
      cause,
    );
  }
}

/** The delimiter that the first line has most of, outside quotes. */
function delimiterOf(head: string): string {
  const counts = new Map(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let quoted = false;
  for (const character of head) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted && counts.has(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best?.[0] ?? ',';
}

/** The first characters, and all of them again. */
async function withHead(
  characters: AsyncIterable<string>,
): Promise<{ head: string; all: AsyncIterable<string> }> {
  const iterator = characters[Symbol.asyncIterator]();
  const taken: string[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    taken.push(next.value);
    length += next.value.length;
  }
  async function* all(): AsyncGenerator<string> {
    yield* taken;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  return { head: taken.join(''), all: all() };
}

/**
 * Reads CSV (RFC 4180) as it comes: delimiter from the first line, byte order marks heeded, quotes and line ends inside
 * quotes. Rows that have more or fewer cells than headers are problems, and so are quotes in the wrong place.
 *
 * @throws invalid_document if there are no headers, or the bytes are not of the encoding
 */
export async function readCsv(chunks: AsyncIterable<Uint8Array>, encoding = 'utf-8'): Promise<Table> {
  const { head, all } = await withHead(decoded(chunks, encoding));
  if (head.includes('\0'))
    throw malformed('the file has NUL characters: it is no CSV, or is UTF-16 without a mark');
  let count = 0;
  const rowOf = new WeakMap<readonly string[], number>();
  const problems: TableRow[] = [];
  const parser = parse({
    delimiter: delimiterOf(head.replace(/^\uFEFF/, '')),
    bom: true,
    relax_column_count: true,
    max_record_size: MAX_ROW_CHARACTERS,
    skip_records_with_error: true,
    // Both are called as the characters are read, so rows and problems are counted in the order of the file.
    on_record: (cells: string[]) => {
      rowOf.set(cells, (count += 1));
      return cells;
    },
    on_skip: (error: CsvError | undefined) => {
      problems.push({ row: (count += 1), problem: rowProblem(error) });
      return undefined;
    },
  });
  const characters = Readable.from(all, { objectMode: false, encoding: 'utf8' });
  characters.on('error', (error) => parser.destroy(error)).pipe(parser);
  const records: AsyncIterator<string[]> = parser[Symbol.asyncIterator]() as AsyncIterator<string[]>;

  const first = await records.next();
  const headers = first.done === true ? [] : first.value.map((header) => header.trim());
  const [broken] = problems;
  if (
    broken !== undefined &&
    'problem' in broken &&
    (first.done === true || broken.row < (rowOf.get(first.value) ?? 0))
  )
    throw broken.problem;
  if (headers.every((header) => header === ''))
    throw malformed('the first row has no headers: it must name the columns');
  if (headers.length > MAX_COLUMNS) throw malformed(`the table has more than ${MAX_COLUMNS} columns`);

  async function* rows(): AsyncGenerator<TableRow> {
    for (;;) {
      const next = await records.next();
      const limit = next.done === true ? Infinity : (rowOf.get(next.value) ?? 0);
      for (;;) {
        const [problem] = problems;
        if (problem === undefined || problem.row > limit) break;
        problems.shift();
        yield problem;
      }
      if (next.done === true) return;
      const cells = next.value;
      const row = limit;
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (cells.length === headers.length) yield { row, cells };
      else yield { row, problem: widthProblem(cells.length, headers.length) };
    }
  }
  return { format: 'csv', headers, rows: rows() };
}

function rowProblem(error: CsvError | undefined): CountersealError {
  const why =
    error?.code === 'CSV_MAX_RECORD_SIZE'
      ? `it is longer than ${MAX_ROW_CHARACTERS} characters: a quote is not closed`
      : error?.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'a quote is not closed before the end of the file'
        : 'a quote stands inside a value: quote the whole value, and write "" for a quote in it';
  return malformed(`the row cannot be read: ${why}`, error);
}

function widthProblem(cells: number, headers: number): CountersealError {
  return malformed(
    `the row has ${cells} cells and the table ${headers} columns: a value with the delimiter in it must be quoted`,
  );
}
