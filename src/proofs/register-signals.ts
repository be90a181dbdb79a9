import { fieldElement, type FieldElement, type Point } from '../crypto/index.js';
import type { Statement } from './keys.js';
import type { Pair } from './register-values.js';
import { naturalSignal, pointSignals, SignalReader } from './signals.js';

/** Statement `register` and the version of its circuit. */
export const REGISTER = { id: 'register', version: 1 } as const satisfies Statement;

/** What a `register` proof is about: circuits/README.md says what each signal is, and what the proof guarantees. */
export interface RegisterPublic {
  readonly commitment: FieldElement;
  readonly tag: Pair<FieldElement>;
  readonly nullifier: FieldElement;
  readonly escrowPoint: Point;
  readonly escrow: Pair<FieldElement>;
  readonly membersRoot: FieldElement;
  /** Bit r is set if role r may write such an entry. 16 bits. */
  readonly roleMask: number;
  /** 0, or the mask of the near fingerprint that the document cannot give. 16 bits. */
  readonly skippedMask: number;
  /** K. The proof says nothing unless it is a point of the subgroup and not the identity. */
  readonly oprfKey: Point;
  /** A code of the protocol's table of kinds. */
  readonly kind: number;
  /** text(purpose). */
  readonly purpose: FieldElement;
  /** text(name). */
  readonly fingerprintId: Pair<FieldElement>;
  /** 16 bits. */
  readonly mask: Pair<number>;
  /** Days since 1970-01-01. */
  readonly period: number;
  /** 1 to 2^16. */
  readonly quota: number;
  /** The proof says nothing unless it is a point of the subgroup and not the identity. */
  readonly auditorKey: Point;
  /** The first 31 bytes of a SHA-256, big-endian. */
  readonly binding: FieldElement;
}

/** The public signals in the circuit's order, outputs first. Throws `invalid_argument` for what is no field element. */
export function registerSignals(p: RegisterPublic): FieldElement[] {
  const signals = [
    p.commitment,
    ...p.tag,
    p.nullifier,
    ...pointSignals(p.escrowPoint),
    ...p.escrow,
    p.membersRoot,
    naturalSignal(p.roleMask),
    naturalSignal(p.skippedMask),
    ...pointSignals(p.oprfKey),
    naturalSignal(p.kind),
    p.purpose,
    ...p.fingerprintId,
    ...p.mask.map(naturalSignal),
    naturalSignal(p.period),
    naturalSignal(p.quota),
    ...pointSignals(p.auditorKey),
    p.binding,
  ];
  return signals.map(fieldElement);
}

/** Number of public signals. */
export const REGISTER_SIGNAL_COUNT = 24;
/** How many of them, at the beginning, the circuit computes. */
export const REGISTER_OUTPUT_COUNT = 8;

/**
 * The other way round. Throws `invalid_argument` for another number of signals, a signal that is not below p or a
 * number that is not of its width, `invalid_point` for what is not a point of the curve or is the identity.
 */
export function parseRegisterSignals(signals: readonly bigint[]): RegisterPublic {
  const read = new SignalReader('register', REGISTER_SIGNAL_COUNT, signals);
  return {
    commitment: read.element(),
    tag: read.elements(),
    nullifier: read.element(),
    escrowPoint: read.point(),
    escrow: read.elements(),
    membersRoot: read.element(),
    roleMask: read.natural('roleMask', 16),
    skippedMask: read.natural('skippedMask', 16),
    oprfKey: read.point(),
    kind: read.natural('kind', 32),
    purpose: read.element(),
    fingerprintId: read.elements(),
    mask: [read.natural('mask[0]', 16), read.natural('mask[1]', 16)],
    period: read.natural('period', 32),
    quota: read.natural('quota', 17),
    auditorKey: read.point(),
    binding: read.element(),
  };
}
