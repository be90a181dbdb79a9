import { type FieldElement, text } from '../crypto/index.js';
import { capacitySlot, fingerprintRow, slotIndex } from '../documents/index.js';
import { drawdownSignals } from '../proofs/drawdown-signals.js';
import { capacityText } from '../proofs/drawdown-values.js';
import { fingerprintSignals } from '../proofs/fingerprint-signals.js';
import {
  capacityBinding,
  type DrawOrder,
  type DrawTransaction,
  type OpenCapacityOrder,
  type OpenCapacityTransaction,
} from './capacity-orders.js';
import type { Network } from './network.js';

/** What the ledger knows of the entry that orders. */
export interface CapacityEntry {
  readonly documentKind: number;
  readonly purpose: string;
  readonly commitment: FieldElement;
  readonly nullifier: FieldElement;
}

const ZERO = 0n as FieldElement;

/** Of the `fingerprint` proof of an opening: the chain is the tag of the possession fingerprint. */
export function possessionSignals(
  { id, oprfKey }: Pick<Network, 'id' | 'oprfKey'>,
  { documentKind, purpose, commitment, nullifier }: CapacityEntry,
  order: OpenCapacityOrder,
  roleMask: number,
): readonly bigint[] {
  const { possession } = fingerprintRow(documentKind);
  return fingerprintSignals({
    tag: order.chain,
    commitment,
    kind: documentKind,
    purpose: capacityText(purpose),
    fingerprintId: text(possession.name),
    mask: possession.mask,
    ofElement: false,
    oprfKey,
    membersRoot: order.membersRoot,
    roleMask,
    convergent: false,
    nullifier,
    binding: capacityBinding(id, { type: 'open-capacity', order }),
  });
}

/** Of the `drawdown` proof of an opening. The kind must have a slot that states a capacity. */
export function openingSignals(
  { id }: Pick<Network, 'id'>,
  { documentKind, purpose, commitment }: CapacityEntry,
  { order }: Pick<OpenCapacityTransaction, 'order'>,
): readonly bigint[] {
  return drawdownSignals({
    w: order.chain,
    headroom: order.headroom,
    pad: order.pad,
    opening: true,
    commitment,
    kind: documentKind,
    slot: slotIndex(capacitySlot(documentKind)!),
    capacity: capacityText(purpose),
    chain: order.chain,
    wPrevious: ZERO,
    headroomPrevious: ZERO,
    binding: capacityBinding(id, { type: 'open-capacity', order }),
  });
}

/** Of the `drawdown` proof of a draw, from the head that is there. */
export function drawSignals(
  { id }: Pick<Network, 'id'>,
  { purpose }: Pick<CapacityEntry, 'purpose'>,
  { order }: Pick<DrawTransaction, 'order'>,
  from: { readonly chain: FieldElement; readonly headroom: FieldElement },
): readonly bigint[] {
  const { w, headroom, pad, wPrevious }: DrawOrder = order;
  return drawdownSignals({
    w,
    headroom,
    pad,
    opening: false,
    commitment: ZERO,
    kind: 0,
    slot: 0,
    capacity: capacityText(purpose),
    chain: from.chain,
    wPrevious,
    headroomPrevious: from.headroom,
    binding: capacityBinding(id, { type: 'draw', order }),
  });
}
