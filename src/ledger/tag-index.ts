import type { FieldElement } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { MATCHES_LISTED_EACH_END, TAG_PAGE_SIZE } from './limits.js';
import type { Overlay } from './overlay.js';
import { hasLapsed, stateAt, type StoredState } from './states.js';
import { stateKeys } from './state-keys.js';
import {
  encodeState,
  type IndexedEntry,
  readState,
  type TagHead,
  tagHeadCodec,
  type TagItem,
  tagPageCodec,
} from './state-values.js';
import type { Reader } from './store.js';
import type { UnixMs } from './units.js';
import {
  type Match,
  type MatchCounts,
  type MatchVia,
  NO_MATCHES,
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

/** The distinct tags of an entry: one whose tags are equal stands in its list once. */
const distinct = ([exact, near]: IndexedEntry['tags']): readonly FieldElement[] =>
  exact === near ? [exact] : [exact, near];

/** The verdict on tags at a time; `self` is the entry that asks, if it is already in the lists. */
export function findMatches(
  view: Reader,
  scope: TagScope,
  tags: IndexedEntry['tags'],
  time: UnixMs,
  self?: IndexedEntry,
): Verdict {
  const [exact, near] = tags;
  const exactMatches = matchesOf(view, scope, exact, 'exact', time, self);
  const nearMatches = exact === near ? NONE : matchesOf(view, scope, near, 'near', time, self);
  // An entry that matches both ways is listed once, as exact.
  const matches = new Map(nearMatches.matches.map((match) => [match.sequence, match]));
  for (const match of exactMatches.matches) matches.set(match.sequence, match);
  return {
    label: verdictLabel(exactMatches.counts, nearMatches.counts),
    exact: exactMatches.counts,
    near: nearMatches.counts,
    matches: [...matches.values()].sort((a, b) => a.sequence - b.sequence),
  };
}

interface TagMatches {
  readonly counts: MatchCounts;
  readonly matches: readonly Match[];
}
const NONE: TagMatches = { counts: NO_MATCHES, matches: [] };

function matchesOf(
  view: Reader,
  scope: TagScope,
  tag: FieldElement,
  via: MatchVia,
  time: UnixMs,
  self: IndexedEntry | undefined,
): TagMatches {
  const head = headOf(view, scope, tag);
  if (head.total === 0) return NONE;
  const live = head.registered
    .filter(({ day }) => !hasLapsed(day, scope.ttlDays, time))
    .reduce((sum, { count }) => sum + count, 0);
  const own = self && stateAt(self.state, self.registered, scope.ttlDays, time);
  const counts: MatchCounts = {
    total: head.total - (self ? 1 : 0),
    registered: live - (own === 'registered' ? 1 : 0),
    engaged: head.engaged - (own === 'engaged' ? 1 : 0),
    settled: head.settled - (own === 'settled' ? 1 : 0),
  };
  const matches = listedItems(view, scope, tag, head)
    .filter(({ sequence }) => sequence !== self?.sequence)
    .map(({ sequence, state, registered }) => ({
      sequence,
      state: stateAt(state, registered, scope.ttlDays, time),
      via,
    }));
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
  entry: Omit<IndexedEntry, 'positions'>,
  time: UnixMs,
): IndexedEntry {
  const item: TagItem = { sequence: entry.sequence, state: entry.state, registered: entry.registered };
  const positions = distinct(entry.tags).map((tag) => {
    const head = headOf(view, scope, tag);
    const position = head.total;
    const grown = { ...withCount(head, scope, item, 1, time), total: position + 1 };
    writeItem(view, scope, tag, grown, position, item);
    return position;
  });
  return { ...entry, positions: [positions[0]!, positions[1] ?? positions[0]!] };
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
  distinct(entry.tags).forEach((tag, i) => {
    const without = withCount(headOf(view, scope, tag), scope, { ...item, state: entry.state }, -1, time);
    writeItem(view, scope, tag, withCount(without, scope, item, 1, time), entry.positions[i]!, item);
  });
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
