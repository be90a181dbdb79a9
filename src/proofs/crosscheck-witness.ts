import type { FieldElement } from '../crypto/index.js';
import { CROSSCHECK_OUTPUT_COUNT, crosscheckSignals, type CrosscheckPublic } from './crosscheck-signals.js';
import type { CircuitInputs } from './prover.js';
import type { Pair } from './register-values.js';

/**
 * The private inputs of the circuit, under its names, of A and of B. Every one is a bare field element, in range or
 * not: ranges are part of what is proved. All of it is secret.
 */
export interface CrosscheckWitness {
  readonly slots: Pair<readonly FieldElement[]>;
  readonly present: Pair<FieldElement>;
  readonly salt: Pair<FieldElement>;
  /** 1 where a set rule is to be shown: intersect, element. */
  readonly shown: Pair<FieldElement>;
  /** The element that both sets have; anything where that is not to be shown. */
  readonly element: FieldElement;
  /** Paths of the element in A's set and in B's, and of A's slot in B's set. */
  readonly elementSiblings: readonly (readonly FieldElement[])[];
  readonly elementIndex: readonly FieldElement[];
}

/** The input of the witness program. Throws as `crosscheckSignals`. */
export function crosscheckInputs(statement: CrosscheckPublic, witness: CrosscheckWitness): CircuitInputs {
  const publicInputs = crosscheckSignals(statement).slice(CROSSCHECK_OUTPUT_COUNT).values();
  const take = (count: number) => Array.from({ length: count }, () => publicInputs.next().value!);
  return {
    // In the order of the public signals.
    commitment: take(2),
    kind: take(2),
    rule: take(8),
    setRule: take(2),
    binding: take(1)[0]!,
    ...witness,
  };
}
