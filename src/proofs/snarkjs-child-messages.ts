import type { FieldInputs, ProveStage } from './prover.js';
import type { ProvingFiles } from './keys.js';

/** Prover to child. `witness` stops after the witness, for a proving program other than snarkjs. */
export interface ChildRequest {
  readonly id: number;
  readonly task: 'prove' | 'witness';
  readonly files: ProvingFiles;
  readonly inputs: FieldInputs;
  /** One thread instead of as many as there are cores: for several children at once. */
  readonly singleThread?: boolean;
}

/** What of an error of snarkjs may leave the child: no value of a signal. */
export type ChildFailure =
  /** The circuit's program refused the witness; `at` is a template and a line, of the circuit's source. */
  | { readonly kind: 'unsatisfied'; readonly at: string }
  /** A signal is missing, unknown, or has the wrong number of values. */
  | { readonly kind: 'inputs'; readonly signal: string | undefined }
  | { readonly kind: 'internal' };

/** Child to prover. */
export type ChildAnswer =
  | { readonly id: number; readonly stage: ProveStage }
  | { readonly id: number; readonly failure: ChildFailure }
  | { readonly id: number; readonly witness: Uint8Array }
  | { readonly id: number; readonly proof: unknown; readonly publicSignals: readonly string[] };
