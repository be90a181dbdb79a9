import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError } from '../errors.js';
import { DAY_MS, MINUTE_MS } from '../time.js';
import type { Evaluations } from './evaluations.js';
import type { PrivacyConfig } from './privacy.js';
import type { AgentStore, StoreSession } from './store.js';

/** A day's random number of requests may be so many times its mean, and no more: they are charged to the quota. */
const MOST_OF_MEAN = 1.5;
/** A gap beyond any that chance gives: the clock was set back. */
const FARTHEST_MS = 60 * DAY_MS;
const KEY = 'own/cover';

interface CoverState {
  /** UTC day, and the requests taken in it. */
  readonly day: number;
  readonly taken: number;
  /** Milliseconds: the next request. */
  readonly next: number;
}

/**
 * The time to the next event of a Poisson process, in milliseconds. Such a process has no memory: when the next one
 * comes says nothing of when the last one came, nor of anything else that the member did.
 */
export function poissonGap(perDay: number): number {
  const uniform = (randomInt(2 ** 47) + 0.5) / 2 ** 47;
  return (-Math.log(uniform) * DAY_MS) / perDay;
}

/**
 * Takes the request that is due, if any, and draws the time of the next: one schedule for all processes of a member.
 * A request that nobody was there to send is not made up for.
 */
export function takeDue(
  session: StoreSession,
  { coverPerDay }: PrivacyConfig,
  now: number,
): { due: boolean; next: number } {
  const day = Math.floor(now / DAY_MS);
  const state = session.getSealed<CoverState>(KEY);
  const taken = state?.day === day ? state.taken : 0;
  if (state && state.next > now && state.next - now <= FARTHEST_MS) return { due: false, next: state.next };
  const next = now + poissonGap(coverPerDay);
  const due =
    state !== undefined &&
    Math.abs(now - state.next) <= MINUTE_MS &&
    taken < Math.ceil(coverPerDay * MOST_OF_MEAN);
  session.putSealed(KEY, { day, taken: taken + (due ? 1 : 0), next });
  return { due, next };
}

/**
 * Sends requests of dummies at random times until `signal` aborts, whatever else the member does: each of its own
 * requests may be one of these. One that fails is not repeated, as a real one would not be.
 */
export async function runCover(
  { store, evaluations }: { readonly store: AgentStore; readonly evaluations: Evaluations },
  config: PrivacyConfig,
  signal: AbortSignal,
): Promise<void> {
  if (config.coverPerDay === 0) return;
  while (!signal.aborted) {
    const { due, next } = await store.use((session) => takeDue(session, config, Date.now()));
    if (due)
      await evaluations.cover().catch((error: unknown) => {
        if (!(error instanceof CountersealError)) throw error;
      });
    const pause = Math.max(next - Date.now(), 0);
    await sleep(Math.min(pause, MINUTE_MS), undefined, { signal }).catch(() => undefined);
  }
}
