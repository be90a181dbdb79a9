import { Argument, Option, type Command } from 'commander';
import type { ActionResult, Agent, Proving } from '../agent/index.js';
import { CANCEL_REASONS, type CancelReason } from '../ledger/states.js';
import { VERDICT_LABELS, type VerdictLabel } from '../ledger/verdict-labels.js';
import { CountersealError } from '../errors.js';
import { drawCommands } from './draw.js';
import { parseEntryNumber } from './entry-number.js';
import { fingerprintCommand, fingerprintRows } from './entry-fingerprint.js';
import { submitCommand } from './entry-submit.js';
import { findingsLines } from './findings-output.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, errorJson, EXIT, print, printJson, progress, table } from './output.js';
import { withProver } from './prover.js';
import { shareCommands } from './share.js';

const entryNumber = () =>
  new Argument('<entry>', 'number of an own entry, as `entry list` shows it').argParser(parseEntryNumber);

export function entryCommands(program: Command): void {
  const entry = program.command('entry').description("a member's own entries, and what becomes of them");

  memberOptions(entry.command('list')).description('list own entries with their states').action(action(list));

  submitCommand(entry);

  memberOptions(entry.command('show'))
    .description('show an own entry, and what it has met so far')
    .addArgument(entryNumber())
    .action(action(show));

  memberOptions(entry.command('engage'))
    .description(
      'mark the document as financed, covered or paid, the whole of it; refused where the verdict is not accepted. ' +
        'The entry shows possession first: a proof, some seconds. To finance or cover a part: `entry draw`.',
    )
    .summary('mark the document as financed, covered or paid')
    .addArgument(entryNumber())
    .addOption(
      new Option('--accept <labels>', 'verdicts under which to engage, comma-separated')
        .default(['unique'], 'unique')
        .argParser((value) => {
          const labels = value.split(',').map((label) => label.trim());
          const unknown = labels.find((label) => !(VERDICT_LABELS as readonly string[]).includes(label));
          if (unknown !== undefined)
            throw new CountersealError(
              'invalid_argument',
              `${unknown} is no verdict: use ${VERDICT_LABELS.join(', ')}`,
            );
          return labels as VerdictLabel[];
        }),
    )
    .addHelpText(
      'after',
      '\nExample:\n  counterseal entry engage 12 --accept unique,near-duplicate --home bank-a',
    )
    .action(
      action((sequence: number, options: MemberOptions & { accept: VerdictLabel[] }) =>
        act(sequence, 'engage', options, (agent, proving) => agent.engage(sequence, options.accept, proving)),
      ),
    );

  memberOptions(entry.command('settle'))
    .description('the invoice was paid, the claim closed: the document is used up for good')
    .addArgument(entryNumber())
    .action(
      action((sequence: number, options: MemberOptions) =>
        act(sequence, 'settle', options, (agent) => agent.settle(sequence)),
      ),
    );

  memberOptions(entry.command('release'))
    .description('end the engagement: others may engage the document')
    .addArgument(entryNumber())
    .action(
      action((sequence: number, options: MemberOptions) =>
        act(sequence, 'release', options, (agent) => agent.release(sequence)),
      ),
    );

  memberOptions(entry.command('cancel'))
    .description('withdraw an entry that is registered and not engaged')
    .addArgument(entryNumber())
    .addOption(new Option('--reason <reason>', 'why').choices(CANCEL_REASONS).default('withdrawn'))
    .action(
      action((sequence: number, options: MemberOptions & { reason: CancelReason }) =>
        act(sequence, 'cancel', options, (agent) => agent.cancel(sequence, options.reason)),
      ),
    );

  memberOptions(entry.command('supersede'))
    .description('replace an entry by a later own one of the same purpose: a correction, an amended document')
    .addArgument(entryNumber())
    .addOption(
      new Option('--by <entry>', 'the own entry that takes its place; engaged, if this one is')
        .argParser(parseEntryNumber)
        .makeOptionMandatory(),
    )
    .addHelpText('after', '\nExample:\n  counterseal entry supersede 12 --by 15 --home bank-a')
    .action(
      action((sequence: number, options: MemberOptions & { by: number }) =>
        act(sequence, 'supersede', options, (agent) => agent.supersede(sequence, options.by)),
      ),
    );

  memberOptions(entry.command('erase'))
    .description(
      "have every node delete an entry's payload, the encrypted document, for good: nobody can open the entry any " +
        'more. State, tags, verdicts and receipts go on without it, and this folder keeps its own copy.',
    )
    .summary("delete an entry's encrypted document on every node, for good")
    .addArgument(entryNumber())
    .addHelpText('after', '\nExample:\n  counterseal entry erase 12 --home bank-a')
    .action(action(erase));

  fingerprintCommand(entry);
  drawCommands(entry);
  shareCommands(entry);
}

async function list(options: MemberOptions): Promise<void> {
  const entries = await withAgent(options, async (agent) => {
    // One that cannot be submitted now is listed as pending.
    await agent.resume().catch((error: unknown) => {
      process.stderr.write(`warning: an entry is still pending: ${errorJson(error).message}\n`);
    });
    return agent.entries();
  });
  const rows = entries.map(({ entry, state }) => ({
    entry: entry.sequence ?? null,
    purpose: entry.purpose,
    kind: entry.documentKind,
    state,
    verdict: entry.verdict ?? null,
    registeredAt: entry.registeredAt === undefined ? null : new Date(entry.registeredAt).toISOString(),
    ...(entry.refused === undefined ? {} : { refused: entry.refused }),
    ...(state === 'pending' && entry.notBefore !== undefined
      ? { notBefore: new Date(entry.notBefore).toISOString() }
      : {}),
  }));
  if (options.json) printJson(rows);
  else if (rows.length === 0) print('no entries yet: `counterseal document register` makes one');
  else
    print(
      ...table([
        ['entry', 'purpose', 'kind', 'state', 'verdict at registration', 'registered'],
        ...rows.map((row) => [
          String(row.entry ?? '-'),
          row.purpose,
          String(row.kind),
          row.state,
          row.refused ?? row.verdict ?? (row.state === 'expired' ? '`entry submit` proves it again' : ''),
          row.registeredAt ?? (row.notBefore === undefined ? '' : `not before ${row.notBefore}`),
        ]),
      ]),
    );
}

async function show(sequence: number, options: MemberOptions): Promise<void> {
  const { entry, state, payload, findings, fingerprints } = await withAgent(options, (agent) =>
    agent.entry(sequence),
  );
  const { kind, strings } = (
    entry.document === ''
      ? { kind: entry.documentKind, strings: { document: 'not in this folder: found in the log again' } }
      : JSON.parse(entry.document)
  ) as { kind: number; strings: Record<string, string | string[]> };
  if (options.json) {
    const { nullifier, purpose, fileHash, verdict, registeredAt } = entry;
    printJson({
      entry: sequence,
      state,
      purpose,
      kind,
      document: strings,
      fileHash,
      nullifier,
      registeredAt: new Date(registeredAt!).toISOString(),
      verdict,
      payload,
      now: findings,
      fingerprints,
    });
    return;
  }
  print(
    `entry ${sequence}: ${state}, ${entry.purpose}, kind ${kind}`,
    ...table([
      ['registered', new Date(entry.registeredAt!).toISOString()],
      ['verdict then', entry.verdict!],
      ['payload', PAYLOAD[payload.status](payload.retainUntil)],
      ['file SHA-256', entry.fileHash],
      ...Object.entries(strings).map(([slot, value]) => [
        slot,
        Array.isArray(value) ? value.join('; ') : value,
      ]),
    ]),
    '',
    'Now, among the entries of all members:',
    ...findingsLines(findings),
    ...(fingerprints.length > 0 ? ['', ...fingerprintRows(fingerprints)] : []),
  );
}

const PAYLOAD = {
  kept: (until: string) => `kept by the nodes until ${until}`,
  over: (until: string) => `was kept until ${until}`,
  erased: () => 'erased',
};

async function erase(sequence: number, options: MemberOptions): Promise<void> {
  const { state, payload } = await withAgent(options, async (agent) => {
    progress('erase ...');
    return agent.audited(
      { command: 'entry erase', entry: sequence },
      () => agent.erase(sequence),
      (shown) => ({ result: shown.payload.status }),
    );
  });
  progress('');
  if (options.json) printJson({ entry: sequence, state, payload });
  else print(`the payload of entry ${sequence} is erased; the entry is ${state}`);
}

async function act(
  sequence: number,
  verb: string,
  options: MemberOptions,
  order: (agent: Agent, proving: Proving) => Promise<ActionResult>,
): Promise<number> {
  const result = await withAgent(options, (agent) =>
    withProver(async (prover) => {
      progress(`${verb} ...`);
      return agent.audited(
        { command: `entry ${verb}`, entry: sequence },
        () => order(agent, { prover, onProgress: (step) => progress(`${step} ...`) }),
        (done) => ({ result: done.outcome === 'refused' ? `refused: ${done.verdict}` : done.state }),
      );
    }),
  );
  progress('');
  if (options.json) printJson(result);
  else if (result.outcome === 'refused')
    print(
      `entry ${sequence} was not engaged: the verdict is ${result.verdict}, which was not accepted (--accept). It is ${result.state}.`,
    );
  else print(`entry ${sequence} is ${result.state}`);
  return result.outcome === 'refused' ? EXIT.match : EXIT.ok;
}
