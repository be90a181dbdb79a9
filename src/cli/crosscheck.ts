import { Option, type Command } from 'commander';
import type { CheckedEntry, SideSource, VerifiedCrosscheck } from '../agent/index.js';
import { ensure } from '../errors.js';
import type { RuleOutcome } from '../proofs/index.js';
import { DAY_MS } from '../time.js';
import { loadDocument } from './documents/load-document.js';
import { parseEntryNumber } from './entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { numberOption } from './number-option.js';
import { action, EXIT, ofFile, print, printJson, progress, table, usage } from './output.js';
import { withProver } from './prover.js';
import { readTextFile } from './text-file.js';

/** Larger than any request, result or shared entry. */
const MAX_BYTES = 96 * 1024;

export function crosscheckCommands(program: Command): void {
  const crosscheck = program
    .command('crosscheck')
    .description('show a verifier that two documents agree, rule by rule, without showing either');

  crosscheck
    .command('rules')
    .description('list the rule sets, or the rules of one')
    .argument('[name]', 'a rule set: customs/invoice@1')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal crosscheck rules customs/invoice@1')
    .action(action(rules));

  memberOptions(crosscheck.command('request'))
    .description('as verifier: ask for a cross-check; makes the file that the prover answers')
    .requiredOption('--rules <name>', 'a rule set: see `crosscheck rules`')
    .addOption(
      new Option('--subject <entry...>', 'one or two entries that the answer must be about')
        .argParser((value: string, all: number[] | undefined) => [...(all ?? []), parseEntryNumber(value)])
        .makeOptionMandatory(),
    )
    .option('--date <day>', 'for a rule set about a public day: YYYY-MM-DD')
    .addOption(numberOption('--days <n>', 'how long an answer counts', { min: 1, max: 366 }).default(7))
    .requiredOption('--out <file>', 'where to write the request')
    .addHelpText(
      'after',
      '\nThe file holds no secret. Whoever reads it learns that you ask what about which entries. An answer counts once,' +
        '\nfor you alone, until it expires; keep the file: `crosscheck verify` needs it.' +
        '\n\nExamples:\n  counterseal crosscheck request --rules customs/invoice@1 --subject 12 --out request.json --home customs' +
        '\n  counterseal crosscheck request --rules policy/ends-before@1 --subject 3 --date 2026-07-01 --out request.json --home insurer-b',
    )
    .action(action(request));

  memberOptions(crosscheck.command('prove'))
    .description('as prover: prove what the rules of a request say; makes the file for the verifier')
    .argument('<request>', 'what `crosscheck request` made')
    .requiredOption('--a <side>', 'side A: the number of an own entry; or a file, see below')
    .option('--b <side>', 'side B, likewise; none where the request names a public day')
    .addOption(
      new Option('--a-entry <entry>', 'which entry your copy opens, where it opens several').argParser(
        parseEntryNumber,
      ),
    )
    .addOption(new Option('--b-entry <entry>', 'likewise').argParser(parseEntryNumber))
    .requiredOption('--out <file>', 'where to write the result')
    .addHelpText(
      'after',
      '\nA file is either what `entry share` made for you, or your own copy of a document whose entry was registered for' +
        "\ncarry, declare or attest: then it opens the other party's entry, by three evaluations of your quota, and the node" +
        '\nlearns that somebody at your address reads that entry now.' +
        '\n\nYou see the outcome first; nothing leaves until you send the file. Only the verifier can open it. It tells the' +
        '\nverifier which two entries belong together, which rules hold, which do not, and which fields are absent; nothing' +
        '\nelse of either document. It says nothing of who you are beyond what handing it over does.' +
        '\n\nExamples:\n  counterseal crosscheck prove request.json --a 12 --b bill-of-lading.json --out result.json --home importer' +
        '\n  counterseal crosscheck prove request.json --a 3 --out result.json --home insurer-a',
    )
    .action(action(prove));

  memberOptions(crosscheck.command('verify'))
    .description('as verifier: verify an answer, and see rule by rule what holds; uses the request up')
    .argument('<result>', 'what `crosscheck prove` made')
    .requiredOption('--request <file>', 'your request')
    .addHelpText(
      'after',
      '\nAsks no node about the entries: no operator learns which ones belong together. Nothing is put on the ledger.' +
        `\n\nExits with 0 if the cross-check holds, ${EXIT.match} if it is verified and does not hold, 1 if the answer is refused.` +
        '\n\nExample:\n  counterseal crosscheck verify result.json --request request.json --home customs',
    )
    .action(action(verify));
}

const DECIDES = {
  always: 'must hold',
  'where-comparable': 'must hold where both state it',
  never: 'for information',
} as const;

async function rules(name: string | undefined, options: { json?: boolean }): Promise<void> {
  const { RULE_SETS, ruleSet } = await import('../proofs/index.js');
  const sets = name === undefined ? [...RULE_SETS.values()] : [ruleSet(name)];
  const entries = sets.map(({ name: called, question, a, b, scalar, intersect, tie }) => ({
    name: called,
    question,
    a,
    b,
    rules: [...scalar, ...(intersect ? [intersect] : [])].map(({ name: rule, decides, absent = null }) => ({
      rule,
      decides,
      absent,
    })),
    tie,
  }));
  if (options.json) {
    printJson(name === undefined ? entries : entries[0]);
    return;
  }
  const [only] = entries;
  if (name === undefined || !only) {
    print(...table([['rule set', 'question'], ...entries.map((set) => [set.name, set.question])]));
    return;
  }
  const about = (side: (typeof only)['a' | 'b']) =>
    side.from === 'entry'
      ? `${side.label}: an entry of kind ${side.kinds.join(', ')}, for ${side.purposes.join(' or ')}`
      : `${side.label}: the request names ${side.slots.join(', ')}`;
  print(
    `${only.name}: ${only.question}`,
    `A  ${about(only.a)}`,
    `B  ${about(only.b)}`,
    '',
    ...table([
      ['rule', '', 'where a field is absent'],
      ...only.rules.map(({ rule, decides, absent }) => [rule, DECIDES[decides], absent ?? 'does not hold']),
    ]),
    '',
    `What ties the two: ${only.tie}`,
  );
}

interface RequestOptions extends MemberOptions {
  rules: string;
  subject: number[];
  date?: string;
  days: number;
  out: string;
}

async function request(options: RequestOptions): Promise<void> {
  const { ruleSet } = await import('../proofs/index.js');
  const { b } = usage(() => ruleSet(options.rules));
  const slots = b.from === 'request' ? b.slots : [];
  usage(() => {
    ensure(
      (options.date === undefined) === (slots.length === 0),
      'invalid_argument',
      slots.length === 0 ? `${options.rules} takes no --date` : `${options.rules} needs --date`,
    );
    ensure(
      options.date === undefined || /^\d{4}-\d{2}-\d{2}$/.test(options.date),
      'invalid_argument',
      '--date takes a day as 2026-07-01',
    );
  });
  const made = await withAgent(options, async (agent) => {
    const asked = await agent.crosschecks.request({
      rules: options.rules,
      subjects: options.subject,
      values: Object.fromEntries(slots.map((slot) => [slot, options.date!])),
      validForMs: options.days * DAY_MS,
    });
    await write(options.out, asked.text);
    await agent.audit(
      ...options.subject.map((entry) => ({ command: 'crosscheck request', entry, result: options.rules })),
    );
    return asked;
  });
  if (options.json) printJson({ out: options.out, challenge: made.challenge, expires: made.expires });
  else
    print(`asked for ${options.rules} about entry ${options.subject.join(' and ')}, until ${made.expires}`);
}

async function write(path: string, text: string): Promise<void> {
  const { writeFileDurable } = await import('../crypto/index.js');
  await writeFileDurable(path, text, 0o600);
}

interface ProveOptions extends MemberOptions {
  a: string;
  b?: string;
  aEntry?: number;
  bEntry?: number;
  out: string;
}

async function sideOf(given: string, entry: number | undefined): Promise<SideSource> {
  if (/^\d{1,15}$/.test(given)) return { from: 'own', entry: Number(given) };
  const shared = await sharedFile(given);
  if (shared !== undefined) return { from: 'share', text: shared };
  const { document } = await ofFile(given, () => loadDocument(given));
  return { from: 'document', document, ...(entry === undefined ? {} : { entry }) };
}

/** The text of a shared entry; undefined for any other file. */
async function sharedFile(path: string): Promise<string | undefined> {
  try {
    const text = await readTextFile(path, MAX_BYTES, 'a shared entry');
    return (JSON.parse(text) as { format?: unknown } | null)?.format === 'counterseal-share'
      ? text
      : undefined;
  } catch {
    // Whatever is wrong with it is said by whoever reads it as a document.
    return undefined;
  }
}

async function prove(path: string, options: ProveOptions): Promise<void> {
  const text = await readTextFile(path, MAX_BYTES, 'a request for a cross-check');
  const sides = {
    a: await sideOf(options.a, options.aEntry),
    ...(options.b === undefined ? {} : { b: await sideOf(options.b, options.bEntry) }),
  };
  const made = await withAgent(options, (agent) =>
    withProver(async (prover) => {
      const proved = await agent.crosschecks.prove(text, sides, prover, (step) => progress(`${step} ...`));
      await write(options.out, proved.text);
      await agent.audit(
        ...proved.entries
          .filter((entry) => entry !== null)
          .map((entry) => ({
            ...{ command: 'crosscheck prove', entry },
            result: `${proved.set} for ${proved.verifier.memberId}`,
          })),
      );
      return proved;
    }),
  );
  progress('');
  const { set, question, values, entries, verifier, holds, rules: outcomes } = made;
  if (options.json)
    printJson({ out: options.out, set, question, values, entries, verifier, holds, rules: outcomes });
  else
    print(
      `${set}, entry ${entries.filter((entry) => entry !== null).join(' and ')}: ${holds ? 'holds' : 'does not hold'}`,
      asked(question, values),
      ...outcomeTable(outcomes),
      `for member ${verifier.memberId} (${verifier.roles.join(', ') || 'no role'}) alone: nothing has left yet, send ${options.out}`,
    );
}

/** The question, with the public value that it is about. */
const asked = (question: string, values: VerifiedCrosscheck['values']): string =>
  [question, ...Object.values(values).flat()].join(' ');

const STATUS = {
  holds: 'holds',
  fails: 'does not hold',
  'not-comparable': 'not comparable',
  'not-shown': 'not shown',
} as const;

const outcomeTable = (outcomes: readonly RuleOutcome[]): string[] =>
  table(
    [
      ['rule', 'outcome', ''],
      ...outcomes.map(({ name, status, decides, refuses, meaning }) => [
        name,
        STATUS[status],
        meaning ?? (refuses ? 'decides' : decides === 'never' ? 'for information' : ''),
      ]),
    ],
    '  ',
  );

async function verify(path: string, options: MemberOptions & { request: string }): Promise<number> {
  const [result, request] = await Promise.all([
    readTextFile(path, MAX_BYTES, 'the result of a cross-check'),
    readTextFile(options.request, MAX_BYTES, 'a request for a cross-check'),
  ]);
  progress('verifying ...');
  const verified = await withAgent(options, async (agent) => {
    const found = await agent.crosschecks.verify(result, request);
    await agent.audit(
      ...[found.a, found.b]
        .filter((side) => side !== null)
        .map(({ entry }) => ({
          ...{ command: 'crosscheck verify', entry },
          result: `${found.set} ${found.holds ? 'holds' : 'does not hold'}`,
        })),
    );
    return found;
  });
  progress('');
  if (options.json) printJson(verified);
  else print(...verdict(verified));
  return verified.holds ? EXIT.ok : EXIT.match;
}

function verdict({
  set,
  holds,
  question,
  values,
  tie,
  a,
  b,
  eitherBy,
  rules: outcomes,
}: VerifiedCrosscheck): string[] {
  const side = ({ label, entry, purpose, state, registeredAt, writtenBy }: CheckedEntry) => [
    label,
    `entry ${entry}`,
    `${purpose}, ${state}`,
    registeredAt,
    `written by: ${writtenBy.join(' or ')}`,
  ];
  return [
    `${set}: ${holds ? 'holds' : 'does not hold'}`,
    asked(question, values),
    '',
    ...table([a, ...(b ? [b] : [])].map(side), '  '),
    '',
    ...outcomeTable(outcomes),
    '',
    `What ties the two: ${tie}`,
    ...(eitherBy.length > 0
      ? [`One member could have written both, as ${eitherBy.join(' or ')}: the ledger does not say who did.`]
      : []),
  ];
}
