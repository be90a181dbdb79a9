import { accessSync, constants, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountersealError } from '../errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const folders = new Set<string>();

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  removeAll();
  watch(false);
  // Ours was the only reason that the signal did not end the process: let it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watch(on: boolean): void {
  for (const signal of SIGNALS) process[on ? 'on' : 'off'](signal, onSignal);
  process[on ? 'on' : 'off']('exit', removeAll);
}

/** Memory, where the system has a file system in it: then a secret never reaches a disk (but may reach swap). */
function parent(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/**
 * Runs the task with a new folder that only this user may enter, and removes it afterwards: when the task ends, fails,
 * the process exits or gets SIGINT, SIGTERM or SIGHUP. SIGKILL and power loss leave it in `tmpdir()`, or in /dev/shm
 * until the next boot. Throws `io`.
 */
export async function withSecretFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  let folder: string;
  try {
    // mkdtemp makes it with mode 0700.
    folder = await mkdtemp(join(parent(), 'counterseal-'));
  } catch (cause) {
    throw new CountersealError('io', 'cannot make a temporary folder', { cause });
  }
  if (folders.size === 0) watch(true);
  folders.add(folder);
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (folders.delete(folder) && folders.size === 0) watch(false);
  }
}
