import type { Command } from 'commander';
import { CountersealError, ensure } from '../../errors.js';
import { FAULTS } from '../../shipments/fault-names.js';
import type { Fault } from '../../shipments/index.js';
import { action, print, printJson, progress, table, usage } from '../output.js';
import { numberOption } from '../number-option.js';

interface GenerateOptions {
  count: number;
  faults: string;
  seed: string;
  json?: boolean;
}

const MAX_SETS = 10_000;
const SEED_MAX_LENGTH = 100;

export function shipmentCommands(program: Command): void {
  const shipment = program
    .command('shipment')
    .description('sets of documents about one shipment each, invented: for trying out and for tests');

  shipment
    .command('generate')
    .description('write sets of synthetic documents, and truth.json: what is wrong with which')
    .argument('<folder>', 'a new folder for them')
    .addOption(numberOption('--count <n>', 'how many shipments', { min: 1, max: MAX_SETS }).default(13))
    .option(
      '--faults <list>',
      'all, none, or names with commas between; sets take turns, one without fault first',
      'all',
    )
    .option('--seed <text>', 'the same seed gives the same bytes', '1')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  counterseal shipment generate shipments --count 50 --seed 7' +
        '\n  counterseal shipment generate insurance --count 6 --faults loss-claimed-twice,risk-insured-in-turn' +
        `\n\nFaults:\n${table(
          Object.entries(FAULTS).map(([name, { about, lawful }]) => [
            name,
            lawful ? `${about}: lawful` : about,
          ]),
          '  ',
        ).join('\n')}`,
    )
    .action(action(generate));
}

async function generate(folder: string, options: GenerateOptions): Promise<void> {
  const { FAULT_NAMES, TRUTH_FILE, writeShipments } = await import('../../shipments/index.js');
  const { count } = options;
  const { faults, seed } = usage(() => {
    ensure(
      options.seed !== '' && options.seed.length <= SEED_MAX_LENGTH,
      'invalid_argument',
      `--seed takes a text of 1 to ${SEED_MAX_LENGTH} characters`,
    );
    return {
      faults: faultsOf(options.faults, FAULT_NAMES),
      seed: options.seed,
    };
  });
  const { sets } = await writeShipments(folder, { seed, count, faults }, (written) =>
    progress(`${written} of ${count} shipments ...`),
  );
  progress('');
  const files = sets.reduce((total, { documents }) => total + documents.length, 0);
  if (options.json) {
    printJson({ folder, sets: sets.length, files, truth: TRUTH_FILE, seed, faults });
    return;
  }
  const rows = ([null, ...faults] as const).map((fault) => [
    fault ?? 'no fault',
    String(sets.filter((set) => set.fault === fault).length),
    fault === null ? '' : `${FAULTS[fault].about}${FAULTS[fault].lawful ? ': lawful' : ''}`,
  ]);
  print(
    ...table([['set', 'shipments', 'what'], ...rows]),
    '',
    `${sets.length} shipments with ${files} documents are in ${folder}; ${TRUTH_FILE} says what is true of them.`,
  );
}

/** Throws `invalid_argument`, with the faults that there are. */
function faultsOf(list: string, all: readonly Fault[]): readonly Fault[] {
  if (list === 'all') return all;
  if (list === 'none') return [];
  return list.split(',').map((name) => {
    const fault = all.find((candidate) => candidate === name.trim());
    if (fault) return fault;
    throw new CountersealError(
      'invalid_argument',
      `--faults: there is no fault ${JSON.stringify(name.slice(0, 60))}: use all, none, or of ${all.join(', ')}`,
    );
  });
}
