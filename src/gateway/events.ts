import type { ServerResponse } from 'node:http';
import type { EventPage, EventPlace, WatchEvent } from '../agent/index.js';
import { isQuiet } from '../agent/index.js';
import { ensure } from '../errors.js';
import { HttpError } from './problem.js';

/** So often a connection on which nothing happens says that it is there, and whose it is is asked again. */
const HEARTBEAT_MS = 15_000;
/** Who does not take what is sent for so long is cut off, and goes on with the last id that it had. */
const SLOW_MS = 30_000;
const CONNECTIONS_MAX = 64;
const CONNECTIONS_EACH = 8;

/** A client comes again by itself, after so long. */
const ENDING = ': the gateway is ending\nretry: 5000\n\n';

const EVENT_ID = /^(\d{1,15})\.(\d{1,15})$/;

/** An event's id: its record's index in the log, and the own entry that it is about. */
export const eventId = ({ index, entry }: WatchEvent): string => `${index}.${entry}`;

/** Throws `invalid_argument` for an id that this gateway did not send. */
export function placeOf(id: string): EventPlace {
  const [, index, entry] = EVENT_ID.exec(id) ?? [];
  ensure(index !== undefined, 'invalid_argument', 'Last-Event-ID is not the id of an event', 'Last-Event-ID');
  return { index: Number(index), entry: Number(entry) };
}

/** Some events after a place, and where to go on. */
export type EventSource = (place: EventPlace | undefined) => Promise<EventPage<WatchEvent>>;

export interface EventStream {
  readonly user: string;
  readonly source: EventSource;
  readonly from: EventPlace | undefined;
  /** Also those of matches that were resolved. */
  readonly all: boolean;
  /** Whether the user still may. */
  readonly allowed: () => Promise<boolean>;
}

/** What concerns the member, to as many as listen: server-sent events, each from its own place in the log. */
export class EventHub {
  private readonly open = new Map<ServerResponse, string>();
  private readonly wake = new Set<() => void>();
  /** How many times there was news. */
  private told = 0;
  private closed = false;

  constructor(private readonly slowMs = SLOW_MS) {}

  /** There may be new events. */
  notify(): void {
    this.told++;
    for (const wake of this.wake) wake();
  }

  /** Ends all connections. */
  close(): void {
    this.closed = true;
    this.notify();
    for (const response of this.open.keys()) if (response.headersSent) response.end(ENDING);
  }

  /** Sends events until the connection ends. Throws `quota_exceeded` before anything is sent. */
  async stream(response: ServerResponse, { user, source, from, all, allowed }: EventStream): Promise<void> {
    const own = [...this.open.values()].filter((name) => name === user).length;
    if (this.open.size >= CONNECTIONS_MAX || own >= CONNECTIONS_EACH)
      throw new HttpError(429, 'quota_exceeded', 'too many connections listen to events');
    let place = from;
    let told = this.told;
    this.open.set(response, user);
    const ended = () => this.closed || response.destroyed || response.writableEnded;
    const say = (text: string) => write(response, text, this.slowMs);
    response.once('close', () => this.notify());
    try {
      // What cannot be read is an error while it can still be said.
      let page = await source(place);
      if (ended()) throw new HttpError(503, 'unavailable', 'the gateway is ending', true);
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      await say(': what concerns this member\nretry: 2000\n\n');
      for (;;) {
        for (const event of page.events)
          if (all || !isQuiet(event))
            await say(`id: ${eventId(event)}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`);
        place = page.end;
        if (ended()) return;
        const news = page.next !== undefined || (await this.news(told));
        // Before anything more is sent: the user may have been removed meanwhile.
        if (ended() || !(await allowed())) return;
        if (!news) await say(': here\n\n');
        told = this.told;
        page = await source(place);
      }
    } finally {
      this.open.delete(response);
      // What failed before the stream began is answered as any other error is.
      if (response.headersSent) response.end();
    }
  }

  /** True when there may be something that whoever was told so often has not seen; false after a while without. */
  private news(told: number): Promise<boolean> {
    if (told !== this.told) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (news: boolean) => {
        clearTimeout(timer);
        this.wake.delete(wake);
        resolve(news);
      };
      const wake = () => end(true);
      const timer = setTimeout(() => end(false), HEARTBEAT_MS);
      this.wake.add(wake);
    });
  }
}

/** Resolves when there is room for more; cuts off who takes nothing. */
function write(response: ServerResponse, text: string, slowMs: number): Promise<void> {
  if (response.destroyed || response.writableEnded || response.write(text)) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      response.off('drain', end).off('close', end);
      resolve();
    };
    const timer = setTimeout(() => response.destroy(), slowMs);
    response.once('drain', end).once('close', end);
  });
}
