import { Command } from 'commander';
import { crosscheckCommands } from './crosscheck.js';
import { customsCommands } from './customs/command.js';
import { demoCommand } from './demo/command.js';
import { doctorCommand } from './doctor/command.js';
import { documentCommands } from './document.js';
import { entryCommands } from './entry.js';
import { evaluatorCommands } from './evaluator.js';
import { gatewayCommands } from './gateway.js';
import { ledgerCommands } from './ledger.js';
import { matchCommands } from './match.js';
import { memberCommands } from './member.js';
import { networkCommands } from './network.js';
import { nodeCommands } from './node.js';
import { EXIT, fail } from './output.js';
import { receiptCommands } from './receipt.js';
import { shipmentCommands } from './shipment/command.js';
import { VERSION } from './version.js';
import { watchCommand } from './watch.js';
import { witnessCommands } from './witness.js';

/** The whole command line, not yet run. */
export function createProgram(): Command {
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
  crosscheckCommands(program);
  watchCommand(program);
  receiptCommands(program);
  customsCommands(program);
  ledgerCommands(program);
  memberCommands(program);
  gatewayCommands(program);
  networkCommands(program);
  nodeCommands(program);
  evaluatorCommands(program);
  witnessCommands(program);
  doctorCommand(program);
  shipmentCommands(program);
  demoCommand(program);
  exitForUsage(program);
  return program;
}

/** Runs a command line, and ends the program where it is wrong. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    fail(error, argv.includes('--json'), EXIT.usage);
  }
}

/** commander ends the program itself for usage errors; what parsing an argument throws is ours. */
function exitForUsage(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitForUsage);
}
