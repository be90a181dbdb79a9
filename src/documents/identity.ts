import { DOMAIN, type FieldElement, poseidon, text } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { type Fingerprint, fingerprintRow } from './fingerprints.js';
import type { Kind } from './kinds.js';
import { ALL_SLOTS, SLOT_COUNT, type SlotMask, slotsIn } from './slots.js';

/** H(2, kind, present, H(slots), salt): public on the ledger (protocol section 4). */
export type Commitment = FieldElement & { readonly __role: 'commitment' };
/** H(3, text(name), H(slots AND mask)): never leaves its member; the OPRF's input. */
export type Identity = FieldElement & { readonly __role: 'identity' };

function assertSlots(slots: readonly FieldElement[]): void {
  if (slots.length !== SLOT_COUNT) {
    throw new CountersealError('invalid_argument', `a document has ${SLOT_COUNT} slots, not ${slots.length}`);
  }
}

function assertMask(mask: number, name: string): asserts mask is SlotMask {
  if (!Number.isInteger(mask) || mask < 0 || mask > ALL_SLOTS) {
    throw new CountersealError('invalid_argument', `${name} is a 16-bit mask of slots, not ${mask}`, {
      field: name,
    });
  }
}

/** H(v0..v15): one of the two shapes that carry no domain number. Absent slots are 0. */
export function slotsHash(slots: readonly FieldElement[]): FieldElement {
  assertSlots(slots);
  return poseidon(slots);
}

/** H(2, kind, present, slotsHash, salt), of whatever a prover claims: nothing but the number of slots is checked. */
export const commitmentOf = (
  kind: bigint,
  present: bigint,
  slots: readonly FieldElement[],
  salt: FieldElement,
): FieldElement => poseidon([DOMAIN.commitment, kind, present, slotsHash(slots), salt]);

/** u = H(3, fingerprintId, H(slots AND mask)), `fingerprintId` being text(name). `mask` below 2^16. */
export const identityOf = (
  fingerprintId: FieldElement,
  mask: bigint,
  slots: readonly FieldElement[],
): FieldElement => {
  const masked = slots.map((slot, i) => ((mask >> BigInt(i)) & 1n ? slot : (0n as FieldElement)));
  return poseidon([DOMAIN.identity, fingerprintId, slotsHash(masked)]);
};

/**
 * The commitment to a document.
 *
 * @throws invalid_argument for another number of slots, a kind that does not exist, or an absent slot that is not 0
 */
export function commitment(
  kind: Kind | number,
  present: number,
  slots: readonly FieldElement[],
  salt: FieldElement,
): Commitment {
  fingerprintRow(kind);
  assertSlots(slots);
  assertMask(present, 'present');
  slots.forEach((slot, i) => {
    if (slot < 0n || (slot !== 0n && (present & (1 << i)) === 0)) {
      throw new CountersealError('invalid_argument', `slot ${i} is absent and not 0`);
    }
  });
  return commitmentOf(BigInt(kind), BigInt(present), slots, salt) as Commitment;
}

/**
 * The identity of a document under a fingerprint. Whether every masked slot is present is the caller's to
 * know: see {@link requiredSlots}.
 */
export function identity(name: string, mask: number, slots: readonly FieldElement[]): Identity {
  assertMask(mask, 'mask');
  return identityOf(text(name), BigInt(mask), slots) as Identity;
}

/**
 * Checks that a fingerprint's slots are all there.
 *
 * @throws missing_field naming the absent ones
 */
export function requiredSlots(fingerprint: Fingerprint, present: SlotMask): void {
  const missing = slotsIn((fingerprint.mask & ~present) as SlotMask);
  if (missing.length === 0) return;
  throw new CountersealError('missing_field', `${fingerprint.name} needs ${missing.join(', ')}`, {
    field: missing[0] ?? '',
  });
}
