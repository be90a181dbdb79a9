import type { FieldElement } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { fingerprintRow, goodsFingerprint } from '../documents/index.js';
import { GOODS_SCOPE_NAME } from './codec.js';
import { MATCHES_LISTED_EACH_END, TAG_PAGE_SIZE, TTL_MAX_DAYS } from './limits.js';
import type { Overlay } from './overlay.js';
import type { CarriedFingerprint } from './schema.js';
import { hasLapsed, stateAt, type StoredState } from './states.js';
import { stateKeys } from './state-keys.js';
import {
  type CarriedTag,
  encodeState,
  type IndexedEntry,
  readState,
  type TagHead,
  tagHeadCodec,
  type TagItem,
  tagPageCodec,
} from './state-values.js';
import type { Reader } from './store.js';
import type { Sequence, UnixMs } from './units.js';
import {
  fingerprintLabel,
  type FingerprintVerdict,
  type Match,
  type MatchCounts,
  NO_MATCHES,
  type TagMatch,
  type Verdict,
  verdictLabel,
} from './verdict.js';

/**
 * Who else carries a tag. Every operation reads and writes a bounded number of bounded values, however popular the
 * tag: a leaf of counts with the first page of the list, and later pages.
 */

/** What the index needs to know of a purpose. */
export interface TagScope {
  readonly name: string;
  readonly ttlDays: number;
}

const EMPTY_HEAD: TagHead = { total: 0, engaged: 0, settled: 0, registered: [], first: [] };

const headOf = (view: Reader, scope: TagScope, tag: FieldElement): TagHead =>
  readState(view, stateKeys.tag(scope.name, tag), tagHeadCodec) ?? EMPTY_HEAD;

function pageOf(view: Reader, scope: TagScope, tag: FieldElement, page: number): readonly TagItem[] {
  return readState(view, stateKeys.tagPage(scope.name, tag, page), tagPageCodec) ?? [];
}

/** In whose name a tag is listed that an entry carries beside exact and near. */
const scopeOf = (scope: TagScope, name: string): TagScope => (name === GOODS_NAME ? GOODS_SCOPE : scope);

/** Goods are listed for all purposes together: an entry that lapses by its own purpose's term stays live there. */
const GOODS_SCOPE: TagScope = { name: GOODS_SCOPE_NAME, ttlDays: TTL_MAX_DAYS };
const GOODS_NAME = goodsFingerprint.name;

interface ListedTag {
  readonly scope: TagScope;
  readonly tag: FieldElement;
  readonly position: number;
}

/** The tags of an entry and its place in the list of each: one whose exact and near tags are equal stands there once. */
function listedTags(scope: TagScope, { tags, positions, fingerprints }: IndexedEntry): readonly ListedTag[] {
  const [exact, near] = [0, 1].map((i) => ({ scope, tag: tags[i]!, position: positions[i]! }));
  return [
    exact!,
    ...(tags[0] === tags[1] ? [] : [near!]),
    ...fingerprints.map(({ name, tag, position }) => ({ scope: scopeOf(scope, name), tag, position })),
  ];
}

/** The tag of an entry's possession fingerprint; undefined before it has been shown. */
export function possessionTagOf({
  documentKind,
  fingerprints,
}: Pick<IndexedEntry, 'documentKind' | 'fingerprints'>): FieldElement | undefined {
  const { possession } = fingerprintRow(documentKind);
  return fingerprints.find(({ name }) => name === possession.name)?.tag;
}

/** Who asks for a verdict. */
export interface Asker {
  /** The entry that asks, if it is already in the lists. */
  readonly self?: IndexedEntry;
  /** The tag of its possession fingerprint, where it is known. */
  readonly possession?: FieldElement;
}

/** The verdict on tags at a time. */
export function findMatches(
  view: Reader,
  scope: TagScope,
  [exact, near]: IndexedEntry['tags'],
  time: UnixMs,
  { self, possession }: Asker = {},
): Verdict {
  const exactMatches = matchesOf(view, scope, exact, time, self);
  const nearMatches = exact === near ? NONE : matchesOf(view, scope, near, time, self);
  const listed = self !== undefined && possession !== undefined && possessionTagOf(self) === possession;
  const same =
    possession === undefined
      ? undefined
      : matchesOf(view, scope, possession, time, listed ? self : undefined).counts;
  // An entry that matches both ways is listed once, as exact.
  const matches = new Map<Sequence, Match>();
  for (const match of nearMatches.matches) matches.set(match.sequence, { ...match, via: 'near' });
  for (const match of exactMatches.matches) matches.set(match.sequence, { ...match, via: 'exact' });
  return {
    label: verdictLabel(exactMatches.counts, nearMatches.counts, same),
    exact: exactMatches.counts,
    near: nearMatches.counts,
    ...(same ? { possession: same } : {}),
    matches: [...matches.values()].sort(bySequence),
  };
}

/** What a fingerprint beside exact and near meets; `self` as in {@link Asker}, if it carries it already. */
export function findCarried(
  view: Reader,
  scope: TagScope,
  { name, threshold }: Pick<CarriedFingerprint, 'name' | 'threshold'>,
  tag: FieldElement,
  time: UnixMs,
  self?: IndexedEntry,
): FingerprintVerdict {
  const { counts, matches } = matchesOf(view, scopeOf(scope, name), tag, time, self);
  return { label: fingerprintLabel(counts, threshold), counts, matches: [...matches].sort(bySequence) };
}

const bySequence = (a: TagMatch, b: TagMatch): number => a.sequence - b.sequence;

interface TagMatches {
  readonly counts: MatchCounts;
  readonly matches: readonly TagMatch[];
}
const NONE: TagMatches = { counts: NO_MATCHES, matches: [] };

function matchesOf(
  view: Reader,
  scope: TagScope,
  tag: FieldElement,
  time: UnixMs,
  self: IndexedEntry | undefined,
): TagMatches {
  const head = headOf(view, scope, tag);
  if (head.total === 0) return NONE;
  const live = head.registered
    .filter(({ day }) => !hasLapsed(day, scope.ttlDays, time))
    .reduce((sum, { count }) => sum + count, 0);
  const own = self && stateAt(self, scope, time);
  const counts: MatchCounts = {
    total: head.total - (self ? 1 : 0),
    registered: live - (own === 'registered' ? 1 : 0),
    engaged: head.engaged - (own === 'engaged' ? 1 : 0),
    settled: head.settled - (own === 'settled' ? 1 : 0),
  };
  const matches = listedItems(view, scope, tag, head)
    .filter(({ sequence }) => sequence !== self?.sequence)
    .map((item) => ({ sequence: item.sequence, state: stateAt(item, scope, time) }));
  return { counts, matches };
}

/** The first and the last items of a tag's list, in its order. */
function listedItems(view: Reader, scope: TagScope, tag: FieldElement, head: TagHead): readonly TagItem[] {
  const lastPage = Math.ceil(head.total / TAG_PAGE_SIZE) - 1;
  const firstTailPage = Math.max(1, lastPage - Math.ceil(MATCHES_LISTED_EACH_END / TAG_PAGE_SIZE));
  const tail: TagItem[] = [];
  for (let page = firstTailPage; page <= lastPage; page++) tail.push(...pageOf(view, scope, tag, page));
  return [...head.first.slice(0, MATCHES_LISTED_EACH_END), ...tail.slice(-MATCHES_LISTED_EACH_END)];
}

/** Appends an entry to the lists of its tags; returns it with its positions there. */
export function addToIndex(
  view: Overlay,
  scope: TagScope,
  entry: Omit<IndexedEntry, 'positions' | 'fingerprints'>,
  time: UnixMs,
): IndexedEntry {
  const [exact, near] = entry.tags;
  const first = append(view, scope, exact, entry, time);
  const second = exact === near ? first : append(view, scope, near, entry, time);
  return { ...entry, positions: [first, second], fingerprints: [] };
}

/** Has an entry carry one fingerprint more; returns it with that. */
export function addFingerprint(
  view: Overlay,
  scope: TagScope,
  entry: IndexedEntry,
  { name, tag }: Omit<CarriedTag, 'position'>,
  time: UnixMs,
): IndexedEntry {
  const position = append(view, scopeOf(scope, name), tag, entry, time);
  return { ...entry, fingerprints: [...entry.fingerprints, { name, tag, position }] };
}

/** Returns the position in the list. */
function append(
  view: Overlay,
  scope: TagScope,
  tag: FieldElement,
  { sequence, state, registered }: TagItem,
  time: UnixMs,
): number {
  const item: TagItem = { sequence, state, registered };
  const head = headOf(view, scope, tag);
  const position = head.total;
  const grown = { ...withCount(head, scope, item, 1, time), total: position + 1 };
  writeItem(view, scope, tag, grown, position, item);
  return position;
}

/** Moves an entry to another state in the lists of its tags; returns it in that state. */
export function setIndexedState(
  view: Overlay,
  scope: TagScope,
  entry: IndexedEntry,
  to: StoredState,
  time: UnixMs,
): IndexedEntry {
  const item: TagItem = { sequence: entry.sequence, state: to, registered: entry.registered };
  for (const { scope: own, tag, position } of listedTags(scope, entry)) {
    const without = withCount(headOf(view, own, tag), own, { ...item, state: entry.state }, -1, time);
    writeItem(view, own, tag, withCount(without, own, item, 1, time), position, item);
  }
  return { ...entry, state: to };
}

/** The head with one item more or less in its counts by state, and without the days that have lapsed. */
function withCount(head: TagHead, scope: TagScope, item: TagItem, change: 1 | -1, time: UnixMs): TagHead {
  const days = new Map(
    head.registered
      .filter(({ day }) => !hasLapsed(day, scope.ttlDays, time))
      .map(({ day, count }) => [day, count]),
  );
  if (item.state === 'registered') days.set(item.registered, (days.get(item.registered) ?? 0) + change);
  return {
    ...head,
    engaged: head.engaged + (item.state === 'engaged' ? change : 0),
    settled: head.settled + (item.state === 'settled' ? change : 0),
    registered: [...days]
      .filter(([, count]) => count > 0)
      .sort(([a], [b]) => a - b)
      .map(([day, count]) => ({ day, count })),
  };
}

function writeItem(
  view: Overlay,
  scope: TagScope,
  tag: FieldElement,
  head: TagHead,
  position: number,
  item: TagItem,
): void {
  const page = Math.floor(position / TAG_PAGE_SIZE);
  const items = [...(page === 0 ? head.first : pageOf(view, scope, tag, page))];
  const at = position % TAG_PAGE_SIZE;
  const occupant = items[at];
  if (at > items.length || (occupant && occupant.sequence !== item.sequence))
    throw new CountersealError('data_corrupted', 'the list of a tag does not agree with its entries');
  items[at] = item;
  if (page > 0) view.put(stateKeys.tagPage(scope.name, tag, page), encodeState(tagPageCodec, items));
  const written = page === 0 ? { ...head, first: items } : head;
  view.put(stateKeys.tag(scope.name, tag), encodeState(tagHeadCodec, written));
}
