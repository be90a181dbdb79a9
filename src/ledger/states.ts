import { dayOf, type EpochDay, type UnixMs } from './units.js';

/** The states of an entry (protocol section 7), in the order of their encoding; `lapsed` is never written. */
export const ENTRY_STATES = [
  'registered',
  'engaged',
  'settled',
  'released',
  'cancelled',
  'superseded',
  'lapsed',
] as const;
export type EntryState = (typeof ENTRY_STATES)[number];
export type StoredState = Exclude<EntryState, 'lapsed'>;

/** What the holder of an entry's control key may do with it, in the order of their encoding. */
export const ACTION_KINDS = ['engage', 'settle', 'release', 'cancel', 'supersede', 'erase'] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

export const CANCEL_REASONS = [
  'withdrawn',
  'entered-in-error',
  'declined',
  'expired-offer',
  'fraud-suspected',
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

/**
 * The one table of transitions: what is not in it is illegal. To erase the payload is legal in every state and changes
 * none: one that has lapsed is written as registered.
 */
const TRANSITIONS: { readonly [S in EntryState]: { readonly [A in ActionKind]?: StoredState } } = {
  registered: { engage: 'engaged', cancel: 'cancelled', supersede: 'superseded', erase: 'registered' },
  engaged: { settle: 'settled', release: 'released', supersede: 'superseded', erase: 'engaged' },
  settled: { erase: 'settled' },
  released: { erase: 'released' },
  cancelled: { erase: 'cancelled' },
  superseded: { erase: 'superseded' },
  lapsed: { erase: 'registered' },
};

/** The state that is written after an action, or undefined where it is illegal. */
export const transition = (from: EntryState, action: ActionKind): StoredState | undefined =>
  TRANSITIONS[from][action];

/** An entry that nobody engaged lapses at the first midnight (UTC) after `ttlDays` full days. */
export const hasLapsed = (registered: EpochDay, ttlDays: number, time: UnixMs): boolean =>
  dayOf(time) > registered + ttlDays;

/** The state at a time: lapsing follows from the clock of the block, so nothing has to be written for it. */
export function stateAt(
  { state, registered }: { readonly state: StoredState; readonly registered: EpochDay },
  { ttlDays }: { readonly ttlDays: number },
  time: UnixMs,
): EntryState {
  return state === 'registered' && hasLapsed(registered, ttlDays, time) ? 'lapsed' : state;
}

/** Whether an entry may take the place of one that is superseded: it is live, and engaged where that one is. */
export const maySucceed = (superseded: StoredState, successor: EntryState): boolean =>
  successor === 'engaged' || (successor === 'registered' && superseded !== 'engaged');

/** States that make a match count: the others are listed only. */
export const countsAsDuplicate = (state: EntryState): boolean =>
  state === 'registered' || state === 'engaged' || state === 'settled';
