import { fieldElement, initPoseidon, type FieldElement } from '../../src/crypto/index.js';
import { slotIndex } from '../../src/documents/slots.js';
import type { DrawdownDraw, DrawdownOpening } from '../../src/proofs/drawdown.js';
import { capacityText, chainOf, type SlotValue } from '../../src/proofs/drawdown-values.js';
import { EXAMPLE_REQUEST } from './register-example.js';

await initPoseidon();

const { kind, slots, present, salt } = EXAMPLE_REQUEST;
const AMOUNT = slotIndex('amount');

export const onChain = {
  key: fieldElement(0x5eedn << 200n),
  capacity: capacityText('finance'),
};

export const slotValue = (x: bigint): SlotValue => x as SlotValue;

/** Opened at the amount of the register vector's document. */
export const OPENING: DrawdownOpening = { ...onChain, kind, slots, present, salt, slot: AMOUNT };
export const STATED = slotValue(slots[AMOUNT]!);

/** The first draw: three fifths. */
export const DRAW: DrawdownDraw = {
  ...onChain,
  wPrevious: chainOf(onChain.key, onChain.capacity),
  remainingPrevious: STATED,
  x: slotValue((STATED * 3n) / 5n),
  blind: fieldElement(0xb11dn << 180n) as FieldElement,
};
