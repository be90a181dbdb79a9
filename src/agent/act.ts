import { ed25519Sign, type FieldElement } from '../crypto/index.js';
import { ensure } from '../errors.js';
import {
  actionMessage,
  encodeTransaction,
  equalBytes,
  logIndex,
  transactionHash,
  unixMs,
  VERDICT_LABELS,
  type Action,
  type ActionOrder,
  type EntryState,
  type Network,
  type VerdictLabel,
} from '../ledger/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { MINUTE_MS } from '../time.js';
import { noteOrder, ownEntry, ownEntryOrThrow, type OwnEntry } from './entries.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { AgentStore } from './store.js';

/** How long a signed action may wait for its block. */
const ACTION_VALIDITY_MS = 10 * MINUTE_MS;

/** What became of an order. */
export interface ActionResult {
  /** The entry. */
  readonly sequence: number;
  readonly action: Action['kind'];
  /** `refused`: an engagement that met a verdict that was not accepted; the entry is as it was. */
  readonly outcome: 'done' | 'refused';
  /** Of the entry, afterwards. */
  readonly state: EntryState;
  /** What an engagement met, the member's own entries included. */
  readonly verdict?: VerdictLabel;
}

export interface ActingParts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: LedgerClient;
}

/** The order to engage under these verdicts alone; without any, never. */
export const engagement = (accept: readonly VerdictLabel[]): Action => ({
  kind: 'engage',
  accept: VERDICT_LABELS.filter((label) => accept.includes(label)),
});

/**
 * Engages, settles, releases, cancels or supersedes an own entry, or erases its payload. Throws `not_found`, and
 * `rejected` where its state does not allow it. An engagement that meets what it does not accept is no error: see
 * {@link ActionResult}.
 */
export async function actOn(
  { network, keys, store, copy, ledger }: ActingParts,
  sequence: number,
  action: Action,
): Promise<ActionResult> {
  await copy.sync();
  const { entry, counter, successor } = await store.use((session) => {
    const own = ownEntryOrThrow(session, sequence);
    return {
      entry: own,
      counter: copy.replica(session).actions(own.sequence),
      successor: action.kind === 'supersede' ? ownEntry(session, action.successor) : undefined,
    };
  });
  if (action.kind === 'supersede')
    ensure(
      successor,
      'not_found',
      `this member has no entry ${action.successor} to supersede with`,
      'successor',
    );
  const order: ActionOrder = {
    entry: entry.sequence,
    counter,
    validUntil: unixMs(Date.now() + ACTION_VALIDITY_MS),
    action,
  };
  const message = actionMessage(network.id, order);
  const sign = ({ nullifier }: OwnEntry) =>
    ed25519Sign(keys.entry(BigInt(nullifier) as FieldElement).controlSeed, message);
  const signatures = [sign(entry), ...(successor ? [sign(successor)] : [])];
  const transaction = encodeTransaction({ type: 'action', order, signatures });
  await store.use((session) => noteOrder(session, transactionHash(transaction)));
  const { index } = await ledger.submit(transaction, new Uint8Array());
  await copy.sync();
  const { body, txHash } = await store.use((session) => copy.record(session, logIndex(Number(index))));
  ensure(
    body.type === 'action' && equalBytes(txHash, transactionHash(transaction)),
    'data_corrupted',
    'the node answered with the record of something else',
  );
  return {
    sequence,
    action: action.kind,
    outcome: body.outcome,
    state: body.state,
    ...(body.verdict ? { verdict: body.verdict.label } : {}),
  };
}
