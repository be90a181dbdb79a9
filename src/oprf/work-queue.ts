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
