export {
  CANON_VERSION,
  CREDIT_NOTE,
  DEBIT_NOTE,
  INVOICE,
  type Kind,
  type KindInfo,
  kindInfo,
  kindOfCode,
  KINDS,
  ORDER,
  PACKING_LIST,
  PROFORMA_INVOICE,
  type RowName,
} from './kinds.js';
export {
  ALL_SLOTS,
  maskOf,
  SLOT_COUNT,
  SLOT_ENCODINGS,
  SLOT_NAMES,
  slotIndex,
  type SlotMask,
  type SlotName,
  slotsIn,
} from './slots.js';
export { type Fingerprint, type FingerprintRow, fingerprintRow } from './fingerprints.js';
export type { CurrencyNumber, Days, Grams, MinorUnits, Packages, PartsPerMillion } from './units.js';
export {
  type Commitment,
  commitment,
  type Identity,
  identity,
  requiredSlots,
  slotsHash,
} from './identity.js';
export {
  type CanonicalDocument,
  canonicalDocument,
  type SlotSources,
  slotsOf,
  type SlotStrings,
} from './document.js';
export { decodeDocument, ENCODED_MAX_BYTES, encodeDocument } from './encoding.js';
export {
  fingerprintStrings,
  identified,
  type Identified,
  identifyDocument,
  identifyLine,
  type IdentifyLine,
  readDocument,
  type ReadDocument,
} from './identify.js';
export {
  type InspectedDocument,
  type InspectedFingerprint,
  type InspectedSlot,
  inspectDocument,
} from './inspect.js';
export type { FormatName } from './formats/format.js';
