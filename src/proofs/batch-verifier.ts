import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CountersealError, ensure } from '../errors.js';
import { compiledUrl } from './compiled-url.js';
import { packageKeys, type KeyRegistry, type Statement } from './keys.js';
import { BATCH_MAX, type Verifiable } from './pairing.js';
import type { VerificationKey } from './verification-key.js';
import { verifiable, type Verifier } from './verify.js';
import type { BatchAnswer, BatchRequest } from './verify-worker-messages.js';

export interface BatchVerifierOptions {
  readonly keys?: KeyRegistry;
  /** Worker threads, from 1; as many as the machine has cores by default. Each takes 30 MB. */
  readonly workers?: number;
  /** The most proofs in a batch, at most 512. Beyond 128 a batch gains nothing and a bad proof in it costs more. */
  readonly maxBatch?: number;
  /** The most proofs waiting; more are refused with `unavailable`. */
  readonly maxQueue?: number;
  /** After so many milliseconds without an answer a worker is taken for dead. */
  readonly timeout?: number;
  /** Told of every batch that was answered. */
  readonly onBatch?: (batch: { readonly proofs: number; readonly invalid: number }) => void;
  /** The worker's program; tests of what happens when it dies give another. */
  readonly workerUrl?: URL;
}

/** After a worker died under a proof so many times, the proof is given up: not verified, never valid. */
const ATTEMPTS_MAX = 3;

interface Job {
  readonly key: VerificationKey;
  readonly item: Verifiable;
  readonly resolve: (valid: boolean) => void;
  readonly reject: (error: CountersealError) => void;
  attempts: number;
}

interface Slot {
  worker: Worker | undefined;
  batch: { readonly id: number; readonly jobs: readonly Job[]; readonly timer: NodeJS.Timeout } | undefined;
}

/**
 * Verifies on worker threads, in batches by verification key: whatever is asked in one turn of the event loop, and
 * whatever queues while workers are busy, is one batch. A batch that fails is bisected, so verdicts are those of
 * `verify`. Idle workers do not keep the process alive.
 */
export class BatchVerifier implements Verifier {
  readonly #keys: KeyRegistry;
  readonly #slots: Slot[];
  readonly #maxBatch: number;
  readonly #maxQueue: number;
  readonly #timeout: number;
  readonly #workerUrl: URL;
  readonly #onBatch: BatchVerifierOptions['onBatch'];
  #pending: Job[] = [];
  #scheduled = false;
  #closed = false;
  #batches = 0;
  /** Workers that died since a batch was last answered. */
  #deaths = 0;

  constructor(options: BatchVerifierOptions = {}) {
    const workers = options.workers ?? Math.max(1, availableParallelism());
    this.#maxBatch = options.maxBatch ?? 128;
    this.#maxQueue = options.maxQueue ?? 8192;
    ensure(Number.isInteger(workers) && workers >= 1, 'invalid_argument', 'workers must be at least 1');
    ensure(
      Number.isInteger(this.#maxBatch) && this.#maxBatch >= 1 && this.#maxBatch <= BATCH_MAX,
      'invalid_argument',
      `maxBatch must be from 1 to ${BATCH_MAX}`,
    );
    this.#keys = options.keys ?? packageKeys;
    this.#timeout = options.timeout ?? 60_000;
    this.#workerUrl = options.workerUrl ?? compiledUrl('verify-worker.js');
    this.#onBatch = options.onBatch;
    this.#slots = Array.from({ length: workers }, () => ({ worker: undefined, batch: undefined }));
  }

  /** Proofs waiting for a worker. */
  get queued(): number {
    return this.#pending.length;
  }

  /** Batches sent to workers so far. */
  get batches(): number {
    return this.#batches;
  }

  async verify(statement: Statement, publicSignals: readonly bigint[], proof: Uint8Array): Promise<boolean> {
    const { verificationKey: key } = await this.#keys.load(statement);
    const item = verifiable(key, publicSignals, proof);
    if (!item) return false;
    ensure(!this.#closed, 'unavailable', 'the verifier is closed');
    ensure(this.#pending.length < this.#maxQueue, 'unavailable', 'too many proofs are waiting; retry later');
    return new Promise<boolean>((resolve, reject) => {
      this.#pending.push({ key, item, resolve, reject, attempts: 0 });
      this.#schedule();
    });
  }

  /** Stops the workers; what is not yet verified is rejected with `unavailable`. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = this.#slots.map((slot) => slot.worker);
    const jobs = [...this.#slots.flatMap((slot) => this.#release(slot)), ...this.#pending];
    this.#pending = [];
    for (const slot of this.#slots) slot.worker = undefined;
    for (const job of jobs) job.reject(new CountersealError('unavailable', 'the verifier was closed'));
    await Promise.all(workers.map((worker) => worker?.terminate()));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const idle = this.#slots.filter((slot) => !slot.batch);
    for (const [i, slot] of idle.entries()) {
      const jobs = this.#take(idle.length - i);
      if (jobs.length === 0) return;
      this.#send(slot, jobs);
    }
  }

  /** The next batch: of the oldest proof's key, leaving a fair share for the other idle workers. */
  #take(idleWorkers: number): Job[] {
    const head = this.#pending[0];
    if (!head) return [];
    // A proof under which a worker died goes alone, so that it takes no others with it next time.
    const together = (job: Job) =>
      job === head || (head.attempts === 0 && job.attempts === 0 && job.key.hash === head.key.hash);
    const candidates = this.#pending.filter(together);
    const jobs = candidates.slice(0, Math.min(this.#maxBatch, Math.ceil(candidates.length / idleWorkers)));
    const taken = new Set(jobs);
    this.#pending = this.#pending.filter((job) => !taken.has(job));
    return jobs;
  }

  #send(slot: Slot, jobs: readonly Job[]): void {
    const worker = (slot.worker ??= this.#start(slot));
    const id = ++this.#batches;
    const timer = setTimeout(() => this.#died(slot, worker), this.#timeout);
    slot.batch = { id, jobs, timer };
    worker.ref();
    const items = jobs.map((job) => job.item);
    worker.postMessage({ id, key: jobs[0]!.key, items } satisfies BatchRequest);
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(this.#workerUrl, { execArgv: [], env: {} });
    worker.on('message', (answer: BatchAnswer) => this.#answered(slot, worker, answer));
    worker.on('error', () => this.#died(slot, worker));
    worker.on('exit', () => this.#died(slot, worker));
    return worker;
  }

  /** Ends the slot's batch and gives back its jobs. */
  #release(slot: Slot): readonly Job[] {
    clearTimeout(slot.batch?.timer);
    const jobs = slot.batch?.jobs ?? [];
    slot.batch = undefined;
    return jobs;
  }

  #answered(slot: Slot, worker: Worker, answer: BatchAnswer): void {
    if (slot.worker !== worker || slot.batch?.id !== answer.id) return;
    if ('verdicts' in answer && answer.verdicts.length !== slot.batch.jobs.length)
      return this.#died(slot, worker);
    const jobs = this.#release(slot);
    worker.unref();
    this.#deaths = 0;
    if ('verdicts' in answer)
      this.#onBatch?.({
        proofs: jobs.length,
        invalid: answer.verdicts.filter((verdict) => verdict !== true).length,
      });
    for (const [i, job] of jobs.entries()) {
      if ('verdicts' in answer) job.resolve(answer.verdicts[i] === true);
      else job.reject(new CountersealError(answer.error.code, answer.error.message));
    }
    this.#dispatch();
  }

  /** Forgets a worker that ended, or does not answer, and puts its proofs back. */
  #died(slot: Slot, worker: Worker): void {
    if (slot.worker !== worker) return;
    slot.worker = undefined;
    void worker.terminate();
    const retry: Job[] = [];
    for (const job of this.#release(slot)) {
      if (++job.attempts < ATTEMPTS_MAX) retry.push(job);
      else
        job.reject(
          new CountersealError('unavailable', 'the verification worker died; the proof was not verified'),
        );
    }
    this.#pending.unshift(...retry);
    // Workers that cannot start at all (no dist/, no memory) must not be started once for every proof that waits.
    if (++this.#deaths >= ATTEMPTS_MAX * (this.#slots.length + 1)) {
      const failed = this.#pending;
      this.#pending = [];
      for (const job of failed)
        job.reject(
          new CountersealError('unavailable', 'verification workers do not stay alive; nothing was verified'),
        );
    }
    this.#schedule();
  }
}
