/** How long work may hold the event loop before others get a turn; one item can overrun it by its own length. */
const TURN_MS = 8;

/**
 * Runs short pieces of heavy work one after another, first come first served, and gives the event loop back after
 * every few milliseconds. Callers queue one piece, await it, queue the next: so large batches interleave, and many
 * of them at once block nobody (bare `setImmediate` in each would run all of them in one turn).
 */
export class WorkQueue {
  readonly #jobs: (() => void)[] = [];
  #running = false;

  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      });
      if (!this.#running) {
        this.#running = true;
        setImmediate(() => void this.#turn());
      }
    });
  }

  async #turn(): Promise<void> {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end) {
      const job = this.#jobs.shift();
      if (!job) {
        this.#running = false;
        return;
      }
      job();
      // Lets the caller queue its next piece within this turn.
      await Promise.resolve();
    }
    setImmediate(() => void this.#turn());
  }
}

/** The one of the process: with one each, as many as work at a time would hold the event loop for a turn each. */
export const workQueue = new WorkQueue();

/** Work that is done in steps of a few milliseconds: it yields after each. */
export type Steps<T> = Generator<void, T>;

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Does it step by step, in turn with whatever else the process does. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = await workQueue.run(() => steps.next());
    if (done === true) return value;
  }
}
