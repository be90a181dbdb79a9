import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import {
  choice,
  type Codec,
  decodeCanonical,
  encode,
  field,
  fieldPair,
  fingerprintName,
  listOf,
  purposeName,
  u32,
  u64,
} from './codec.js';
import { FINGERPRINTS_MAX, TAG_PAGE_SIZE, TTL_MAX_DAYS } from './limits.js';
import { ENTRY_STATES, type StoredState } from './states.js';
import type { StateKey } from './state-keys.js';
import type { Reader } from './store.js';
import type { EpochDay, LogIndex, Sequence, UnixMs } from './units.js';

/** The values of consensus state and their encodings. */

const storedState = P.validate(choice(ENTRY_STATES), (state) => {
  if (state === 'lapsed') throw new Error('lapsed is never written');
  return state;
}) as unknown as Codec<StoredState>;

/** What the tag index knows of an entry: as much as a reader of the log can know too. */
export interface IndexedEntry {
  readonly sequence: Sequence;
  readonly documentKind: number;
  readonly purpose: string;
  readonly tags: readonly [exact: FieldElement, near: FieldElement];
  /** Where the entry stands in the list of each tag. */
  readonly positions: readonly [exact: number, near: number];
  readonly registered: EpochDay;
  readonly state: StoredState;
  /** What it carries beside exact and near, in the order in which it was proved. */
  readonly fingerprints: readonly CarriedTag[];
}

/** A fingerprint beside exact and near. */
export interface CarriedTag {
  /** The fingerprint's full name. */
  readonly name: string;
  readonly tag: FieldElement;
  /** Where the entry stands in the tag's list. */
  readonly position: number;
}

const carriedTagsCodec: Codec<readonly CarriedTag[]> = P.validate(
  listOf(P.U8, P.struct({ name: fingerprintName, tag: field, position: u32() })),
  (list) => {
    if (list.length > FINGERPRINTS_MAX) throw new Error('an entry carries too many fingerprints');
    return list;
  },
);

export const indexedEntryCodec: Codec<IndexedEntry> = P.struct({
  sequence: u64<Sequence>(),
  documentKind: u32(),
  purpose: purposeName,
  tags: fieldPair,
  positions: listOf(2, u32()) as unknown as Codec<readonly [number, number]>,
  registered: u32<EpochDay>(),
  state: storedState,
  fingerprints: carriedTagsCodec,
});

export interface Entry {
  readonly indexed: IndexedEntry;
  readonly controlKey: Uint8Array;
  readonly nullifier: FieldElement;
  readonly commitment: FieldElement;
  readonly payloadHash: Uint8Array;
  /** The log leaf that registered it. */
  readonly logIndex: LogIndex;
  /** Actions included, refused engagements among them. */
  readonly actions: number;
  readonly refusals: number;
}

export const entryCodec: Codec<Entry> = P.struct({
  indexed: indexedEntryCodec,
  controlKey: P.bytes(32),
  nullifier: field,
  commitment: field,
  payloadHash: P.bytes(32),
  logIndex: u64<LogIndex>(),
  actions: P.U16BE,
  refusals: P.U8,
});

/** An entry as a tag's list shows it. */
export interface TagItem {
  readonly sequence: Sequence;
  readonly state: StoredState;
  readonly registered: EpochDay;
}

const tagItemCodec: Codec<TagItem> = P.struct({
  sequence: u64<Sequence>(),
  state: storedState,
  registered: u32<EpochDay>(),
});

/** Up to {@link TAG_PAGE_SIZE} items, in the order in which the entries came to carry the tag. */
export const tagPageCodec: Codec<readonly TagItem[]> = P.validate(listOf(P.U8, tagItemCodec), (items) => {
  if (items.length > TAG_PAGE_SIZE) throw new Error('a page of a tag is too long');
  return items;
});

/** The leaf of a tag: counts of all entries that carry it, and the first page of their list. */
export interface TagHead {
  readonly total: number;
  readonly engaged: number;
  readonly settled: number;
  /** Registered entries by their day, ascending; days that have lapsed may be gone. */
  readonly registered: readonly { readonly day: EpochDay; readonly count: number }[];
  readonly first: readonly TagItem[];
}

export const tagHeadCodec: Codec<TagHead> = P.struct({
  total: u32(),
  engaged: u32(),
  settled: u32(),
  registered: P.validate(
    listOf(P.U16BE, P.struct({ day: u32<EpochDay>(), count: u32() })),
    (days: readonly { readonly day: EpochDay; readonly count: number }[]) => {
      if (days.length > TTL_MAX_DAYS + 1) throw new Error('a tag counts too many days');
      return days;
    },
  ),
  first: tagPageCodec,
});

export interface Counters {
  readonly entries: number;
}
export const countersCodec: Codec<Counters> = P.struct({ entries: u64() });

/** The entry that named a payload. */
export interface PayloadOwner {
  readonly entry: Sequence;
}
export const payloadOwnerCodec: Codec<PayloadOwner> = P.struct({ entry: u64<Sequence>() });

export interface MembersState {
  /** Membership transactions included. */
  readonly changes: number;
  /** Slots ever used; a removed pair leaves its slot free. */
  readonly slots: number;
  /** The roots since the last removal, ascending in time; the last is the current one. */
  readonly roots: readonly { readonly since: UnixMs; readonly root: FieldElement }[];
}
export const membersStateCodec: Codec<MembersState> = P.struct({
  changes: u32(),
  slots: u32(),
  roots: listOf(P.U8, P.struct({ since: u64<UnixMs>(), root: field })),
});

export interface MemberSlot {
  readonly memberId: FieldElement;
  readonly role: number;
}
export const memberSlotCodec: Codec<MemberSlot> = P.struct({ memberId: field, role: P.U8 });

/** The decoded value of a key, or undefined; throws `data_corrupted` for what is not its encoding. */
export function readState<T>(view: Reader, key: StateKey | string, codec: Codec<T>): T | undefined {
  const bytes = view.get(key);
  return bytes && decodeCanonical(codec, bytes, `the value of ${key}`, 'data_corrupted');
}

export const encodeState = <T>(codec: Codec<T>, value: T): Uint8Array =>
  encode(codec, value, 'a state value');
