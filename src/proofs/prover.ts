import { CountersealError, ensure } from '../errors.js';
import { fieldElement, fieldFromDecimal, type FieldElement } from '../crypto/index.js';
import { statementName, type KeyRegistry, type Statement } from './keys.js';
import { proofFromSnarkjs, proofToBytes } from './proof-encoding.js';
import { verify } from './verify.js';

/**
 * Inputs of a circuit by signal name: field elements, as bigints or in canonical decimal, or nested lists of them.
 * Private ones are secrets.
 */
export interface CircuitInputs {
  readonly [signal: string]: CircuitInput;
}
export type CircuitInput = bigint | string | readonly CircuitInput[];

/** Inputs whose every leaf is a bigint from 0 to p - 1. */
export interface FieldInputs {
  readonly [signal: string]: FieldInput;
}
export type FieldInput = FieldElement | readonly FieldInput[];

/** `loading`: keys are read and checked; `witness`: the circuit is evaluated; `proving`: nearly all of the time. */
export type ProveStage = 'loading' | 'witness' | 'proving';

export interface ProveOptions {
  readonly onProgress?: (stage: ProveStage) => void;
  /** Stops the proof at once; it is then rejected with `unavailable`, the signal's reason being the cause. */
  readonly signal?: AbortSignal;
}

export interface Proved {
  /** 256 bytes: see `PROOF_LENGTH`. */
  readonly proof: Uint8Array;
  /** In the order of the key's `publicSignals`. */
  readonly publicSignals: FieldElement[];
}

/** Makes proofs. Calls beyond what it proves at once (one, but for a `ProverPool`) wait for their turn. */
export interface Prover {
  readonly name: string;
  /**
   * Proves the statement and verifies the proof before returning it. Throws `invalid_argument` for inputs that are not
   * the circuit's or do not satisfy it (the message names a place in the circuit, never a value), `invalid_proof` if
   * what was made does not verify, `unavailable` when aborted, closed, or the proving program ended unexpectedly, and
   * as `KeyRegistry.load`.
   */
  prove(statement: Statement, inputs: CircuitInputs, options?: ProveOptions): Promise<Proved>;
  close(): Promise<void>;
}

/** Throws `invalid_argument`, naming the signal: the circuit's program would take any integer modulo p, silently. */
export function fieldInputs(inputs: CircuitInputs): FieldInputs {
  const convert = (value: CircuitInput): FieldInput => {
    if (typeof value === 'bigint') return fieldElement(value);
    if (typeof value === 'string') return fieldFromDecimal(value);
    ensure(Array.isArray(value), 'invalid_argument', 'neither a field element nor a list');
    return (value as readonly CircuitInput[]).map(convert);
  };
  const entries = Object.entries(inputs).map(([signal, value]): [string, FieldInput] => {
    try {
      return [signal, convert(value)];
    } catch {
      const message = `input ${signal} must be made of integers from 0 to p - 1`;
      throw new CountersealError('invalid_argument', message, { field: signal });
    }
  });
  return Object.fromEntries(entries);
}

/** Parses and verifies what a proving program made; throws `invalid_proof`. */
export async function checkProved(
  statement: Statement,
  made: { readonly proof: unknown; readonly publicSignals: readonly bigint[] },
  keys: KeyRegistry,
): Promise<Proved> {
  const proof = proofToBytes(proofFromSnarkjs(made.proof));
  ensure(
    await verify(statement, made.publicSignals, proof, keys),
    'invalid_proof',
    `the proof of ${statementName(statement)} that was made does not verify: the inputs contradict the statement, or ` +
      'proving and verification key do not belong together',
  );
  return { proof, publicSignals: made.publicSignals.map(fieldElement) };
}

export const aborted = (signal: AbortSignal): CountersealError =>
  new CountersealError('unavailable', 'the proof was aborted', { cause: signal.reason });

/** Runs one task after the other. A task that is aborted while it waits is rejected at once and never begun. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when every task begun or waiting so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }

  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = () => reject(aborted(signal!));
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#last = this.#last.then(() => {
        if (signal?.aborted) return;
        // From here on the task ends itself, after it has cleaned up.
        signal?.removeEventListener('abort', stop);
        return task().then(resolve, reject);
      });
    });
  }
}
