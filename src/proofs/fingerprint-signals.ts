import { fieldElement, type FieldElement, type Point } from '../crypto/index.js';
import type { Statement } from './keys.js';
import { naturalSignal, pointSignals, SignalReader } from './signals.js';

/** Statement `fingerprint` and the version of its circuit. */
export const FINGERPRINT = { id: 'fingerprint', version: 1 } as const satisfies Statement;

/** What a `fingerprint` proof is about: circuits/README.md says what each signal is, and what the proof guarantees. */
export interface FingerprintPublic {
  readonly tag: FieldElement;
  /** Of the entry whose document has the fingerprint. */
  readonly commitment: FieldElement;
  /** A code of the protocol's table of kinds. */
  readonly kind: number;
  /** text(purpose). */
  readonly purpose: FieldElement;
  /** text(name). */
  readonly fingerprintId: FieldElement;
  /** 16 bits. With `ofElement` one set slot, or one set slot and the class code. */
  readonly mask: number;
  /** Whether the fingerprint is that of one element of the mask's set slot. */
  readonly ofElement: boolean;
  /** K. The proof says nothing unless it is a point of the subgroup and not the identity. */
  readonly oprfKey: Point;
  readonly membersRoot: FieldElement;
  /** Bit r is set if role r may write such an entry. 16 bits. */
  readonly roleMask: number;
  /** Whether the commitment's salt is shown to be the convergent one of this fingerprint and `nullifier`. */
  readonly convergent: boolean;
  /** Of the entry. */
  readonly nullifier: FieldElement;
  /** The first 31 bytes of a SHA-256, big-endian. */
  readonly binding: FieldElement;
}

/** Number of public signals. */
export const FINGERPRINT_SIGNAL_COUNT = 14;
/** How many of them, at the beginning, the circuit computes. */
export const FINGERPRINT_OUTPUT_COUNT = 1;

/** The public signals in the circuit's order, the output first. Throws `invalid_argument` for no field element. */
export function fingerprintSignals(p: FingerprintPublic): FieldElement[] {
  return [
    p.tag,
    p.commitment,
    naturalSignal(p.kind),
    p.purpose,
    p.fingerprintId,
    naturalSignal(p.mask),
    p.ofElement ? 1n : 0n,
    ...pointSignals(p.oprfKey),
    p.membersRoot,
    naturalSignal(p.roleMask),
    p.convergent ? 1n : 0n,
    p.nullifier,
    p.binding,
  ].map(fieldElement);
}

/**
 * The other way round. Throws `invalid_argument` for another number of signals, a signal that is not below p or a
 * number that is not of its width, `invalid_point` for what is not a point of the curve or is the identity.
 */
export function parseFingerprintSignals(signals: readonly bigint[]): FingerprintPublic {
  const read = new SignalReader('fingerprint', FINGERPRINT_SIGNAL_COUNT, signals);
  return {
    tag: read.element(),
    commitment: read.element(),
    kind: read.natural('kind', 32),
    purpose: read.element(),
    fingerprintId: read.element(),
    mask: read.natural('mask', 16),
    ofElement: read.natural('ofElement', 1) === 1,
    oprfKey: read.point(),
    membersRoot: read.element(),
    roleMask: read.natural('roleMask', 16),
    convergent: read.natural('convergent', 1) === 1,
    nullifier: read.element(),
    binding: read.element(),
  };
}
