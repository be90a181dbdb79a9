import { Level } from 'level';
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, open, seal } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { Overlay } from '../ledger/index.js';

const LOCK_WAIT_MS = 30_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Db = Level<string, Uint8Array>;

/** What a piece of work sees of the store; all that it puts is written at its end, at once and durably. */
export class StoreSession {
  /** The copy of the ledger, which is public, as it is; own records go through the methods below. */
  readonly view: Overlay;

  private readonly nameKey: Uint8Array;

  constructor(
    private readonly db: Db,
    private readonly key: Uint8Array,
  ) {
    this.nameKey = deriveKey(key, 'names');
    this.view = new Overlay({ get: (name) => db.getSync(name) });
  }

  /**
   * Own records are sealed under the member's key, `kind/of/name` under a name of which only `kind/of` can be read: the
   * rest would say which entries of the ledger are the member's. The name is bound, so no record passes for another.
   */
  getSealed<T>(name: string): T | undefined {
    const hidden = this.hide(name);
    const value = this.view.get(hidden);
    return value && this.unseal<T>(hidden, value);
  }

  hasSealed(name: string): boolean {
    return this.view.get(this.hide(name)) !== undefined;
  }

  putSealed(name: string, value: unknown): void {
    const hidden = this.hide(name);
    this.view.put(hidden, seal(this.key, encoder.encode(JSON.stringify(value)), encoder.encode(hidden)));
  }

  /** The committed sealed records of a kind, `kind/of/`, in no order that says anything. */
  async listSealed<T>(prefix: string): Promise<T[]> {
    const found: T[] = [];
    for await (const [name, value] of this.db.iterator({ gte: prefix, lt: `${prefix}\uffff` }))
      found.push(this.unseal<T>(name, value));
    return found;
  }

  private hide(name: string): string {
    const kind = name.split('/').slice(0, 2).join('/');
    return `${kind}/${createHmac('sha256', this.nameKey).update(name).digest('hex')}`;
  }

  private unseal<T>(name: string, value: Uint8Array): T {
    return JSON.parse(decoder.decode(open(this.key, value, encoder.encode(name)))) as T;
  }
}

/**
 * An agent's database. LevelDB takes one process at a time, and several commands of one member may run at once, so
 * it is opened for short pieces of work only: its lock is the lock between them. Nothing slow happens inside.
 */
export class AgentStore {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly key: Uint8Array,
  ) {}

  /** Runs `work` alone; what it put is on disk when this returns, and nothing of it where `work` throws. */
  use<T>(work: (session: StoreSession) => T | Promise<T>): Promise<T> {
    const run = this.queue.then(() => this.exclusive(work));
    this.queue = run.catch(() => undefined);
    return run;
  }

  private async exclusive<T>(work: (session: StoreSession) => T | Promise<T>): Promise<T> {
    const db = await this.open();
    try {
      const session = new StoreSession(db, this.key);
      const result = await work(session);
      if (!session.view.isEmpty)
        await db.batch(
          session.view
            .writes()
            .map(({ key, value }) =>
              value === undefined ? { type: 'del', key } : { type: 'put', key, value },
            ),
          { sync: true },
        );
      return result;
    } finally {
      await db.close();
    }
  }

  private async open(): Promise<Db> {
    const deadline = Date.now() + LOCK_WAIT_MS;
    for (;;) {
      const db: Db = new Level(this.path, { keyEncoding: 'utf8', valueEncoding: 'view' });
      try {
        await db.open();
        return db;
      } catch (error) {
        const cause = (error as { cause?: { code?: string; message?: string } }).cause;
        if (cause?.code === 'LEVEL_CORRUPTION')
          throw new CountersealError(
            'data_corrupted',
            `the agent's database ${this.path} is damaged: restore a backup`,
            { cause: error },
          );
        if (cause?.code !== 'LEVEL_LOCKED')
          throw new CountersealError(
            'io',
            `the agent's database ${this.path} cannot be opened: ${cause?.message ?? 'unknown error'}`,
            { cause: error },
          );
        if (Date.now() > deadline)
          throw new CountersealError(
            'unavailable',
            `another command holds ${this.path}: try again when it is done`,
          );
        await sleep(10 + Math.random() * 20);
      }
    }
  }
}
