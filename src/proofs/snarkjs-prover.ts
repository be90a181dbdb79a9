import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { packageKeys, type KeyRegistry, type Statement } from './keys.js';
import { canonicalDecimal } from './proof-encoding.js';
import {
  fieldInputs,
  checkProved,
  Turns,
  type CircuitInputs,
  type Proved,
  type ProveOptions,
  type Prover,
} from './prover.js';
import { ProvingProcess } from './proving-process.js';

/** The public signals as snarkjs and rapidsnark write them: canonical decimal strings. */
const publicSignalsSchema = z.array(canonicalDecimal).max(1024);

/** Throws `invalid_proof`. */
export function parsePublicSignals(value: unknown): bigint[] {
  const parsed = publicSignalsSchema.safeParse(value);
  if (!parsed.success)
    throw new CountersealError('invalid_proof', 'the prover wrote malformed public signals');
  return parsed.data;
}

export interface SnarkjsProverOptions {
  readonly keys?: KeyRegistry;
  /** Milliseconds after the last proof at which the proving process ends. */
  readonly idleTimeout?: number;
  /** One thread instead of one for each core: where several provers share the cores (`ProverPool`). */
  readonly singleThread?: boolean;
  /** The proving process's program; tests of what happens when it dies give another. */
  readonly entry?: URL;
}

/** Proves with snarkjs in a forked process: some seconds for 25,000 constraints, on all cores by default. */
export class SnarkjsProver implements Prover {
  readonly name = 'snarkjs';
  readonly #keys: KeyRegistry;
  readonly #process: ProvingProcess;
  readonly #singleThread: boolean;
  readonly #turns = new Turns();
  #closed = false;

  constructor({ keys = packageKeys, idleTimeout, singleThread = false, entry }: SnarkjsProverOptions = {}) {
    this.#keys = keys;
    this.#singleThread = singleThread;
    this.#process = new ProvingProcess(idleTimeout, entry);
  }

  /** The id of the proving process while there is one. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  prove(statement: Statement, inputs: CircuitInputs, options: ProveOptions = {}): Promise<Proved> {
    return this.#turns.run(async () => {
      ensure(!this.#closed, 'unavailable', 'the prover is closed');
      const checked = fieldInputs(inputs);
      options.onProgress?.('loading');
      const files = await this.#keys.provingFiles(statement);
      ensure(!this.#closed, 'unavailable', 'the prover is closed');
      const made = await this.#process.request(
        { task: 'prove', files, inputs: checked, singleThread: this.#singleThread },
        options,
      );
      ensure('proof' in made, 'internal', 'the proving process answered another question');
      return checkProved(
        statement,
        { proof: made.proof, publicSignals: parsePublicSignals(made.publicSignals) },
        this.#keys,
      );
    }, options.signal);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#process.close();
    return Promise.resolve();
  }
}
