import { Level, type BatchOperation } from 'level';
import { CountersealError, ensure } from '../errors.js';
import { assertCharge, utcDay, type Charge, type Charged, type QuotaStore, type UtcDay } from './quota.js';

type Database = Level<string, string>;
type Operation = BatchOperation<Database, string, string>;
interface Waiting {
  readonly charge: Charge;
  readonly resolve: (charged: Charged) => void;
  readonly reject: (error: unknown) => void;
}

const DAY_MS = 86_400_000;
/** The latest day that anything was charged to. */
const LATEST = 'latest';
const memberKey = (member: string) => Buffer.from(member, 'utf8').toString('hex');
const usedKey = (day: string, member: string) => `used!${day}!${memberKey(member)}`;
const seenKey = (day: string, member: string, request: Uint8Array) =>
  `seen!${day}!${memberKey(member)}!${Buffer.from(request).toString('hex')}`;

/**
 * Quotas in a LevelDB folder of their own. Charges that arrive while one is being written go to disk together, in
 * one synchronous batch. LevelDB's lock keeps a second process out.
 */
export class LevelQuotaStore implements QuotaStore {
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    private readonly db: Database,
    private latest: UtcDay | undefined,
  ) {}

  /** Throws `io` if the folder cannot be opened, which it cannot while another process has it open. */
  static async open(folder: string): Promise<LevelQuotaStore> {
    const db = new Level<string, string>(folder);
    let latest: string | undefined;
    try {
      await db.open();
      latest = await db.get(LATEST);
    } catch (cause) {
      throw new CountersealError('io', `the quota store in ${folder} cannot be opened`, { cause });
    }
    ensure(
      latest === undefined || /^\d{4}-\d{2}-\d{2}$/.test(latest),
      'data_corrupted',
      `the quota store in ${folder} is damaged`,
    );
    return new LevelQuotaStore(db, latest as UtcDay | undefined);
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
    return readCount(await this.db.get(usedKey(day, member)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#pruning;
    await this.db.close();
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
    const before = this.latest;
    const answers: (() => void)[] = [];
    try {
      for (const { charge, resolve, reject } of group) {
        try {
          const charged = await this.#decide(charge, fresh);
          answers.push(() => resolve(charged));
        } catch (error) {
          if (!(error instanceof CountersealError)) throw error;
          answers.push(() => reject(error));
        }
      }
      if (fresh.size > 0) {
        const operations = [...fresh].map(([key, value]): Operation => ({ type: 'put', key, value }));
        await this.db.batch(operations, { sync: true });
      }
    } catch (cause) {
      // What reached the disk is unknown, and on the safe side: it counts against the members.
      this.latest = before;
      for (const { reject } of group)
        reject(new CountersealError('io', 'a quota could not be charged: see the log', { cause }));
      return;
    }
    if (before !== undefined && this.latest !== before) this.#prune(this.latest!);
    for (const answer of answers) answer();
  }

  async #decide(charge: Charge, fresh: Map<string, string>): Promise<Charged> {
    const { member, requests, limit } = charge;
    const day = this.#dayOf(charge.day);
    const usedAt = usedKey(day, member);
    const used = readCount(fresh.get(usedAt) ?? (await this.db.get(usedAt)));
    const keys = [...new Set(requests.map((request) => seenKey(day, member, request)))];
    const seen = await this.db.getMany(keys);
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
    if (day !== this.latest) {
      fresh.set(LATEST, day);
      this.latest = day;
    }
    return { charged: unseen.length, used: used + unseen.length };
  }

  /**
   * The day to charge to: never one before the latest, whose records may be gone, so that no clock gives anybody a
   * day's quota twice. A clock that steps back over midnight charges to the day it came from; one that is further
   * back is wrong now or was, and only the operator can tell.
   */
  #dayOf(day: UtcDay): UtcDay {
    const { latest } = this;
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
        for (const range of ranges) await this.db.clear(range);
      })
      // Nothing reads what is left over, and the next day's pruning takes it too.
      .catch(() => undefined);
  }
}

function readCount(value: string | undefined): number {
  if (value === undefined) return 0;
  ensure(/^\d{1,15}$/.test(value), 'data_corrupted', 'a count in the quota store is damaged');
  return Number(value);
}
