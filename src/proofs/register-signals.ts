import {
  coordinates,
  fieldElement,
  pointFromAffine,
  type FieldElement,
  type Point,
} from '../crypto/index.js';
import { ensure } from '../errors.js';
import type { Statement } from './keys.js';
import type { Pair } from './register-values.js';

/** Statement `register` and the version of its circuit. */
export const REGISTER: Statement = { id: 'register', version: 1 };

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
  const point = (q: Point) => Object.values(coordinates(q));
  const natural = (n: number) => {
    ensure(Number.isSafeInteger(n) && n >= 0, 'invalid_argument', 'a public signal must be a whole number');
    return BigInt(n);
  };
  const signals = [
    p.commitment,
    ...p.tag,
    p.nullifier,
    ...point(p.escrowPoint),
    ...p.escrow,
    p.membersRoot,
    natural(p.roleMask),
    natural(p.skippedMask),
    ...point(p.oprfKey),
    natural(p.kind),
    p.purpose,
    ...p.fingerprintId,
    ...p.mask.map(natural),
    natural(p.period),
    natural(p.quota),
    ...point(p.auditorKey),
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
  ensure(
    signals.length === REGISTER_SIGNAL_COUNT,
    'invalid_argument',
    `register has ${REGISTER_SIGNAL_COUNT} public signals, not ${signals.length}`,
  );
  const rest = signals.map(fieldElement).values();
  const element = () => rest.next().value as FieldElement;
  const elements = (): Pair<FieldElement> => [element(), element()];
  const point = () => pointFromAffine(element(), element());
  const natural = (what: string, bits: number) => {
    const x = element();
    ensure(x < 1n << BigInt(bits), 'invalid_argument', `${what} is not below 2^${bits}`);
    return Number(x);
  };
  return {
    commitment: element(),
    tag: elements(),
    nullifier: element(),
    escrowPoint: point(),
    escrow: elements(),
    membersRoot: element(),
    roleMask: natural('roleMask', 16),
    skippedMask: natural('skippedMask', 16),
    oprfKey: point(),
    kind: natural('kind', 32),
    purpose: element(),
    fingerprintId: elements(),
    mask: [natural('mask[0]', 16), natural('mask[1]', 16)],
    period: natural('period', 32),
    quota: natural('quota', 17),
    auditorKey: point(),
    binding: element(),
  };
}
