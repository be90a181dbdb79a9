import type { Command } from 'commander';
import { metricsOption } from './metrics.js';
import type { BackupOptions, RestoreOptions } from './node-backup.js';
import type { RunOptions } from './node-run.js';
import { action } from './output.js';
import { passphraseOptions } from './passphrase.js';

export function nodeCommands(program: Command): void {
  const node = program.command('node').description('a node of the ledger: run it, back it up, restore it');

  metricsOption(passphraseOptions(node.command('run', { isDefault: true })))
    .description('run a node; stops on SIGINT or SIGTERM')
    .requiredOption('--home <folder>', "the node's folder")
    .option(
      '--confirm-restored',
      'after a restoration: nothing came after the backup, so the node may accept transactions again',
    )
    .addHelpText(
      'after',
      '\nExample:\n  counterseal node --home node-1 --passphrase-file secret\n' +
        '  counterseal node run --home node-1 --passphrase-file secret --metrics 9464',
    )
    .action(action(async (options: RunOptions) => (await import('./node-run.js')).runNode(options)));

  passphraseOptions(node.command('backup'))
    .description(
      'write the ledger of a node, while it runs or stands still, to a file; without keys unless they are asked for.\n' +
        'The passphrase is needed only where the node does not run',
    )
    .requiredOption('--home <folder>', "the node's folder")
    .requiredOption('--out <file>', 'the backup to write, which must not exist')
    .option(
      '--with-keys',
      "put the node's configuration, certificate and keys in as well, sealed as they are on disk",
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal node backup --home node-1 --out node-1.backup')
    .action(action(async (options: BackupOptions) => (await import('./node-backup.js')).backUpNode(options)));

  node
    .command('restore')
    .description(
      'write a backup into a new folder, each part verified against its signed checkpoint.\n' +
        'A backup without keys wants node.json, certificate.pem and secrets.json in the folder, before or after',
    )
    .argument('<file>', 'the backup')
    .requiredOption('--home <folder>', 'a folder without a ledger')
    .option('--genesis <file>', "the network's genesis.json: the backup must be of this network")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal node restore node-1.backup --home node-2 --genesis genesis.json\n\n' +
        'The node then accepts no transactions until it is started with --confirm-restored: whatever it signed after\n' +
        'the backup is lost, and if there was any, going on would fork the log.',
    )
    .action(
      action(async (file: string, options: RestoreOptions) =>
        (await import('./node-backup.js')).restoreNode(file, options),
      ),
    );
}
