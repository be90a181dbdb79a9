import { Argument, type Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { CountersealError, ensure } from '../errors.js';
import type { EpochDay, Genesis, StoredState, UnixMs } from '../ledger/index.js';
import type { ProvedReceipt } from '../receipts/verify.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { parseEntryNumber } from './entry-number.js';
import { numberOption } from './number-option.js';
import { action, ofFile, print, printJson, progress, table } from './output.js';

interface ShowOptions extends MemberOptions {
  out?: string;
  withTransaction?: boolean;
}

interface VerifyOptions {
  genesis: string;
  witness: string[];
  quorum?: number;
  json?: boolean;
}

const RECEIPT_MAX_BYTES = 256 * 1024;

export function receiptCommands(program: Command): void {
  const receipt = program
    .command('receipt')
    .description(
      'show anybody, offline, that an entry is on the ledger, since when, and what the ledger said',
    );

  memberOptions(receipt.command('show'))
    .description('make the receipt of an entry')
    .addArgument(
      new Argument('<entry>', 'number of an entry, an own one or a match').argParser(parseEntryNumber),
    )
    .option('--out <file>', 'write it to a file, which `receipt verify` reads')
    .option('--with-transaction', 'add the own transaction: it shows commitment and control key')
    .addHelpText(
      'after',
      '\nWhoever gets the receipt learns which entry is yours. The node learns that a receipt is made, and not of' +
        '\nwhich entry.\n\nExample:\n  counterseal receipt show 12 --out entry-12.json --home bank-a',
    )
    .action(action(show));

  receipt
    .command('verify')
    .description('verify a receipt with nothing but the genesis: no network, no passphrase')
    .argument('<file>', 'a receipt')
    .requiredOption('--genesis <file>', "the network's genesis.json, from a source that you trust")
    .option(
      '--witness <key>',
      'the verifier key of a witness that must have cosigned (name+id+key); repeat for more',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .addOption(
      numberOption('--quorum <n>', 'how many of these witnesses suffice (default: all)', {
        min: 0,
        max: 999,
      }),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExits with 0 if all of the receipt holds, 1 if not; `field` of the JSON error says what failed.' +
        '\n\nExample:\n  counterseal receipt verify entry-12.json --genesis genesis.json',
    )
    .action(action(verify));
}

async function show(entry: number, options: ShowOptions): Promise<void> {
  progress('making a receipt ...');
  const { text, proved, genesis } = await withAgent(options, async (agent) => ({
    ...(await agent.receipt(entry, { withTransaction: options.withTransaction === true })),
    genesis: agent.network.genesis,
  }));
  progress('');
  if (options.out !== undefined) {
    const { writeFileDurable } = await import('../crypto/index.js');
    await writeFileDurable(options.out, text);
  }
  if (options.json) printJson(JSON.parse(text));
  else {
    const { stateAt } = await import('../ledger/index.js');
    print(...describe(proved, genesis, stateAt));
    print('', options.out === undefined ? 'Keep it: --out FILE' : `written to ${options.out}`);
  }
}

async function verify(file: string, options: VerifyOptions): Promise<void> {
  const [text, genesisText] = await Promise.all([read(file), read(options.genesis)]);
  ensure(text.length <= RECEIPT_MAX_BYTES, 'invalid_argument', `${file} is too large to be a receipt`);
  const [{ checkReceipt }, { parseGenesis, stateAt }] = await Promise.all([
    import('../agent/receipt-check.js'),
    import('../ledger/index.js'),
  ]);
  const genesis = parseGenesis(genesisText);
  const proved = await ofFile(file, async () =>
    checkReceipt(genesis, text, {
      witnesses: options.witness,
      ...(options.quorum === undefined ? {} : { quorum: options.quorum }),
    }),
  );
  if (options.json) printJson(proved);
  else print(`${file} holds`, ...describe(proved, genesis, stateAt));
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CountersealError('not_found', `cannot read ${path}`, { cause });
  });
}

function describe(
  proved: ProvedReceipt,
  genesis: Genesis,
  stateAt: (typeof import('../ledger/index.js'))['stateAt'],
): string[] {
  const iso = (time: number) => new Date(time).toISOString();
  const { entry, purpose, registered, verdict, asOf, position, total, witnesses, transaction } = proved;
  const ttlDays = genesis.schema.purposes.find(({ name }) => name === purpose)?.ttlDays ?? Infinity;
  const holders = proved.holders.map((holder) => [
    String(holder.entry),
    stateAt(
      { state: holder.state as StoredState, registered: holder.day as EpochDay },
      { ttlDays },
      asOf.time as UnixMs,
    ),
    holder.entry === entry ? 'this one' : '',
  ]);
  return [
    ...table([
      ['entry', String(entry)],
      ['network', proved.networkId],
      ['registered', `${iso(registered.time)}, block ${registered.height}, record ${registered.logIndex}`],
      ['for', `${purpose}, document kind ${proved.documentKind}`],
      ['told', verdict.label],
      [
        'came',
        position === 0
          ? 'first with this document'
          : `as number ${position + 1} with this document; entry ${proved.firstHolder} was first`,
      ],
      ['as of', `${iso(asOf.time)}, block ${asOf.height}, ${asOf.size} records`],
      [
        'witnesses',
        witnesses.map(({ name, time }) => `${name} at ${iso(time)}`).join(', ') || 'none asked for',
      ],
      ...(transaction
        ? [
            ['commitment', transaction.commitment],
            ['control key', transaction.controlKey],
          ]
        : []),
    ]),
    '',
    `Entries with this document: ${total}`,
    ...table([['entry', 'state', ''], ...holders], '  '),
  ];
}
