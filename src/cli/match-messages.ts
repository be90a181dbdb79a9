import { Argument, Option, type Command } from 'commander';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { ConversationView, MessageView, RevealView } from '../agent/index.js';
import { CountersealError, ensure, visible } from '../errors.js';
import { parseEntryNumber } from './entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { action, print, printJson, progress, usage } from './output.js';
import { withProver } from './prover.js';

/** Longer than any message: what is longer is refused by its size, not read to its end. */
const READ_MAX_BYTES = 64 * 1024;

const entries = (command: Command): Command =>
  command
    .addArgument(new Argument('<entry>', 'number of the own entry').argParser(parseEntryNumber))
    .addArgument(
      new Argument('<other>', "number of the other side's entry of the same document").argParser(
        parseEntryNumber,
      ),
    );

export function messageCommands(match: Command): void {
  entries(memberOptions(match.command('show')))
    .description(
      'what you and the holder of another entry of the same document wrote to each other. ' +
        'To look for it, every message between anybody for the purposes of your entries is fetched, so that no node ' +
        'learns which are yours.',
    )
    .summary('what was written to and fro about a match')
    .addHelpText('after', '\nExample:\n  counterseal match show 12 31 --home bank-a')
    .action(action(show));

  entries(memberOptions(match.command('message')))
    .description(
      'write to the holder of another entry of the same document: at most 16 KiB of text. Neither says who it is. ' +
        'The ledger shows that a holder of some document of that kind wrote to another, when, and in which of three sizes; ' +
        'not which document or whose entries. It acknowledges all that came before. Proving takes some seconds.',
    )
    .summary('write to the holder of another entry of the same document')
    .addOption(new Option('--text <text>', 'the message; other users of this machine can read arguments'))
    .addOption(
      new Option('--file <file>', 'read the message from a file, - for standard input').conflicts('text'),
    )
    .addOption(
      new Option('--acknowledge', 'say nothing but that you have what came').conflicts(['text', 'file']),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  counterseal match message 12 31 --file question.txt --home bank-a\n' +
        '  echo "Did you pay on this invoice?" | counterseal match message 12 31 --home bank-a',
    )
    .action(action(message));

  entries(memberOptions(match.command('reveal')))
    .description(
      'show each other who stands behind two entries, by both sides\u2019 consent, in three steps: one side offers, and no ' +
        'identity leaves; the other sends its card; the first sends its own. Each is this command. ' +
        'Who sends its card first has no more than the other side\u2019s signed promise, which auditors can hold it to. A card ' +
        'is signed for this conversation: shown on, it proves who stood behind the entry, and is good for nothing else.',
    )
    .summary('show each other who stands behind two entries, by consent')
    .option('--yes', 'do not ask before the card leaves')
    .addHelpText('after', '\nExample:\n  counterseal match reveal 12 31 --home bank-a')
    .action(action(reveal));
}

const KINDS: Record<Exclude<MessageView['kind'], 'text'>, string> = {
  acknowledgement: '(acknowledges what came)',
  'reveal-offer': '(offers to reveal who it is, if the other side does)',
  reveal: '(shows its card)',
};

/** Text of somebody else's making, line by line: nothing in it moves the terminal. */
const lines = (text: string): string[] =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => `    ${visible(line)}`);

function messageLines({ time, direction, kind, text, acknowledged, oneIsMissing }: MessageView): string[] {
  const head = `${time.slice(0, 19).replace('T', ' ')}  ${direction === 'sent' ? 'you' : 'they'}`;
  const state =
    direction === 'sent' && kind !== 'acknowledgement' ? (acknowledged ? '  acknowledged' : '  sent') : '';
  return [
    ...(oneIsMissing ? ['    (one before this is missing: no node has it)'] : []),
    head + state,
    ...(kind === 'text' ? lines(text ?? '') : [`    ${KINDS[kind]}`]),
  ];
}

function revealLines({ offered, shown, other, invalid }: RevealView): string[] {
  if (other)
    return [
      `the other side is member ${other.memberId}${shown ? '; it has your card' : '; it does not have your card: "match reveal" sends it'}`,
    ];
  if (invalid !== undefined) return [`the card of the other side is not good: ${invalid}`];
  if (shown) return ['the other side has your card, and has not sent its own'];
  if (offered.other) return ['the other side offers to reveal itself: "match reveal" sends your card'];
  if (offered.own) return ['you offered to reveal yourself; the other side has not answered'];
  return [];
}

async function show(entry: number, other: number, options: MemberOptions): Promise<void> {
  progress('fetching messages ...');
  const view = await withAgent(options, (agent) => agent.conversation(entry, other));
  progress('');
  if (options.json) printJson(view);
  else print(...conversationLines(view));
}

function conversationLines({ messages, reveal: view }: ConversationView): string[] {
  if (messages.length === 0) return ['nobody has written yet'];
  return [...messages.flatMap(messageLines), ...revealLines(view)];
}

interface MessageOptions extends MemberOptions {
  text?: string;
  file?: string;
  acknowledge?: true;
}

async function message(entry: number, other: number, options: MessageOptions): Promise<void> {
  const text = options.acknowledge ? null : await textOf(options);
  await send(options, 'match message', entry, other, (agent, proving) =>
    agent.message(entry, other, text, proving),
  );
}

async function textOf({ text, file }: MessageOptions): Promise<Uint8Array> {
  if (text !== undefined) return Buffer.from(text);
  usage(() =>
    ensure(
      file !== undefined || !process.stdin.isTTY,
      'invalid_argument',
      'what is to be said? Give --file or --text, or pipe it in',
    ),
  );
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of file === undefined || file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > READ_MAX_BYTES) break;
    }
  } catch (cause) {
    throw new CountersealError('io', `cannot read ${file ?? 'standard input'}`, { cause });
  }
  return Buffer.concat(chunks);
}

async function reveal(entry: number, other: number, options: MemberOptions & { yes?: true }): Promise<void> {
  progress('fetching messages ...');
  const { reveal: view } = await withAgent(options, (agent) => agent.conversation(entry, other));
  progress('');
  const cardLeaves = !view.shown && (view.offered.other || view.other !== null);
  const showCard = cardLeaves && (options.yes === true || (await consents(view)));
  await send(options, 'match reveal', entry, other, (agent, proving) =>
    agent.reveal(entry, other, { showCard }, proving),
  );
}

/** Asks on the terminal whether the card may leave. Throws `permission_denied` where there is none. */
async function consents(view: RevealView): Promise<boolean> {
  ensure(
    process.stdin.isTTY,
    'permission_denied',
    'your card would leave: say --yes, or run this on a terminal',
    'yes',
  );
  const who = view.other
    ? `The other side is member ${view.other.memberId}, and has shown its card.`
    : 'The other side has promised to show its card, and has not: it will have yours first.';
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${who}\nSend your card to it? yes or no: `);
    ensure(answer.trim() === 'yes', 'permission_denied', 'nothing was sent');
    return true;
  } finally {
    prompt.close();
  }
}

type Sending = Parameters<Parameters<typeof withAgent<MessageView>>[1]>[0];

async function send(
  options: MemberOptions,
  command: string,
  entry: number,
  other: number,
  work: (agent: Sending, proving: Parameters<Sending['message']>[3]) => Promise<MessageView>,
): Promise<void> {
  const sent = await withAgent(options, (agent) =>
    withProver((prover) =>
      agent.audited(
        { command, entry },
        () => work(agent, { prover, onProgress: (step) => progress(`${step} ...`) }),
        ({ kind }) => ({ result: `${other}: ${kind}` }),
      ),
    ),
  );
  progress('');
  if (options.json) printJson(sent);
  else print(sent.kind === 'text' ? `sent to the holder of entry ${other}` : `${SENT[sent.kind]} ${other}`);
}

const SENT: Record<Exclude<MessageView['kind'], 'text'>, string> = {
  acknowledgement: 'acknowledged what came from the holder of entry',
  'reveal-offer': 'offered to reveal yourself to the holder of entry',
  reveal: 'sent your card to the holder of entry',
};
