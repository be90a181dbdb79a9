import { CountersealError, ensure } from '../errors.js';
import {
  decodeTransaction,
  equalBytes,
  findRegistration,
  transactionHash,
  unixMs,
  type EntryState,
  type RegisterClaims,
  type Sequence,
  type VerdictLabel,
} from '../ledger/index.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { StoreSession } from './store.js';

/** An entry as the own copy of the log has it, with what its transaction claims. */
export interface EntryOnLedger {
  readonly sequence: number;
  readonly claims: RegisterClaims;
  readonly state: EntryState;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** What the ledger told its author. */
  readonly verdict: VerdictLabel;
}

/** What a `register` transaction claims. Throws `invalid_argument` for bytes that are none. */
export function claimsOf(transaction: Uint8Array): RegisterClaims {
  const decoded = decodeTransaction(transaction);
  ensure(decoded.type === 'register', 'invalid_argument', 'the transaction registers no entry');
  return decoded.claims;
}

/** The record that registered an entry. Throws `not_found`. */
export function registrationOf(session: StoreSession, copy: LedgerCopy, sequence: number) {
  const index = findRegistration(session.view, sequence as Sequence, copy.replica(session).size);
  ensure(
    index !== undefined,
    'not_found',
    `the ledger has no entry ${sequence} yet, as far as the node shows it`,
    'entry',
  );
  const record = copy.record(session, index);
  const { body } = record;
  if (body.type !== 'register') throw new CountersealError('internal', 'found another record');
  return { ...record, body };
}

/**
 * The entry of a number, whose transaction somebody handed over: the record names its hash, so nothing is asked of a
 * node, and no node learns which entry is looked at. Throws `not_found`; `invalid_proof` where it is another one.
 */
export function entryOnLedger(
  session: StoreSession,
  copy: LedgerCopy,
  sequence: number,
  transaction: Uint8Array,
): EntryOnLedger {
  const claims = claimsOf(transaction);
  const { txHash, time, body } = registrationOf(session, copy, sequence);
  ensure(
    equalBytes(txHash, transactionHash(transaction)),
    'invalid_proof',
    `entry ${sequence} of the ledger was registered by another transaction`,
    'entry',
  );
  const replica = copy.replica(session);
  return {
    sequence,
    claims,
    state: replica.stateOf(replica.entry(sequence as Sequence)!, unixMs(Date.now())),
    registeredAt: new Date(time).toISOString(),
    verdict: body.verdict.label,
  };
}
