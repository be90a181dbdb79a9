import type {
  ActionRecord,
  DrawRecord,
  EntryState,
  FingerprintLabel,
  FingerprintRecord,
  LogIndex,
  LogRecord,
  MatchVia,
  OpenCapacityRecord,
  Replica,
  Sequence,
  VerdictLabel,
} from '../ledger/index.js';
import { hasOrdered, isOwn, listEntries } from './entries.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { MailEvent } from './mail-watch.js';
import { resolutionOf } from './matches.js';
import type { ResolutionKind } from './resolutions.js';
import type { AgentStore, StoreSession } from './store.js';

/** Something that concerns this member. */
export type WatchEvent = LogEvent | MailEvent;

/** Something on the ledger that concerns this member. */
export type LogEvent = {
  /** Position in the log. */
  readonly index: number;
  /** ISO 8601, the time of the block. */
  readonly time: string;
  /** The member's own entry that it is about. */
  readonly entry: number;
} & (
  | {
      /** Somebody else registered the same document (`exact`), or one of the same deal (`near`). */
      readonly event: 'registered-again';
      readonly other: number;
      readonly via: MatchVia;
      /** What people found out about this match; see {@link isQuiet}. */
      readonly resolved?: ResolutionKind;
      /** What the ledger told them. */
      readonly verdict: VerdictLabel;
    }
  | {
      /** Somebody else acted on, or was refused engagement of, an entry that matches an own one. */
      readonly event: 'other-acted';
      readonly other: number;
      readonly via: MatchVia;
      readonly resolved?: ResolutionKind;
      readonly action: string;
      readonly outcome: 'done' | 'refused';
      readonly state: EntryState;
    }
  | {
      /**
       * Somebody else's entry shows a fingerprint that an own one carries: the same possession, goods, lines, a vehicle
       * or person of it.
       */
      readonly event: 'fingerprint-shared';
      readonly other: number;
      /** Full name of the fingerprint. */
      readonly fingerprint: string;
      /** What the ledger told them. */
      readonly label: FingerprintLabel;
    }
  | {
      /** An own entry changed, or an engagement of it was refused. */
      readonly event: 'own-acted';
      /** False is an alarm: this folder did not sign it. Another copy of the member's keys did, or the operator lies. */
      readonly ordered: boolean;
      readonly action: string;
      readonly outcome: 'done' | 'refused';
      readonly state: EntryState;
    }
);

/**
 * Whether an event is no alarm, because its match has been resolved. One exception: a match found to be the `same`
 * document was resolved in the state that it had, and that it is now engaged or settled is news.
 */
export const isQuiet = (event: WatchEvent): boolean =>
  'resolved' in event &&
  event.resolved !== undefined &&
  !(
    event.event === 'other-acted' &&
    event.resolved === 'same' &&
    event.outcome === 'done' &&
    (event.state === 'engaged' || event.state === 'settled')
  );

/** Records that one pass looks at. */
const PASS = 1_000;
const CURSOR = 'own/watch';

/**
 * The events of the next records after the watch's position, and what moves it behind them: called when the events
 * have been delivered. `next` is undefined at the end of the copy.
 */
export async function watchRecords(
  session: StoreSession,
  copy: LedgerCopy,
): Promise<{ events: LogEvent[]; next: ((session: StoreSession) => void) | undefined }> {
  const from = session.getSealed<number>(CURSOR) ?? 0;
  const { events, to } = await eventsIn(session, copy, from);
  return { events, next: to > from ? (later) => later.putSealed(CURSOR, to) : undefined };
}

/** The events of at most {@link PASS} records from an index on, and the index behind them. */
async function eventsIn(
  session: StoreSession,
  copy: LedgerCopy,
  from: number,
): Promise<{ events: LogEvent[]; to: number }> {
  const replica = copy.replica(session);
  const to = Math.min(from + PASS, replica.size);
  if (from >= to) return { events: [], to: from };
  const records: EntryRecord[] = [];
  for (let index = from; index < to; index++) {
    const record = copy.record(session, index as LogIndex);
    if (concernsEntries(record)) records.push(record);
  }
  // All of them are unsealed for it, so only where there is something to compare them with.
  const entries = records.length === 0 ? [] : await listEntries(session);
  const owned = entries.flatMap(({ sequence, tags, purpose }) =>
    sequence === undefined ? [] : [{ sequence, purpose, tags: tags.map(BigInt) }],
  );
  return { events: records.flatMap((record) => eventsOf(session, replica, owned, record)), to };
}

type EntryRecord = LogRecord & {
  readonly body: Exclude<LogRecord['body'], { readonly type: 'membership' | 'message' }>;
};

const concernsEntries = (record: LogRecord): record is EntryRecord =>
  record.body.type !== 'membership' && record.body.type !== 'message';

/** The place of an event among all: that of its record in the log, and of that record's events the own entry's. */
export interface EventPlace {
  readonly index: number;
  /** An own entry; left out for a place before all events of the record. */
  readonly entry?: number;
}

/** Events in the order of their places. */
export interface EventPage<Event extends WatchEvent = LogEvent> {
  readonly events: readonly Event[];
  /** Where to go on; undefined at the end of the copy. */
  readonly next: EventPlace | undefined;
  /** The place behind the last record that was looked at. */
  readonly end: EventPlace;
}

/** The events after a place, or from the beginning of the log: some, and where to go on. */
export async function eventsAfter(
  { store, copy }: { readonly store: AgentStore; readonly copy: LedgerCopy },
  { index, entry }: EventPlace = { index: 0 },
): Promise<EventPage> {
  const { events, to, size } = await store.use(async (session) => ({
    ...(await eventsIn(session, copy, index)),
    size: copy.replica(session).size,
  }));
  return {
    events: events
      .filter((event) => entry === undefined || event.index > index || event.entry > entry)
      .sort((a, b) => a.index - b.index || a.entry - b.entry),
    next: to < size ? { index: to } : undefined,
    end: { index: to },
  };
}

/** Hands over what came since the watch's position, and moves it behind what was handed over, to the end of the copy. */
export async function deliverEvents(
  { store, copy }: { readonly store: AgentStore; readonly copy: LedgerCopy },
  onEvents: (events: readonly LogEvent[]) => Promise<void>,
): Promise<void> {
  for (;;) {
    const { events, next } = await store.use((session) => watchRecords(session, copy));
    if (next === undefined) return;
    if (events.length > 0) await onEvents(events);
    await store.use(next);
  }
}

interface Owned {
  readonly sequence: number;
  readonly purpose: string;
  readonly tags: readonly bigint[];
}

/** What was done to an entry, and the state that it has since. */
function deedOf(body: ActionRecord | OpenCapacityRecord | DrawRecord) {
  if (body.type === 'action') return { action: body.action, outcome: body.outcome, state: body.state };
  // Only a registered entry opens, and it stays so.
  const state = body.type === 'draw' ? body.state : 'registered';
  return { action: body.type, outcome: 'done', state } as const;
}

function eventsOf(
  session: StoreSession,
  replica: Replica,
  owned: readonly Owned[],
  { index, time, txHash, body }: EntryRecord,
): LogEvent[] {
  const at = { index, time: new Date(time).toISOString() };
  if (isOwn(session, body.entry))
    return body.type !== 'register' && body.type !== 'fingerprint'
      ? [
          {
            ...at,
            event: 'own-acted',
            ordered: hasOrdered(session, txHash),
            entry: body.entry,
            ...deedOf(body),
          },
        ]
      : [];
  if (body.type === 'fingerprint')
    return owned
      .filter(({ sequence }) => hadShown(replica, sequence, body))
      .map(({ sequence }) => ({
        ...at,
        event: 'fingerprint-shared',
        entry: sequence,
        other: body.entry,
        fingerprint: body.name,
        label: body.verdict.label,
      }));
  const { purpose, tags } = replica.entry(body.entry as Sequence)!;
  return owned
    .filter((own) => own.purpose === purpose)
    .flatMap((own): LogEvent[] => {
      const via = own.tags.includes(tags[0]) ? 'exact' : own.tags.includes(tags[1]) ? 'near' : undefined;
      if (via === undefined) return [];
      const resolved = resolutionOf(session, own.sequence, body.entry)?.as;
      const about = {
        ...({ ...at, entry: own.sequence, other: body.entry, via } as const),
        ...(resolved === undefined ? {} : { resolved }),
      };
      if (body.type !== 'register') return [{ ...about, event: 'other-acted', ...deedOf(body) }];
      // Entries that were there before the own one came are its verdict's matter, not news.
      return body.entry > own.sequence
        ? [{ ...about, event: 'registered-again', verdict: body.verdict.label }]
        : [];
    });
}

/** Whether an entry had shown the fingerprint of a record before: whoever comes later learns it from the verdict. */
function hadShown(replica: Replica, sequence: number, { entry, name, tag }: FingerprintRecord): boolean {
  const place = (of: Sequence) =>
    replica.entry(of)!.fingerprints.find((carried) => carried.name === name && carried.tag === tag)?.position;
  const own = place(sequence as Sequence);
  return own !== undefined && own < place(entry)!;
}
