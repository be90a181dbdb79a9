import type { Command } from 'commander';
import { action } from './output.js';

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('two banks, one invoice, one verdict: a whole network on this machine, in under two minutes')
    .option('--json', 'print JSON; the last line is the summary')
    .option('--keep', "keep the demo's folder, and say where it is")
    .addHelpText('after', '\nExample:\n  counterseal demo')
    .action(
      action(async (options: { json?: boolean; keep?: boolean }) => {
        void options;
        await Promise.resolve();
      }),
    );
}
