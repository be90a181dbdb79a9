import { setTimeout as sleep } from 'node:timers/promises';
import { inTurns, type Steps } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  type Checkpoint,
  checkpointOf,
  decodeRecord,
  equalBytes,
  GrowingRoot,
  leafHash,
  logRoot,
  recordKey,
  Replica,
  type LogIndex,
  type LogRecord,
  type Network,
  Overlay,
  type Store,
} from '../ledger/index.js';
import type { LedgerClient } from './ledger-client.js';
import { isPassing } from './passing.js';
import { divergenceFrom } from './set-back.js';

/** Between tries to follow a node that is gone. */
const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 5_000;
/** Records that are held in memory until a checkpoint covers them: 250 MB at the most. */
const UNSIGNED_RECORDS_MAX = 1_000_000;
/** Records that are written at a time: as many as take some milliseconds. */
const RECORDS_A_WRITE = 128;

/** Whether a node answers whoever follows the log. */
export type Following = 'following' | 'lost';

/** What a piece of work sees of a store: what it puts into the view is written at its end, at once and durably. */
export interface CopySession {
  readonly view: Overlay;
}

/** Where a copy is kept. */
export interface CopyStore<Session extends CopySession> {
  /** Runs `work` alone; what it put is on disk when this returns, and nothing of it where `work` throws. */
  use<T>(work: (session: Session) => T | Promise<T>): Promise<T>;
}

/** A store as a copy of the log wants it: one piece of work after the other. */
export class SerialStore implements CopyStore<CopySession> {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: Pick<Store, 'get' | 'write'>) {}

  use<T>(work: (session: CopySession) => T | Promise<T>): Promise<T> {
    const run = this.queue.then(async () => {
      const view = new Overlay(this.store);
      const result = await work({ view });
      if (!view.isEmpty) await this.store.write(view.writes());
      return result;
    });
    this.queue = run.catch(() => undefined);
    return run;
  }
}

/** Records that arrived, and where in the log they begin. */
interface Arrived {
  readonly from: number;
  readonly records: readonly Uint8Array[];
}

/** How far a copy is to get, and what its root is then. */
type Milestone = Pick<Checkpoint, 'size' | 'root'>;

/**
 * A copy of the log of one's own, so that no node is ever asked about a tag. What arrives is kept only when a
 * checkpoint of the network's operators signs the log that it makes, and every verdict in it is the one that the
 * records before it give. Much at once is kept part by part, in turn with the other work of the process.
 */
export class LedgerCopy<Session extends CopySession = CopySession> {
  /** `absorbed` is told of each record in the session that keeps it. */
  constructor(
    private readonly network: Network,
    private readonly store: CopyStore<Session>,
    private readonly client: LedgerClient,
    private readonly absorbed: (session: Session, record: LogRecord) => void = () => undefined,
  ) {}

  /** Fetches what is new; afterwards the copy is as new as the node that answered. */
  async sync(): Promise<void> {
    const unsigned = await this.explained(() => this.receive({}));
    ensure(unsigned === 0, 'data_corrupted', 'the node sent records without a checkpoint');
  }

  /**
   * Keeps what comes, and calls `seen` after each batch, until `signal` aborts. A node that stops, or is not there for
   * a while, is asked again; `changed` is told of it.
   */
  async follow(
    seen: () => Promise<void>,
    signal: AbortSignal,
    changed: (state: Following) => void = () => undefined,
  ): Promise<void> {
    let pause = RECONNECT_MIN_MS;
    let state: Following | undefined;
    const become = (next: Following) => {
      if (state !== next && !signal.aborted) changed((state = next));
    };
    while (!signal.aborted) {
      try {
        await this.explained(() =>
          this.receive({ follow: true, signal }, async () => {
            pause = RECONNECT_MIN_MS;
            become('following');
            await seen();
          }),
        );
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      become('lost');
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, RECONNECT_MAX_MS);
    }
  }

  private async *batches(from: number, options: { follow?: boolean; signal?: AbortSignal }) {
    try {
      yield* this.client.records(BigInt(from), options);
    } catch (cause) {
      // All that was asked is a position, and the copy was there.
      if (cause instanceof CountersealError && cause.code === 'invalid_argument')
        throw new CountersealError(
          'data_corrupted',
          `the node does not have the first ${from} records of the log, which were signed`,
          { cause },
        );
      throw cause;
    }
  }

  /** The copy inside a session. */
  replica(session: CopySession): Replica {
    return new Replica(this.network, session.view);
  }

  /** A record of the copy. */
  record(session: CopySession, index: LogIndex): LogRecord {
    const bytes = session.view.get(recordKey(index));
    if (!bytes)
      throw new CountersealError('data_corrupted', `record ${index} is missing in this copy of the log`);
    return decodeRecord(bytes);
  }

  /** Where a node's log does not go on from this copy, says whether it was set back, or has forked. */
  private async explained<T>(receive: () => Promise<T>): Promise<T> {
    try {
      return await receive();
    } catch (error) {
      if (!(error instanceof CountersealError) || error.code !== 'data_corrupted') throw error;
      const size = await this.store.use((session) => this.replica(session).size);
      const rootAt = (at: number) => this.store.use(({ view }) => logRoot(view, at));
      throw (await divergenceFrom({ size, rootAt }, this.client, this.network.genesis)) ?? error;
    }
  }

  /** Keeps what a stream brings; answers how many records at its end no checkpoint covered. */
  private async receive(
    options: { follow?: boolean; signal?: AbortSignal },
    seen?: () => Promise<void>,
  ): Promise<number> {
    const from = await this.store.use((session) => this.replica(session).size);
    let records: Uint8Array[] = [];
    let at = from;
    for await (const batch of this.batches(from, options)) {
      records.push(...batch.records);
      ensure(
        records.length <= UNSIGNED_RECORDS_MAX,
        'data_corrupted',
        'the node sends records without end, and no checkpoint',
      );
      if (batch.checkpoint === '') continue;
      await this.keep(at, records, batch.checkpoint);
      at += records.length;
      records = [];
      await seen?.();
    }
    return records.length;
  }

  private async keep(from: number, records: readonly Uint8Array[], checkpoint: string): Promise<void> {
    const signed = sent(() => checkpointOf(this.network.genesis, checkpoint));
    const arrived = { from, records };
    const rest = await this.store.use((session) => inTurns(this.begin(session, arrived, signed)));
    for (const milestone of rest)
      await this.store.use((session) => inTurns(this.advance(session, arrived, milestone)));
  }

  /** Holds all that arrived to the checkpoint, keeps the first part of it, and answers how to go on. */
  private *begin(session: Session, arrived: Arrived, signed: Checkpoint): Steps<readonly Milestone[]> {
    const milestones = yield* this.milestones(session, arrived, signed);
    if (milestones.length > 0) yield* this.advance(session, arrived, milestones[0]!);
    return milestones.slice(1);
  }

  private *milestones(
    session: Session,
    { from, records }: Arrived,
    signed: Checkpoint,
  ): Steps<readonly Milestone[]> {
    const { size } = this.replica(session);
    const growing = GrowingRoot.from(session.view, size);
    const milestones: Milestone[] = [];
    // Another command may have kept the beginning, or all of it, meanwhile.
    for (let i = Math.max(size - from, 0); i < records.length; i++) {
      growing.append(leafHash(records[i]!));
      if ((growing.size - size) % RECORDS_A_WRITE === 0 || i === records.length - 1)
        milestones.push({ size: growing.size, root: growing.root });
      yield;
    }
    const fresh = growing.size > size;
    // An older checkpoint signs nothing that is new; what it does sign must be the beginning of the copy.
    ensure(
      (fresh ? signed.size === growing.size : signed.size <= size) &&
        equalBytes(fresh ? growing.root : logRoot(session.view, signed.size), signed.root),
      'data_corrupted',
      FALSE_RECORDS,
    );
    return milestones;
  }

  /** Keeps what there is to a milestone. */
  private *advance(session: Session, { from, records }: Arrived, { size, root }: Milestone): Steps<void> {
    const replica = this.replica(session);
    for (let index = replica.size; index < size; index++) {
      const bytes = records[index - from]!;
      session.view.put(recordKey(index as LogIndex), bytes);
      this.absorbed(
        session,
        sent(() => replica.absorb(bytes)),
      );
      yield;
    }
    // Between two parts another command may have kept what another node sent.
    ensure(equalBytes(logRoot(session.view, size), root), 'data_corrupted', FALSE_RECORDS);
  }
}

const FALSE_RECORDS =
  'the node sent other records than its signed checkpoint commits to: it is not to be trusted';

/** What a node sent and cannot be read, or was signed by somebody else, is no fault of whoever asked. */
function sent<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CountersealError)) throw cause;
    throw new CountersealError('data_corrupted', `the node is not to be trusted: ${cause.message}`, {
      cause,
    });
  }
}
