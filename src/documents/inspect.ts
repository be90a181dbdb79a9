import { fieldElement, type FieldElement } from '../crypto/index.js';
import { slotsOf } from './document.js';
import type { Fingerprint } from './fingerprints.js';
import type { FormatName } from './formats/format.js';
import { fingerprintStrings, identified, readDocument } from './identify.js';
import { type Identity, identity } from './identity.js';
import { kindInfo } from './kinds.js';
import { SLOT_NAMES, type SlotName, slotsIn } from './slots.js';

/** One slot as its owner sees it. */
export interface InspectedSlot {
  readonly slot: SlotName;
  readonly index: number;
  readonly present: boolean;
  readonly value: string | readonly string[] | null;
  /** The field of the source that it comes from. */
  readonly source: string | null;
  readonly element: FieldElement;
}

export interface InspectedFingerprint {
  readonly name: string;
  readonly slots: readonly SlotName[];
  readonly strings: readonly string[];
  /** Null if a slot is absent. */
  readonly identity: Identity | null;
}

/** Everything that Counterseal makes of a document: for its owner's eyes only, it can be inverted by guessing. */
export interface InspectedDocument {
  readonly format: FormatName;
  readonly kind: number;
  readonly kindName: string;
  readonly weaklyIdentified: boolean;
  readonly slots: readonly InspectedSlot[];
  readonly fingerprints: readonly InspectedFingerprint[];
  readonly warnings: readonly string[];
}

/**
 * Reads a document and shows its slots, their sources and its fingerprints. Needs initPoseidon().
 *
 * @throws as readDocument
 */
export function inspectDocument(bytes: Uint8Array): InspectedDocument {
  const read = readDocument(bytes);
  const { document, format } = read;
  const elements = slotsOf(document);
  const { row } = document;
  // One of an element has an identity for each of them: none of the document.
  const further = row.further.filter(({ ofElement }) => !ofElement);
  const shown = [row.exact, ...(row.near === null ? [] : [row.near]), row.possession, ...further];
  return {
    format,
    kind: document.kind,
    kindName: kindInfo(document.kind).name,
    weaklyIdentified: document.weaklyIdentified,
    slots: SLOT_NAMES.map((slot, index) => ({
      slot,
      index,
      present: document.strings[slot] !== undefined,
      value: document.strings[slot] ?? null,
      source: document.sources[slot] ?? null,
      element: elements[index] ?? fieldElement(0n),
    })),
    fingerprints: shown.map((fingerprint: Fingerprint) => {
      const strings = fingerprintStrings(document, fingerprint);
      return {
        name: fingerprint.name,
        slots: slotsIn(fingerprint.mask),
        strings: strings ?? [],
        identity: strings === null ? null : identity(fingerprint.name, fingerprint.mask, elements),
      };
    }),
    warnings: identified(read).warnings,
  };
}
