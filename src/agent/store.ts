import type { Level } from 'level';
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, open, seal } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { Overlay } from '../ledger/index.js';
import { HighWaterMark, levelError, openChecked, openLevel, sealChecked } from '../storage/index.js';

const LOCK_WAIT_MS = 30_000;
/** How many batches were written, for the {@link HighWaterMark}. */
const BATCHES = 'batches';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Db = Level<string, Uint8Array>;

const OWN = 'own/';

/** An own record as it is stored. */
export interface SealedRecord {
  readonly name: string;
  readonly value: Uint8Array;
}

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
    this.view = new Overlay({ get: (name) => read(db, name) });
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
    try {
      for await (const [name, value] of this.db.iterator({ gte: prefix, lt: `${prefix}\uffff` }))
        found.push(this.unseal<T>(name, openChecked(name, value)));
    } catch (error) {
      throw levelError(error, "the agent's own records cannot be read");
    }
    return found;
  }

  /** The committed own records as they are stored, sealed and under hidden names, for a backup. Each opens. */
  async exportSealed(): Promise<SealedRecord[]> {
    const found: SealedRecord[] = [];
    try {
      for await (const [name, stored] of this.db.iterator({ gte: OWN, lt: `${OWN}\uffff` })) {
        const value = openChecked(name, stored);
        this.unseal(name, value);
        found.push({ name, value });
      }
    } catch (error) {
      throw levelError(error, "the agent's own records cannot be read");
    }
    return found;
  }

  /** Puts records that {@link exportSealed} gave back. Throws `decryption_failed` for another member's. */
  importSealed(records: readonly SealedRecord[]): void {
    for (const { name, value } of records) {
      ensure(
        name.startsWith(OWN),
        'data_corrupted',
        'a record of the backup has a name that no own record has',
      );
      this.unseal(name, value);
      this.view.put(name, value);
    }
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
    let mark: HighWaterMark | undefined;
    try {
      mark = HighWaterMark.open(this.path);
      const before = batchesOf(db);
      mark.check(before);
      const session = new StoreSession(db, this.key);
      const result = await work(session);
      if (!session.view.isEmpty) {
        session.view.put(BATCHES, encoder.encode(String(before + 1)));
        await write(db, session.view);
        mark.write(before + 1);
      }
      return result;
    } finally {
      mark?.close();
      await db.close();
    }
  }

  private async open(): Promise<Db> {
    const deadline = Date.now() + LOCK_WAIT_MS;
    for (;;) {
      try {
        return await openLevel<Uint8Array>(this.path, 'view');
      } catch (error) {
        if (!(error instanceof CountersealError) || error.code !== 'failed_precondition') throw error;
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

/** Throws `data_corrupted` for a value that is not what was stored, `io`. */
function read(db: Db, name: string): Uint8Array | undefined {
  let value: Uint8Array | undefined;
  try {
    value = db.getSync(name);
  } catch (error) {
    throw levelError(error, "the agent's database cannot be read");
  }
  return value && openChecked(name, value);
}

const batchesOf = (db: Db): number => Number(decoder.decode(read(db, BATCHES)));

async function write(db: Db, view: Overlay): Promise<void> {
  const operations = view
    .writes()
    .map(({ key, value }) =>
      value === undefined
        ? { type: 'del' as const, key }
        : { type: 'put' as const, key, value: sealChecked(key, value) },
    );
  try {
    await db.batch(operations, { sync: true });
  } catch (error) {
    throw levelError(error, "the agent's database cannot be written, and nothing of this was done");
  }
}
