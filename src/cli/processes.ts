import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CountersealError } from '../errors.js';

// In dist/, also when this file runs from src/: Node runs no TypeScript in children.
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const LOG_CHUNKS_KEPT = 1_000;

/** What a command that ran to its end left. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The descriptor through which a child gets its passphrase: a pipe, so that it is never in a file or an argument. */
const PASSPHRASE_FD = 4;

/** Starts this program with arguments, in a process of its own. It ends when this process does. */
export function startCounterseal(args: readonly string[], passphrase?: string): ChildProcess {
  const given = passphrase === undefined ? [] : ['--passphrase-fd', String(PASSPHRASE_FD)];
  const child = spawn(process.execPath, ['--no-warnings', MAIN, ...args, ...given], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', passphrase === undefined ? 'ignore' : 'pipe'],
  });
  if (passphrase !== undefined) {
    const pipe = child.stdio[PASSPHRASE_FD] as Writable;
    // A child that ends before it reads says itself what is wrong.
    pipe.on('error', () => undefined);
    pipe.end(`${passphrase}\n`);
  }
  return child;
}

/** Runs this program with arguments to its end, or until `signal` aborts. */
export async function runCounterseal(
  args: readonly string[],
  passphrase?: string,
  signal?: AbortSignal,
): Promise<Finished> {
  const child = startCounterseal(args, passphrase);
  signal?.addEventListener('abort', () => child.kill(), { once: true });
  const output = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}

/** A service in a process of its own. */
export class Service {
  private constructor(
    readonly name: string,
    readonly process: ChildProcess,
    private readonly logs: string[],
  ) {}

  /** Starts it, and returns when it says that it is ready. Throws `unavailable` with what it said if it ends before. */
  static async start(name: string, args: readonly string[], passphrase?: string): Promise<Service> {
    const child = startCounterseal(args, passphrase);
    const logs: string[] = [];
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      logs.push(text);
      if (logs.length > LOG_CHUNKS_KEPT) logs.shift();
    });
    const failed = (why: string) =>
      new CountersealError(
        'unavailable',
        `${name} ${why}: ${logs.join('').trim().split('\n').slice(-3).join(' | ')}`,
      );
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(failed('did not start in time'));
      }, START_TIMEOUT_MS);
      let output = '';
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (!/"ready":/.test(output)) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('close', () => {
        clearTimeout(timer);
        reject(failed('ended'));
      });
    });
    return new Service(name, child, logs);
  }

  /** From now on, what it logs goes to this process's standard error too. */
  forwardLogs(): void {
    this.process.stderr!.on('data', (text: string) => process.stderr.write(text));
  }

  /** What it logged last. */
  get log(): string {
    return this.logs.join('');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const closed = once(this.process, 'close');
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  }
}
