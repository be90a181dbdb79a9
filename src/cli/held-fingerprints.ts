import type { HeldView } from '../agent/index.js';

/** A fingerprint that is, or was, held back, in one line. */
export function heldLine({
  entry,
  fingerprint,
  element,
  state,
  notBefore,
  labels,
  refused,
}: HeldView): string {
  const what = element === undefined ? fingerprint : `${fingerprint} ${element}`;
  return `entry ${entry}: fingerprint ${what}: ${state}: ${labels?.join(', ') ?? refused ?? `not before ${notBefore}`}`;
}
