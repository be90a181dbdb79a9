import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import { capacitySlot } from '../documents/index.js';
import { type Codec, field, u32, u64 } from './codec.js';
import { DRAWS_PER_ENTRY_MAX, MATCHES_LISTED_EACH_END } from './limits.js';
import type { Overlay } from './overlay.js';
import { reject, type Rejection } from './results.js';
import type { Purpose } from './schema.js';
import { countsAsDuplicate, stateAt } from './states.js';
import { stateKeys } from './state-keys.js';
import { encodeState, type IndexedEntry, readState, tagHeadCodec } from './state-values.js';
import type { Reader } from './store.js';
import { findMatches, possessionTagOf } from './tag-index.js';
import type { Sequence, UnixMs } from './units.js';

/**
 * The rules of chains of draws, as far as they follow from the log: the nodes' and a reader's of the log alike.
 *
 * One exact tag has one chain. While it is open nobody engages an entry of the same possession: a document is financed
 * whole by one, or in parts by those who draw. What is drawn stays drawn: an entry that is released, settled or superseded gives
 * no headroom back, because nobody could check that what it stood for has ended. Once an entry of the tag is settled the
 * document was paid, and nothing more is drawn. A chain from which nothing was drawn ends with the entry that opened
 * it, so that a mistaken one is no obstacle for ever.
 */
export interface Capacity {
  readonly opener: Sequence;
  readonly chain: FieldElement;
  /** The head: the last draw, or the chain itself. */
  readonly w: FieldElement;
  readonly headroom: FieldElement;
  readonly draws: number;
}

const capacityCodec: Codec<Capacity> = P.struct({
  opener: u64<Sequence>(),
  chain: field,
  w: field,
  headroom: field,
  draws: u32(),
});
const drawsCodec: Codec<number> = P.U8;
const PRESENT = Uint8Array.of(1);

/** What the rules are applied to. */
export interface CapacityScene {
  readonly view: Reader;
  readonly purpose: Purpose;
  readonly time: UnixMs;
  readonly entryOf: (sequence: Sequence) => IndexedEntry | undefined;
}

const keyOf = ({ purpose, tags }: Pick<IndexedEntry, 'purpose' | 'tags'>) =>
  stateKeys.capacity(purpose, tags[0]);

/** The chain that is open on an entry's exact tag. */
export function openCapacityOf(
  { view, purpose, time, entryOf }: CapacityScene,
  entry: Pick<IndexedEntry, 'purpose' | 'tags'>,
): Capacity | undefined {
  const capacity = readState(view, keyOf(entry), capacityCodec);
  if (!capacity || capacity.draws > 0) return capacity;
  const opener = entryOf(capacity.opener);
  const state = opener && stateAt(opener, purpose, time);
  return state === 'registered' ? capacity : undefined;
}

const tagCounts = (view: Reader, { purpose, tags }: IndexedEntry) =>
  readState(view, stateKeys.tag(purpose, tags[0]), tagHeadCodec);

/** Why an entry may not open a chain. */
export function refuseOpening(scene: CapacityScene, entry: IndexedEntry): Rejection | undefined {
  const state = stateAt(entry, scene.purpose, scene.time);
  if (state !== 'registered')
    return reject('illegal_transition', `an entry that is ${state} cannot open a capacity`);
  if (!capacitySlot(entry.documentKind))
    return reject('no_capacity', `documents of kind ${entry.documentKind} state nothing to be drawn from`);
  // Or nobody could tell a chain on the document from one on what somebody made up under its number.
  if (possessionTagOf(entry) === undefined)
    return reject('possession_required', `entry ${entry.sequence} has not shown possession of its document`);
  if (openCapacityOf(scene, entry))
    return reject('capacity_conflict', 'draws from a document with this number have been opened');
  const counts = tagCounts(scene.view, entry);
  // Its own engagement too: whoever has financed the whole has left nothing to draw from.
  if (counts && counts.engaged + counts.settled > 0)
    return reject('document_engaged', 'an entry with the same exact tag is engaged or settled');
  return undefined;
}

/**
 * Why an entry may not be engaged as a whole. A chain on another version of the document is no reason: whoever knows
 * only a number would keep the holders from engaging. What was drawn from it makes them `duplicate-conflicting`.
 */
export function refuseEngagement(scene: CapacityScene, entry: IndexedEntry): Rejection | undefined {
  const capacity = openCapacityOf(scene, entry);
  if (!capacity) return undefined;
  const opener = scene.entryOf(capacity.opener);
  if (opener && possessionTagOf(opener) !== possessionTagOf(entry)) return undefined;
  return reject('capacity_open', 'parts of the document are drawn, so nobody engages the whole: draw a part');
}

/** Why an entry may not draw, beside what its order accepts. */
export function refuseDraw(
  scene: CapacityScene,
  entry: IndexedEntry,
  { wPrevious, w }: { readonly wPrevious: FieldElement; readonly w: FieldElement },
): Rejection | Capacity {
  const { view } = scene;
  const state = stateAt(entry, scene.purpose, scene.time);
  if (state !== 'registered' && state !== 'engaged')
    return reject('illegal_transition', `an entry that is ${state} cannot draw`);
  // A draw engages the entry, and whatever is engaged has shown possession: see `verdictLabel`.
  if (possessionTagOf(entry) === undefined)
    return reject('possession_required', `entry ${entry.sequence} has not shown possession of its document`);
  const capacity = openCapacityOf(scene, entry);
  if (!capacity) return reject('capacity_not_open', 'nobody has opened draws from this document');
  const opener = scene.entryOf(capacity.opener);
  const possession = possessionTagOf(entry);
  if (!opener || possessionTagOf(opener) !== possession)
    return reject('capacity_conflict', 'draws are open on another version of the document');
  // Of this very document: what somebody settles that made up another one under its number is no matter of its holders.
  const { settled } = readState(view, stateKeys.tag(entry.purpose, possession!), tagHeadCodec)!;
  if (settled > 0) return reject('document_settled', 'the document was paid: nothing more is drawn from it');
  if (drawsOf(view, entry.sequence) >= DRAWS_PER_ENTRY_MAX)
    return reject('too_many_draws', `the entry has drawn ${DRAWS_PER_ENTRY_MAX} times`);
  if (view.get(stateKeys.draw(w)))
    return reject('draw_used', 'this draw is on the ledger: make another one, with a fresh blind');
  if (capacity.w !== wPrevious)
    return reject('stale_head', 'somebody else has drawn meanwhile: read what is left, and draw again');
  return capacity;
}

const drawsOf = (view: Reader, entry: Sequence): number =>
  readState(view, stateKeys.entryDraws(entry), drawsCodec) ?? 0;

/**
 * Whether an entry meets what its author has to accept by name: the same deal under another number, or the same number,
 * engaged or settled, on a document that says something else.
 */
export function meetsDoubt({ view, purpose, time }: CapacityScene, entry: IndexedEntry): boolean {
  const possession = possessionTagOf(entry);
  const asker = { self: entry, ...(possession === undefined ? {} : { possession }) };
  const {
    exact,
    near,
    possession: same = exact,
    matches,
  } = findMatches(view, purpose, entry.tags, time, asker);
  if (exact.engaged + exact.settled > same.engaged + same.settled) return true;
  if (matches.some(({ via, state }) => via === 'near' && countsAsDuplicate(state))) return true;
  // Of a tag that very many carry not all are listed.
  return near.total > 2 * MATCHES_LISTED_EACH_END && near.registered + near.engaged + near.settled > 0;
}

export function writeOpening(
  view: Overlay,
  entry: IndexedEntry,
  { chain, headroom }: Pick<Capacity, 'chain' | 'headroom'>,
): void {
  const capacity = { opener: entry.sequence, chain, w: chain, headroom, draws: 0 };
  view.put(keyOf(entry), encodeState(capacityCodec, capacity));
}

export function writeDraw(
  view: Overlay,
  entry: IndexedEntry,
  capacity: Capacity,
  { w, headroom }: Pick<Capacity, 'w' | 'headroom'>,
): void {
  const extended = { ...capacity, w, headroom, draws: capacity.draws + 1 };
  view.put(keyOf(entry), encodeState(capacityCodec, extended));
  view.put(stateKeys.draw(w), PRESENT);
  const draws = drawsOf(view, entry.sequence) + 1;
  view.put(stateKeys.entryDraws(entry.sequence), encodeState(drawsCodec, draws));
}
