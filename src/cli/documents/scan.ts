import { type Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CountersealError } from '../../errors.js';
import { action, EXIT, print, printJson, progress } from '../output.js';
import { reportCsv, reportHtml, reportOf, reportText } from './report.js';

const SHOWN_PROBLEMS = 50;

interface ScanOptions {
  mapping?: string;
  csv?: string;
  html?: string;
  json?: boolean;
  failOnMatch?: boolean;
}

export function scanCommand(document: Command): void {
  document
    .command('scan')
    .description("find duplicates in one's own book; nothing leaves this computer")
    .argument('<path>', 'a folder of documents, or a table: CSV or XLSX')
    .option('--mapping <file>', 'what the columns of a table are: see "document map"')
    .option('--csv <file>', 'also write the groups as CSV')
    .option('--html <file>', 'also write a report that opens in a browser')
    .option('--json', 'print JSON')
    .addOption(new Option('--fail-on-match', `exit with ${EXIT.match} if there are duplicates`))
    .addHelpText(
      'after',
      '\nExit status 1 if anything could not be read: the rest is scanned all the same.' +
        '\n\nExample:\n  counterseal document scan invoices.csv --mapping mapping.json --html duplicates.html',
    )
    .action(action(scan));
}

async function scan(path: string, options: ScanOptions): Promise<number> {
  const { readBook, readMappingFile } = await import('./read-book.js');
  const started = Date.now();
  const mapping = options.mapping === undefined ? undefined : await readMappingFile(options.mapping);
  const read = await readBook(path, mapping, (message) =>
    progress(`${message} (${((Date.now() - started) / 1000).toFixed(0)} s)`),
  );
  progress('comparing ...');
  const report = reportOf(read);
  progress('');
  if (options.csv !== undefined) await write(options.csv, reportCsv(report));
  if (options.html !== undefined)
    await write(options.html, reportHtml(report, `Duplicates in ${basename(path)}`));
  if (options.json) printJson(report);
  else print(...reportText(report, SHOWN_PROBLEMS));
  if (report.problems.length > 0) return EXIT.failed;
  return options.failOnMatch && report.groups.length > 0 ? EXIT.match : EXIT.ok;
}

async function write(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new CountersealError('io', `cannot write ${path}: ${code}`, { cause });
  }
}
