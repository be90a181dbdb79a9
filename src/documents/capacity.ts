import { fingerprintRow } from './fingerprints.js';
import type { Kind } from './kinds.js';
import { slotIndex, type SlotName } from './slots.js';

/** Slots that state how much there is of what several members share, in the order in which one is chosen. */
const CAPACITY_SLOTS = ['amount', 'quantity', 'packages'] as const satisfies readonly SlotName[];
export type CapacitySlot = (typeof CAPACITY_SLOTS)[number];

/**
 * The slot that states the capacity of a kind's documents, or undefined where they have none. It is one of the
 * possession fingerprint, so that two documents that state different capacities have different keys; and it is always
 * the same one, because the pads of two openings of one document by different slots would show their difference.
 *
 * @throws invalid_argument for a number that is not a kind
 */
export function capacitySlot(kind: Kind | number): CapacitySlot | undefined {
  const { mask } = fingerprintRow(kind).possession;
  return CAPACITY_SLOTS.find((slot) => (mask >> slotIndex(slot)) & 1);
}
