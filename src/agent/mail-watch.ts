import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError } from '../errors.js';
import { isPassing } from '../rpc/passing.js';
import type { LogIndex } from '../ledger/index.js';
import { collectMessages, type MailboxParts } from './mailbox.js';
import { mailState } from './mail-state.js';
import {
  forgetLateMail,
  lateMail,
  mailAt,
  moveWatchedMail,
  watchedMail,
  type KeptMessage,
} from './message-store.js';
import { endsOf, revealedIn } from './reveal.js';
import type { StoreSession } from './store.js';

/** Somebody who holds the same document wrote to an own entry. What was said is for `match show`. */
export type MailEvent = {
  /** Position in the log. */
  readonly index: number;
  /** ISO 8601, the time of the block. */
  readonly time: string;
  readonly entry: number;
  readonly other: number;
  /** Of the message. */
  readonly id: string;
} & (
  | { readonly event: 'message'; readonly kind: 'text' | 'acknowledgement' }
  /** The other side shows who it is once this side has. */
  | { readonly event: 'reveal-requested' }
  /** The other side's card came; the member's id, decimal, or null where the card is not good. */
  | { readonly event: 'revealed'; readonly memberId: string | null }
);

type EventParts = Pick<MailboxParts, 'network' | 'copy'>;

/** Records that one pass looks at. */
const PASS = 1_000;
const RETRY_MS = 5_000;

/**
 * The mail of a watch. Beside the watch of the log, not in its way: fetching what others write to each other can take
 * time, and no alarm waits for that.
 */
export class MailWatch {
  private wanted = true;
  private wakeUp: () => void = () => undefined;

  constructor(
    private readonly parts: MailboxParts,
    private readonly onEvents: (events: readonly MailEvent[]) => Promise<void>,
  ) {}

  /** There may be something new. */
  wake(): void {
    this.wanted = true;
    this.wakeUp();
  }

  /** Collects what has come, and hands it over. An event is handed over again if that fails. */
  async round(): Promise<void> {
    const { store } = this.parts;
    await collectMessages(this.parts);
    for (;;) {
      const { events, next } = await store.use((session) => this.pass(session));
      if (next === undefined) return;
      if (events.length > 0) await this.onEvents(events);
      await store.use(next);
    }
  }

  /** A round whenever it is woken, until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.wakeUp(), { once: true });
    while (!signal.aborted) {
      if (!this.wanted) await new Promise<void>((resolve) => (this.wakeUp = resolve));
      if (signal.aborted) return;
      this.wanted = false;
      try {
        await this.round();
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.wanted = true;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private pass(session: StoreSession): {
    events: MailEvent[];
    next: ((session: StoreSession) => void) | undefined;
  } {
    const late = lateMail(session);
    if (late.length > 0)
      return {
        events: late.map((message) => eventOf(this.parts, session, message)),
        next: (later) => forgetLateMail(later, late),
      };
    const from = watchedMail(session);
    const { events, to } = mailIn(this.parts, session, from);
    return { events, next: to > from ? (later) => moveWatchedMail(later, to) : undefined };
  }
}

/**
 * What has been collected of at most {@link PASS} records from an index on, and the index behind them; `more`: further
 * records have been looked at.
 */
export function mailIn(
  parts: EventParts,
  session: StoreSession,
  from: number,
): { events: MailEvent[]; to: number; more: boolean } {
  const { copy } = parts;
  const collected = Math.min(mailState(session).cursor, copy.replica(session).size);
  const to = Math.max(from, Math.min(from + PASS, collected));
  const events: MailEvent[] = [];
  for (let index = from; index < to; index++) {
    if (copy.record(session, index as LogIndex).body.type !== 'message') continue;
    for (const message of mailAt(session, index))
      if (message.direction === 'received') events.push(eventOf(parts, session, message));
  }
  return { events, to, more: to < collected };
}

function eventOf(parts: EventParts, session: StoreSession, message: KeptMessage): MailEvent {
  const { index, time, entry, other, id, body } = message;
  const about = { index, time: new Date(time).toISOString(), entry, other, id };
  switch (body.kind) {
    case 'reveal-offer':
      return { ...about, event: 'reveal-requested' };
    case 'reveal':
      return { ...about, event: 'revealed', memberId: memberIn(parts, session, message) };
    default:
      return { ...about, event: 'message', kind: body.kind };
  }
}

function memberIn({ network, copy }: EventParts, session: StoreSession, message: KeptMessage): string | null {
  try {
    return revealedIn(network, endsOf(session, copy, message.entry, message.other), message).memberId;
  } catch (error) {
    if (error instanceof CountersealError) return null;
    throw error;
  }
}
