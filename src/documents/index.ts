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
export { slotLabel } from './slot-labels.js';
export { capacitySlot, type CapacitySlot } from './capacity.js';
export { formatPercent, formatSlotValue, parseSlotValue } from './slot-value.js';
export {
  type Fingerprint,
  type FingerprintRow,
  fingerprintRow,
  FURTHER_NAMES,
  type FurtherFingerprint,
  type FurtherName,
  goodsFingerprint,
} from './fingerprints.js';
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
  slotsInTurns,
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
  unwrapDocument,
} from './identify.js';
export {
  type InspectedDocument,
  type InspectedFingerprint,
  type InspectedSlot,
  inspectDocument,
} from './inspect.js';
export { plainJsonSchema } from './formats/counterseal-schema.js';
export {
  applyMapping,
  type Cell,
  cellText,
  type Mapping,
  oedReader,
  parseMapping,
  plainMapping,
  type Proposal,
  type ProposedMapping,
  proposeMapping,
  type Question,
  readCsv,
  readXlsx,
  rowReader,
  type Row,
  type Table,
  type TableRow,
  XLSX_MAX_BYTES,
} from './tables/index.js';
export { Book, type BookEntry, type Duplicates } from './scan/book.js';
export type { FormatName } from './formats/format.js';
