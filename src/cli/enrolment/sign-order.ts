import { createInterface } from 'node:readline/promises';
import { readSecretFile, writeJson } from '../../crypto/index.js';
import { CountersealError, ensure } from '../../errors.js';
import { ACTION_VALIDITY_MAX_MS, decodeRecord, type Genesis } from '../../ledger/index.js';
import { LedgerClient } from '../../rpc/ledger-client.js';
import { print, printJson, progress, table } from '../output.js';
import { readVaultKey, type PassphraseOptions } from '../passphrase.js';
import { MINUTE_MS } from '../../time.js';
import {
  addSignature,
  administratorOf,
  ensureSameMatter,
  isComplete,
  newOrder,
  orderTransaction,
  readOrder,
  type Decision,
  type OrderFile,
} from './order-file.js';
import { readMemberHistory, type MemberHistory } from './member-history.js';

export interface OrderOptions extends PassphraseOptions {
  genesis: string;
  administrator: string;
  order: string;
  node?: string[];
  yes?: boolean;
  json?: boolean;
}

/** The order is signed for as long as the ledger would take it, less what clocks may differ by. */
const VALIDITY_MS = ACTION_VALIDITY_MAX_MS - 10 * MINUTE_MS;

export const nodesOf = (genesis: Genesis, given: readonly string[] | undefined): string[] =>
  given && given.length > 0 ? [...given] : genesis.operators.map(({ address }) => address);

/** What the administrator is about to sign, on standard error: it is shown before anything is done. */
function show(decision: Decision, signed: number, genesis: Genesis): void {
  const rows = [
    ['to', decision.action],
    ['member id', decision.memberId],
    ...(decision.name === undefined ? [] : [['name', decision.name]]),
    ['role', decision.roles.join(', ')],
    ...(decision.request === undefined ? [] : [['request', decision.request]]),
    ['network', decision.networkId],
    ['valid until', new Date(decision.validUntil).toISOString()],
    ['signed so far', `${signed} of ${genesis.administrators.threshold}`],
  ];
  process.stderr.write(`You sign:\n${table(rows, '  ').join('\n')}\n`);
}

async function confirm(yes: boolean | undefined): Promise<void> {
  if (yes) return;
  ensure(
    process.stdin.isTTY,
    'invalid_argument',
    'nothing was signed: run on a terminal to confirm, or give --yes',
  );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question('Compare this with what you were told by another way. Sign? [y/N] ');
  lines.close();
  ensure(/^y(es)?$/i.test(answer.trim()), 'invalid_argument', 'nothing was signed');
}

/**
 * One administrator's part of an order: begins it, or signs what others began; whoever completes it submits it.
 * `decide` gives the matter from what the ledger says, or throws where it makes no sense.
 */
export async function signOrder(
  genesis: Genesis,
  options: OrderOptions,
  decide: (history: MemberHistory) => Omit<Decision, 'networkId' | 'counter' | 'validUntil'>,
): Promise<void> {
  const { networkId } = genesis;
  const access = await readVaultKey(options);
  const seed = await readSecretFile(options.administrator, access, 'administrator key');
  const administrator = administratorOf(genesis, seed);
  const nodes = nodesOf(genesis, options.node);
  let file = await readOrder(options.order, genesis);
  const signedByAll = file !== undefined && isComplete(file, genesis);

  progress('reading the ledger ...');
  const history = await readMemberHistory(genesis, nodes);
  progress('');
  if (!signedByAll) {
    const wanted = {
      ...decide(history),
      networkId,
      counter: history.changes,
      validUntil: Date.now() + VALIDITY_MS,
    };
    if (file) ensureSameMatter(file, wanted, options.order);
    const next = file ?? newOrder(wanted);
    ensure(
      next.decision.counter === history.changes && next.decision.validUntil > Date.now(),
      'failed_precondition',
      `${options.order} is no longer possible: ${next.decision.validUntil > Date.now() ? 'the members have changed since' : 'its time is over'}. Begin a new one`,
    );
    show(next.decision, next.signatures.length, genesis);
    // Before the question: whoever signed already has nothing to confirm.
    file = addSignature(next, genesis, seed);
    await confirm(options.yes);
    await writeJson(options.order, file);
  }
  if (!file || !isComplete(file, genesis)) {
    report(options, file!, genesis, administrator);
    return;
  }
  const before = history.changes > file.decision.counter;
  await submit(file, genesis, nodes, options, before);
}

function report(options: OrderOptions, file: OrderFile, genesis: Genesis, administrator: number): void {
  const { threshold } = genesis.administrators;
  const { length } = file.signatures;
  if (options.json)
    printJson({ state: 'signed', administrator: administrator + 1, signatures: length, threshold });
  else
    print(
      `administrator ${administrator + 1} has signed; ${length} of ${threshold} signatures`,
      `Send ${options.order} to another administrator, who runs the same command.`,
    );
}

async function submit(
  file: OrderFile,
  genesis: Genesis,
  nodes: readonly string[],
  options: OrderOptions,
  /** Whether the ledger has gone on since the order was begun: then it can only have been included before. */
  before: boolean,
): Promise<void> {
  const { action, memberId, roles, counter } = file.decision;
  const client = new LedgerClient(nodes, genesis);
  try {
    progress('submitting ...');
    const { index, record } = await client.submit(orderTransaction(file, genesis), new Uint8Array());
    progress('');
    const { body, time } = decodeRecord(record);
    ensure(
      body.type === 'membership',
      'data_corrupted',
      'the node answered with the record of something else',
    );
    const at = new Date(time).toISOString();
    if (options.json)
      printJson({
        state: before ? 'included-before' : 'included',
        action,
        memberId,
        roles,
        index,
        time: at,
        membersRoot: body.membersRoot,
      });
    else
      print(
        before
          ? `nothing was done: this order was included before, as record ${index}, ${at}`
          : `${action} of ${memberId} is on the ledger: record ${index}, ${at}`,
        ...(action === 'admit' && !before ? ['Next: `network certify` for the certificate.'] : []),
      );
  } catch (error) {
    if (error instanceof CountersealError && /wrong_membership_counter|expired/.test(error.message))
      throw new CountersealError(
        'rejected',
        `the ledger refuses the order: other members came or went since it was begun (after ${counter} changes), or its time is over. Begin a new one, in another file`,
        { cause: error },
      );
    throw error;
  } finally {
    client.close();
  }
}
