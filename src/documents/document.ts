import {
  atOnce,
  type FieldElement,
  fieldElement,
  inTurns,
  setRootSteps,
  type Steps,
  text,
  TEXT_MAX_BYTES,
} from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { canonicalDate, daysOf } from './canonical/date.js';
import { currencyOf } from './canonical/currencies.js';
import { canonicalSet } from './canonical/sets.js';
import { utf8Length } from './canonical/text.js';
import { type FingerprintRow, fingerprintRow } from './fingerprints.js';
import { type Kind, kindInfo } from './kinds.js';
import { SLOT_ENCODINGS, SLOT_NAMES, type SlotMask, type SlotName, maskOf } from './slots.js';
import { UINT32_LIMIT, UINT64_LIMIT } from './units.js';

/**
 * The canonical strings behind the slots: one string, or for a set its distinct elements in code-unit order.
 * Currencies are alphabetic codes, amounts and quantities integers, dates `YYYY-MM-DD`.
 */
export type SlotStrings = Readonly<Partial<Record<SlotName, string | readonly string[]>>>;
/** The field behind each slot, as the source's format calls it. */
export type SlotSources = Readonly<Partial<Record<SlotName, string>>>;

/** A document in canonical form: what every format and every sender must agree on. */
export interface CanonicalDocument {
  readonly kind: Kind;
  readonly row: FingerprintRow;
  /** Which slots the document has. */
  readonly present: SlotMask;
  readonly strings: SlotStrings;
  /** Empty for a decoded document. */
  readonly sources: SlotSources;
  /** The issuer is known by name only: two companies of one name in one country would be taken for one. */
  readonly weaklyIdentified: boolean;
  /** What the owner should know; not part of the document. */
  readonly warnings: readonly string[];
}

/**
 * Builds a document from canonical strings; refuses what has no encoding.
 *
 * @throws invalid_document naming the slot
 */
export function canonicalDocument(
  kind: Kind | number,
  strings: SlotStrings,
  sources: SlotSources = {},
  warnings: readonly string[] = [],
): CanonicalDocument {
  const info = kindInfo(kind);
  const kept: Partial<Record<SlotName, string | readonly string[]>> = {};
  for (const slot of SLOT_NAMES) {
    const value = strings[slot];
    if (value === undefined || (typeof value !== 'string' && value.length === 0)) continue;
    kept[slot] = checked(slot, value, sources[slot] ?? slot);
  }
  return {
    kind: info.kind,
    row: fingerprintRow(info.kind),
    present: maskOf(Object.keys(kept) as SlotName[]),
    strings: kept,
    sources,
    weaklyIdentified: typeof kept.issuer === 'string' && /^(?:NAME|HOST)\|/.test(kept.issuer),
    warnings,
  };
}

function bad(slot: SlotName, field: string, why: string): never {
  throw new CountersealError('invalid_document', `${field}: ${slot} ${why}`, { field });
}

/** Refuses strings that are not in the form of their slot. */
function checked(
  slot: SlotName,
  value: string | readonly string[],
  field: string,
): string | readonly string[] {
  const encoding = SLOT_ENCODINGS[slot];
  if (encoding === 'set') {
    if (typeof value === 'string') bad(slot, field, 'is a set');
    for (const element of value) checkedText(slot, element, field);
    return canonicalSet(value, field);
  }
  if (typeof value !== 'string') bad(slot, field, 'is a single value');
  switch (encoding) {
    case 'text':
      return checkedText(slot, value, field);
    case 'currency':
      if (currencyOf(value, field).code !== value)
        bad(slot, field, 'is an ISO 4217 alphabetic code in capitals');
      return value;
    case 'date':
      if (canonicalDate(value, field) !== value) bad(slot, field, 'is a date such as 2025-04-03');
      return value;
    case 'uint64':
    case 'uint32':
      if (!/^(?:0|[1-9][0-9]{0,19})$/.test(value)) bad(slot, field, 'is a whole number without sign');
      if (BigInt(value) >= (encoding === 'uint64' ? UINT64_LIMIT : UINT32_LIMIT))
        bad(slot, field, 'is too large');
      return value;
  }
}

function checkedText(slot: SlotName, value: string, field: string): string {
  if (value === '') bad(slot, field, 'is empty');
  if (!value.isWellFormed()) bad(slot, field, 'has half of a surrogate pair');
  const bytes = utf8Length(value);
  if (bytes > TEXT_MAX_BYTES)
    bad(slot, field, `has ${bytes} bytes; a canonical string has at most ${TEXT_MAX_BYTES}`);
  return value;
}

/** The slot's field element. Needs initPoseidon() for text and sets. */
function* encodeSteps(slot: SlotName, value: string | readonly string[]): Steps<FieldElement> {
  if (typeof value !== 'string') return yield* setRootSteps(value);
  switch (SLOT_ENCODINGS[slot]) {
    case 'text':
      return text(value);
    case 'currency':
      return fieldElement(currencyOf(value, slot).number);
    case 'date':
      return fieldElement(daysOf(value));
    case 'uint64':
    case 'uint32':
      return fieldElement(BigInt(value));
    case 'set':
      return yield* setRootSteps([value]);
  }
}

function* slotSteps({ strings }: CanonicalDocument): Steps<readonly FieldElement[]> {
  const slots: FieldElement[] = [];
  for (const slot of SLOT_NAMES) {
    const value = strings[slot];
    slots.push(value === undefined ? fieldElement(0n) : yield* encodeSteps(slot, value));
    yield;
  }
  return slots;
}

/** The sixteen slots; absent ones are 0. Needs initPoseidon(). */
export const slotsOf = (document: CanonicalDocument): readonly FieldElement[] => atOnce(slotSteps(document));

/** {@link slotsOf} for a process that serves others too: sets of long texts take a tenth of a second. */
export const slotsInTurns = (document: CanonicalDocument): Promise<readonly FieldElement[]> =>
  inTurns(slotSteps(document));
