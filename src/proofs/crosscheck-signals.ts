import { fieldElement, type FieldElement } from '../crypto/index.js';
import { ensure } from '../errors.js';
import {
  decodeScalarRule,
  decodeSetRule,
  encodeScalarRule,
  encodeSetRule,
  SCALAR_RULES,
  type Rules,
} from './crosscheck-rules.js';
import type { Statement } from './keys.js';
import type { Pair } from './register-values.js';
import { naturalSignal, SignalReader } from './signals.js';

/** Statement `crosscheck` and the version of its circuit. */
export const CROSSCHECK = { id: 'crosscheck', version: 1 } as const satisfies Statement;

/** What a `crosscheck` proof is about: circuits/README.md says what each signal is, and what the proof guarantees. */
export interface CrosscheckPublic {
  /** Bit i: scalar rule i holds; bits 8 and 9: the set rules are shown to hold. A set rule's 0 says nothing. */
  readonly pass: number;
  /** Bit i: rule i is on, and both slots are present. */
  readonly comparable: number;
  /** Of A and of B. */
  readonly commitment: Pair<FieldElement>;
  /** Codes of the protocol's table of kinds. */
  readonly kind: Pair<number>;
  readonly rules: Rules;
  /** The first 31 bytes of a SHA-256, big-endian: of the verifier's challenge, or of a transaction. */
  readonly binding: FieldElement;
}

/** Number of public signals. */
export const CROSSCHECK_SIGNAL_COUNT = 17;
/** How many of them, at the beginning, the circuit computes. */
export const CROSSCHECK_OUTPUT_COUNT = 2;

/** The public signals in the circuit's order, outputs first. Throws `invalid_argument` for what no signal can hold. */
export function crosscheckSignals(p: CrosscheckPublic): FieldElement[] {
  const { scalar, intersect, element } = p.rules;
  ensure(scalar.length <= SCALAR_RULES, 'invalid_argument', `there are at most ${SCALAR_RULES} scalar rules`);
  return [
    naturalSignal(p.pass),
    naturalSignal(p.comparable),
    ...p.commitment,
    ...p.kind.map(naturalSignal),
    ...Array.from({ length: SCALAR_RULES }, (_, i) => encodeScalarRule(scalar[i] ?? { op: 'off' })),
    encodeSetRule(intersect),
    encodeSetRule(element),
    p.binding,
  ].map(fieldElement);
}

/** The other way round. Throws `invalid_argument` for another number of signals, or one that is not of its form. */
export function parseCrosscheckSignals(signals: readonly bigint[]): CrosscheckPublic {
  const read = new SignalReader('crosscheck', CROSSCHECK_SIGNAL_COUNT, signals);
  const pass = read.natural('pass', SCALAR_RULES + 2);
  const comparable = read.natural('comparable', SCALAR_RULES + 2);
  const commitment: Pair<FieldElement> = read.elements();
  const kind: Pair<number> = [read.natural('kind[0]', 32), read.natural('kind[1]', 32)];
  const scalar = Array.from({ length: SCALAR_RULES }, () => decodeScalarRule(read.element()));
  while (scalar.at(-1)?.op === 'off') scalar.pop();
  const [intersect, element] = [decodeSetRule(read.element()), decodeSetRule(read.element())];
  return {
    pass,
    comparable,
    commitment,
    kind,
    rules: { scalar, ...(intersect ? { intersect } : {}), ...(element ? { element } : {}) },
    binding: read.element(),
  };
}
