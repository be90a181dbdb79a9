import { DOMAIN, poseidon, reduceField, text, type FieldElement } from '../crypto/index.js';
import { ensure } from '../errors.js';

// The values of protocol section 10. `key` is the document key of the possession fingerprint: secret, and with it
// everything here that is not public already. `initPoseidon` first.

declare const quantityBrand: unique symbol;
/** What a slot states, in the slot's unit: minor units, grams or packages. Below 2^64. */
export type SlotValue = bigint & { readonly [quantityBrand]: true };

/** Exclusive upper bound of what is drawn and of what is left. */
export const SLOT_VALUE_LIMIT = 1n << 64n;

/** Checks a value that arrived. Throws `invalid_argument`. */
export function slotValue(x: bigint): SlotValue {
  ensure(
    x >= 0n && x < SLOT_VALUE_LIMIT,
    'invalid_argument',
    'what is drawn or left is a whole number below 2^64',
  );
  return x as SlotValue;
}

/** text("capacity|" + purpose): as the purpose of a `fingerprint` proof it makes the proof's tag the chain. */
export const capacityText = (purpose: string): FieldElement => text(`capacity|${purpose}`);

/** H(5, key, capacity): what every draw from one document for one purpose names. */
export const chainOf = (key: FieldElement, capacity: FieldElement): FieldElement =>
  poseidon([DOMAIN.tag, key, capacity]);

/** H(13, x, blind): the name of a draw of x. */
export const drawOf = (x: bigint, blind: FieldElement): FieldElement => poseidon([DOMAIN.draw, x, blind]);

/** H(12, chain, remaining, H(14, key, w)): commits to what is left after the draw w. */
export const headroomOf = (
  chain: FieldElement,
  key: FieldElement,
  w: FieldElement,
  remaining: bigint,
): FieldElement => poseidon([DOMAIN.headroom, chain, remaining, poseidon([DOMAIN.headroomBlind, key, w])]);

const padOf = (key: FieldElement, w: FieldElement): FieldElement => poseidon([DOMAIN.headroomPad, key, w]);

/** remaining + H(17, key, w): tells what is left after the draw w to those who know the key. */
export const sealRemaining = (key: FieldElement, w: FieldElement, remaining: bigint): FieldElement =>
  reduceField(remaining + padOf(key, w));

/** What is left after the draw w, or undefined where that is no number below 2^64: the key is another document's. */
export function openRemaining(key: FieldElement, w: FieldElement, pad: FieldElement): SlotValue | undefined {
  const remaining = reduceField(pad - padOf(key, w));
  return remaining < SLOT_VALUE_LIMIT ? (remaining as bigint as SlotValue) : undefined;
}
