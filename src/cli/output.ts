import { Command, CommanderError } from 'commander';
import { CountersealError, visible, type ErrorCode } from '../errors.js';

/** What a command exits with. */
export const EXIT = {
  /** Done, whatever the verdict. */
  ok: 0,
  /** Something failed: the message says what. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** With --fail-on-match: done, and the document is not unique. */
  match: 3,
} as const;

/** One line of JSON on standard output; bigints as decimal strings. */
export function printJson(value: unknown): void {
  process.stdout.write(
    `${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))}\n`,
  );
}

/** Text on standard output. */
export function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Columns padded to their widest cell. What a cell holds may be a file's name, or of somebody else's making. */
export function table(cells: readonly (readonly string[])[], indent = ''): string[] {
  const rows = cells.map((row) => row.map(visible));
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)),
    [],
  );
  return rows.map(
    (row) =>
      indent +
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
  );
}

let ticker: NodeJS.Timeout | undefined;

/**
 * Says on standard error what is being done, with the seconds that it has taken; nothing where that is no terminal.
 * An empty message ends it.
 */
export function progress(message: string): void {
  if (!process.stderr.isTTY) return;
  clearInterval(ticker);
  ticker = undefined;
  if (message === '') {
    process.stderr.write('\r\u001b[K');
    return;
  }
  const started = Date.now();
  const show = () => {
    const seconds = Math.floor((Date.now() - started) / 1000);
    process.stderr.write(`\r\u001b[K${message}${seconds > 0 ? ` ${seconds} s` : ''}`);
  };
  show();
  ticker = setInterval(show, 1000).unref();
}

/** The error as the JSON outputs carry it. */
export function errorJson(error: unknown): { code: string; message: string; field?: string } {
  if (error instanceof CountersealError)
    return {
      code: error.code,
      message: error.message,
      ...(error.field === undefined ? {} : { field: error.field }),
    };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

const fileOf = new WeakMap<object, string>();
/** What a document's content can be wrong with; its file does not say so itself, unlike one that cannot be read. */
const OF_CONTENT: readonly ErrorCode[] = ['invalid_document', 'unsupported_format', 'missing_field'];

/** Does what is about one file: errors are reported as that file's. */
export async function ofFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CountersealError) fileOf.set(error, file);
    throw error;
  }
}

const wrongUsage = new WeakSet<object>();

/** Judges the value of an option: what this throws ends the program as any wrong command line does. */
export function usage<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (error instanceof CountersealError) wrongUsage.add(error);
    throw error;
  }
}

/** Ends the program for an error: a line that says what is wrong, or JSON with --json. */
export function fail(error: unknown, json: boolean, status: number = EXIT.failed): never {
  progress('');
  if (error instanceof CommanderError) {
    // commander has said on standard error what is wrong, or printed the help that was asked for.
    if (error.exitCode === 0) process.exit(EXIT.ok);
    if (json) printJson({ error: { code: 'invalid_argument', message: usageMessage(error) } });
    process.exit(EXIT.usage);
  }
  const described = errorJson(error);
  const file = error instanceof CountersealError ? fileOf.get(error) : undefined;
  if (json) printJson({ ...(file === undefined ? {} : { file }), error: described });
  else {
    const where =
      error instanceof CountersealError && file !== undefined && OF_CONTENT.includes(error.code)
        ? `${visible(file)}: `
        : '';
    process.stderr.write(`error: ${where}${described.message} [${described.code}]\n`);
    if (process.env['COUNTERSEAL_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
  process.exit(status);
}

const usageMessage = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'a command is missing: see --help' : message.replace(/^error: /, '');

/** Wraps a command's action: errors end the program as {@link fail} says. */
export function action<Args extends unknown[]>(
  run: (...args: Args) => Promise<number | void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    try {
      const status = await run(...args);
      // Exit at once: idle provers and channels would keep the process for a while.
      await flush();
      process.exit(status ?? EXIT.ok);
    } catch (error) {
      const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
      fail(error, json, error instanceof Error && wrongUsage.has(error) ? EXIT.usage : EXIT.failed);
    }
  };
}

const flush = () => new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
