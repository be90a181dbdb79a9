import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError } from '../errors.js';

const PAUSE_MS = 1_000;
/** Then the node is busy, and not with this agent. */
const TRIES = 60;

/** Asks again, a second later, where a node says that it is asked too fast. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CountersealError) || error.code !== 'quota_exceeded' || left === 0) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
