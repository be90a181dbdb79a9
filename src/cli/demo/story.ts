import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CountersealError, type ErrorCode } from '../../errors.js';
import { checkpointOf, parseGenesis } from '../../ledger/index.js';
import { LedgerClient } from '../../rpc/ledger-client.js';
import { nodePaths } from '../homes/node.js';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../local-network.js';
import { freePorts } from '../ports.js';
import { runCounterseal, startCounterseal, type Service } from '../processes.js';
import { searchDatabase, type Search } from './dictionary.js';
import { operatorLines } from './operator-view.js';
import { stepsOf, type Telling } from './step.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples/documents/', import.meta.url));
const INVOICE_UBL = join(EXAMPLES, 'invoice-a.ubl.xml');
const INVOICE_CII = join(EXAMPLES, 'invoice-a.cii.xml');
const RENUMBERED = join(EXAMPLES, 'invoice-a-renumbered.cii.xml');
const ANOTHER = join(EXAMPLES, 'invoice-b.ubl.xml');
const BANKS = ['bank-a', 'bank-b', 'bank-c'] as const;
type Bank = (typeof BANKS)[number];

/** How long the watch of a bank may take to say what is in the log already. */
const WATCH_TIMEOUT_MS = 15_000;

/**
 * Runs the whole story in an empty folder; every actor is a process of its own. Returns what the operator sees of it.
 * A step that cannot be done is reported like the others; then this throws why.
 */
export async function tell(folder: string, telling: Telling): Promise<string[]> {
  const { onProgress } = telling;
  const step = stepsOf(telling);
  const network = join(folder, 'network');
  const paths = networkPaths(network);
  const passphrase = randomBytes(24).toString('base64url');

  /** A command of a bank; its JSON output. */
  async function bank(name: Bank, ...args: string[]): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await runCounterseal(
      [...args, '--home', paths.member(name), '--json'],
      passphrase,
    );
    let answer: Record<string, unknown> & { error?: { code: ErrorCode; message: string } };
    try {
      answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as typeof answer;
    } catch {
      throw new CountersealError(
        'internal',
        `${args.join(' ')} of ${name} failed: ${stderr.trim() || stdout.trim()}`,
      );
    }
    if (answer.error) throw new CountersealError(answer.error.code, `${name}: ${answer.error.message}`);
    return answer;
  }
  const verdictOf = async (name: Bank, ...args: string[]) => String((await bank(name, ...args))['verdict']);

  let services: Service[] = [];
  const watch: { stop?: () => Promise<void> } = {};
  try {
    await step('network', 'genesis, certificates, key generation, start', 'ready', async () => {
      await createLocalNetwork({
        folder: network,
        name: 'demo',
        passphrase,
        members: BANKS.map((name) => ({ name, role: 'bank' })),
        evaluators: 3,
        threshold: 2,
        ports: await freePorts(4),
        onProgress,
      });
      onProgress('starting the node and three evaluators');
      services = await startLocalNetwork(network, passphrase);
      return 'ready';
    });
    const events = watchOf(paths.member('bank-a'), passphrase, watch);

    let entryOfA = -1;
    await step('Bank A', 'registers an invoice (UBL)', 'unique', async () => {
      const answer = await bank('bank-a', 'document', 'register', INVOICE_UBL, '--purpose', 'finance');
      entryOfA = Number(answer['sequence']);
      return String(answer['verdict']);
    });
    await step('Bank A', 'engages it: it pays', 'engaged', async () =>
      String((await bank('bank-a', 'entry', 'engage', String(entryOfA)))['state']),
    );
    const before = await logOf(paths.genesis);
    await step('Bank B', 'checks the same invoice (CII)', 'duplicate-engaged', () =>
      verdictOf('bank-b', 'document', 'check', INVOICE_CII),
    );
    await step('ledger', 'has not changed: the check left no trace', 'unchanged', async () =>
      (await logOf(paths.genesis)) === before ? 'unchanged' : 'changed',
    );
    let entryOfB = -1;
    await step('Bank B', 'registers it all the same', 'duplicate-engaged', async () => {
      const answer = await bank('bank-b', 'document', 'register', INVOICE_CII, '--purpose', 'finance');
      entryOfB = Number(answer['sequence']);
      return String(answer['verdict']);
    });
    await step('Bank A', 'watches: somebody tried', 'registered-again', async () => {
      const deadline = Date.now() + WATCH_TIMEOUT_MS;
      while (Date.now() < deadline) {
        const found = events.find(({ event, other }) => event === 'registered-again' && other === entryOfB);
        if (found) return String(found['event']);
        await sleep(50);
      }
      return 'nothing';
    });
    await step('Bank B', 'tries to engage it', 'refused', async () =>
      String((await bank('bank-b', 'entry', 'engage', String(entryOfB)))['outcome']),
    );
    await step('Bank C', 'checks it under another invoice number', 'near-duplicate', () =>
      verdictOf('bank-c', 'document', 'check', RENUMBERED),
    );
    await step('Bank C', 'checks another invoice', 'unique', () =>
      verdictOf('bank-c', 'document', 'check', ANOTHER),
    );
    await step('Bank A', 'settles: the invoice was paid', 'settled', async () =>
      String((await bank('bank-a', 'entry', 'settle', String(entryOfA)))['state']),
    );
    await step('Bank C', 'checks the invoice again', 'duplicate-settled', () =>
      verdictOf('bank-c', 'document', 'check', INVOICE_CII),
    );

    await watch.stop?.();
    await Promise.all(services.map((service) => service.stop()));
    const database = join(folder, 'copy');
    await cp(nodePaths(paths.node).database, database, { recursive: true });
    const shares = [paths.evaluator(1), paths.evaluator(2)];
    const documents = [INVOICE_UBL, INVOICE_CII, RENUMBERED, ANOTHER];
    let search: Search;
    await step('thief', "tries all candidate invoices on the node's disk", '0 matches', async () => {
      search = await searchDatabase(database, documents, shares, passphrase);
      return `${search.withDatabase} matches`;
    });
    await step('thief', 'the same with the key of one evaluator', '0 matches', () =>
      Promise.resolve(`${search.withShares[0]} matches`),
    );
    await step('control', 'the same with two evaluators: only now is it found', 'found', () =>
      Promise.resolve(search.withShares[1]! > 0 ? 'found' : 'nothing'),
    );
    return await operatorLines(database);
  } finally {
    await watch.stop?.();
    await Promise.all(services.map((service) => service.stop()));
  }
}

/** Size and root of the log, as the checkpoint that anybody can fetch has them. */
async function logOf(genesisPath: string): Promise<string> {
  const genesis = parseGenesis(await readFile(genesisPath, 'utf8'));
  const client = new LedgerClient([genesis.operators[0]!.address], genesis);
  try {
    const { size, root, stateRoot } = checkpointOf(genesis, await client.checkpoint());
    return [size, Buffer.from(root).toString('hex'), Buffer.from(stateRoot).toString('hex')].join(' ');
  } finally {
    client.close();
  }
}

/** Starts a watch in a process of its own; the list grows with its events. */
function watchOf(
  home: string,
  passphrase: string,
  handle: { stop?: () => Promise<void> },
): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  const child = startCounterseal(['watch', '--json', '--home', home], passphrase);
  createInterface({ input: child.stdout! }).on('line', (text) => {
    events.push(JSON.parse(text) as Record<string, unknown>);
  });
  const closed = once(child, 'close');
  handle.stop = async () => {
    delete handle.stop;
    child.kill('SIGTERM');
    await closed;
  };
  return events;
}
