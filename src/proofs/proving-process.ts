import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CountersealError } from '../errors.js';
import { compiledUrl } from './compiled-url.js';
import { aborted, type ProveOptions } from './prover.js';
import type { ChildAnswer, ChildFailure, ChildRequest } from './snarkjs-child-messages.js';

/** An answer that ends a request. */
export type ChildResult = Exclude<ChildAnswer, { readonly stage: unknown } | { readonly failure: unknown }>;

function errorOf(failure: ChildFailure): CountersealError {
  switch (failure.kind) {
    case 'unsatisfied':
      return new CountersealError(
        'invalid_argument',
        `the inputs do not satisfy the statement: the circuit refuses them at ${failure.at}`,
      );
    case 'inputs':
      return failure.signal === undefined
        ? new CountersealError('invalid_argument', 'an input of the circuit is missing')
        : new CountersealError(
            'invalid_argument',
            `input ${failure.signal} is not one of the circuit's or has the wrong number of values`,
            { field: failure.signal },
          );
    case 'internal':
      return new CountersealError('internal', 'the proving program failed');
  }
}

/**
 * A forked process that runs snarkjs with all its threads, which a worker thread cannot, and without blocking this one.
 * It is started when needed, kept for the next request until it has been idle for `idleTimeout` milliseconds (keys and
 * threads are then warm), and does not keep this process alive when idle. It holds secrets of the last proof while it
 * lives. One request at a time.
 */
export class ProvingProcess {
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #stop: ((error: CountersealError) => void) | undefined;
  #requests = 0;

  constructor(
    private readonly idleTimeout = 60_000,
    private readonly entry: URL = compiledUrl('snarkjs-child.js'),
  ) {}

  /** The child's process id, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Throws `invalid_argument`, `unavailable` (aborted, or the process ended), `internal`. */
  request(request: Omit<ChildRequest, 'id'>, { onProgress, signal }: ProveOptions): Promise<ChildResult> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    clearTimeout(this.#idle);
    const child = (this.#child ??= this.#start());
    const id = ++this.#requests;
    child.ref();
    child.channel?.ref();
    return new Promise<ChildResult>((resolve, reject) => {
      let settled = false;
      const settle = (finish: () => void) => {
        settled = true;
        child.off('message', onMessage).off('exit', onExit).off('error', onExit);
        signal?.removeEventListener('abort', onAbort);
        this.#stop = undefined;
        this.#rest();
        finish();
      };
      const onMessage = (answer: ChildAnswer) => {
        if (answer.id !== id) return;
        if ('stage' in answer) onProgress?.(answer.stage);
        else if ('failure' in answer) settle(() => reject(errorOf(answer.failure)));
        else settle(() => resolve(answer));
      };
      const onExit = () => {
        // A send can fail after the exit was seen, when the next request has its own process already.
        if (settled) return;
        this.#kill();
        settle(() =>
          reject(new CountersealError('unavailable', 'the proving process ended before the proof was made')),
        );
      };
      const onAbort = () => {
        this.#kill();
        settle(() => reject(aborted(signal!)));
      };
      this.#stop = (error) => settle(() => reject(error));
      child.on('message', onMessage).on('exit', onExit).on('error', onExit);
      signal?.addEventListener('abort', onAbort, { once: true });
      child.send({ id, ...request } satisfies ChildRequest, (error) => error && onExit());
    });
  }

  /** Ends the process; a request under way is rejected with `unavailable`. */
  close(): void {
    this.#kill();
    this.#stop?.(new CountersealError('unavailable', 'the prover was closed'));
  }

  #start(): ChildProcess {
    // Nothing of this process's environment or standard streams: neither secrets go in, nor the circuit's messages out.
    const env: NodeJS.ProcessEnv = {};
    for (const name of ['PATH', 'SystemRoot']) if (process.env[name]) env[name] = process.env[name];
    const child = fork(fileURLToPath(this.entry), [], {
      env,
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('error', () => undefined);
    child.on('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  #rest(): void {
    this.#child?.unref();
    this.#child?.channel?.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#kill(), this.idleTimeout).unref();
  }

  #kill(): void {
    clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
