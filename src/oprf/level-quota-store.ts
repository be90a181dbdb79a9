import type { Level } from 'level';
import { CountersealError, ensure } from '../errors.js';
import { HighWaterMark, levelError, openChecked, openLevel, sealChecked } from '../storage/index.js';
import { DAY_MS } from '../time.js';
import { assertCharge, utcDay, type Charge, type Charged, type QuotaStore, type UtcDay } from './quota.js';

type Database = Level<string, Uint8Array>;
interface Waiting {
  readonly charge: Charge;
  readonly resolve: (charged: Charged) => void;
  readonly reject: (error: unknown) => void;
}

/** The latest day that anything was charged to. */
const LATEST = 'latest';
/** How many batches were written, for the {@link HighWaterMark}. */
const BATCHES = 'batches';
const memberKey = (member: string) => Buffer.from(member, 'utf8').toString('hex');
const usedKey = (day: string, member: string) => `used!${day}!${memberKey(member)}`;
const seenKey = (day: string, member: string, request: Uint8Array) =>
  `seen!${day}!${memberKey(member)}!${Buffer.from(request).toString('hex')}`;

/** What a database that was just opened says of itself. */
interface Opened {
  readonly db: Database;
  readonly mark: HighWaterMark;
  readonly latest: UtcDay | undefined;
  readonly batches: number;
}

/**
 * Quotas in a LevelDB folder of their own. Charges that arrive while one is being written go to disk together, in
 * one synchronous batch. LevelDB's lock keeps a second process out. A count that is not what was written, or older
 * than what was acknowledged, is `data_corrupted`: nobody gets a quota twice because a disk forgets.
 */
export class LevelQuotaStore implements QuotaStore {
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #closed = false;
  #state: Opened;
  #latest: UtcDay | undefined;
  #batches: number;
  /** After a write that failed the end of LevelDB's log is unknown, and what came after it could be lost. */
  #torn = false;

  private constructor(
    private readonly folder: string,
    state: Opened,
  ) {
    this.#state = state;
    this.#latest = state.latest;
    this.#batches = state.batches;
  }

  /**
   * Throws `io` if the folder cannot be opened, `failed_precondition` while another process has it open,
   * `data_corrupted` for one that is damaged.
   */
  static async open(folder: string): Promise<LevelQuotaStore> {
    return new LevelQuotaStore(folder, await openFolder(folder));
  }

  charge(charge: Charge): Promise<Charged> {
    return new Promise((resolve, reject) => {
      assertCharge(charge);
      ensure(!this.#closed, 'unavailable', 'the quota store is closed');
      this.#queue.push({ charge, resolve, reject });
      this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    });
  }

  async used(member: string, day: UtcDay): Promise<number> {
    return countOf(await readText(this.#state.db, usedKey(day, member)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#pruning;
    this.#state.mark.close();
    await this.#state.db.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      await this.#write(group);
    }
  }

  /** Decides each charge in order, on top of those before it, then writes all that were granted and answers. */
  async #write(group: readonly Waiting[]): Promise<void> {
    const fresh = new Map<string, string>();
    const before = this.#latest;
    const answers: (() => void)[] = [];
    try {
      if (this.#torn) await this.#reopen();
      for (const { charge, resolve, reject } of group) {
        try {
          const charged = await this.#decide(charge, fresh);
          answers.push(() => resolve(charged));
        } catch (error) {
          if (!(error instanceof CountersealError)) throw error;
          answers.push(() => reject(error));
        }
      }
      if (fresh.size > 0) await this.#commit(fresh);
    } catch (cause) {
      // What reached the disk is unknown, and on the safe side: it counts against the members.
      this.#latest = before;
      this.#torn = true;
      const why = levelError(cause, 'no quota could be charged');
      for (const { reject } of group) reject(why);
      return;
    }
    if (before !== undefined && this.#latest !== before) this.#prune(this.#latest!);
    for (const answer of answers) answer();
  }

  async #commit(fresh: Map<string, string>): Promise<void> {
    fresh.set(BATCHES, String(this.#batches + 1));
    const operations = [...fresh].map(([key, value]) => ({
      type: 'put' as const,
      key,
      value: sealChecked(key, Buffer.from(value)),
    }));
    await this.#state.db.batch(operations, { sync: true });
    this.#batches++;
    this.#state.mark.write(this.#batches);
  }

  /** LevelDB goes back to what is surely on disk, and begins a new log. */
  async #reopen(): Promise<void> {
    await this.#pruning;
    this.#state.mark.close();
    await this.#state.db.close();
    this.#state = await openFolder(this.folder);
    this.#latest = this.#state.latest;
    this.#batches = this.#state.batches;
    this.#torn = false;
  }

  async #decide(charge: Charge, fresh: Map<string, string>): Promise<Charged> {
    const { member, requests, limit } = charge;
    const day = this.#dayOf(charge.day);
    const usedAt = usedKey(day, member);
    const { db } = this.#state;
    const used = countOf(fresh.get(usedAt) ?? (await readText(db, usedAt)));
    const keys = [...new Set(requests.map((request) => seenKey(day, member, request)))];
    const seen = await db.getMany(keys);
    const unseen = keys.filter((key, i) => seen[i] === undefined && !fresh.has(key));
    ensure(
      used + unseen.length <= limit,
      'quota_exceeded',
      `${unseen.length} new evaluations asked for, ${Math.max(0, limit - used)} of ${limit} left on ${day} (UTC)`,
    );
    if (unseen.length > 0) {
      for (const key of unseen) fresh.set(key, '');
      fresh.set(usedAt, String(used + unseen.length));
    }
    if (day !== this.#latest) {
      fresh.set(LATEST, day);
      this.#latest = day;
    }
    return { charged: unseen.length, used: used + unseen.length };
  }

  /**
   * The day to charge to: never one before the latest, whose records may be gone, so that no clock gives anybody a
   * day's quota twice. A clock that steps back over midnight charges to the day it came from; one that is further
   * back is wrong now or was, and only the operator can tell.
   */
  #dayOf(day: UtcDay): UtcDay {
    const latest = this.#latest;
    if (latest === undefined || day >= latest) return day;
    const previous = utcDay(Date.parse(latest) - DAY_MS);
    ensure(
      day === previous,
      'failed_precondition',
      `the clock says ${day}, but quotas were charged on ${latest} already: set the evaluator's clock`,
    );
    return latest;
  }

  #prune(day: UtcDay): void {
    const ranges = ['used!', 'seen!'].map((prefix) => ({ gte: prefix, lt: `${prefix}${day}` }));
    this.#pruning = this.#pruning
      .then(async () => {
        for (const range of ranges) await this.#state.db.clear(range);
      })
      // Nothing reads what is left over, and the next day's pruning takes it too.
      .catch(() => undefined);
  }
}

async function openFolder(folder: string): Promise<Opened> {
  const db = await openLevel<Uint8Array>(folder, 'view');
  let mark: HighWaterMark | undefined;
  try {
    mark = HighWaterMark.open(folder);
    const latest = await readText(db, LATEST);
    const batches = countOf(await readText(db, BATCHES));
    mark.check(batches);
    return { db, mark, latest: latest as UtcDay | undefined, batches };
  } catch (error) {
    mark?.close();
    await db.close();
    throw levelError(error, `the quota store in ${folder} cannot be opened`);
  }
}

/** Throws `data_corrupted` for a value that is not what was stored, `io`. */
async function readText(db: Database, key: string): Promise<string | undefined> {
  let value: Uint8Array | undefined;
  try {
    value = await db.get(key);
  } catch (error) {
    throw levelError(error, 'the quota store cannot be read');
  }
  return value && Buffer.from(openChecked(key, value)).toString('utf8');
}

const countOf = (value: string | undefined): number => (value === undefined ? 0 : Number(value));
