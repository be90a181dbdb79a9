import { isPassing } from '../rpc/passing.js';
import { collectMessages, type MailboxParts } from './mailbox.js';
import { mailIn, type MailEvent } from './mail-watch.js';
import type { EventPage, EventPlace } from './watch.js';

/**
 * The mail of this member in pages, for whoever keeps a place of its own. Apart from the events of the log: mail comes
 * when it has been fetched, which can be after later records have, and no alarm waits for it.
 */
export class MailPages {
  private collecting: Promise<void> | undefined;

  constructor(private readonly parts: MailboxParts) {}

  /**
   * What came after a place, or since the first: some, and where to go on. Collects first, for all who ask meanwhile;
   * where no node answers, it says what is there, and the rest comes the next time.
   */
  async after(place: EventPlace = { index: 0 }): Promise<EventPage<MailEvent>> {
    this.collecting ??= this.collect().finally(() => (this.collecting = undefined));
    await this.collecting;
    const { store, copy, network } = this.parts;
    const { index, entry } = place;
    const { events, to, more } = await store.use((session) => mailIn({ network, copy }, session, index));
    return {
      events: events
        .filter((event) => entry === undefined || event.index > index || event.entry > entry)
        .sort((a, b) => a.index - b.index || a.entry - b.entry),
      next: more ? { index: to } : undefined,
      end: to > index ? { index: to } : place,
    };
  }

  private async collect(): Promise<void> {
    try {
      await collectMessages(this.parts);
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}
