import { Argument, Option, type Command } from 'commander';
import type { MatchView } from '../agent/index.js';
import { reasonOf, RESOLUTIONS, type ResolutionKind } from '../agent/resolutions.js';
import { parseEntryNumber } from './entry-number.js';
import { messageCommands } from './match-messages.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson, table } from './output.js';

export function matchCommands(program: Command): void {
  const match = program
    .command('match')
    .description(
      "matches of own entries with others', what was found out about them, and messages to their holders",
    );

  memberOptions(match.command('list'))
    .description("list the matches of own entries with others' entries, and how each was resolved")
    .addArgument(new Argument('[entry]', 'number of an own entry; default: all').argParser(parseEntryNumber))
    .option('--open', 'only those that nobody has resolved')
    .addHelpText('after', '\nExample:\n  counterseal match list --open --home bank-a')
    .action(action(list));

  memberOptions(match.command('resolve'))
    .description(
      'note what was found out about a match; kept in this folder alone, the ledger still counts the match. ' +
        'Resolved matches are no alarm in "watch", but for one resolved as "same" that is engaged or settled later. ' +
        'Resolve again to change it: the earlier ones are kept.',
    )
    .summary('note what was found out about a match')
    .addArgument(new Argument('<entry>', 'number of the own entry').argParser(parseEntryNumber))
    .addOption(
      new Option('--as <resolution>', '"authorised" is the same document, and known to be in order')
        .choices(RESOLUTIONS)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--reason <text>', 'how that is known').argParser(reasonOf).makeOptionMandatory())
    .addOption(
      new Option('--with <entry>', 'the other entry, where there is more than one match').argParser(
        parseEntryNumber,
      ),
    )
    .addHelpText(
      'after',
      '\nExample:\n  counterseal match resolve 12 --with 31 --as different --reason "two deliveries, both delivery notes seen" --home bank-a',
    )
    .action(action(resolve));

  messageCommands(match);
}

const when = (at: string): string => at.slice(0, 16).replace('T', ' ');

const row = ({ entry, other, via, state, resolution }: MatchView): string[] => [
  String(entry),
  String(other),
  via,
  state,
  resolution ? resolution.as : 'open',
  resolution ? `${when(resolution.at)} ${resolution.user} (${resolution.member})` : '',
  resolution?.reason ?? '',
];

async function list(entry: number | undefined, options: MemberOptions & { open?: boolean }): Promise<void> {
  const all = await withAgent(options, (agent) => agent.matches(entry));
  const matches = options.open ? all.filter(({ resolution }) => resolution === null) : all;
  if (options.json) printJson(matches);
  else if (matches.length === 0)
    print(options.open && all.length > 0 ? 'all matches are resolved' : 'no matches with entries of others');
  else
    print(
      ...table([['entry', 'other', 'match', 'state', 'resolved', 'when, by', 'reason'], ...matches.map(row)]),
    );
}

interface ResolveOptions extends MemberOptions {
  as: ResolutionKind;
  reason: string;
  with?: number;
}

async function resolve(entry: number, options: ResolveOptions): Promise<void> {
  const { as, reason, with: other } = options;
  const resolved = await withAgent(options, async (agent) => {
    const view = await agent.resolve(entry, { as, reason, ...(other === undefined ? {} : { other }) });
    await agent.audit({ command: 'match resolve', entry, result: `${view.other}: ${as}` });
    return view;
  });
  if (options.json) printJson(resolved);
  else
    print(
      `the match of entry ${entry} with entry ${resolved.other} is resolved as ${as}` +
        (resolved.history.length > 1 ? `; it was ${resolved.history.at(-2)!.as} before` : ''),
    );
}
