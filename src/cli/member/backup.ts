import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { ensure } from '../../errors.js';
import { memberOptions, withAgent, type MemberOptions } from '../home-option.js';
import { action, print, printJson, progress } from '../output.js';
import { readVaultKey } from '../passphrase.js';

export function backupCommands(member: Command): void {
  memberOptions(member.command('backup'))
    .description(
      "one sealed file with all of the folder that the ledger does not have, under the folder's passphrase",
    )
    .requiredOption('--out <file>', 'a new file')
    .addHelpText('after', '\nExample:\n  counterseal member backup --out bank-a.backup --home bank-a')
    .action(action(backup));

  memberOptions(member.command('restore'))
    .description(
      'make the folder anew from a backup, and find the entries that were made after it in the log',
    )
    .argument('<file>', 'the backup')
    .addHelpText('after', '\nExample:\n  counterseal member restore bank-a.backup --home bank-a')
    .action(action(restore));

  memberOptions(member.command('recover'))
    .description('look through the log for own entries that this folder does not know, as restore does')
    .addHelpText('after', '\nExample:\n  counterseal member recover --home bank-a')
    .action(action(recover));
}

async function backup(options: MemberOptions & { out: string }): Promise<void> {
  ensure(!existsSync(options.out), 'already_exists', `${options.out} exists: give another name`, 'out');
  const { backupMember } = await import('../../agent/index.js');
  progress('reading the folder ...');
  const { entries, logSize } = await backupMember(options.home, await readVaultKey(options), options.out);
  progress('');
  if (options.json) printJson({ out: options.out, entries, logSize });
  else
    print(
      `${options.out}: keys, certificate, settings and ${entries} entries, as of record ${logSize} of the log`,
      "Keep it away from this machine. It opens with the folder's passphrase, and acts as this member.",
    );
}

async function restore(file: string, options: MemberOptions): Promise<void> {
  const { Agent, restoreMember } = await import('../../agent/index.js');
  const access = await readVaultKey(options);
  progress('opening the backup ...');
  const { created, entries } = await restoreMember(file, access, options.home);
  const agent = await Agent.open(options.home, access);
  try {
    progress('reading the ledger ...');
    const found = await agent.recover(scanned);
    progress('');
    if (options.json) printJson({ created, entries, found });
    else
      print(
        `${options.home} is as of ${created}, with ${entries} entries`,
        ...foundLines(found),
        'Never use the old folder again: two that do not know of each other would use the same numbers.',
        'A registration that was under way may still arrive: `counterseal member recover` finds it.',
      );
  } finally {
    agent.close();
  }
}

async function recover(options: MemberOptions): Promise<void> {
  const found = await withAgent(options, async (agent) => {
    progress('reading the ledger ...');
    const entries = await agent.recover(scanned);
    await agent.audit({ command: 'member recover', result: `${entries.length} found` });
    return entries;
  });
  progress('');
  if (options.json) printJson({ found });
  else print(...foundLines(found));
}

const scanned = (done: number, total: number): void =>
  progress(`looking for own entries, ${Math.round((100 * done) / total)} % ...`);

const foundLines = (
  found: readonly { sequence: number; purpose: string; document: string; reason?: string }[],
): string[] => [
  found.length === 0
    ? 'no own entries in the log that the folder did not know'
    : `${found.length} own entries found in the log:`,
  ...found.map(({ sequence, purpose, document, reason }) =>
    document === 'document'
      ? `  entry ${sequence}, ${purpose}, with its document`
      : `  entry ${sequence}, ${purpose}, without its document (${reason}): settle, release and cancel work`,
  ),
];
