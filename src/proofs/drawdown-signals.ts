import { fieldElement, type FieldElement } from '../crypto/index.js';
import type { Statement } from './keys.js';
import { naturalSignal, SignalReader } from './signals.js';

/** Statement `drawdown` and the version of its circuit. */
export const DRAWDOWN = { id: 'drawdown', version: 1 } as const satisfies Statement;

/** What a `drawdown` proof is about: circuits/README.md says what each signal is, and what the proof guarantees. */
export interface DrawdownPublic {
  /** The draw, or the chain where that is opened. */
  readonly w: FieldElement;
  /** Commits to what is left after it. */
  readonly headroom: FieldElement;
  /** What is left, for those who know the document. */
  readonly pad: FieldElement;
  /** Whether the chain is opened; else something is drawn. */
  readonly opening: boolean;
  /** Of the entry whose document states the capacity; 0 in a draw, as are `kind` and `slot`. */
  readonly commitment: FieldElement;
  /** A code of the protocol's table of kinds. */
  readonly kind: number;
  /** The slot that states the capacity, 0 to 15. */
  readonly slot: number;
  /** text("capacity|" + purpose). */
  readonly capacity: FieldElement;
  readonly chain: FieldElement;
  /** The head that is extended; 0 in an opening, as is `headroomPrevious`. */
  readonly wPrevious: FieldElement;
  readonly headroomPrevious: FieldElement;
  /** The first 31 bytes of a SHA-256, big-endian. */
  readonly binding: FieldElement;
}

/** Number of public signals. */
export const DRAWDOWN_SIGNAL_COUNT = 12;
/** How many of them, at the beginning, the circuit computes. */
export const DRAWDOWN_OUTPUT_COUNT = 3;

/** The public signals in the circuit's order, outputs first. Throws `invalid_argument` for no field element. */
export function drawdownSignals(p: DrawdownPublic): FieldElement[] {
  return [
    p.w,
    p.headroom,
    p.pad,
    p.opening ? 1n : 0n,
    p.commitment,
    naturalSignal(p.kind),
    naturalSignal(p.slot),
    p.capacity,
    p.chain,
    p.wPrevious,
    p.headroomPrevious,
    p.binding,
  ].map(fieldElement);
}

/**
 * The other way round. Throws `invalid_argument` for another number of signals, a signal that is not below p or a
 * number that is not of its width.
 */
export function parseDrawdownSignals(signals: readonly bigint[]): DrawdownPublic {
  const read = new SignalReader('drawdown', DRAWDOWN_SIGNAL_COUNT, signals);
  return {
    w: read.element(),
    headroom: read.element(),
    pad: read.element(),
    opening: read.natural('opening', 1) === 1,
    commitment: read.element(),
    kind: read.natural('kind', 32),
    slot: read.natural('slot', 4),
    capacity: read.element(),
    chain: read.element(),
    wPrevious: read.element(),
    headroomPrevious: read.element(),
    binding: read.element(),
  };
}
