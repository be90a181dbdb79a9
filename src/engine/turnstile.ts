/** Lets one task after the other through, in the order in which they came. */
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs a task when those before it have ended, whether well or not. */
  through<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task, task);
    this.last = result;
    return result;
  }
}
