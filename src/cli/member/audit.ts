import type { Command } from 'commander';
import { memberOptions, withAgent, type MemberOptions } from '../home-option.js';
import { action, EXIT, print, printJson, table } from '../output.js';

export function auditCommand(member: Command): void {
  memberOptions(member.command('audit'))
    .description(
      'what was done from this folder, by whom and when; says which lines were changed or are gone',
    )
    .option('--verify', `print no lines, only whether the log is whole; exits with ${EXIT.failed} if not`)
    .addHelpText('after', '\nExample:\n  counterseal member audit --verify --home bank-a')
    .action(action(audit));
}

async function audit(options: MemberOptions & { verify?: boolean }): Promise<number> {
  const { records, problems } = await withAgent(options, (agent) => agent.readAudit());
  if (options.json) printJson({ lines: records.length, problems, ...(options.verify ? {} : { records }) });
  else {
    if (!options.verify && records.length > 0)
      print(
        ...table([
          ['line', 'time', 'user', 'command', 'entry', 'result', 'file SHA-256'],
          ...records.map(({ number, time, user, command, entry, result, file }) => [
            String(number),
            time.slice(0, 19).replace('T', ' '),
            user,
            command,
            entry === undefined ? '' : String(entry),
            result ?? '',
            file?.slice(0, 16) ?? '',
          ]),
        ]),
        '',
      );
    print(
      ...problems.map(({ line, problem }) => `ALARM: line ${line} ${problem}`),
      problems.length === 0
        ? `${records.length} lines, none changed, none missing`
        : 'the log is not as this folder wrote it: keep the file as it is, and find out who could write it',
    );
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
