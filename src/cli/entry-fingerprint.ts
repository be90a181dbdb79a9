import { Argument, type Command } from 'commander';
import type { FingerprintLabel, FingerprintVerdict } from '../ledger/index.js';
import { parseEntryNumber } from './entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson, progress, table } from './output.js';
import { withProver } from './prover.js';

export function fingerprintCommand(entry: Command): void {
  memberOptions(entry.command('fingerprint'))
    .description(
      'have an own entry show one fingerprint more, and learn whose entries show the same. A proof each, some seconds.\n' +
        '  possession    only who holds the document knows it: needed to engage, and shown then by itself\n' +
        '  loose, lines  an invoice under a changed number; of the same lines\n' +
        '  alias         the same invoice under another identifier of the seller\n' +
        '  goods         invoice, declaration and bill of lading about one shipment\n' +
        '  object        one vehicle, container or person of many; object-class: under the same class of cover\n' +
        'Which of them there are for a purpose, `counterseal ledger schema` says.',
    )
    .summary('have an own entry show one fingerprint more, and learn whose entries show the same')
    .addArgument(new Argument('<entry>', 'number of an own entry').argParser(parseEntryNumber))
    .requiredOption('--name <name>', 'the fingerprint')
    .option(
      '--element <element>',
      'with object, object-class: one element as `document inspect` shows it, not each',
    )
    .option('--now', 'at once, also where this member submits later: see "member privacy"')
    .addHelpText(
      'after',
      '\nAn evaluator that compares times can tell whose entry shows a fingerprint right after it was asked. Where\n' +
        '"member privacy" holds entries back, this is held back as well: evaluated now, shown at a random time.\n' +
        '\nExamples:\n  counterseal entry fingerprint 12 --name loose --home bank-a\n' +
        "  counterseal entry fingerprint 3 --name object-class --element 'PERSON|7F3A' --home insurer-a",
    )
    .action(action(fingerprint));
}

async function fingerprint(
  sequence: number,
  options: MemberOptions & { name: string; element?: string; now?: true },
): Promise<void> {
  const { name, element } = options;
  const which = { name, ...(element === undefined ? {} : { element }) };
  const note = { command: 'entry fingerprint', entry: sequence };
  const { heldView } = await import('../agent/index.js');
  const shown = await withAgent(options, async (agent) => {
    // Possession was evaluated when the entry was registered: showing it tells no evaluator anything.
    if (agent.outbox.window > 0 && options.now !== true && name !== 'possession') {
      progress('evaluating ...');
      const held = await agent.audited(
        note,
        () => agent.showings.hold(sequence, which, agent.outbox.window),
        () => ({ result: `${name}: pending` }),
      );
      return heldView(held);
    }
    return withProver((prover) => {
      const onProgress = (step: string) => progress(`${step} ...`);
      return agent.audited(
        note,
        () => agent.showFingerprint(sequence, which, { prover, onProgress }),
        (done) => ({ result: `${name}: ${[...new Set(done.map(({ label }) => label))].join(', ')}` }),
      );
    });
  });
  progress('');
  if (options.json) printJson(shown);
  else if ('notBefore' in shown)
    print(
      `evaluated, and held back until ${shown.notBefore}: there is no verdict before`,
      '`watch` shows it then; `entry submit` when it is due, `entry submit --now` at once',
    );
  else print(...fingerprintRows(shown));
}

const MEANING: Record<FingerprintLabel, string> = {
  'multiple-cover': 'more live entries show it than the network finds usual',
  matched: 'other live entries show it too',
  unmatched: 'no other live entry shows it',
};

/** What fingerprints beside exact and near have met, for people. */
export function fingerprintRows(
  shown: readonly (FingerprintVerdict & { readonly name: string; readonly element?: string })[],
): string[] {
  return table([
    ['fingerprint', 'verdict', 'live others', 'entries', ''],
    ...shown.map(({ name, element, label, counts, matches }) => [
      element === undefined ? name : `${name} ${element}`,
      label,
      String(counts.registered + counts.engaged + counts.settled),
      matches.map((match) => `${match.sequence} (${match.state})`).join(', '),
      MEANING[label],
    ]),
  ]);
}
