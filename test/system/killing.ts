import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Numbers in [0, 1) from a seed (mulberry32), so that a run that failed can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of COUNTERSEAL_SEED, or another one each time; it is printed, so that whoever sees a failure has it. */
export function chooseSeed(what: string): number {
  const seed = Number(process.env['COUNTERSEAL_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  process.stdout.write(`${what}: COUNTERSEAL_SEED=${seed}\n`);
  return seed;
}

/** A child of test/system/children/ that has loaded its program and waits. */
export class Waiting {
  private readonly lines: AsyncIterator<string>;
  private readonly loaded: Promise<unknown>;
  readonly closed: Promise<unknown>;

  constructor(
    name: string,
    args: readonly string[] = [],
    readonly process: ChildProcess = spawn(
      globalThis.process.execPath,
      ['--no-warnings', fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url)), ...args],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    ),
  ) {
    this.closed = once(process, 'close');
    process.stdin!.on('error', () => undefined);
    this.lines = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
    this.loaded = this.lines.next();
  }

  /** Begins; the lines that the child says from then on. */
  async begin(argument: unknown): Promise<AsyncIterator<string>> {
    await this.loaded;
    this.process.stdin!.write(`${JSON.stringify(argument)}\n`);
    return this.lines;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.closed;
  }
}

/** Counts what a process that is about to be killed has answered. */
export class Answers {
  private count = 0;
  private waiting: (() => void) | undefined;

  add(): void {
    this.count++;
    this.waiting?.();
  }

  /** Returns after so many answers, or when there will be no more. */
  async reach(count: number, end: Promise<unknown>): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.waiting = () => {
        if (this.count >= count) resolve();
      };
      this.waiting();
    });
    await Promise.race([enough, end]);
  }
}
