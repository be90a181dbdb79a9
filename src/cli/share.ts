import { Argument, type Command } from 'commander';
import type { OpenedShare } from '../agent/index.js';
import { parseEntryNumber } from './entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson, progress, table } from './output.js';
import { readTextFile } from './text-file.js';

/** Larger than any card or share. */
const MAX_BYTES = 64 * 1024;

/** Adds `share` and `open` to the noun `entry`. */
export function shareCommands(entry: Command): void {
  memberOptions(entry.command('share'))
    .description('let one other member read an own entry: makes a file that only that member can open')
    .addArgument(new Argument('<entry>', 'number of an own entry').argParser(parseEntryNumber))
    .requiredOption('--to <card>', "the other member's card: see `member card`")
    .option('--out <file>', 'write it to a file instead of printing it')
    .option('--named', 'prove inside, to that member, which member you are')
    .addHelpText(
      'after',
      '\nWho sees the file learns for which member it is, and not which entry it opens. Who opens it learns which entry' +
        '\nit is, and that its author shared it; whom the author is, only with --named, from then on provably. What was' +
        '\nshared cannot be taken back: `entry erase` ends it for those who have not opened it.' +
        '\n\nExample:\n  counterseal entry share 12 --to bank-b.card.json --out for-bank-b.json --home bank-a',
    )
    .action(action(share));

  memberOptions(entry.command('open'))
    .description('read what another member shared: fetched, decrypted, and compared with what the ledger has')
    .argument('<file>', 'what `entry share` made for this member')
    .addHelpText(
      'after',
      '\nThe node learns that somebody at your address reads that entry now.' +
        '\n\nExample:\n  counterseal entry open from-bank-a.json --home bank-b',
    )
    .action(action(openFile));
}

const readSmall = (path: string) => readTextFile(path, MAX_BYTES, 'a card or a shared entry');

interface ShareOptions extends MemberOptions {
  to: string;
  out?: string;
  named?: boolean;
}

async function share(sequence: number, options: ShareOptions): Promise<void> {
  const card = await readSmall(options.to);
  progress('sharing ...');
  const { text, recipient } = await withAgent(options, (agent) =>
    agent.audited(
      { command: 'entry share', entry: sequence },
      async () => {
        const made = await agent.share(sequence, card, { named: options.named === true });
        if (options.out !== undefined) {
          const { writeFileDurable } = await import('../crypto/index.js');
          await writeFileDurable(options.out, made.text, 0o600);
        }
        return made;
      },
      (made) => ({ result: `with ${made.recipient}` }),
    ),
  );
  progress('');
  if (options.json) printJson(JSON.parse(text));
  else if (options.out === undefined) print(text.trimEnd());
  else print(`entry ${sequence} can be opened by member ${recipient} with ${options.out}`);
}

async function openFile(path: string, options: MemberOptions): Promise<void> {
  const text = await readSmall(path);
  progress('opening ...');
  const opened = await withAgent(options, async (agent) => {
    const found = await agent.openShared(text);
    await agent.audit({ command: 'entry open', entry: found.entry, result: found.state });
    return found;
  });
  progress('');
  const { document, author, ...about } = opened;
  const { kind, strings } = document;
  if (options.json) printJson({ ...about, kind, document: strings, author });
  else print(...describe(opened));
}

function describe({ entry, purpose, state, registeredAt, verdict, document, author }: OpenedShare): string[] {
  return [
    `entry ${entry}: ${state}, ${purpose}, kind ${document.kind}`,
    'The document is the one that the entry commits to. That it is true at its source, no ledger shows.',
    ...table([
      ['registered', registeredAt],
      ['verdict then', verdict],
      ['shared by', author === null ? 'the author of the entry, who is not named' : `member ${author}`],
      ...Object.entries(document.strings).map(([slot, value]) => [
        slot,
        typeof value === 'string' ? value : value.join('; '),
      ]),
    ]),
  ];
}
