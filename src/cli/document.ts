import type { Command } from 'commander';
import type { Agent, DeferredRegistration, RegisterProgress, RegisterResult } from '../agent/index.js';
import type { CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import type { BatchLine, BatchOptions } from './documents/batch.js';
import { compareCommand } from './documents/compare.js';
import { loadDocument, readDocumentFile } from './documents/load-document.js';
import { mapCommand } from './documents/map.js';
import { scanCommand } from './documents/scan.js';
import { findingsLines } from './findings-output.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { numberOption } from './number-option.js';
import { action, errorJson, EXIT, print, printJson, progress, table, ofFile, usage } from './output.js';

export function documentCommands(program: Command): void {
  const document = program.command('document').description('read, identify, check and register documents');

  document
    .command('inspect')
    .description('show what is read from a document: its slots, where each comes from, its fingerprints')
    .argument(
      '<file>',
      'a document: UBL, CII, WCO or ICS XML; UBL, GOBL, DCSA, Open Insurance or Counterseal JSON; Factur-X PDF',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal document inspect invoice.xml')
    .action(action((file: string, options: InspectOptions) => ofFile(file, () => inspect(file, options))));

  document
    .command('identify')
    .description('print the canonical strings that make each document what it is, one line of JSON per file')
    .argument('<files...>', 'documents; a bad file does not stop the others')
    .option('--json', 'print JSON lines instead of a table')
    .addHelpText('after', '\nExample:\n  counterseal document identify --json invoices/*.xml')
    .action(action(identify));

  scanCommand(document);
  mapCommand(document);

  batchOptions(memberOptions(document.command('check')))
    .description('ask whether documents are known to the network; leaves no trace on the ledger')
    .argument('<path>', 'a document; a folder of them; or a table, CSV or XLSX')
    .option('--purpose <name>', 'what it would be registered for', 'finance')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal document check invoice.xml --home bank-a' +
        '\n  counterseal document check invoices.csv --mapping mapping.json --report checked.jsonl --home bank-a',
    )
    .action(action((path: string, options: PurposeOptions) => ofFile(path, () => check(path, options))));

  batchOptions(memberOptions(document.command('register')))
    .description('put documents on the ledger, encrypted and without an author, and get their verdicts')
    .argument('<path>', 'a document; a folder of them; or a table, CSV or XLSX')
    .requiredOption('--purpose <name>', 'finance, carry, declare, attest, cover, claim or cede')
    .option('--now', 'submit at once, whatever "member privacy" says')
    .addOption(
      numberOption(
        '--parallel <n>',
        'of many documents: proofs to make at once, 400 MB each (default: the cores, as memory allows)',
        { min: 1, max: 99 },
      ),
    )
    .addHelpText(
      'after',
      '\nExample:\n  counterseal document register invoice.xml --purpose finance --home bank-a' +
        '\n  counterseal document register invoices/ --purpose finance --report registered.jsonl --home bank-a',
    )
    .action(action((path: string, options: RegisterOptions) => ofFile(path, () => register(path, options))));

  compareCommand(document);
}

/** Many documents at once: a batch that was interrupted goes on where its report ends. */
function batchOptions(command: Command): Command {
  return command
    .option('--mapping <file>', 'what the columns of a table are: see "document map"')
    .option(
      '--report <file>',
      'of many documents: a line of JSON each; run again to go on after an interruption',
    )
    .option('--fail-on-match', `exit with ${EXIT.match} unless every verdict is "unique"`);
}

interface InspectOptions {
  json?: boolean;
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  const bytes = await readDocumentFile(file);
  const [{ initPoseidon }, { inspectDocument, unwrapDocument }] = await Promise.all([
    import('../crypto/index.js'),
    import('../documents/index.js'),
  ]);
  await initPoseidon();
  const inspected = inspectDocument(await unwrapDocument(bytes));
  if (options.json) {
    printJson({ file, ...inspected });
    return;
  }
  const show = (value: string | readonly string[] | null) =>
    value === null ? '-' : typeof value === 'string' ? value : `${value.length}: ${value.join('; ')}`;
  const cut = (s: string) => (s.length > 60 ? `${s.slice(0, 57)}...` : s);
  print(
    `${file}: ${inspected.kindName} (${inspected.kind}), ${inspected.format}`,
    '',
    ...table([
      ['slot', 'value', 'from'],
      ...inspected.slots.map(({ slot, value, source }) => [slot, cut(show(value)), source ?? '']),
    ]),
    '',
    ...table([
      ['fingerprint', 'over'],
      ...inspected.fingerprints.map((f) => [
        f.name,
        f.identity === null ? '(a slot is absent)' : f.slots.join(', '),
      ]),
    ]),
    ...inspected.warnings.map((warning) => `warning: ${warning}`),
  );
}

async function identify(files: string[], options: { json?: boolean }): Promise<number> {
  const { identifyLine, unwrapDocument } = await import('../documents/index.js');
  let failed = 0;
  const rows: string[][] = [['file', 'format', 'kind', 'exact']];
  for (const [i, file] of files.entries()) {
    progress(`${i + 1} of ${files.length}`);
    let line: ReturnType<typeof identifyLine>;
    try {
      line = identifyLine(file, await unwrapDocument(await readDocumentFile(file)));
    } catch (error) {
      const { code, message, field = null } = errorJson(error);
      line = { file, error: { code, message, field } };
    }
    if ('error' in line) failed++;
    if (options.json) printJson(line);
    else if ('error' in line) rows.push([file, 'error', line.error.code, line.error.message]);
    else rows.push([file, line.format, String(line.kind), line.exact.join(', ')]);
  }
  progress('');
  if (!options.json) print(...table(rows));
  if (failed > 0) process.stderr.write(`${failed} of ${files.length} files could not be read\n`);
  return failed > 0 ? EXIT.failed : EXIT.ok;
}

interface PurposeOptions extends MemberOptions {
  purpose: string;
  failOnMatch?: boolean;
  mapping?: string;
  report?: string;
}

/** Prints the lines of a batch as they come, or its table at the end; answers the exit status. */
async function runBatch(
  options: PurposeOptions,
  work: (batch: BatchOptions) => Promise<readonly BatchLine[]>,
): Promise<number> {
  const lines = await work({
    purpose: options.purpose,
    mapping: options.mapping,
    report: options.report,
    onLine: (line) => {
      if (options.json) printJson(line);
    },
  });
  progress('');
  const failed = lines.filter(({ error }) => error !== undefined).length;
  const verdicts = new Map<string, number>();
  for (const { verdict } of lines)
    if (verdict !== undefined) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  if (!options.json)
    print(
      ...table([
        ['source', 'row', 'entry', 'verdict', 'matches'],
        ...lines.map(({ source, row, entry, verdict, matches = [], error }) => [
          source,
          row === null ? '' : String(row),
          entry === undefined ? '' : String(entry),
          verdict ?? `error: ${error!.code}`,
          error === undefined ? matches.join(', ') : error.message,
        ]),
      ]),
      '',
      ...table([...verdicts].map(([verdict, count]) => [verdict, String(count)])),
    );
  if (failed > 0) process.stderr.write(`${failed} of ${lines.length} documents failed\n`);
  if (failed > 0) return EXIT.failed;
  return options.failOnMatch && [...verdicts.keys()].some((verdict) => verdict !== 'unique')
    ? EXIT.match
    : EXIT.ok;
}

const status = (options: PurposeOptions, verdict: string) =>
  options.failOnMatch && verdict !== 'unique' ? EXIT.match : EXIT.ok;

async function check(file: string, options: PurposeOptions): Promise<number> {
  const { holdsMany } = await import('./documents/read-book.js');
  if (await holdsMany(file)) {
    const { checkBatch } = await import('./documents/batch.js');
    return runBatch(options, (batch) => withAgent(options, (agent) => checkBatch(agent, file, batch)));
  }
  const { document, hash } = await loadDocument(file);
  const result = await withAgent(options, async (agent) => {
    progress('asking the evaluators ...');
    const found = await agent.check(document, options.purpose);
    await agent.audit({ command: 'document check', file: hash, result: found.verdict });
    return found;
  });
  progress('');
  if (options.json) printJson({ file, ...result });
  else
    print(
      ...findingsLines(result),
      ...result.alsoUnder.map(({ purpose, entries }) => `  also registered for ${purpose}: ${entries}`),
      ...document.warnings.map((warning) => `warning: ${warning}`),
      ...evaluatorWarnings(result),
    );
  return status(options, result.verdict);
}

const evaluatorWarnings = ({ warnings }: Pick<RegisterResult, 'warnings'>): string[] =>
  warnings.map(({ evaluatorId, message }) => `warning: evaluator ${evaluatorId}: ${message}`);

interface RegisterOptions extends PurposeOptions {
  parallel?: number;
  now?: boolean;
}

async function register(file: string, options: RegisterOptions): Promise<number> {
  const [{ holdsMany }, { batchProver, defaultParallel, defaultProver }] = await Promise.all([
    import('./documents/read-book.js'),
    import('../proofs/index.js'),
  ]);
  const many = await holdsMany(file);
  const parallel = options.parallel ?? defaultParallel();
  const prover = many ? batchProver(parallel) : defaultProver();
  const registerOne = async (
    agent: Agent,
    document: CanonicalDocument,
    hash: string,
    onProgress?: (step: RegisterProgress) => void,
  ): Promise<RegisterResult | DeferredRegistration> => {
    const note = { command: 'document register', file: hash };
    if (!options.now && agent.outbox.window > 0) {
      usage(() =>
        ensure(
          !options.failOnMatch,
          'invalid_argument',
          '--fail-on-match needs a verdict, and this member submits later (see "member privacy show"): add --now',
        ),
      );
      return agent.audited(
        note,
        () => agent.defer(document, hash, options.purpose, prover, onProgress),
        ({ state }) => ({ result: state }),
      );
    }
    return agent.audited(
      note,
      () => agent.register(document, hash, options.purpose, prover, onProgress),
      ({ sequence, verdict }) => ({ entry: sequence, result: verdict }),
    );
  };
  try {
    if (many) {
      const { registerBatch } = await import('./documents/batch.js');
      return await runBatch(options, (batch) =>
        withAgent(options, (agent) =>
          registerBatch(agent, file, { ...batch, parallel }, async ({ document, hash }) => {
            const done = await registerOne(agent, document, hash);
            return 'state' in done ? { verdict: done.state, matches: [] } : done;
          }),
        ),
      );
    }
    const { document, hash } = await loadDocument(file);
    const result = await withAgent(options, (agent) =>
      registerOne(agent, document, hash, (step) => progress(`${step} ...`)),
    );
    progress('');
    if (options.json) printJson({ file, ...result });
    else if ('state' in result)
      print(
        `proved, and held back until ${result.notBefore}: there is no verdict before`,
        '`watch` submits it then, or any later command; `entry submit --now` does at once',
        ...evaluatorWarnings(result),
      );
    else
      print(
        result.existed
          ? `entry ${result.sequence} is of this document already, for ${result.purpose}: nothing was registered now`
          : `entry ${result.sequence} registered for ${result.purpose}`,
        ...findingsLines(result),
        ...document.warnings.map((warning) => `warning: ${warning}`),
        ...evaluatorWarnings(result),
      );
    return 'state' in result ? EXIT.ok : status(options, result.verdict);
  } finally {
    await prover.close();
  }
}
