import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { VaultAccess, VaultKey } from '../../crypto/index.js';
import { ensure } from '../../errors.js';
import { homeOption } from '../home-option.js';
import { action, EXIT, print, printJson, progress, table } from '../output.js';
import { passphraseOptions, readVaultKey, type PassphraseOptions } from '../passphrase.js';
import type { Check, Report } from './report.js';

interface DoctorOptions extends PassphraseOptions {
  home: string;
  /** Commander's name of `--no-passphrase`. */
  passphrase: boolean;
  json?: boolean;
}

type Examine = (report: Report, home: string, access: VaultAccess | undefined) => Promise<void>;

/** By the file that makes a folder one of this kind. */
const KINDS: Readonly<Record<string, { kind: string; examine: () => Promise<Examine> }>> = {
  'member.json': { kind: 'member', examine: async () => (await import('./member.js')).examineMember },
  'node.json': { kind: 'node', examine: async () => (await import('./node.js')).examineNode },
  'evaluator.json': {
    kind: 'evaluator',
    examine: async () => (await import('./evaluator.js')).examineEvaluator,
  },
  'witness.json': { kind: 'witness', examine: async () => (await import('./witness.js')).examineWitness },
};

export function doctorCommand(program: Command): void {
  homeOption(passphraseOptions(program.command('doctor')))
    .description(
      'examine a folder of a member, node, evaluator or witness: files, keys, certificates, clock, disk, database,\n' +
        'and whether those it depends on answer. Exit status 1 if anything fails',
    )
    .option('--no-passphrase', 'do not ask for it: leave out what needs it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal doctor --home bank-a --passphrase-file secret\n  counterseal doctor --home node-1 --no-passphrase --json',
    )
    .action(action(doctor));
}

async function doctor(options: DoctorOptions): Promise<number> {
  const { home } = options;
  const found = Object.entries(KINDS).find(([file]) => existsSync(join(home, file)))?.[1];
  ensure(found, 'not_found', `${home} is no folder of a member, node, evaluator or witness (--home)`);
  const access = await vaultKeyIfGiven(options);
  const [{ Report }, { checkDisk, checkVersions }, examine] = await Promise.all([
    import('./report.js'),
    import('./common.js'),
    found.examine(),
  ]);
  const report = new Report((name) => progress(`${name} ...`));
  checkVersions(report);
  await checkDisk(report, home);
  if (access === undefined)
    report.warn('secrets', 'not opened, and what needs them was not examined', 'give --passphrase-file');
  await examine(report, home, access);
  progress('');
  const { checks, failed } = report;
  if (options.json) printJson({ home, kind: found.kind, ok: !failed, checks });
  else show(found.kind, home, checks);
  return failed ? EXIT.failed : EXIT.ok;
}

/** Given, or asked for on a terminal; elsewhere a doctor works without. */
async function vaultKeyIfGiven(options: DoctorOptions): Promise<VaultKey | undefined> {
  const { passphraseFile, passphraseFd } = options;
  const given = passphraseFile !== undefined || passphraseFd !== undefined;
  return given || (options.passphrase && process.stdin.isTTY) ? readVaultKey(options) : undefined;
}

function show(kind: string, home: string, checks: readonly Check[]): void {
  print(
    `${home} (${kind})`,
    ...table(
      checks.map(({ check, status, found }) => [status === 'ok' ? 'ok' : status.toUpperCase(), check, found]),
      '  ',
    ),
  );
  const open = checks.filter(({ remedy }) => remedy !== undefined);
  if (open.length > 0)
    print(
      '',
      'What to do:',
      ...table(
        open.map(({ check, remedy }) => [check, remedy!]),
        '  ',
      ),
    );
  const count = (status: string) => checks.filter((one) => one.status === status).length;
  print('', `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures`);
}
