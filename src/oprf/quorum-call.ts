import { CountersealError } from '../errors.js';

/** A call that gives up when `deadlineMs` have passed or `signal` aborts, even if the callee ignores its signal. */
export async function withDeadline<T>(
  call: (signal: AbortSignal) => Promise<T>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await Promise.race([
      call(abort.signal),
      new Promise<never>((_, reject) => {
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
        timer = setTimeout(
          () => reject(new CountersealError('unavailable', `no answer within ${deadlineMs} ms`)),
          deadlineMs,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
    abort.abort();
  }
}

export interface QuorumCall<C, T> {
  /** In order of preference. */
  readonly candidates: readonly C[];
  /** How many answers are enough. */
  readonly need: number;
  readonly call: (candidate: C, signal: AbortSignal) => Promise<T>;
  readonly deadlineMs: number;
  /** After this long without enough answers one more candidate is asked, and again after as long. */
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
}

export interface QuorumOutcome<C, T> {
  readonly answers: ReadonlyMap<C, T>;
  readonly failures: ReadonlyMap<C, unknown>;
  /** Asked, but not heard of when enough others had answered. */
  readonly slow: readonly C[];
}

/**
 * Asks `need` candidates, a spare for each that fails, and spares for those that are slow; returns as soon as `need`
 * have answered, or when nobody is left to wait for. Calls that are no longer needed are aborted.
 */
export async function callQuorum<C, T>(options: QuorumCall<C, T>): Promise<QuorumOutcome<C, T>> {
  const { candidates, need, call, deadlineMs, hedgeMs, signal } = options;
  signal.throwIfAborted();
  const answers = new Map<C, T>();
  const failures = new Map<C, unknown>();
  const waiting = new Set<C>();
  const done = new AbortController();
  const onAbort = () => done.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let hedge: NodeJS.Timeout | undefined;

  await new Promise<void>((resolve) => {
    let next = 0;
    const ask = () => {
      const candidate = candidates[next++];
      if (candidate === undefined) return;
      waiting.add(candidate);
      void withDeadline((inner) => call(candidate, inner), deadlineMs, done.signal)
        .then(
          (answer) => {
            if (answers.size < need) answers.set(candidate, answer);
          },
          (error: unknown) => {
            if (answers.size < need) failures.set(candidate, error);
            if (!done.signal.aborted) ask();
          },
        )
        .finally(() => {
          if (answers.size < need || answers.has(candidate)) waiting.delete(candidate);
          if (answers.size >= need || waiting.size === 0 || signal.aborted) resolve();
        });
    };
    hedge = setInterval(ask, hedgeMs);
    for (let i = 0; i < need; i++) ask();
    if (waiting.size === 0) resolve();
  });

  clearInterval(hedge);
  signal.removeEventListener('abort', onAbort);
  const slow = [...waiting];
  done.abort(new CountersealError('unavailable', 'enough others have answered'));
  signal.throwIfAborted();
  return { answers, failures, slow };
}
