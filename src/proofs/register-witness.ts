import type { FieldElement } from '../crypto/index.js';
import type { CircuitInputs } from './prover.js';
import { REGISTER_OUTPUT_COUNT, registerSignals, type RegisterPublic } from './register-signals.js';
import type { Pair } from './register-values.js';

/**
 * The private inputs of the circuit, under its names. Every one is a bare field element, in range or not: ranges are
 * part of what is proved. All of it is secret.
 */
export interface RegisterWitness {
  readonly slots: readonly FieldElement[];
  readonly present: FieldElement;
  readonly salt: FieldElement;
  readonly sk: FieldElement;
  readonly role: FieldElement;
  readonly pathSiblings: readonly FieldElement[];
  readonly pathIndex: FieldElement;
  readonly index: FieldElement;
  /** y of Q on the Montgomery form, for each fingerprint: chooses between P and -P. */
  readonly elligatorY: Pair<FieldElement>;
  /** x, y of M, N = 8·M. */
  readonly M: Pair<Pair<FieldElement>>;
  readonly c: Pair<FieldElement>;
  readonly s: Pair<FieldElement>;
  readonly e: FieldElement;
}

/** The input of the witness program. Throws as `registerSignals`. */
export function registerInputs(statement: RegisterPublic, witness: RegisterWitness): CircuitInputs {
  const publicInputs = registerSignals(statement).slice(REGISTER_OUTPUT_COUNT).values();
  const one = () => publicInputs.next().value!;
  const two = () => [one(), one()];
  return {
    // In the order of the public signals.
    membersRoot: one(),
    roleMask: one(),
    skippedMask: one(),
    oprfKey: two(),
    kind: one(),
    purpose: one(),
    fingerprintId: two(),
    mask: two(),
    period: one(),
    quota: one(),
    auditorKey: two(),
    binding: one(),
    ...witness,
  };
}
