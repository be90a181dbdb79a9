import { Option, type Command } from 'commander';
import type { ConvergentEntry, Difference, Opened } from '../../agent/index.js';
import { parseEntryNumber } from '../entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from '../home-option.js';
import { action, EXIT, ofFile, print, printJson, progress, table } from '../output.js';
import { loadDocument } from './load-document.js';

interface CompareOptions extends MemberOptions {
  with?: number;
}

/** Adds `compare` to the noun `document`. */
export function compareCommand(document: Command): void {
  memberOptions(document.command('compare'))
    .description(
      "open other parties' entries of a document with your own copy, and see where the copies differ",
    )
    .argument('<file>', 'your copy, in whatever syntax')
    .addOption(
      new Option('--with <entry>', 'this entry alone, whatever its state').argParser(parseEntryNumber),
    )
    .addHelpText(
      'after',
      '\nEntries for carry, declare and attest open for whoever holds the document: whose copy agrees in the fields that' +
        '\nonly a holder knows. Entries for finance, cover, claim and cede open for nobody but those with whom their owner' +
        '\nshared them.' +
        '\n\nThree evaluations of your quota. The node learns that somebody at your address reads these entries now.' +
        `\n\nExits with 0 if every entry opens and agrees with your copy in all fields that both state, ${EXIT.match} if one differs` +
        '\nor does not open, 1 if nothing could be compared.' +
        '\n\nExample:\n  counterseal document compare bill-of-lading.json --home importer' +
        '\n  counterseal document compare bill-of-lading.json --with 12 --json --home importer',
    )
    .action(action((file: string, options: CompareOptions) => ofFile(file, () => compare(file, options))));
}

async function compare(file: string, options: CompareOptions): Promise<number> {
  const { document, hash } = await loadDocument(file);
  progress('asking the evaluators ...');
  const opened = await withAgent(options, async (agent) => {
    const found = await agent.openConvergent(
      document,
      options.with === undefined ? {} : { entry: options.with },
    );
    await agent.audit(
      ...found.entries.map((entry) => ({
        ...{ command: 'document compare', file: hash, entry: entry.entry },
        result: outcomeOf(entry),
      })),
    );
    return found;
  });
  progress('');
  const { entries, possession, warnings } = opened;
  if (options.json)
    printJson({
      file,
      entries: entries.map(({ document: registered, ...entry }) => ({
        ...entry,
        registered: registered && { kind: registered.kind, ...registered.strings },
      })),
      possession,
      warnings,
    });
  else
    print(
      ...entries.flatMap((entry) => describe(entry, opened)),
      ...document.warnings.map((warning) => `warning: ${warning}`),
      ...warnings.map(({ evaluatorId, message }) => `warning: evaluator ${evaluatorId}: ${message}`),
    );
  return entries.every(({ agrees }) => agrees) ? EXIT.ok : EXIT.match;
}

const outcomeOf = ({ status, agrees }: ConvergentEntry): string =>
  status === 'opened' ? (agrees ? 'agrees' : 'differs') : status;

function describe(entry: ConvergentEntry, { possession }: Opened): string[] {
  const head = `entry ${entry.entry} (${entry.own ? 'your own, ' : ''}${entry.purpose}, ${entry.state}): `;
  switch (entry.status) {
    case 'opened':
      return [
        `${head}${
          entry.differences.length === 0
            ? 'equal to your copy in all fields'
            : entry.agrees
              ? 'agrees with your copy in every field that both state'
              : 'differs from your copy'
        }`,
        ...table(
          entry.differences.length === 0
            ? []
            : [['field', 'your copy', 'registered'], ...entry.differences.map(row)],
          '  ',
        ),
      ];
    case 'closed':
      return [
        `${head}your copy does not open it`,
        `  It differs in one of: ${possession.join(', ')}; or the author holds another document.`,
      ];
    case 'erased':
      return [`${head}its contents were erased`];
    case 'false':
      return [`${head}its author sealed another document than the entry commits to: do not rely on it`];
  }
}

function row({ field, own, registered }: Difference): string[] {
  if (Array.isArray(own) && Array.isArray(registered)) {
    // What both have says nothing.
    const [mine, theirs] = [own as readonly string[], registered as readonly string[]];
    return [
      field,
      shown(mine.filter((element) => !theirs.includes(element))),
      shown(theirs.filter((element) => !mine.includes(element))),
    ];
  }
  return [field, shown(own), shown(registered)];
}

const shown = (value: string | readonly string[] | null): string =>
  value === null ? '(absent)' : typeof value === 'string' ? value : value.join('; ') || '-';
