import type { FieldElement } from '../crypto/index.js';
import {
  FINGERPRINT_OUTPUT_COUNT,
  fingerprintSignals,
  type FingerprintPublic,
} from './fingerprint-signals.js';
import type { CircuitInputs } from './prover.js';
import type { Pair } from './register-values.js';

/**
 * The private inputs of the circuit, under its names. Every one is a bare field element, in range or not: ranges are
 * part of what is proved. All of it is secret.
 */
export interface FingerprintWitness {
  readonly slots: readonly FieldElement[];
  readonly present: FieldElement;
  readonly salt: FieldElement;
  readonly sk: FieldElement;
  readonly role: FieldElement;
  readonly pathSiblings: readonly FieldElement[];
  readonly pathIndex: FieldElement;
  /** The element, and its path in the set's tree; anything where the fingerprint is not of an element. */
  readonly element: FieldElement;
  readonly elementSiblings: readonly FieldElement[];
  readonly elementIndex: FieldElement;
  /** y of Q on the Montgomery form: chooses between P and -P. */
  readonly elligatorY: FieldElement;
  /** x, y of M, N = 8·M. */
  readonly M: Pair<FieldElement>;
  readonly c: FieldElement;
  readonly s: FieldElement;
}

/** The input of the witness program. Throws as `fingerprintSignals`. */
export function fingerprintInputs(statement: FingerprintPublic, witness: FingerprintWitness): CircuitInputs {
  const publicInputs = fingerprintSignals(statement).slice(FINGERPRINT_OUTPUT_COUNT).values();
  const one = () => publicInputs.next().value!;
  return {
    // In the order of the public signals.
    commitment: one(),
    kind: one(),
    purpose: one(),
    fingerprintId: one(),
    mask: one(),
    ofElement: one(),
    oprfKey: [one(), one()],
    membersRoot: one(),
    roleMask: one(),
    convergent: one(),
    nullifier: one(),
    binding: one(),
    ...witness,
  };
}
