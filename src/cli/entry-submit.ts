import type { Command } from 'commander';
import { heldLine } from './held-fingerprints.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson, progress, table } from './output.js';
import { withProver } from './prover.js';

export function submitCommand(entry: Command): void {
  memberOptions(entry.command('submit'))
    .description(
      'submit what is proved and due, prove again what was not submitted in time, and show the fingerprints that are due',
    )
    .option('--now', 'also what is held back for a random time (see "member privacy")')
    .addHelpText('after', '\nExample:\n  counterseal entry submit --now --home bank-a')
    .action(action(submit));
}

async function submit(options: MemberOptions & { now?: boolean }): Promise<void> {
  const { heldView } = await import('../agent/index.js');
  const { settled, waiting, shown, held } = await withAgent(options, (agent) =>
    withProver(async (prover) => {
      progress('submitting ...');
      const proving = { prover, onProgress: (step: string) => progress(`${step} ...`) };
      const done = await agent.outbox.push(undefined, { force: options.now === true, proving });
      for (const { sequence, refused, fileHash } of done)
        await agent.audit({
          command: 'entry submit',
          file: fileHash,
          ...(sequence === undefined ? {} : { entry: sequence }),
          result: refused === undefined ? 'registered' : 'refused',
        });
      const shown = await agent.showings.push(proving, { force: options.now === true });
      for (const { sequence, name, ...outcome } of shown)
        await agent.audit({
          command: 'entry submit',
          entry: sequence,
          result: `${name}: ${'refused' in outcome ? 'refused' : outcome.labels.join(', ')}`,
        });
      const held = await agent.showings.waiting();
      return { settled: done, waiting: await agent.outbox.waiting(), shown, held };
    }),
  );
  progress('');
  const rows = [
    ...settled.map(({ sequence, purpose, documentKind: kind, verdict, refused }) => ({
      entry: sequence ?? null,
      purpose,
      kind,
      state: refused === undefined ? 'registered' : 'refused',
      ...(refused === undefined ? { verdict } : { refused }),
    })),
    ...waiting.map(({ entry: { purpose, documentKind: kind, notBefore } }) => ({
      entry: null,
      purpose,
      kind,
      state: 'pending',
      ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore).toISOString() }),
    })),
  ];
  const fingerprints = [...shown, ...held].map(heldView);
  if (options.json) {
    printJson([...rows, ...fingerprints]);
    return;
  }
  if (rows.length + fingerprints.length === 0) print('nothing waits to be submitted');
  if (fingerprints.length > 0) print(...fingerprints.map(heldLine));
  if (rows.length > 0)
    print(
      ...table([
        ['entry', 'purpose', 'kind', 'state', ''],
        ...rows.map(({ entry, purpose, kind, state, ...more }) => [
          String(entry ?? '-'),
          purpose,
          String(kind),
          state,
          'refused' in more
            ? more.refused
            : 'verdict' in more
              ? (more.verdict ?? '')
              : 'notBefore' in more
                ? `not before ${more.notBefore}`
                : '',
        ]),
      ]),
    );
}
