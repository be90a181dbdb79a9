import { Argument, type Command } from 'commander';
import type { CapacityReport, DrawResult } from '../agent/index.js';
import type { CapacitySlot } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import { parseEntryNumber } from './entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, EXIT, print, printJson, progress, table, usage } from './output.js';

interface DrawCommandOptions extends MemberOptions {
  readonly amount?: string;
  readonly quantity?: string;
  readonly packages?: string;
  readonly acceptNear?: boolean;
}

const SLOTS: readonly CapacitySlot[] = ['amount', 'quantity', 'packages'];

const entryNumber = () =>
  new Argument('<entry>', 'number of an own entry, as `entry list` shows it').argParser(parseEntryNumber);

export function drawCommands(entry: Command): void {
  memberOptions(entry.command('draw'))
    .description(
      'finance, insure or use a part of what the document states, so that others can do the rest: no two members ' +
        'together take more. The holders of the document learn how much was drawn, and not by whom; nobody else learns ' +
        'either. Exits with 3 where less is left. What was drawn stays drawn, also when the entry is released.',
    )
    .addArgument(entryNumber())
    .option('--amount <amount>', "in the document's currency, as 40000.00")
    .option('--quantity <quantity>', 'in kilograms; of a cession, in parts per million')
    .option('--packages <number>', 'a number of packages')
    .option(
      '--accept-near',
      'also where another entry is near: the same deal under another number, or a sibling',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  counterseal entry draw 12 --amount 40000.00 --home bank-a' +
        '\n  counterseal entry draw 15 --quantity 12500.5 --json --home carrier',
    )
    .action(action(draw));

  memberOptions(entry.command('capacity'))
    .description('what is left of what the document states, and what was drawn from it')
    .addArgument(entryNumber())
    .addHelpText('after', '\nExample:\n  counterseal entry capacity 12 --home bank-a')
    .action(action(capacity));
}

/** What is to be drawn, of which slot: exactly one of the options. */
function askedFor(options: DrawCommandOptions): { readonly slot: CapacitySlot; readonly text: string } {
  const given = SLOTS.filter((slot) => options[slot] !== undefined);
  ensure(
    given.length === 1,
    'invalid_argument',
    'say how much is to be drawn: --amount, --quantity or --packages, one of them',
  );
  const [slot] = given as [CapacitySlot];
  return { slot, text: options[slot]! };
}

async function draw(sequence: number, options: DrawCommandOptions): Promise<number> {
  const asked = usage(() => askedFor(options));
  const [{ slotValue }, { formatSlotValue, parseSlotValue }, { withProver }] = await Promise.all([
    import('../proofs/index.js'),
    import('../documents/index.js'),
    import('./prover.js'),
  ]);
  return withProver(async (prover) => {
    const { report, drawn } = await withAgent(options, async (agent) => {
      progress('reading ...');
      const { document, slot } = await agent.drawable(sequence);
      if (asked.slot !== slot)
        throw new CountersealError(
          'invalid_argument',
          `this document is drawn from by its ${slot}: use --${slot}`,
          { field: asked.slot },
        );
      const value = slotValue(parseSlotValue(document, slot, asked.text));
      const drawn = await agent.draw(sequence, value, prover, {
        onProgress: (step) => progress(`${step} ...`),
        acceptNear: options.acceptNear === true,
      });
      await agent.audit({ command: 'entry draw', entry: sequence, result: drawn.outcome });
      return { report: { document, slot }, drawn };
    });
    progress('');
    const shown = (value: bigint) => formatSlotValue(report.document, report.slot, value);
    const { outcome, value, left, opened, retries } = drawn;
    if (options.json)
      printJson({
        entry: sequence,
        outcome,
        slot: report.slot,
        asked: shown(value),
        left: left === undefined ? null : shown(left),
        units: { asked: value, left: left ?? null },
        opened,
        retries,
      });
    else print(sentence(sequence, drawn, shown));
    return outcome === 'drawn' ? EXIT.ok : EXIT.match;
  });
}

function sentence(entry: number, { outcome, value, left }: DrawResult, shown: (x: bigint) => string): string {
  switch (outcome) {
    case 'drawn':
      return `entry ${entry} has drawn ${shown(value)}, and is engaged; ${shown(left!)} is left`;
    case 'no-headroom':
      return `nothing was drawn: ${shown(value)} is more than what is left, which is ${shown(left!)}`;
    case 'conflict':
      return 'nothing was drawn: somebody has opened draws on another version of this document, with the same number and other contents. One of the two is wrong: find out which.';
    case 'near-duplicate':
      return `nothing was drawn: another entry may be the same deal under another number. See \`entry show ${entry}\`; --accept-near draws all the same.`;
  }
}

const STATUS: Readonly<Record<CapacityReport['status'], string>> = {
  open: 'draws are open',
  'not-open': 'nobody has drawn: the first `entry draw` opens it',
  conflict: 'draws are open on another version of this document, with the same number and other contents',
};

async function capacity(sequence: number, options: MemberOptions): Promise<void> {
  const { formatSlotValue } = await import('../documents/index.js');
  const { document, slot, stated, status, left, draws } = await withAgent(options, (agent) => {
    progress('reading ...');
    return agent.capacity(sequence);
  });
  progress('');
  const shown = (value: bigint) => formatSlotValue(document, slot, value);
  if (options.json) {
    printJson({
      entry: sequence,
      status,
      slot,
      stated: shown(stated),
      left: left === undefined ? null : shown(left),
      units: { stated, left: left ?? null },
      draws: draws.map(({ entry, own, value, time }) => ({
        entry,
        own,
        drawn: shown(value),
        units: value,
        time,
      })),
    });
    return;
  }
  print(
    `entry ${sequence}: ${STATUS[status]}`,
    ...table([
      [`${slot} of the document`, shown(stated)],
      ['left', left === undefined ? 'not known' : shown(left)],
    ]),
  );
  if (draws.length > 0)
    print(
      '',
      ...table([
        ['drawn', 'by entry', '', 'at'],
        ...draws.map(({ entry, own, value, time }) => [shown(value), String(entry), own ? 'own' : '', time]),
      ]),
    );
}
