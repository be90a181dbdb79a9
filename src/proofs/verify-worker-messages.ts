import type { ErrorCode } from '../errors.js';
import type { Verifiable } from './pairing.js';
import type { VerificationKey } from './verification-key.js';

/** Pool to worker: at most `BATCH_MAX` proofs of one key, whose form has been checked. */
export interface BatchRequest {
  readonly id: number;
  readonly key: VerificationKey;
  readonly items: readonly Verifiable[];
}

/** Worker to pool: a verdict for each item, in order, or why there is none. */
export type BatchAnswer =
  | { readonly id: number; readonly verdicts: readonly boolean[] }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string } };
