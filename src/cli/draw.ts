import { Argument, type Command } from 'commander';
import type { CapacityReport, DrawResult } from '../agent/index.js';
import type { CapacitySlot } from '../documents/index.js';
import { ensure } from '../errors.js';
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
      'finance, insure or use a part of what the document states, so that others can do the rest: together never more ' +
        'than it states. The holders of the document learn how much was drawn, and not by whom; nobody else learns ' +
        'either. Exits with 3 where it is refused, as when less is left. What was drawn stays drawn, also when the entry is released.',
    )
    .summary('finance, insure or use a part of what the document states')
    .addArgument(entryNumber())
    .option(
      '--amount <amount>',
      'of an invoice, policy, claim or letter of credit: in its currency, as 40000.00, or as 60%',
    )
    .option(
      '--quantity <quantity>',
      'of a bill of lading or declaration, in kilograms; of a cession, in parts per million; or as 60%',
    )
    .option('--packages <number>', 'a number of packages')
    .option(
      '--accept-near',
      'also where another entry is near: the same deal under another number, or a sibling',
    )
    .addHelpText(
      'after',
      '\nA percentage is of what the document states, not of what is left, and is rounded down.\n' +
        '\nExamples:' +
        '\n  counterseal entry draw 12 --amount 40000.00 --home bank-a' +
        '\n  counterseal entry draw 3 --amount 60% --home insurer-a' +
        '\n  counterseal entry draw 15 --quantity 12500.5 --json --home bank-a',
    )
    .action(action(draw));

  memberOptions(entry.command('capacity'))
    .description('what is left of what the document states, and what was drawn from it')
    .addArgument(entryNumber())
    .addHelpText(
      'after',
      '\nAn entry of your own stands for your copy of the document: register it first, whatever its verdict.\n' +
        '\nExamples:\n  counterseal entry capacity 12 --home bank-a' +
        '\n  counterseal entry capacity 3 --json --home insurer-a',
    )
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
      const { own, document, slot, stated } = await agent.drawable(sequence);
      // Of the command line too, though it takes the document to tell.
      const value = usage(() => {
        ensure(
          asked.slot === slot,
          'invalid_argument',
          `this document is drawn from by its ${slot}: use --${slot}`,
          asked.slot,
        );
        return slotValue(parseSlotValue(document, slot, asked.text));
      });
      const drawn = await agent.audited(
        { command: 'entry draw', entry: sequence },
        () =>
          agent.draw(sequence, value, prover, {
            onProgress: (step) => progress(`${step} ...`),
            acceptNear: options.acceptNear === true,
          }),
        ({ outcome }) => ({ result: outcome }),
      );
      return { report: { document, slot, stated, purpose: own.purpose }, drawn };
    });
    progress('');
    const shown = (value: bigint) => formatSlotValue(report.document, report.slot, value);
    if (options.json) printJson((await import('../agent/index.js')).drawJson(report, drawn));
    else print(sentence({ ...report, drawn, shown }));
    return drawn.outcome === 'drawn' ? EXIT.ok : EXIT.match;
  });
}

/** What drawing more than there is would be. */
const BEYOND: Readonly<Record<string, string>> = {
  finance: 'to finance more is to finance the document twice',
  cover: 'to cover more is to insure beyond the value',
  claim: 'to pay more is to pay the loss twice',
};

interface Told {
  readonly purpose: string;
  readonly stated: bigint;
  readonly drawn: DrawResult;
  readonly shown: (value: bigint) => string;
}

function sentence({ purpose, stated, drawn: { entry, outcome, value, left }, shown }: Told): string {
  switch (outcome) {
    case 'drawn':
      return `entry ${entry} has drawn ${shown(value)}, and is engaged; ${shown(left!)} of ${shown(stated)} is left`;
    case 'no-headroom': {
      const beyond = BEYOND[purpose] === undefined ? '' : `; ${BEYOND[purpose]}`;
      const rest = left === 0n ? 'nothing' : shown(left!);
      return `nothing was drawn: ${shown(value)} was asked for, and of the ${shown(stated)} that the document states ${rest} is left${beyond}. See \`entry capacity ${entry}\`.`;
    }
    case 'conflict':
      return `nothing was drawn: somebody has opened draws on another version of this document, with the same number and other contents. One of the two is wrong: \`entry show ${entry}\` lists the entries with this number, and whose possession differs; ask the issuer which is true.`;
    case 'near-duplicate':
      return `nothing was drawn: another entry may be the same deal under another number. See \`entry show ${entry}\`; --accept-near draws all the same.`;
  }
}

const STATUS: Readonly<Record<CapacityReport['status'], string>> = {
  open: 'draws are open',
  'not-open': 'nobody has drawn: the first `entry draw` opens it',
  conflict:
    'draws are open on another version of this document, with the same number and other contents: ask the issuer which is true',
};

async function capacity(sequence: number, options: MemberOptions): Promise<void> {
  const { formatPercent, formatSlotValue } = await import('../documents/index.js');
  const report = await withAgent(options, (agent) => {
    progress('reading ...');
    return agent.capacity(sequence);
  });
  progress('');
  if (options.json) {
    printJson((await import('../agent/index.js')).capacityJson(report));
    return;
  }
  const { document, slot, stated, status, left, draws } = report;
  const shown = (value: bigint) => formatSlotValue(document, slot, value);
  print(
    `entry ${sequence}: ${STATUS[status]}`,
    ...table([
      [`${slot} of the document`, shown(stated)],
      ['left', ...(left === undefined ? ['not known'] : [shown(left), formatPercent(left, stated)])],
    ]),
  );
  if (draws.length > 0)
    print(
      '',
      ...table([
        ['drawn', '', 'by entry', '', 'at'],
        ...draws.map(({ entry, own, value, time }) => [
          shown(value),
          formatPercent(value, stated),
          ...[String(entry), own ? 'own' : '', time],
        ]),
      ]),
    );
}
