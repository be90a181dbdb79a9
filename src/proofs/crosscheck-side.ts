import type { FieldElement } from '../crypto/index.js';
import { SLOT_ENCODINGS, slotIndex, type SlotName } from '../documents/slots.js';
import { slotsInTurns, type CanonicalDocument } from '../documents/document.js';
import type { CrosscheckSide } from './crosscheck.js';

/** A document as one side of a cross-check, with the salt of its commitment. Needs `initPoseidon()`. */
export async function crosscheckSide(
  document: CanonicalDocument,
  salt: FieldElement,
): Promise<CrosscheckSide> {
  const { kind, present, strings } = document;
  const sets = (Object.entries(strings) as [SlotName, string | readonly string[]][]).flatMap(
    ([slot, value]): [number, readonly string[]][] =>
      SLOT_ENCODINGS[slot] === 'set' ? [[slotIndex(slot), typeof value === 'string' ? [value] : value]] : [],
  );
  return { kind, slots: await slotsInTurns(document), present, salt, sets: new Map(sets) };
}
