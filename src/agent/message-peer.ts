import type { FieldElement } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  type LogIndex,
  type Network,
  type RegisterClaims,
  type IndexedEntry,
  type Sequence,
} from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { isOwn, ownEntryOrThrow, type RegisteredEntry } from './entries.js';
import { claimsOf, registrationOf } from './entry-on-ledger.js';
import { documentOf } from './entry-opening.js';
import type { Evaluations } from './evaluations.js';
import { fingerprintDocument } from './fingerprinting.js';
import type { LedgerCopy } from './ledger-copy.js';
import { keepPeer, peerOf } from './message-store.js';
import { patiently } from './patience.js';
import { openNotice } from './sealing.js';
import type { AgentStore, StoreSession } from './store.js';

/** Transactions that are fetched together, so that a node does not learn which of them is of interest. */
const NEIGHBOURS = 32;

export interface PeerParts {
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: Pick<LedgerClient, 'transaction'>;
  readonly evaluations: Pick<Evaluations, 'of'>;
}

/** An own entry and somebody else's of the same document. */
export interface Correspondents {
  readonly entry: RegisteredEntry;
  readonly other: IndexedEntry;
}

/**
 * Throws `not_found` where the one is not the member's, or the other not another member's; `failed_precondition` where
 * they are not of the same document.
 */
export function correspondents(
  { copy }: Pick<PeerParts, 'copy'>,
  session: StoreSession,
  sequence: number,
  otherSequence: number,
): Correspondents {
  const entry = ownEntryOrThrow(session, sequence);
  const other = isOwn(session, otherSequence)
    ? undefined
    : copy.replica(session).entry(otherSequence as Sequence);
  ensure(other, 'not_found', `there is no entry ${otherSequence} of somebody else`, 'other');
  ensure(
    other.purpose === entry.purpose && other.tags[0] === BigInt(entry.tags[0]),
    'failed_precondition',
    `entries ${sequence} and ${otherSequence} are not of the same document: only its holders can write to each other`,
    'other',
  );
  return { entry, other };
}

/**
 * The mailbox key of another's entry: what its own messages said, else what its notice says, which the exact document
 * key opens. Throws `failed_precondition` where the notice is not one.
 */
export async function mailboxOf(parts: PeerParts, { entry, other }: Correspondents): Promise<Uint8Array> {
  const { store } = parts;
  const known = await store.use((session) => peerOf(session, entry.sequence, other.sequence));
  if (known) return Buffer.from(known.mailbox, 'hex');
  const claims = await claimsOfOther(parts, other.sequence);
  const { nullifier, commitment, controlKey, notice } = claims;
  const binding = { networkId: parts.network.id, nullifier, commitment, controlKey };
  let mailbox: Uint8Array;
  try {
    mailbox = openNotice(notice, await exactKeyOf(parts, entry), binding);
  } catch (cause) {
    if (!(cause instanceof CountersealError) || cause.code !== 'decryption_failed') throw cause;
    throw new CountersealError(
      'failed_precondition',
      `the author of entry ${other.sequence} left no mailbox in it: nobody can write to it first`,
      { field: 'other', cause },
    );
  }
  await store.use((session) =>
    keepPeer(session, entry.sequence, other.sequence, { mailbox: Buffer.from(mailbox).toString('hex') }),
  );
  return mailbox;
}

/** Kept at registration; else evaluated once more. */
async function exactKeyOf({ evaluations }: PeerParts, entry: RegisteredEntry): Promise<FieldElement> {
  if (entry.exactKey !== undefined) return BigInt(entry.exactKey) as DocumentKey;
  const { identities } = await fingerprintDocument(documentOf(entry));
  const { evaluations: done } = await evaluations.of([identities[0]]);
  return done[0]!.documentKey;
}

/** What an entry claims, by its transaction, which is fetched with those around it. */
async function claimsOfOther(
  { store, copy, ledger }: PeerParts,
  sequence: Sequence,
): Promise<RegisterClaims> {
  const { at, hashes } = await store.use((session) => {
    const { index } = registrationOf(session, copy, sequence);
    const first = index - (index % NEIGHBOURS);
    const length = Math.min(NEIGHBOURS, copy.replica(session).size - first);
    return {
      at: index - first,
      hashes: Array.from({ length }, (_, i) => copy.record(session, (first + i) as LogIndex).txHash),
    };
  });
  const transactions: Uint8Array[] = [];
  // Each by its hash, which the client compares.
  for (const hash of hashes) transactions.push(await patiently(() => ledger.transaction(hash)));
  return claimsOf(transactions[at]!);
}
