import { CountersealError, ensure } from '../errors.js';
import {
  addSignatureLine,
  type Checkpoint,
  cosignatureLine,
  equalBytes,
  noteBody,
  type NoteKey,
  type NoteSigner,
  openCheckpoint,
  readVerifiedCheckpoint,
  type Store,
  unixMs,
  verifyConsistency,
} from '../ledger/index.js';

/** A log that a witness watches: its origin is the network's id. */
export interface WatchedLog {
  readonly origin: string;
  /** Ed25519 keys of its operators. */
  readonly keys: readonly Uint8Array[];
}

/** C2SP tlog-witness, `add-checkpoint`: a checkpoint, and that it extends the one of `oldSize` records. */
export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  /** A signed note. */
  readonly checkpoint: string;
}

/** `failed_precondition`, with the size of the checkpoint that the witness cosigned last. */
export class WitnessConflict extends CountersealError {
  constructor(
    readonly size: number,
    message: string,
  ) {
    super('failed_precondition', message);
  }
}

const recordKey = (origin: string): string => `w/${Buffer.from(origin).toString('hex')}`;

/**
 * Remembers the last checkpoint of each log, and cosigns only what extends it: whoever is shown a checkpoint that it
 * cosigned sees the log that everybody else sees. Beyond what C2SP asks of a witness it holds the extension lines of
 * this project's logs together: one size has one state root, and neither height nor time of a block go back.
 */
export class Witness {
  private queue: Promise<unknown> = Promise.resolve();

  /** The store belongs to this witness alone: two processes with one key and two memories could cosign a fork. */
  constructor(
    private readonly store: Store,
    private readonly signer: NoteSigner,
    private readonly logs: readonly WatchedLog[],
    private readonly clock: () => number = Date.now,
  ) {}

  /** The last checkpoint that was cosigned, with that cosignature; undefined before the first. */
  last(origin: string): string | undefined {
    const stored = this.store.get(recordKey(origin));
    return stored && Buffer.from(stored).toString('utf8');
  }

  /** Records in the last checkpoint that was cosigned; 0 before the first. */
  size(origin: string): number {
    const note = this.last(origin);
    return note === undefined ? 0 : readVerifiedCheckpoint(note).size;
  }

  /**
   * The cosignature line for a checkpoint, which is on disk as the last one before this resolves.
   *
   * Throws `invalid_argument` for what is no checkpoint, `not_found` for a log that is not watched, `permission_denied`
   * where no operator signed, {@link WitnessConflict} for a fork, a rollback, or another `oldSize` than {@link size};
   * `invalid_proof` where the proof does not hold.
   */
  add(request: AddCheckpoint): Promise<string> {
    // One at a time: between the look at the last checkpoint and the next one nothing may come.
    const run = this.queue.then(() => this.decide(request));
    this.queue = run.catch(() => undefined);
    return run;
  }

  private async decide({ oldSize, proof, checkpoint: note }: AddCheckpoint): Promise<string> {
    const origin = note.split('\n', 1)[0]!;
    const log = this.logs.find((candidate) => candidate.origin === origin);
    ensure(log, 'not_found', `this witness does not watch a log named ${origin.slice(0, 64)}`);
    const keys = log.keys.map((publicKey): NoteKey => ({ name: origin, publicKey }));
    const next = openCheckpoint(note, origin, keys);
    ensure(oldSize <= next.size, 'invalid_argument', 'the old size is above that of the checkpoint');
    const stored = this.last(origin);
    const last = stored === undefined ? undefined : readVerifiedCheckpoint(stored);
    if (oldSize !== (last?.size ?? 0))
      throw new WitnessConflict(
        last?.size ?? 0,
        next.size < (last?.size ?? 0)
          ? `the log has shrunk to ${next.size} records: ${last!.size} were cosigned`
          : `the last checkpoint that was cosigned has ${last?.size ?? 0} records`,
      );
    ensureExtends(last, next, proof);
    const line = cosignatureLine(note, this.signer, unixMs(this.clock()));
    // Asked again for the same, whoever may ask: nothing to remember, and no write to wait for.
    if (stored !== undefined && noteBody(stored) === noteBody(note)) return line;
    // Without earlier cosignatures: what is kept stays small.
    const signedByOperator = note
      .split('\n')
      .filter((text) => !text.startsWith('\u2014 ') || isBy(text, origin));
    const kept = addSignatureLine(signedByOperator.join('\n'), line);
    await this.store.write([{ key: recordKey(origin), value: new Uint8Array(Buffer.from(kept)) }]);
    return line;
  }
}

const isBy = (line: string, name: string): boolean => line.startsWith(`\u2014 ${name} `);

function ensureExtends(last: Checkpoint | undefined, next: Checkpoint, proof: readonly Uint8Array[]): void {
  if (!last || last.size === 0) {
    ensure(proof.length === 0, 'invalid_proof', 'a proof from an empty log is empty');
  } else if (next.size === last.size) {
    ensure(proof.length === 0, 'invalid_proof', 'a proof between equal sizes is empty');
    if (!equalBytes(next.root, last.root) || !equalBytes(next.stateRoot, last.stateRoot))
      throw new WitnessConflict(
        last.size,
        `a fork: two checkpoints of ${last.size} records with different roots are signed`,
      );
  } else {
    ensure(
      verifyConsistency(last.size, last.root, next.size, next.root, proof),
      'invalid_proof',
      `it is not proved that the log of ${next.size} records extends the one of ${last.size}`,
    );
  }
  if (last && (next.height < last.height || next.time < last.time))
    throw new WitnessConflict(last.size, 'the blocks of the log went back in height or time');
}
