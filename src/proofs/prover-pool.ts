import { CountersealError, ensure } from '../errors.js';
import type { Statement } from './keys.js';
import { aborted, type CircuitInputs, type Proved, type ProveOptions, type Prover } from './prover.js';

interface Waiting {
  readonly start: (prover: Prover) => void;
  readonly fail: (error: CountersealError) => void;
}

/**
 * Several provers as one: as many proofs at once, further calls wait, first come first served. Which prover makes a
 * proof changes nothing but the time it takes.
 */
export class ProverPool implements Prover {
  readonly name: string;
  readonly #idle: Prover[];
  readonly #waiting = new Set<Waiting>();
  #closed = false;

  /** Owns the provers: they are closed with it. */
  constructor(private readonly provers: readonly Prover[]) {
    ensure(provers.length >= 1, 'invalid_argument', 'a pool needs at least one prover');
    this.#idle = [...provers];
    this.name = `${provers.length} × ${provers[0]!.name}`;
  }

  /** How many proofs are made at once. */
  get size(): number {
    return this.provers.length;
  }

  async prove(statement: Statement, inputs: CircuitInputs, options: ProveOptions = {}): Promise<Proved> {
    const prover = await this.#acquire(options.signal);
    try {
      return await prover.prove(statement, inputs, options);
    } finally {
      this.#release(prover);
    }
  }

  /** Proofs under way and those that wait are rejected with `unavailable`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) waiting.fail(closed());
    await Promise.all(this.provers.map((prover) => prover.close()));
  }

  #acquire(signal: AbortSignal | undefined): Promise<Prover> {
    if (this.#closed) return Promise.reject(closed());
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const prover = this.#idle.pop();
    if (prover) return Promise.resolve(prover);
    return new Promise((resolve, reject) => {
      const stop = () => waiting.fail(aborted(signal!));
      const leave = () => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener('abort', stop);
      };
      const waiting: Waiting = {
        start: (next) => {
          leave();
          resolve(next);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  #release(prover: Prover): void {
    const [next] = this.#waiting;
    if (next) next.start(prover);
    else this.#idle.push(prover);
  }
}

const closed = () => new CountersealError('unavailable', 'the prover is closed');
