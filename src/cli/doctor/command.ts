import type { Command } from 'commander';

export function doctorCommand(program: Command): void {
  program.command('doctor');
}
