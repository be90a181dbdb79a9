import { ensure } from '../errors.js';
import { dayOf, PERIOD_LEEWAY_MS, unixMs } from '../ledger/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { DAY_MS, HOUR_MS } from '../time.js';

/** How far apart, for people. */
function distance(ms: number): string {
  const hours = Math.round(Math.abs(ms) / HOUR_MS);
  if (hours < 48) return hours === 1 ? '1 hour' : `${hours} hours`;
  return `${Math.round(hours / 24)} days`;
}

/**
 * That an entry proved now would be of a day that the node takes: asked before evaluations and a proof are spent on it.
 * Throws `failed_precondition`, with the field `clock`, which says which way the clocks differ.
 */
export async function ensureClock(ledger: LedgerClient): Promise<void> {
  const theirs = await ledger.clock();
  if (theirs === undefined) return;
  const ours = Date.now();
  const today = dayOf(unixMs(ours));
  const fits = today >= dayOf(unixMs(theirs - DAY_MS)) && today <= dayOf(unixMs(theirs + PERIOD_LEEWAY_MS));
  ensure(
    fits,
    'failed_precondition',
    `this computer's clock is ${distance(ours - theirs)} ${ours > theirs ? 'ahead of' : 'behind'} the node's ` +
      `(${new Date(ours).toISOString()} here, ${new Date(theirs).toISOString()} there): set the one that is wrong`,
    'clock',
  );
}
