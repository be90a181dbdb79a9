import type { Following } from './ledger-copy.js';
import { MailWatch } from './mail-watch.js';
import type { MailboxParts } from './mailbox.js';
import { deliverEvents, type WatchEvent } from './watch.js';

/**
 * Watches log and mail from where the last watch stopped: calls `onEvents`, once at a time, until `signal` aborts, or
 * without one until the log's present end; `changed` is told when no node answers, and when one does again.
 */
export async function watchAll(
  parts: MailboxParts,
  onEvents: (events: readonly WatchEvent[]) => Promise<void>,
  signal?: AbortSignal,
  changed?: (state: Following) => void,
): Promise<void> {
  const { copy } = parts;
  const inTurn = oneAtATime(onEvents);
  const mail = new MailWatch(parts, inTurn);
  const deliver = async () => {
    await deliverEvents(parts, inTurn);
    mail.wake();
  };
  await copy.sync();
  await deliver();
  if (!signal) return mail.round();
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const tasks = [copy.follow(deliver, until, changed), mail.follow(until)];
  // Where one fails, the other ends.
  for (const task of tasks) task.catch(() => ended.abort());
  for (const outcome of await Promise.allSettled(tasks))
    if (outcome.status === 'rejected') throw outcome.reason;
}

/** Calls one after the other, whoever makes them. */
function oneAtATime<T>(call: (value: T) => Promise<void>): (value: T) => Promise<void> {
  let queue: Promise<void> = Promise.resolve();
  return (value) => {
    const run = queue.then(() => call(value));
    queue = run.catch(() => undefined);
    return run;
  };
}
