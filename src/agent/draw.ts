import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ed25519Sign,
  FIELD_ORDER,
  fieldElement,
  initPoseidon,
  randomBelow,
  text,
  type FieldElement,
} from '../crypto/index.js';
import { fingerprintRow, slotIndex } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  capacityBinding,
  capacityMessage,
  decodeRecord,
  equalBytes,
  type Sequence,
  encodeTransaction,
  purposeOf,
  roleMaskOf,
  transactionHash,
  unixMs,
  type DrawOrder,
  type OpenCapacityOrder,
  type ResultName,
} from '../ledger/index.js';
import {
  capacityText,
  drawdownInstance,
  drawOutputs,
  fingerprintInstance,
  openingOutputs,
  slotValue,
  type Prover,
  type SlotValue,
} from '../proofs/index.js';
import { MINUTE_MS } from '../time.js';
import type { ActingParts } from './act.js';
import {
  drawableEntry,
  provableSlots,
  readChain,
  type CapacityParts,
  type DrawableEntry,
} from './capacity.js';
import { noteOrder } from './entries.js';
import { ownClaims, possessionOf, saltOf } from './entry-opening.js';
import type { LedgerCopy } from './ledger-copy.js';
import { prove } from './prove.js';
import { ensurePossession } from './possession.js';
import { membersToProve, roleIn } from './proving-member.js';
import type { StoreSession } from './store.js';

/** What a draw is doing. */
export type DrawProgress = 'evaluating' | 'opening' | 'drawing' | 'somebody else was faster: drawing again';

export interface DrawingParts extends ActingParts, CapacityParts {}

export interface DrawOptions {
  /** Whether to draw although another entry with the near tag counts: the same deal under another number. */
  readonly acceptNear?: boolean;
}

export interface DrawResult {
  readonly entry: number;
  /**
   * `no-headroom`: less is left than was asked for, and nothing was drawn. `conflict`: draws are open on another version
   * of the document. `near-duplicate`: another entry has the near tag, and that was not accepted.
   */
  readonly outcome: 'drawn' | 'no-headroom' | 'conflict' | 'near-duplicate';
  /** What was to be drawn. */
  readonly value: SlotValue;
  /** What is left now; unset in a conflict, and where that was not looked at. */
  readonly left?: SlotValue;
  /** Whether this draw opened the document's draws. */
  readonly opened: boolean;
  /** How often another draw was faster. */
  readonly retries: number;
}

/** How long a signed order may wait for its block. */
const ORDER_VALIDITY_MS = 10 * MINUTE_MS;
/** Proofs of a draw take a second: somebody who is always faster for so long is not there by chance. */
const ATTEMPTS_MAX = 20;
const RETRY_PAUSE_MS = 500;

/** What an order meets when somebody else was faster. */
const OVERTAKEN: readonly ResultName[] = [
  'stale_head',
  'wrong_counter',
  'capacity_conflict',
  'capacity_not_open',
];

/** The rule by which a node refused, which is what its message begins with. */
const ruleOf = (error: unknown): string | undefined =>
  error instanceof CountersealError && error.code === 'rejected' ? error.message.split(':')[0] : undefined;

/**
 * Draws from what an own entry's document states, and opens its draws where nobody has: what the ledger then has of it
 * the document's holders can read, and nobody else. Proves again when somebody else was faster. A draw that was sent and
 * never answered for is settled first: the same amount is not drawn twice because an answer was lost.
 *
 * Throws as {@link drawableEntry}; `permission_denied` where the member has no role to open them; `rejected`;
 * `failed_precondition` where an unanswered draw of another amount turns out to have been made, and when others are
 * faster again and again.
 */
export async function drawFrom(
  parts: DrawingParts,
  sequence: number,
  value: SlotValue,
  prover: Prover,
  onProgress: (step: DrawProgress) => void = () => undefined,
  { acceptNear = false }: DrawOptions = {},
): Promise<DrawResult> {
  ensure(value > 0n, 'invalid_argument', 'nothing is to be drawn', 'amount');
  const { store, copy } = parts;
  await copy.sync();
  await initPoseidon();
  const drawable = await store.use((session) => drawableEntry(session, sequence));
  const resumed = await settlePending(parts, drawable);
  if (resumed !== undefined) {
    ensure(
      resumed === value,
      'failed_precondition',
      'an earlier draw of another amount, whose answer was lost, is on the ledger: see what is left, then draw',
    );
    const { documentKey } = await possessionOf(parts, drawable.own);
    const { left } = await stateOf(parts, drawable, documentKey);
    return result(drawable, 'drawn', value, left, false, 0);
  }
  let opened = false;
  // A draw engages its entry, and whatever is engaged has shown possession.
  const showPossession = () =>
    ensurePossession(parts, drawable.own.sequence, { prover, onProgress: () => undefined });
  for (let retries = 0; retries < ATTEMPTS_MAX; retries++) {
    if (retries > 0) {
      onProgress('somebody else was faster: drawing again');
      await sleep(randomInt(RETRY_PAUSE_MS));
      await copy.sync();
    } else onProgress('evaluating');
    try {
      const isOpen = await store.use((session) => {
        const replica = copy.replica(session);
        const entry = replica.entry(drawable.own.sequence)!;
        if (!acceptNear && replica.meetsDoubt(entry, unixMs(Date.now()))) return undefined;
        return replica.capacity(entry, unixMs(Date.now())) !== undefined;
      });
      if (isOpen === undefined) return result(drawable, 'near-duplicate', value, undefined, opened, retries);
      // An opening for more than there is would leave a chain behind that nobody asked for.
      if (!isOpen && value > drawable.stated)
        return result(drawable, 'no-headroom', value, drawable.stated, opened, retries);
      if (!isOpen) {
        await showPossession();
        onProgress('opening');
        await open(parts, drawable, prover);
        opened = true;
        await copy.sync();
      }
      const { documentKey: key } = await possessionOf(parts, drawable.own);
      const asked = { drawable, key, value };
      let at = await lookAhead(parts, asked);
      // Not before it is known to be of use.
      if (at.outcome === undefined && (await showPossession())) at = await lookAhead(parts, asked);
      if (at.outcome !== undefined) return result(drawable, at.outcome, value, at.left, opened, retries);
      onProgress('drawing');
      await draw(parts, drawable, { key, wPrevious: at.w, left: at.left, value, acceptNear }, prover);
      await copy.sync();
      return result(drawable, 'drawn', value, slotValue(at.left - value), opened, retries);
    } catch (error) {
      if (ruleOf(error) === 'near_duplicate')
        return result(drawable, 'near-duplicate', value, undefined, opened, retries);
      if (!(OVERTAKEN as readonly (string | undefined)[]).includes(ruleOf(error))) throw error;
    }
  }
  throw new CountersealError(
    'failed_precondition',
    `others drew from the document ${ATTEMPTS_MAX} times while this draw was being proved: try again later`,
  );
}

const result = (
  { own }: DrawableEntry,
  outcome: DrawResult['outcome'],
  value: SlotValue,
  left: SlotValue | undefined,
  opened: boolean,
  retries: number,
): DrawResult => ({
  entry: own.sequence,
  outcome,
  value,
  ...(left === undefined ? {} : { left }),
  opened,
  retries,
});

const stateOf = ({ store, copy }: DrawingParts, drawable: DrawableEntry, key: FieldElement) =>
  store.use((session) =>
    readChain(session, copy, drawable, copy.replica(session).entry(drawable.own.sequence)!, key),
  );

type Outlook =
  | { readonly outcome: undefined; readonly w: FieldElement; readonly left: SlotValue }
  | { readonly outcome: 'conflict'; readonly left?: undefined }
  | { readonly outcome: 'no-headroom'; readonly left: SlotValue };

/** The head to draw from, or why there is nothing to draw. */
async function lookAhead(
  parts: DrawingParts,
  {
    drawable,
    key,
    value,
  }: { readonly drawable: DrawableEntry; readonly key: FieldElement; readonly value: SlotValue },
): Promise<Outlook> {
  const { view, left } = await stateOf(parts, drawable, key);
  if (!view || left === undefined) return { outcome: 'conflict' };
  return value > left ? { outcome: 'no-headroom', left } : { outcome: undefined, w: view.w, left };
}

/** Entry, counter and validity of the next order of an entry. */
const orderHead = ({ store, copy }: DrawingParts, { own }: DrawableEntry) =>
  store.use((session) => ({
    entry: own.sequence,
    counter: copy.replica(session).actions(own.sequence),
    validUntil: unixMs(Date.now() + ORDER_VALIDITY_MS),
  }));

/** Opens the chain of a document. */
async function open(parts: DrawingParts, drawable: DrawableEntry, prover: Prover): Promise<void> {
  const { network, keys, store, copy, evaluations } = parts;
  const { own, document, slot } = drawable;
  const purpose = purposeOf(network.genesis.schema, own.purpose);
  const roleMask = roleMaskOf(purpose, document.kind)!;
  const { members, role } = await store.use((session) => {
    const replica = copy.replica(session);
    const role = roleIn(replica, keys.memberId, roleMask);
    ensure(
      role !== undefined,
      'permission_denied',
      `this member has no role that may open draws for ${purpose.name}`,
    );
    return { role, ...membersToProve(replica, keys.memberId, role, unixMs(Date.now())) };
  });
  const claims = ownClaims(own);
  const salt = await saltOf(parts, own, claims);
  const evaluation = await possessionOf(parts, own);
  const { possession } = fingerprintRow(document.kind);
  const key = evaluation.documentKey;

  const provable = { ...(await provableSlots(drawable)), salt };
  const capacity = capacityText(purpose.name);
  const opening = { ...provable, key, capacity, slot: slotIndex(slot) };
  const { chain, headroom, pad } = await openingOutputs(opening);
  const order: OpenCapacityOrder = {
    ...(await orderHead(parts, drawable)),
    membersRoot: members.root,
    chain,
    headroom,
    pad,
  };
  const binding = capacityBinding(network.id, { type: 'open-capacity', order });
  const possessed = await prove(
    prover,
    network,
    'fingerprint',
    await fingerprintInstance(
      {
        ...provable,
        purpose: capacity,
        fingerprintId: text(possession.name),
        mask: possession.mask,
        evaluation,
        oprfKey: evaluations.committee.groupKey,
        member: { secret: keys.secret, role, path: members.path(keys.memberId, role) },
        membersRoot: members.root,
        roleMask,
        convergent: false,
        nullifier: claims.nullifier,
      },
      binding,
    ),
  );
  const stated = await prove(prover, network, 'drawdown', await drawdownInstance(opening, binding));
  const unsigned = { type: 'open-capacity', order, possession: possessed, proof: stated } as const;
  const signature = ed25519Sign(
    keys.entry(claims.nullifier).controlSeed,
    capacityMessage(network.id, unsigned),
  );
  const transaction = encodeTransaction({ ...unsigned, signature });
  await store.use((session) => noteOrder(session, transactionHash(transaction)));
  await parts.ledger.submit(transaction, new Uint8Array());
}

interface DrawAt {
  readonly key: FieldElement;
  readonly wPrevious: FieldElement;
  readonly left: SlotValue;
  readonly value: SlotValue;
  readonly acceptNear: boolean;
}

async function draw(
  parts: DrawingParts,
  drawable: DrawableEntry,
  { key, wPrevious, left, value, acceptNear }: DrawAt,
  prover: Prover,
): Promise<void> {
  const { network, keys, store } = parts;
  const { own } = drawable;
  const request = {
    key,
    capacity: capacityText(own.purpose),
    wPrevious,
    remainingPrevious: left,
    x: value,
    // Of this attempt alone.
    blind: fieldElement(randomBelow(FIELD_ORDER)),
  };
  const { w, headroom, pad } = await drawOutputs(request);
  const order: DrawOrder = {
    ...(await orderHead(parts, drawable)),
    ...{ wPrevious, w, headroom, pad, acceptNear },
  };
  const instance = await drawdownInstance(request, capacityBinding(network.id, { type: 'draw', order }));
  const unsigned = {
    type: 'draw',
    order,
    proof: await prove(prover, network, 'drawdown', instance),
  } as const;
  const { controlSeed } = keys.entry(BigInt(own.nullifier) as FieldElement);
  const signature = ed25519Sign(controlSeed, capacityMessage(network.id, unsigned));
  const transaction = encodeTransaction({ ...unsigned, signature });
  await store.use((session) => {
    noteOrder(session, transactionHash(transaction));
    putPending(session, own.sequence, { transaction: base64(transaction), value: value.toString() });
  });
  await submitDraw(parts, own.sequence, transaction);
}

/** A draw that was sent. `settled` once its answer is known. */
interface PendingDraw {
  readonly transaction: string;
  readonly value: string;
  readonly settled?: true;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const pendingName = (sequence: number) => `own/draw/${sequence}`;
const putPending = (session: StoreSession, sequence: number, pending: PendingDraw): void =>
  session.putSealed(pendingName(sequence), pending);

async function submitDraw(
  { store, copy, ledger }: DrawingParts,
  sequence: number,
  transaction: Uint8Array,
): Promise<void> {
  const hash = transactionHash(transaction);
  const settle = () =>
    store.use((session) => {
      const pending = session.getSealed<PendingDraw>(pendingName(sequence));
      // Another process may be about a draw of its own by now.
      if (pending?.transaction === base64(transaction))
        putPending(session, sequence, { ...pending, settled: true });
    });
  try {
    const { record } = await ledger.submit(transaction, new Uint8Array());
    ensure(
      Buffer.from(decodeRecord(record).txHash).equals(hash),
      'data_corrupted',
      'the node answered with the record of something else',
    );
  } catch (error) {
    if (ruleOf(error) === undefined) throw error;
    // What the log says counts: a node that includes a draw and says that it refused it would have it made once more.
    await copy.sync();
    const included = await store.use((session) => isDrawn(session, copy, sequence, hash));
    await settle();
    if (!included) throw error;
    return;
  }
  await settle();
}

/** Whether a draw is among those of the chain of an entry's document. */
function isDrawn(session: StoreSession, copy: LedgerCopy, sequence: number, hash: Uint8Array): boolean {
  const replica = copy.replica(session);
  const chain = replica.capacity(replica.entry(sequence as Sequence)!, unixMs(Date.now()));
  return chain?.records.some((index) => equalBytes(copy.record(session, index).txHash, hash)) ?? false;
}

/** What an unanswered draw of an entry drew after all: submitting it again answers the same. */
async function settlePending(parts: DrawingParts, { own }: DrawableEntry): Promise<SlotValue | undefined> {
  const pending = await parts.store.use((session) =>
    session.getSealed<PendingDraw>(pendingName(own.sequence)),
  );
  if (!pending || pending.settled) return undefined;
  try {
    await submitDraw(parts, own.sequence, Buffer.from(pending.transaction, 'base64'));
  } catch (error) {
    if (ruleOf(error) !== undefined) return undefined;
    throw error;
  }
  await parts.copy.sync();
  return slotValue(BigInt(pending.value));
}
