#!/usr/bin/env node
import { Command } from 'commander';
import { demoCommand } from './demo/command.js';
import { doctorCommand } from './doctor/command.js';
import { documentCommands } from './document.js';
import { entryCommands } from './entry.js';
import { evaluatorCommands } from './evaluator.js';
import { ledgerCommands } from './ledger.js';
import { matchCommands } from './match.js';
import { memberCommands } from './member.js';
import { networkCommands } from './network.js';
import { nodeCommands } from './node.js';
import { EXIT, fail } from './output.js';
import { receiptCommands } from './receipt.js';
import { VERSION } from './version.js';
import { watchCommand } from './watch.js';
import { witnessCommands } from './witness.js';

const program = new Command('counterseal')
  .description(
    'Find out that two parties hold the same trade document, without anyone showing anyone a document.\n' +
      'Development keys: for synthetic data only.',
  )
  .version(VERSION)
  .showHelpAfterError('(add --help for usage and examples)')
  .addHelpText(
    'after',
    '\nExamples:\n  counterseal demo\n  counterseal document inspect invoice.xml\n  counterseal network init demo --passphrase-file secret',
  );

documentCommands(program);
entryCommands(program);
matchCommands(program);
watchCommand(program);
receiptCommands(program);
ledgerCommands(program);
memberCommands(program);
networkCommands(program);
nodeCommands(program);
evaluatorCommands(program);
witnessCommands(program);
doctorCommand(program);
demoCommand(program);

// Whoever reads the output may stop before its end: `counterseal ledger tail | head`. Any other error is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`error: the output cannot be written: ${error.code ?? error.message} [io]\n`);
  process.exit(EXIT.failed);
});

/** commander ends the program itself for usage errors; what parsing an argument throws is ours. */
function exitForUsage(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitForUsage);
}
exitForUsage(program);
try {
  await program.parseAsync();
} catch (error) {
  fail(error, process.argv.includes('--json'), EXIT.usage);
}
