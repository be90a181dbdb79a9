import type { FieldElement } from '../crypto/index.js';
import { DRAWDOWN_OUTPUT_COUNT, drawdownSignals, type DrawdownPublic } from './drawdown-signals.js';
import type { CircuitInputs } from './prover.js';

/**
 * The private inputs of the circuit, under its names. Every one is a bare field element, in range or not: ranges are
 * part of what is proved. All of it is secret.
 */
export interface DrawdownWitness {
  /** The document key of the possession fingerprint. */
  readonly key: FieldElement;
  /** What is drawn; 0 in an opening. */
  readonly x: FieldElement;
  /** Of a draw. */
  readonly blind: FieldElement;
  readonly remainingPrevious: FieldElement;
  /** Of an opening: the document that states the capacity. */
  readonly slots: readonly FieldElement[];
  readonly present: FieldElement;
  readonly salt: FieldElement;
}

/** The input of the witness program. Throws as `drawdownSignals`. */
export function drawdownInputs(statement: DrawdownPublic, witness: DrawdownWitness): CircuitInputs {
  const publicInputs = drawdownSignals(statement).slice(DRAWDOWN_OUTPUT_COUNT).values();
  const one = () => publicInputs.next().value!;
  return {
    // In the order of the public signals.
    opening: one(),
    commitment: one(),
    kind: one(),
    slot: one(),
    capacity: one(),
    chain: one(),
    wPrevious: one(),
    headroomPrevious: one(),
    binding: one(),
    ...witness,
  };
}
