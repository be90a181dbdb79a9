import { CountersealError } from '../errors.js';
import type { WitnessClient } from './client.js';

/** How often a node looks whether it has a new checkpoint to be cosigned. */
const INTERVAL_MS = 1_000;

interface Signed {
  readonly size: number;
  readonly height: number;
  readonly text: string;
}

/** How a node stands with one of its witnesses. */
export interface WitnessStanding {
  /** Of its key. */
  readonly witness: string;
  /** Whether it answered when it was asked last; a refusal is an answer. Undefined before. */
  readonly reachable: boolean | undefined;
  /** Whether it has cosigned the newest checkpoint. */
  readonly cosigned: boolean;
}

/** The part of an engine that has checkpoints. */
export interface CosignedLog<S extends Signed> {
  readonly reader: { consistencyProof(from: number, to: number): Uint8Array[] };
  signedCheckpoint(): S;
  attachCosignatures(checkpoint: S, lines: readonly string[]): void;
}

/**
 * Has a node's newest checkpoint cosigned, again and again: of a busy log not every one, for a witness takes its time.
 * A ledger does not wait for its witnesses.
 */
export class CosignatureCollector<S extends Signed> {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** The checkpoint that is being cosigned, and who has done so. */
  private height = -1;
  private readonly cosigners = new Set<WitnessClient>();
  private readonly reachable = new Map<WitnessClient, boolean>();

  constructor(
    private readonly log: CosignedLog<S>,
    private readonly witnesses: readonly WitnessClient[],
    private readonly report: (witness: string, error: CountersealError) => void,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      void this.collect().finally(() => {
        if (!this.stopped) this.start();
      });
    }, INTERVAL_MS);
  }

  /** What is under way is left to itself: a node that stops does not wait for a witness either. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** How it stands with each witness, in their order. */
  standing(): WitnessStanding[] {
    const newest = this.log.signedCheckpoint().height === this.height;
    return this.witnesses.map((witness) => ({
      witness: witness.key.name,
      reachable: this.reachable.get(witness),
      cosigned: newest && this.cosigners.has(witness),
    }));
  }

  /** One round: asks for the newest checkpoint whoever has not cosigned it. */
  async collect(): Promise<void> {
    const checkpoint = this.log.signedCheckpoint();
    if (checkpoint.height !== this.height) this.cosigners.clear();
    this.height = checkpoint.height;
    const asked = this.witnesses.filter((witness) => !this.cosigners.has(witness));
    const lines = await Promise.all(
      asked.map(async (witness) => {
        try {
          const line = await witness.cosign({
            note: checkpoint.text,
            size: checkpoint.size,
            consistencyProof: (from) => this.log.reader.consistencyProof(from, checkpoint.size),
          });
          this.cosigners.add(witness);
          this.reachable.set(witness, true);
          return line;
        } catch (error) {
          const known = error instanceof CountersealError ? error : undefined;
          this.reachable.set(witness, known !== undefined && known.code !== 'unavailable');
          if (!this.stopped)
            this.report(
              witness.key.name,
              known ?? new CountersealError('internal', 'asking failed', { cause: error }),
            );
          return undefined;
        }
      }),
    );
    this.log.attachCosignatures(
      checkpoint,
      lines.filter((line) => line !== undefined),
    );
  }
}
