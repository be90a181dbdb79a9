import { fieldElement, initPoseidon, setRoot, text, type FieldElement } from '../../src/crypto/index.js';
import { slotIndex, type SlotName } from '../../src/documents/slots.js';
import type { CrosscheckRequest, CrosscheckSide } from '../../src/proofs/crosscheck.js';
import type { Rules } from '../../src/proofs/crosscheck-rules.js';

await initPoseidon();

type Value = bigint | string | readonly string[];

/** A side of a cross-check from the values of its slots: numbers, texts and sets. */
export function side(
  kind: number,
  values: Partial<Record<SlotName, Value>>,
  salt = BigInt(kind) + 77n,
): CrosscheckSide {
  const slots = Array.from({ length: 16 }, () => 0n as FieldElement);
  const sets = new Map<number, readonly string[]>();
  let present = 0;
  for (const [name, value] of Object.entries(values) as [SlotName, Value][]) {
    const index = slotIndex(name);
    present |= 1 << index;
    if (typeof value === 'object') sets.set(index, value);
    slots[index] =
      typeof value === 'bigint'
        ? fieldElement(value)
        : typeof value === 'string'
          ? text(value)
          : setRoot(value);
  }
  return { kind, slots, present, salt: fieldElement(salt), sets };
}

export const DECLARATION = side(929, {
  issuer: 'EORI|DE123456789',
  number: '26DE330012345678U1',
  currency: 978n,
  amount: 4_120_000n,
  transport: 'MSKU|MEDUXY123456',
  references: ['380|VAT|DE999|INV-1', '705|MSKU|MEDUXY123456'],
  objects: ['CONTAINER|TGHU7654321', 'CONTAINER|MSKU1234565'],
  quantity: 18_450_000n,
  packages: 42n,
});

export const BILL_OF_LADING = side(705, {
  transport: 'MSKU|MEDUXY123456',
  objects: ['CONTAINER|MSKU1234565', 'CONTAINER|OOLU1112223', 'CONTAINER|AAAU0000007'],
  quantity: 18_500_000n,
  packages: 42n,
  startDate: 20_000n,
});

/** A bill's list of numbers, for the rule that a slot is in a set. */
export const MANIFEST = side(705, {
  ...{ transport: 'MSKU|MEDUXY123456', startDate: 20_000n },
  references: ['MSKU|MEDUXY000000', 'MSKU|MEDUXY123456'],
  objects: ['CONTAINER|MSKU1234565'],
  quantity: 18_500_000n,
});

export const RULES: Rules = {
  scalar: [
    { op: 'equal', slotA: 'transport', slotB: 'transport' },
    { op: 'within', slotA: 'quantity', slotB: 'quantity', partsPerMillion: 50_000 },
    { op: 'at-most', slotA: 'packages', slotB: 'packages' },
    { op: 'less-than', slotA: 'packages', slotB: 'quantity' },
    { op: 'at-least', slotA: 'quantity', slotB: 'quantity', partsPerMillion: -10_000 },
    { op: 'at-least', slotA: 'quantity', slotB: 'quantity', partsPerMillion: 100_000 },
    { op: 'equal', slotA: 'counterparty', slotB: 'counterparty' },
  ],
  intersect: { slotA: 'objects', slotB: 'objects' },
  element: { slotA: 'transport', slotB: 'references' },
};

export const EXAMPLE_CROSSCHECK: CrosscheckRequest = { sides: [DECLARATION, MANIFEST], rules: RULES };
