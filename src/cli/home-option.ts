import { type Command } from 'commander';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../agent/index.js';
import { passphraseOptions, readVaultKey, type PassphraseOptions } from './passphrase.js';

export interface MemberOptions extends PassphraseOptions {
  home: string;
  json?: boolean;
}

/** Adds what a command needs to act for a member. */
export function memberOptions(command: Command): Command {
  return homeOption(passphraseOptions(command)).option('--json', 'print JSON instead of a table');
}

/** For a command that needs the folder and no secret of it. */
export const homeOption = (command: Command): Command =>
  command.option(
    '--home <folder>',
    "the member's folder (or COUNTERSEAL_HOME)",
    process.env['COUNTERSEAL_HOME'] ?? join(homedir(), '.counterseal'),
  );

/** Opens the member's folder, runs `work`, closes it. */
export async function withAgent<T>(options: MemberOptions, work: (agent: Agent) => Promise<T>): Promise<T> {
  const [{ Agent }, access] = await Promise.all([import('../agent/index.js'), readVaultKey(options)]);
  const agent = await Agent.open(options.home, access);
  (await import('./expiry.js')).warnOfExpiry(agent.home.identity.certificate);
  try {
    return await work(agent);
  } finally {
    agent.close();
  }
}
