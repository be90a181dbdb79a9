/** Wakes whoever waits for the next commit. */
export class CommitSignal {
  private commits = 0;
  private ended = false;
  private readonly waiting = new Set<() => void>();

  /** How many commits there were: taken before reading, so that none is missed between reading and waiting. */
  get count(): number {
    return this.commits;
  }

  announce(): void {
    this.commits++;
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  /** Resolves when there have been more than `count` commits: true, or false if it ended or was aborted first. */
  async after(count: number, signal?: AbortSignal): Promise<boolean> {
    while (this.commits <= count && !this.ended && !signal?.aborted)
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.waiting.delete(done);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        this.waiting.add(done);
        signal?.addEventListener('abort', done);
      });
    return !this.ended && !signal?.aborted;
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
