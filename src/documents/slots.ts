/** The sixteen slots in order (protocol section 4): a slot's number is its place here. */
export const SLOT_NAMES = [
  'issuer',
  'number',
  'references',
  'looseNumber',
  'counterparty',
  'currency',
  'amount',
  'issueDate',
  'lines',
  'transport',
  'objects',
  'classCode',
  'quantity',
  'packages',
  'startDate',
  'endDate',
] as const;

export type SlotName = (typeof SLOT_NAMES)[number];
export const SLOT_COUNT = SLOT_NAMES.length;

/** How a slot's canonical string becomes a field element. */
export type SlotEncoding = 'text' | 'set' | 'currency' | 'uint64' | 'uint32' | 'date';

export const SLOT_ENCODINGS: Readonly<Record<SlotName, SlotEncoding>> = Object.freeze({
  issuer: 'text',
  number: 'text',
  references: 'set',
  looseNumber: 'text',
  counterparty: 'text',
  currency: 'currency',
  amount: 'uint64',
  issueDate: 'date',
  lines: 'set',
  transport: 'text',
  objects: 'set',
  classCode: 'text',
  quantity: 'uint64',
  packages: 'uint32',
  startDate: 'date',
  endDate: 'date',
});

/** A set of slots as a 16-bit number: bit i is slot i. */
export type SlotMask = number & { readonly __unit: 'slot-mask' };

/** Every bit set. */
export const ALL_SLOTS = ((1 << SLOT_COUNT) - 1) as SlotMask;

export function slotIndex(name: SlotName): number {
  return SLOT_NAMES.indexOf(name);
}

export function maskOf(names: Iterable<SlotName>): SlotMask {
  let mask = 0;
  for (const name of names) mask |= 1 << slotIndex(name);
  return mask as SlotMask;
}

/** The names of a mask's slots, in order. */
export function slotsIn(mask: SlotMask): readonly SlotName[] {
  return SLOT_NAMES.filter((_, i) => (mask & (1 << i)) !== 0);
}
