import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { CountersealError } from '../errors.js';
import type { LogRecord } from '../ledger/index.js';
import { schemaCommand } from './ledger-schema.js';
import { numberOption } from './number-option.js';
import { action, print, printJson } from './output.js';
import { stopSignal } from './service.js';

interface TailOptions {
  genesis: string;
  node?: string;
  from: number;
  follow?: boolean;
  json?: boolean;
}

export function ledgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('the log, as anybody can read it, and its rules');
  schemaCommand(ledger);
  ledger
    .command('tail')
    .description('print the records of the log')
    .requiredOption('--genesis <file>', "the network's genesis.json")
    .option('--node <address>', "a node (default: the genesis' first operator)")
    .addOption(
      numberOption('--from <position>', 'the first record to print', {
        min: 0,
        max: 999_999_999_999_999,
      }).default(0),
    )
    .option('--follow', 'go on with what comes')
    .option('--json', 'print JSON lines')
    .addHelpText('after', '\nExample:\n  counterseal ledger tail --genesis network/genesis.json --follow')
    .action(action(tail));
}

const short = (x: bigint) => `${x.toString(16).padStart(64, '0').slice(0, 12)}...`;

function describe({ index, time, body }: LogRecord): string {
  const at = `${String(index).padStart(6)}  ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}  `;
  switch (body.type) {
    case 'register':
      return `${at}entry ${body.entry} registered for ${body.purpose}, kind ${body.documentKind}: ${body.verdict.label}  tags ${body.tags.map(short).join(' ')}`;
    case 'action':
      return `${at}entry ${body.entry} ${body.action}: ${body.outcome === 'refused' ? `refused (${body.verdict?.label})` : body.action === 'erase' ? 'its payload is deleted' : body.state}`;
    case 'fingerprint':
      return `${at}entry ${body.entry} shows ${body.name}: ${body.verdict.label}  tag ${short(body.tag)}`;
    case 'membership':
      return `${at}members changed: ${body.changes.length}`;
    case 'open-capacity':
      return `${at}entry ${body.entry} opens draws  chain ${short(body.chain)}`;
    case 'draw':
      return `${at}entry ${body.entry} draws: ${body.state}  draw ${short(body.w)} after ${short(body.wPrevious)}`;
    case 'message':
      return `${at}message between holders of a document of kind ${body.documentKind}, for ${body.purpose}  address ${short(body.address)}`;
  }
}

async function tail(options: TailOptions): Promise<void> {
  const content = await readFile(options.genesis, 'utf8').catch((cause: unknown) => {
    throw new CountersealError('not_found', `cannot read ${options.genesis}`, { cause });
  });
  const [{ checkpointOf, decodeRecord, parseGenesis }, { LedgerClient }] = await Promise.all([
    import('../ledger/index.js'),
    import('../rpc/ledger-client.js'),
  ]);
  const genesis = parseGenesis(content);
  const client = new LedgerClient([options.node ?? genesis.operators[0]!.address], genesis);
  const stop = stopSignal();
  try {
    for await (const batch of client.records(BigInt(options.from), {
      follow: options.follow === true,
      signal: stop,
    })) {
      for (const record of batch.records.map(decodeRecord))
        if (options.json) printJson({ ...record, txHash: Buffer.from(record.txHash).toString('hex') });
        else print(describe(record));
      if (batch.checkpoint !== '') checkpointOf(genesis, batch.checkpoint);
    }
  } finally {
    client.close();
  }
}
