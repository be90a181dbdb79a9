import { fieldElement, type FieldElement } from '../crypto/index.js';
import type { SlotStrings } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import { ROLES, roleIndex, type Role } from '../ledger/index.js';
import {
  CROSSCHECK,
  crosscheckInstance,
  crosscheckSide,
  judge,
  loadDeclared,
  parseCrosscheckSignals,
  rulesOf,
  type Judgement,
  type Prover,
} from '../proofs/index.js';
import { verifyCard } from './card.js';
import {
  crosscheckBinding,
  fits,
  parseCrosscheckRequest,
  type CrosscheckOrder,
} from './crosscheck-request.js';
import { sealResult } from './crosscheck-result.js';
import { openSide, type OpenSide, type SideParts, type SideSource } from './crosscheck-sides.js';
import type { EntryOnLedger } from './entry-on-ledger.js';
import { stands } from './open-convergent.js';
import { ensureMember } from './share.js';

/** What a prover is doing. */
export type CrosscheckProgress = 'opening' | 'proving' | 'sealing';

export interface MadeCrosscheck extends Judgement {
  /** The content of the file for the verifier. */
  readonly text: string;
  readonly set: string;
  readonly question: string;
  /** What the request names of a public side, as canonical strings: part of the question. */
  readonly values: SlotStrings;
  readonly entries: readonly [a: number, b: number | null];
  readonly verifier: { readonly memberId: FieldElement; readonly roles: readonly Role[] };
}

/** Throws `failed_precondition` where a request or its answer is over. */
export function ensureNotExpired({ expires }: Pick<CrosscheckOrder, 'expires'>): void {
  ensure(
    Date.now() <= expires,
    'failed_precondition',
    `the request expired at ${new Date(expires).toISOString()}: ask for a new one`,
    'expires',
  );
}

/** What both sides check of the entries, the one before it proves and the other before it believes. */
export function ensureEntries(
  { set, subjects }: CrosscheckOrder,
  [a, b]: readonly [EntryOnLedger, EntryOnLedger | null],
): void {
  const sides: (readonly [CrosscheckOrder['set']['a'], EntryOnLedger])[] = [[set.a, a]];
  if (set.b.from === 'entry' && b) sides.push([set.b, b]);
  for (const [side, { sequence, claims, state }] of sides) {
    ensure(
      fits(side, claims),
      'permission_denied',
      `entry ${sequence} (kind ${claims.documentKind}, for ${claims.purpose}) is not what ${set.name} takes as ${side.label}: kind ${side.kinds.join(' or ')}, for ${side.purposes.join(' or ')}`,
      'entry',
    );
    ensure(
      stands(state),
      'failed_precondition',
      `entry ${sequence} is ${state}: it no longer stands for its document`,
      'entry',
    );
  }
  const numbers = [a.sequence, ...(b ? [b.sequence] : [])];
  ensure(
    new Set(numbers).size === numbers.length,
    'invalid_argument',
    'both sides are one entry: a document is not checked against itself',
    'entry',
  );
  for (const subject of subjects)
    ensure(
      numbers.includes(subject),
      'permission_denied',
      `the request is about entry ${subject}, and the answer is about ${numbers.join(' and ')}`,
      'subjects',
    );
}

/**
 * Proves what the rules of a request say of two entries, and seals it for the verifier. The outcome is the prover's to
 * see before it sends the file. Throws as {@link openSide}; `permission_denied` for a request of who is no member, or for
 * entries that are not what the rules take; `failed_precondition` for an expired request.
 */
export async function proveCrosscheck(
  parts: SideParts,
  requestText: string,
  sources: { readonly a: SideSource; readonly b?: SideSource },
  prover: Prover,
  onProgress: (step: CrosscheckProgress) => void = () => undefined,
): Promise<MadeCrosscheck> {
  const { network, store, copy } = parts;
  const order = parseCrosscheckRequest(network, requestText);
  const { set, subjects, publicDocument } = order;
  ensureNotExpired(order);
  ensure(
    (sources.b === undefined) === (set.b.from === 'request'),
    'invalid_argument',
    set.b.from === 'request'
      ? `${set.name} has one entry alone: ${set.b.label} is named by the request`
      : `${set.name} has two sides: ${set.a.label} and ${set.b.label}`,
    'b',
  );
  const card = verifyCard(order.card, network.genesis);
  await copy.sync();
  const roles = await store.use((session) => {
    const replica = copy.replica(session);
    ensureMember(replica, card);
    return ROLES.filter((role) => replica.members.has(card.memberId, roleIndex(role)));
  });

  onProgress('opening');
  const a = await openSide(parts, sources.a, set.a, subjects);
  const b = sources.b && set.b.from === 'entry' ? await openSide(parts, sources.b, set.b, subjects) : null;
  ensureEntries(order, [a.onLedger, b?.onLedger ?? null]);

  onProgress('proving');
  const { version } = await loadDeclared(
    CROSSCHECK.id,
    network.genesis.statements.crosscheck,
    network.genesis.setup,
  ).then(({ statement }) => statement);
  const entries = [a.entry, b?.entry ?? null] as const;
  const sideOf = ({ document, salt }: Pick<OpenSide, 'document' | 'salt'>) => crosscheckSide(document, salt);
  const other = b ?? { document: publicDocument!, salt: fieldElement(0n) };
  const instance = await crosscheckInstance(
    { sides: await Promise.all([sideOf(a), sideOf(other)]), rules: rulesOf(set) },
    crosscheckBinding(network.id, requestText, entries),
  );
  const { proof, publicSignals } = await prover.prove({ id: CROSSCHECK.id, version }, instance.inputs);
  if (publicSignals.some((signal, i) => signal !== instance.signals[i]))
    throw new CountersealError('internal', 'the prover proved another statement');
  const { pass, comparable } = parseCrosscheckSignals(publicSignals);

  onProgress('sealing');
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const text = await sealResult(network.id, card, {
    entries: [...entries],
    transactions: [base64(a.transaction), b && base64(b.transaction)],
    pass,
    comparable,
    proof: base64(proof),
  });
  return {
    text,
    set: set.name,
    question: set.question,
    values: publicDocument?.strings ?? {},
    entries,
    verifier: { memberId: card.memberId, roles },
    ...judge(set, { pass, comparable }),
  };
}
