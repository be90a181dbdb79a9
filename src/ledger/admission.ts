import { ed25519Verify, isStrongEd25519Key, pointFromAffine } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { DAY_MS } from '../time.js';
import { refuseEngagement } from './capacity.js';
import {
  ACTION_VALIDITY_MAX_MS,
  PERIOD_LEEWAY_MS,
  REFUSED_ENGAGEMENTS_MAX,
  TRANSACTION_MAX_BYTES,
} from './limits.js';
import { isAcceptedRoot, MemberRegistry } from './members.js';
import type { Network } from './network.js';
import { skippableMask } from './register-signals.js';
import { reject, type Rejection } from './results.js';
import { type Purpose, roleMaskOf } from './schema.js';
import { maySucceed, stateAt, transition } from './states.js';
import { stateKeys } from './state-keys.js';
import { possessionTagOf } from './tag-index.js';
import {
  type Entry,
  entryCodec,
  type MemberSlot,
  memberSlotCodec,
  type MembersState,
  membersStateCodec,
  readState,
} from './state-values.js';
import type { Reader } from './store.js';
import {
  actionMessage,
  type ActionTransaction,
  decodeTransaction,
  membershipMessage,
  type MembershipTransaction,
  registerMessage,
  type RegisterTransaction,
  type Transaction,
  transactionHash,
} from './transactions.js';
import { dayOf, type EpochDay, type Sequence, type UnixMs } from './units.js';

/**
 * Whether a transaction may enter (protocol section 7, "Admission"): the cheapest check first, the proof last. Nothing
 * here writes; what an admitted transaction does is in apply.ts.
 */

/** A transaction that decoded, with its name. */
export interface ParsedTransaction {
  readonly tx: Transaction;
  readonly hash: Uint8Array;
  readonly size: number;
}

/** The last that a Date can hold: whoever signs something later must not end the process that says so. */
const LATEST_DATE_MS = 8.64e15;
const at = (time: UnixMs): string => (time <= LATEST_DATE_MS ? new Date(time).toISOString() : `${time} ms`);

/** Against what a transaction is checked. */
export interface Scene {
  readonly network: Network;
  readonly view: Reader;
  /** Of the block, or the clock of whoever asks before there is one. */
  readonly time: UnixMs;
}

/** Size, then canonical encoding. */
export function parseTransaction(bytes: Uint8Array): ParsedTransaction | Rejection {
  if (bytes.length > TRANSACTION_MAX_BYTES)
    return reject('too_large', `a transaction has at most ${TRANSACTION_MAX_BYTES} bytes`);
  try {
    return { tx: decodeTransaction(bytes), hash: transactionHash(bytes), size: bytes.length };
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_argument')
      return reject('malformed', error.message);
    throw error;
  }
}

export const isRejection = (value: object): value is Rejection => 'detail' in value;

/** The control key and its signature: what follows from the bytes and the network alone. */
export function checkRegisterSignature(network: Network, tx: RegisterTransaction): Rejection | undefined {
  const { claims, proof, signature } = tx;
  if (ed25519Verify(claims.controlKey, registerMessage(network.id, claims, proof), signature))
    return undefined;
  // Verification refuses weak keys too; here it only remains to say which of the two it was.
  return isStrongEd25519Key(claims.controlKey)
    ? reject('bad_signature', 'the control key did not sign this for this network')
    : reject('weak_control_key', 'the control key is not a usable Ed25519 key');
}

/** All of a `register` between its signature and its proof. */
export function checkRegister(
  { network, view, time }: Scene,
  tx: RegisterTransaction,
): Rejection | undefined {
  const { claims } = tx;
  const period = checkPeriod(claims.period, time);
  if (period) return period;
  const purpose = network.purposes.get(claims.purpose);
  if (!purpose) return reject('unknown_purpose', `the network has no purpose ${claims.purpose}`);
  if (roleMaskOf(purpose, claims.documentKind) === undefined)
    return reject('kind_not_allowed', `${claims.purpose} takes no documents of kind ${claims.documentKind}`);
  if (claims.epoch !== network.epoch)
    return reject('wrong_epoch', `the OPRF key is of epoch ${network.epoch}, not ${claims.epoch}`);
  if (!isAcceptedRoot(membersState(view).roots, claims.membersRoot, time))
    return reject('unknown_members_root', 'the members have changed since the proof was made');
  if (!isPoint(claims.escrowPoint))
    return reject(
      'invalid_escrow_point',
      'the escrow point is not a point of Baby Jubjub, or is the identity',
    );
  const skipped = checkSkippedMask(tx);
  if (skipped) return skipped;
  if (view.get(stateKeys.nullifier(claims.period, claims.nullifier)))
    return reject('nullifier_used', 'this index of the period has been used');
  // Or whoever copies a payload into an entry of their own could erase it, or keep its author from erasing it.
  if (view.get(stateKeys.payload(claims.payloadHash)))
    return reject('payload_used', 'another entry has this payload');
  return undefined;
}

/** A day that a block takes: the day before its time, to that of ten minutes later. */
export function isAdmittedPeriod(period: EpochDay, time: UnixMs): boolean {
  return (
    period >= dayOf(Math.max(0, time - DAY_MS) as UnixMs) &&
    period <= dayOf((time + PERIOD_LEEWAY_MS) as UnixMs)
  );
}

export function checkPeriod(period: EpochDay, time: UnixMs): Rejection | undefined {
  if (isAdmittedPeriod(period, time)) return undefined;
  return reject(
    'period_out_of_window',
    `period ${period} is not of the day, or the one before: is the author's clock right, and the ledger's (${at(time)})?`,
  );
}

function checkSkippedMask({ claims }: RegisterTransaction): Rejection | undefined {
  if (claims.skippedMask === 0) return undefined;
  if (claims.skippedMask !== skippableMask(claims.documentKind))
    return reject('wrong_skipped_mask', 'this kind does not let this near fingerprint be skipped');
  // The proof says so as well, because both places then hold one fingerprint; here it costs nothing.
  if (claims.tags[0] !== claims.tags[1])
    return reject('wrong_skipped_mask', 'a skipped near fingerprint leaves the exact tag in both places');
  return undefined;
}

function isPoint({ x, y }: RegisterTransaction['claims']['escrowPoint']): boolean {
  try {
    pointFromAffine(x, y);
    return true;
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_point') return false;
    throw error;
  }
}

/** What an admitted action acts on. */
export interface ActionSubject {
  readonly entry: Entry;
  readonly purpose: Purpose;
}

/** All of an action. Only its effect depends on the verdict that an engagement meets. */
export function checkAction(scene: Scene, tx: ActionTransaction): Rejection | ActionSubject {
  const { network, view, time } = scene;
  const { order, signatures } = tx;
  const late = checkValidity(order.validUntil, time);
  if (late) return late;
  const entry = entryAt(view, order.entry);
  if (!entry) return reject('unknown_entry', `there is no entry ${order.entry}`);
  if (!ed25519Verify(entry.controlKey, actionMessage(network.id, order), signatures[0]!))
    return reject('bad_signature', 'the control key of the entry did not sign this for this network');
  if (order.counter !== entry.actions)
    return reject('wrong_counter', `the entry has had ${entry.actions} actions, not ${order.counter}`);
  const purpose = network.purposes.get(entry.indexed.purpose)!;
  const state = stateAt(entry.indexed, purpose, time);
  if (!transition(state, order.action.kind))
    return reject('illegal_transition', `an entry that is ${state} cannot ${order.action.kind}`);
  if (order.action.kind === 'engage' && entry.refusals >= REFUSED_ENGAGEMENTS_MAX)
    return reject('too_many_refusals', `the entry was refused engagement ${entry.refusals} times`);
  if (order.action.kind === 'engage') {
    if (possessionTagOf(entry.indexed) === undefined)
      return reject('possession_required', `entry ${order.entry} has not shown possession of its document`);
    const rules = { view, purpose, time, entryOf: (sequence: Sequence) => entryAt(view, sequence)?.indexed };
    const drawnFrom = refuseEngagement(rules, entry.indexed);
    if (drawnFrom) return drawnFrom;
  }
  if (order.action.kind === 'erase' && view.get(stateKeys.erased(entry.payloadHash)))
    return reject('already_erased', 'the payload of the entry has been erased');
  if (order.action.kind === 'supersede') {
    const wrong = checkSuccessor(scene, tx, entry, purpose, order.action.successor);
    if (wrong) return wrong;
  }
  return { entry, purpose };
}

/**
 * A successor takes its predecessor's place, so it must be able to: later, alive, of one purpose, engaged if the
 * predecessor is, and its own holder agrees; or anybody could hang their entry on somebody else's.
 */
function checkSuccessor(
  { network, view, time }: Scene,
  { order, signatures }: ActionTransaction,
  entry: Entry,
  purpose: Purpose,
  sequence: Sequence,
): Rejection | undefined {
  const successor = sequence > order.entry ? entryAt(view, sequence) : undefined;
  if (!successor) return reject('invalid_successor', `${sequence} is not a later entry`);
  if (successor.indexed.purpose !== purpose.name)
    return reject('invalid_successor', 'the successor serves another purpose');
  const state = stateAt(successor.indexed, purpose, time);
  if (!maySucceed(entry.indexed.state, state))
    return reject('invalid_successor', `the successor is ${state}`);
  if (!ed25519Verify(successor.controlKey, actionMessage(network.id, order), signatures[1]!))
    return reject('invalid_successor', 'the control key of the successor did not sign this');
  return undefined;
}

/** All of a membership change; returns the registry after it. */
export function checkMembership(
  { network, view, time }: Scene,
  { order, signatures }: MembershipTransaction,
): Rejection | { readonly before: MemberRegistry; readonly after: MemberRegistry } {
  const late = checkValidity(order.validUntil, time);
  if (late) return late;
  const { threshold, keys } = network.administrators;
  if (signatures.length !== threshold || signatures.some(({ administrator }) => !keys[administrator]))
    return reject('wrong_administrators', `exactly ${threshold} of ${keys.length} administrators must sign`);
  const message = membershipMessage(network.id, order);
  if (
    !signatures.every(({ administrator, signature }) =>
      ed25519Verify(keys[administrator]!, message, signature),
    )
  )
    return reject('bad_signature', 'an administrator did not sign this for this network');
  const { changes } = membersState(view);
  if (order.counter !== changes)
    return reject(
      'wrong_membership_counter',
      `the members have changed ${changes} times, not ${order.counter}`,
    );
  const before = registryIn(view);
  try {
    return { before, after: before.with(order.changes) };
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    return reject(
      error.code === 'failed_precondition' ? 'members_full' : 'invalid_membership_change',
      error.message,
    );
  }
}

export function checkValidity(validUntil: UnixMs, time: UnixMs): Rejection | undefined {
  if (time > validUntil)
    return reject(
      'expired',
      `valid until ${at(validUntil)}, and it is ${at(time)}: sign again, and see that both clocks are right`,
    );
  if (validUntil > time + ACTION_VALIDITY_MAX_MS)
    return reject(
      'validity_too_long',
      `valid until ${at(validUntil)}, too long after ${at(time)}: is the author's clock right?`,
    );
  return undefined;
}

export const entryAt = (view: Reader, sequence: Sequence): Entry | undefined =>
  readState(view, stateKeys.entry(sequence), entryCodec);

export function membersState(view: Reader): MembersState {
  const state = readState(view, stateKeys.members, membersStateCodec);
  if (!state) throw new CountersealError('data_corrupted', 'the state of the members is missing');
  return state;
}

export function registryIn(view: Reader): MemberRegistry {
  const { slots } = membersState(view);
  const read = (slot: number): MemberSlot | undefined =>
    readState(view, stateKeys.memberSlot(slot), memberSlotCodec);
  return MemberRegistry.fromSlots(Array.from({ length: slots }, (_, slot) => read(slot)));
}
