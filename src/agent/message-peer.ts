import { CountersealError, ensure } from '../errors.js';
import { type Network, type RegisterClaims, type IndexedEntry, type Sequence } from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import { isOwn, ownEntryOrThrow, type RegisteredEntry } from './entries.js';
import { claimsOf, registrationOf } from './entry-on-ledger.js';
import type { EvaluatedEntry } from './entry-opening.js';
import type { OpenHome } from './home.js';
import type { LedgerCopy } from './ledger-copy.js';
import { mailState } from './mail-state.js';
import { keepPeer, peerOf } from './message-store.js';
import { overOwnConnection } from './own-connection.js';
import { patiently } from './patience.js';
import { openNotice } from './sealing.js';
import type { AgentStore, StoreSession } from './store.js';

/** Transactions that are fetched together, so that a node does not learn which of them is of interest. */
const NEIGHBOURS = 32;

export interface PeerParts {
  readonly home: Pick<OpenHome, 'config'>;
  readonly network: Network;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
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
export async function mailboxOf(
  parts: PeerParts,
  {
    entry,
    other,
  }: { readonly entry: EvaluatedEntry<RegisteredEntry>; readonly other: Correspondents['other'] },
): Promise<Uint8Array> {
  const { store } = parts;
  const known = await store.use((session) => peerOf(session, entry.sequence, other.sequence));
  if (known) return Buffer.from(known.mailbox, 'hex');
  const claims = await claimsOfOther(parts, other.sequence);
  const { nullifier, commitment, controlKey, notice } = claims;
  const binding = { networkId: parts.network.id, nullifier, commitment, controlKey };
  let mailbox: Uint8Array;
  try {
    mailbox = openNotice(notice, BigInt(entry.exactKey) as DocumentKey, binding);
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

/**
 * The entries among which one is fetched: others that could be meant as well, because each has a match, its own among
 * them. `matched` only grows at its end: every entry of a full row has the same company at all times, and those of the
 * last one share it with the end of the row before.
 */
export function companyOf(matched: readonly number[], sequence: number): readonly number[] {
  const at = matched.indexOf(sequence);
  ensure(at >= 0, 'internal', 'an entry of the same document has a match');
  const first = Math.max(0, Math.min(at - (at % NEIGHBOURS), matched.length - NEIGHBOURS));
  return matched.slice(first, first + NEIGHBOURS);
}

/** What an entry claims, by its transaction, which is fetched with those of other matches, own ones included. */
async function claimsOfOther(parts: PeerParts, sequence: Sequence): Promise<RegisterClaims> {
  const { store, copy } = parts;
  const company = await store.use((session) =>
    companyOf(mailState(session).matched, sequence).map((one) => ({
      sequence: one,
      hash: registrationOf(session, copy, one).txHash,
    })),
  );
  return overOwnConnection(parts, async (client) => {
    let claims: RegisterClaims | undefined;
    // Each by its hash, which the client compares.
    for (const one of company) {
      const transaction = await patiently(() => client.transaction(one.hash));
      if (one.sequence === sequence) claims = claimsOf(transaction);
    }
    return claims!;
  });
}
