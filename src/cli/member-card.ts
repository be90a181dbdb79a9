import type { Command } from 'commander';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson } from './output.js';

export function memberCardCommand(member: Command): void {
  memberOptions(member.command('card'))
    .description(
      "this member's card: what others need to share entries with it. Holds no secret: mail it as it is",
    )
    .option('--out <file>', 'write it to a file instead of printing it')
    .addHelpText('after', '\nExample:\n  counterseal member card --out bank-a.card.json --home bank-a')
    .action(action(card));
}

async function card(options: MemberOptions & { out?: string }): Promise<void> {
  const text = await withAgent(options, (agent) => Promise.resolve(agent.card()));
  if (options.out !== undefined) {
    const { writeFileDurable } = await import('../crypto/index.js');
    await writeFileDurable(options.out, text);
  }
  if (options.json) printJson(JSON.parse(text));
  else print(options.out === undefined ? text.trimEnd() : `the card is in ${options.out}`);
}
