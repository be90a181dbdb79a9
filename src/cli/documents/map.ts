import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { CountersealError } from '../../errors.js';
import { action, EXIT, print, printJson } from '../output.js';

/** Rows that a proposal looks at. */
const SAMPLE_ROWS = 200;

interface MapOptions {
  out?: string;
  encoding?: string;
  json?: boolean;
}

export function mapCommand(document: Command): void {
  document
    .command('map')
    .description('propose what the columns of a CSV or XLSX file are: a file to complete and keep')
    .argument('<file>', 'CSV or XLSX')
    .option('--out <file>', 'write the mapping there instead of printing it; an existing file is kept')
    .option('--encoding <name>', 'of a CSV file that is not UTF-8: windows-1252')
    .option('--json', 'print JSON: the mapping, open questions, columns without a meaning')
    .addHelpText(
      'after',
      '\nWhat the rows leave open is null in the mapping, and asked: state it before "document scan".' +
        '\n\nExample:\n  counterseal document map invoices.csv --out mapping.json',
    )
    .action(action(map));
}

async function map(file: string, options: MapOptions): Promise<number> {
  const [{ cellText, proposeMapping }, { openTable }] = await Promise.all([
    import('../../documents/index.js'),
    import('./read-book.js'),
  ]);
  const table = await openTable(file, options.encoding);
  const sample = [];
  for await (const row of table.rows) {
    if ('cells' in row) sample.push(row.cells);
    if (sample.length >= SAMPLE_ROWS) break;
  }
  const proposal = proposeMapping(table.headers, sample);
  const mapping = { ...proposal.mapping, encoding: options.encoding ?? proposal.mapping.encoding };
  const text = `${JSON.stringify(mapping, null, 2)}\n`;
  if (options.out !== undefined) await create(options.out, text);
  if (options.json) {
    printJson({ file, ...proposal, mapping });
    return EXIT.ok;
  }
  if (options.out === undefined) print(text.trimEnd());
  const first = sample[0] ?? [];
  const notes = [
    ...proposal.questions.map(({ field, message }) => `to be stated: ${field}: ${message}`),
    ...proposal.unmapped.map((header) => {
      const example = first[table.headers.indexOf(header)];
      return `not used: ${header}${example === undefined ? '' : ` (${cellText(example).slice(0, 40)})`}`;
    }),
  ];
  if (notes.length > 0) process.stderr.write(`${notes.join('\n')}\n`);
  return EXIT.ok;
}

async function create(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CountersealError(
      code === 'EEXIST' ? 'already_exists' : 'io',
      code === 'EEXIST'
        ? `${path} exists and is kept: name another file`
        : `cannot write ${path}: ${code ?? 'error'}`,
      { cause },
    );
  }
}
