import { fieldElement, initPoseidon, type FieldElement } from '../crypto/index.js';
import { commitment, slotsOf, type SlotStrings } from '../documents/index.js';
import { ensure } from '../errors.js';
import { purposeOf, ROLES, roleMaskOf, type EntryState, type Network, type Role } from '../ledger/index.js';
import {
  CROSSCHECK,
  crosscheckSignals,
  judge,
  loadDeclared,
  rulesOf,
  verify,
  type Judgement,
  type KeyRegistry,
} from '../proofs/index.js';
import { ensureEntries, ensureNotExpired } from './crosscheck-prove.js';
import {
  crosscheckBinding,
  keepChallenge,
  keptChallenge,
  parseCrosscheckRequest,
  requestDigest,
  type KeptChallenge,
  type RequestParts,
} from './crosscheck-request.js';
import { openResult } from './crosscheck-result.js';
import { entryOnLedger, type EntryOnLedger } from './entry-on-ledger.js';

/** An entry that a verified cross-check is about. */
export interface CheckedEntry {
  /** What it is in the rule set: `customs declaration`. */
  readonly label: string;
  readonly entry: number;
  readonly documentKind: number;
  readonly purpose: string;
  /** When it was verified. */
  readonly state: EntryState;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** Its author has one of these roles: which, and who it is, is not shown. */
  readonly writtenBy: readonly Role[];
}

export interface VerifiedCrosscheck extends Judgement {
  /** Name of the rule set. */
  readonly set: string;
  readonly question: string;
  /** What the request names of a public side, as canonical strings: part of the question. */
  readonly values: SlotStrings;
  /** What ties the two papers to each other, and what does not. */
  readonly tie: string;
  readonly a: CheckedEntry;
  /** Null where the request named the values of the other side. */
  readonly b: CheckedEntry | null;
  /** One member in one of these roles could have written both entries. */
  readonly eitherBy: readonly Role[];
}

export interface VerifyParts extends Omit<RequestParts, 'identity'> {
  /** The package's, unless a test says otherwise. */
  readonly registry?: KeyRegistry;
}

/**
 * Verifies an answer to an own request, and uses the request up: everything that the proof does not say by itself is
 * computed from the request and the own copy of the ledger, and nothing is asked of a node but the log. Throws
 * `invalid_argument`, `permission_denied` or `decryption_failed` for what is no answer to this member; `not_found` for a
 * request that this member did not make; `already_exists` for one that was answered; `failed_precondition` where it
 * expired or an entry no longer stands; `permission_denied` for entries that the rules do not take; `invalid_proof`.
 */
export async function verifyCrosscheck(
  { network, keys, store, copy, registry }: VerifyParts,
  resultText: string,
  requestText: string,
): Promise<VerifiedCrosscheck> {
  const order = parseCrosscheckRequest(network, requestText);
  const { set } = order;
  const open = await store.use((session) => keptChallenge(session, order.challenge));
  ensureOwn(open, requestText);
  ensureUnanswered(open);
  ensureNotExpired(order);
  const contents = await openResult(network.id, keys, resultText);
  const [entryA, entryB] = contents.entries;
  const [bytesA, bytesB] = contents.transactions;
  const hasB = set.b.from === 'entry';
  ensure(
    (entryB !== null) === hasB && (bytesB !== null) === hasB,
    'invalid_proof',
    `${set.name} is about ${hasB ? 'two entries' : 'one entry'}, and the answer is not`,
    'entries',
  );

  await copy.sync();
  const entries = await store.use((session): readonly [EntryOnLedger, EntryOnLedger | null] => {
    const read = (entry: number, bytes: string) =>
      entryOnLedger(session, copy, entry, Buffer.from(bytes, 'base64'));
    return [read(entryA, bytesA), entryB === null || bytesB === null ? null : read(entryB, bytesB)];
  });
  ensureEntries(order, entries);
  const [a, b] = entries;

  await initPoseidon();
  const other = b
    ? { kind: b.claims.documentKind, commitment: b.claims.commitment }
    : publicSide(order.publicDocument!);
  const signals = crosscheckSignals({
    pass: contents.pass,
    comparable: contents.comparable,
    commitment: [a.claims.commitment, other.commitment],
    kind: [a.claims.documentKind, other.kind],
    rules: rulesOf(set),
    binding: crosscheckBinding(network.id, requestText, contents.entries),
  });
  const { genesis } = network;
  const { statement } = await loadDeclared(
    CROSSCHECK.id,
    genesis.statements.crosscheck,
    genesis.setup,
    registry,
  );
  ensure(
    await verify(statement, signals, Buffer.from(contents.proof, 'base64'), registry),
    'invalid_proof',
    'the proof does not hold for this request, these entries and this outcome',
    'proof',
  );

  await store.use((session) => {
    // Another command may have verified an answer meanwhile.
    const now = keptChallenge(session, order.challenge);
    ensureOwn(now, requestText);
    ensureUnanswered(now);
    keepChallenge(session, order.challenge, { ...now, answered: Date.now() });
  });
  const checkedA = checked(network, set.a.label, a);
  const checkedB = b && checked(network, set.b.label, b);
  return {
    set: set.name,
    question: set.question,
    values: order.publicDocument?.strings ?? {},
    tie: set.tie,
    ...judge(set, contents),
    a: checkedA,
    b: checkedB,
    eitherBy: checkedA.writtenBy.filter((role) => checkedB?.writtenBy.includes(role)),
  };
}

function ensureOwn(kept: KeptChallenge | undefined, requestText: string): asserts kept is KeptChallenge {
  ensure(
    kept?.request === requestDigest(requestText),
    'not_found',
    'this member made no such request, or its file was changed since',
    'request',
  );
}

function ensureUnanswered({ answered }: KeptChallenge): void {
  ensure(
    answered === undefined,
    'already_exists',
    `this request was answered: the answer was verified at ${new Date(answered ?? 0).toISOString()}`,
    'request',
  );
}

function publicSide(document: Parameters<typeof slotsOf>[0]): { kind: number; commitment: FieldElement } {
  const { kind, present } = document;
  return { kind, commitment: commitment(kind, present, slotsOf(document), fieldElement(0n)) };
}

function checked(
  network: Network,
  label: string,
  { sequence, claims, state, registeredAt }: EntryOnLedger,
): CheckedEntry {
  const { documentKind, purpose } = claims;
  const mask = roleMaskOf(purposeOf(network.genesis.schema, purpose), documentKind) ?? 0;
  return {
    label,
    entry: sequence,
    documentKind,
    purpose,
    state,
    registeredAt,
    writtenBy: ROLES.filter((_, i) => (mask >> i) & 1),
  };
}
