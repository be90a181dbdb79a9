import type { RegisterRecord } from '../ledger/index.js';
import { isOwn } from './entries.js';
import type { StoreSession } from './store.js';

/**
 * What the records that were looked at for messages have told, kept so that a new message costs no look at all own
 * entries.
 */
export interface MailState {
  /** How often this was written. */
  readonly turn: number;
  /** Position in the log up to which messages were collected. */
  readonly cursor: number;
  /** Of own entries. */
  readonly purposes: readonly string[];
  /** Own entries of which another entry has the exact tag: nobody writes to others. */
  readonly readers: readonly number[];
  /** All entries of which another one has the exact tag, in the order in which that came to be. */
  readonly matched: readonly number[];
}

const STATE = 'own/mail-state';
const NOTHING: MailState = { turn: 0, cursor: 0, purposes: [], readers: [], matched: [] };

export const mailState = (session: StoreSession): MailState => session.getSealed<MailState>(STATE) ?? NOTHING;

/** Puts what was found from a state on, unless another process has gone on from there, or back, meanwhile. */
export function moveMailbox(session: StoreSession, { turn }: MailState, next: MailState): void {
  if (mailState(session).turn === turn) session.putSealed(STATE, { ...next, turn: turn + 1 });
}

/**
 * Has all that nodes still keep looked for again, for an entry that could not be read before. From the beginning:
 * where else one began would tell a node where in the log the entry is.
 */
export function lookAgain(session: StoreSession): void {
  const state = mailState(session);
  moveMailbox(session, state, { ...state, cursor: 0 });
}

/** Gathers what further records tell. */
export class MailStateBuilder {
  private readonly purposes: Set<string>;
  private readonly readers: Set<number>;
  private readonly matched: Set<number>;

  constructor(
    private readonly session: StoreSession,
    private readonly before: MailState,
  ) {
    this.purposes = new Set(before.purposes);
    this.readers = new Set(before.readers);
    this.matched = new Set(before.matched);
  }

  /** An entry that others match was either there before the last of them, or met them when it came. */
  add({ entry, purpose, verdict }: RegisterRecord): void {
    if (isOwn(this.session, entry)) this.purposes.add(purpose);
    if (verdict.exact.total === 0) return;
    const exact = verdict.matches.filter(({ via }) => via === 'exact').map(({ sequence }) => sequence);
    for (const sequence of [...exact, entry]) {
      this.matched.add(sequence);
      if (isOwn(this.session, sequence)) this.readers.add(sequence);
    }
  }

  upTo(cursor: number): MailState {
    const { purposes, readers, matched } = this;
    return { ...this.before, cursor, purposes: [...purposes], readers: [...readers], matched: [...matched] };
  }
}
