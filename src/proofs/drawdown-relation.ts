import { reduceField, type FieldElement } from '../crypto/index.js';
import { SLOT_COUNT } from '../documents/slots.js';
import { ensure } from '../errors.js';
import { MASK_LIMIT, opensCommitment } from './document-relation.js';
import type { DrawdownPublic } from './drawdown-signals.js';
import { chainOf, drawOf, headroomOf, sealRemaining, SLOT_VALUE_LIMIT } from './drawdown-values.js';
import type { DrawdownWitness } from './drawdown-witness.js';
import { broken, ensureUnbroken } from './guarantees.js';

/** The guarantees of the statement, numbered as in circuits/README.md. D6 holds of every canonical binding. */
export const DRAWDOWN_GUARANTEES = {
  D1: 'the prover knows the document key behind the chain',
  D2: 'a chain is opened at what a present slot of the committed document states, and nothing is drawn with it',
  D3: 'a draw extends the head whose headroom the prover opens',
  D4: 'at least 1 is drawn, no more than is left, and all is below 2^64',
  D5: 'the draw, the headroom and the pad are those of what is drawn and left',
} as const;

export type DrawdownGuarantee = keyof typeof DRAWDOWN_GUARANTEES;

/** D2. The circuit has 16 bits for the mask of a draw too. */
function isWellOpened(p: DrawdownPublic, w: DrawdownWitness): boolean {
  if (!p.opening)
    return (
      p.commitment === 0n &&
      p.kind === 0 &&
      p.slot === 0 &&
      w.present < MASK_LIMIT &&
      w.slots.every((slot, i) => slot === 0n || (w.present >> BigInt(i)) & 1n)
    );
  return (
    opensCommitment(p.commitment, p.kind, w) &&
    p.slot < SLOT_COUNT &&
    ((w.present >> BigInt(p.slot)) & 1n) === 1n &&
    w.x === 0n
  );
}

const isSlotValue = (x: bigint): boolean => x >= 0n && x < SLOT_VALUE_LIMIT;

/**
 * The relation that the circuit proves, in the clear (protocol section 10): the guarantees that do not hold, so none
 * for a true statement. `initPoseidon` first. Throws `invalid_argument` for a witness without the circuit's shape.
 */
export function brokenDrawdownGuarantees(p: DrawdownPublic, w: DrawdownWitness): DrawdownGuarantee[] {
  ensure(w.slots.length === SLOT_COUNT, 'invalid_argument', 'a witness of drawdown has 16 slots');
  const before: bigint = p.opening ? (w.slots[p.slot] ?? 0n) : w.remainingPrevious;
  const remaining = reduceField(before - w.x);
  const draw: FieldElement = p.opening ? p.chain : drawOf(w.x, w.blind);
  const holds: Record<DrawdownGuarantee, boolean> = {
    D1: chainOf(w.key, p.capacity) === p.chain,
    D2: isWellOpened(p, w),
    D3: p.opening
      ? p.wPrevious === 0n && p.headroomPrevious === 0n
      : headroomOf(p.chain, w.key, p.wPrevious, w.remainingPrevious) === p.headroomPrevious,
    D4: isSlotValue(before) && isSlotValue(remaining) && (p.opening || isSlotValue(w.x - 1n)),
    D5:
      p.w === draw &&
      p.headroom === headroomOf(p.chain, w.key, draw, remaining) &&
      p.pad === sealRemaining(w.key, draw, remaining),
  };
  return broken(holds);
}

/** Throws `invalid_argument`, naming the guarantee, unless the witness satisfies the statement. Throws as above. */
export function checkDrawdown(p: DrawdownPublic, w: DrawdownWitness): void {
  ensureUnbroken(DRAWDOWN_GUARANTEES, brokenDrawdownGuarantees(p, w));
}
