import { initPoseidon, type FieldElement } from '../crypto/index.js';
import {
  capacitySlot,
  slotIndex,
  slotsInTurns,
  type CanonicalDocument,
  type CapacitySlot,
} from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import { unixMs, type CapacityView, type IndexedEntry, type LogRecord } from '../ledger/index.js';
import {
  capacityText,
  chainOf,
  headroomOf,
  openRemaining,
  slotValue,
  type SlotValue,
} from '../proofs/index.js';
import type { ActingParts } from './act.js';
import { isOwn, ownEntryOrThrow, type RegisteredEntry } from './entries.js';
import { documentOf, possessionOf } from './entry-opening.js';
import type { Evaluations } from './evaluations.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { StoreSession } from './store.js';

export interface CapacityParts extends Pick<ActingParts, 'network' | 'store' | 'copy'> {
  readonly evaluations: Evaluations;
}

/** A draw as the holders of the document see it: how much, and not who. */
export interface DrawView {
  /** The entry that drew. Whose it is the ledger does not say, unless it is an own one. */
  readonly entry: number;
  readonly own: boolean;
  readonly value: SlotValue;
  /** ISO 8601. */
  readonly time: string;
}

/** What is left of an own entry's document. */
export interface CapacityReport {
  readonly entry: number;
  readonly document: CanonicalDocument;
  /** The slot that is drawn from. */
  readonly slot: CapacitySlot;
  /** What the document states. */
  readonly stated: SlotValue;
  /**
   * `not-open`: nobody has opened draws. `conflict`: somebody opened them on another version of the document, which has
   * the same number and states something else; nothing is known of what is left there.
   */
  readonly status: 'open' | 'not-open' | 'conflict';
  /** Unset in a conflict. */
  readonly left?: SlotValue;
  readonly draws: readonly DrawView[];
}

/** An own entry from whose document something may be drawn. */
export interface DrawableEntry {
  readonly own: RegisteredEntry;
  readonly document: CanonicalDocument;
  readonly slot: CapacitySlot;
  readonly stated: SlotValue;
}

/**
 * Throws `not_found` for what is no own entry, `failed_precondition` where its document is lost or states nothing to
 * draw from.
 */
export function drawableEntry(session: StoreSession, sequence: number): DrawableEntry {
  const own = ownEntryOrThrow(session, sequence);
  const document = documentOf(own);
  const slot = capacitySlot(document.kind);
  ensure(
    slot,
    'failed_precondition',
    `documents of kind ${document.kind} state nothing that several members could draw from`,
    'entry',
  );
  ensure(
    (document.present >> slotIndex(slot)) & 1,
    'missing_field',
    `the document states no ${slot} to draw from`,
    slot,
  );
  const value = document.strings[slot];
  return { own, document, slot, stated: slotValue(BigInt(value as string)) };
}

/** A chain that is open on the exact tag of an entry, and where an own copy of the document leads on it. */
export interface KnownChain {
  readonly view: CapacityView | undefined;
  /** What is left at the head; unset where the chain is another document's, or none. */
  readonly left?: SlotValue;
  readonly draws: readonly DrawView[];
}

/**
 * Reads a chain with the document's key. Throws `data_corrupted` where the log says what no proof can have shown: the
 * node that it came from let something in, or made it up.
 */
export function readChain(
  session: StoreSession,
  copy: LedgerCopy,
  { stated }: Pick<DrawableEntry, 'stated'>,
  entry: IndexedEntry,
  key: FieldElement,
): KnownChain {
  const view = copy.replica(session).capacity(entry, unixMs(Date.now()));
  if (!view) return { view, draws: [] };
  const chain = chainOf(key, capacityText(entry.purpose));
  if (view.chain !== chain) return { view, draws: [] };
  const draws: DrawView[] = [];
  let left: SlotValue | undefined;
  for (const index of view.records) {
    const record = copy.record(session, index);
    const now = remainingAt(record, chain, key);
    const value = left === undefined ? stated : left;
    // An opening is at what the document states, a draw takes at least 1.
    const follows = now !== undefined && (left === undefined ? now === stated : now < value);
    if (!follows)
      throw new CountersealError(
        'data_corrupted',
        `record ${index} of the log leaves what cannot be left: the node is not to be trusted`,
      );
    const { body, time } = record;
    if (body.type === 'draw')
      draws.push({
        entry: body.entry,
        own: isOwn(session, body.entry),
        value: slotValue(value - now),
        time: new Date(time).toISOString(),
      });
    left = now;
  }
  return { view, ...(left === undefined ? {} : { left }), draws };
}

/** What is left after a record of a chain; undefined where pad and headroom do not agree. */
function remainingAt({ body }: LogRecord, chain: FieldElement, key: FieldElement): SlotValue | undefined {
  if (body.type !== 'open-capacity' && body.type !== 'draw') return undefined;
  const w = body.type === 'draw' ? body.w : chain;
  const remaining = openRemaining(key, w, body.pad);
  return remaining !== undefined && headroomOf(chain, key, w, remaining) === body.headroom
    ? remaining
    : undefined;
}

/**
 * What is left of an own entry's document, and what was drawn from it. Throws as {@link drawableEntry},
 * {@link possessionOf} and {@link readChain}.
 */
export async function capacityOf(parts: CapacityParts, sequence: number): Promise<CapacityReport> {
  const { store, copy } = parts;
  await copy.sync();
  const drawable = await store.use((session) => drawableEntry(session, sequence));
  await initPoseidon();
  const { document, slot, stated } = drawable;
  const about = { entry: sequence, document, slot, stated };
  const isOpen = await store.use((session) => {
    const replica = copy.replica(session);
    return replica.capacity(replica.entry(drawable.own.sequence)!, unixMs(Date.now())) !== undefined;
  });
  if (!isOpen) return { ...about, status: 'not-open', left: stated, draws: [] };
  const { documentKey: key } = await possessionOf(parts, drawable.own);
  const { left, draws } = await store.use((session) =>
    readChain(session, copy, drawable, copy.replica(session).entry(drawable.own.sequence)!, key),
  );
  return left === undefined
    ? { ...about, status: 'conflict', draws }
    : { ...about, status: 'open', left, draws };
}

/** The slots of a drawable entry's document, for a proof. */
export const provableSlots = async ({ document }: DrawableEntry) => ({
  kind: document.kind,
  slots: await slotsInTurns(document),
  present: document.present,
});
