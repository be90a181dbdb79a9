import {
  DOMAIN,
  inSubgroup,
  MEMBERS_DEPTH,
  MerkleTree,
  poseidon,
  SET_DEPTH,
  SET_MAX,
  type FieldElement,
} from '../crypto/index.js';
import { SLOT_COUNT, slotIndex } from '../documents/slots.js';
import { ensure } from '../errors.js';
import {
  absentOf,
  documentKeyOf,
  evaluatedPoint,
  isMember,
  MASK_LIMIT,
  opensCommitment,
} from './document-relation.js';
import type { FingerprintPublic } from './fingerprint-signals.js';
import type { FingerprintWitness } from './fingerprint-witness.js';
import { broken, ensureUnbroken } from './guarantees.js';
import { identityOf } from './register-values.js';

/** The guarantees of the statement, numbered as in circuits/README.md. F7 holds of every canonical binding. */
export const FINGERPRINT_GUARANTEES = {
  F1: 'the commitment opens to the document, whose absent slots are 0',
  F2: 'the tag is that of the document’s fingerprint, or of the element’s, under the OPRF key',
  F3: 'the evaluated point is 8 times a point of the curve, and not the identity',
  F4: 'the author is a member in a role that may write such an entry',
  F5: 'the salt is the convergent one, where that is claimed',
  F6: 'the element is one of the set, where the fingerprint is that of an element',
} as const;

export type FingerprintGuarantee = keyof typeof FINGERPRINT_GUARANTEES;

const SETS = [slotIndex('references'), slotIndex('lines'), slotIndex('objects')];
const CLASS_CODE = slotIndex('classCode');

const bit = (mask: number, index: number): boolean => ((mask >> index) & 1) === 1;

/** H(3, id, H(element, classCode or 0)): what a fingerprint of one element of a set identifies (protocol section 9). */
export const elementIdentityOf = (
  fingerprintId: FieldElement,
  element: FieldElement,
  classCode: FieldElement | 0n,
): FieldElement => poseidon([DOMAIN.identity, fingerprintId, poseidon([element, classCode])]);

function identityIn(p: FingerprintPublic, w: FingerprintWitness): FieldElement {
  if (!p.ofElement) return identityOf(p.fingerprintId, BigInt(p.mask), w.slots);
  return elementIdentityOf(p.fingerprintId, w.element, bit(p.mask, CLASS_CODE) ? w.slots[CLASS_CODE]! : 0n);
}

/** F6. The circuit has six bits for the index also where there is no element. */
function isOfSet(p: FingerprintPublic, w: FingerprintWitness): boolean {
  if (w.elementIndex >= SET_MAX) return false;
  if (!p.ofElement) return true;
  const sets = SETS.filter((slot) => bit(p.mask, slot));
  const path = { siblings: w.elementSiblings, index: Number(w.elementIndex) };
  return (
    sets.length === 1 &&
    (p.mask & ~(1 << sets[0]!) & ~(1 << CLASS_CODE)) === 0 &&
    w.element !== 0n &&
    MerkleTree.rootFrom(w.element, path) === w.slots[sets[0]!]
  );
}

/**
 * The relation that the circuit proves, in the clear (protocol section 9): the guarantees that do not hold, so none
 * for a true statement. `initPoseidon` first.
 *
 * Throws `invalid_argument` if the witness does not have the circuit's shape, `invalid_point` if the key is outside
 * the subgroup: of such a key the circuit promises nothing.
 */
export function brokenFingerprintGuarantees(
  p: FingerprintPublic,
  w: FingerprintWitness,
): FingerprintGuarantee[] {
  ensure(
    w.slots.length === SLOT_COUNT &&
      w.pathSiblings.length === MEMBERS_DEPTH &&
      w.elementSiblings.length === SET_DEPTH,
    'invalid_argument',
    'a witness of fingerprint has 16 slots and paths of 16 and 6 levels',
  );
  ensure(
    inSubgroup(p.oprfKey) && !p.oprfKey.is0(),
    'invalid_point',
    'the key is not in the subgroup, or is its identity',
  );
  const N = evaluatedPoint(w.M);
  const masked = p.mask < MASK_LIMIT && absentOf(BigInt(p.mask), w.present) === 0n;
  // Where there is no N, that is F3's affair, and no salt is shown to be anything.
  const key = N && documentKeyOf(p.oprfKey, identityIn(p, w), N, w);
  const holds: Record<FingerprintGuarantee, boolean> = {
    F1: opensCommitment(p.commitment, p.kind, w),
    F2:
      masked && (N === undefined || (key !== undefined && poseidon([DOMAIN.tag, key, p.purpose]) === p.tag)),
    F3: N !== undefined,
    F4: isMember(p, w),
    F5:
      !p.convergent || (key !== undefined && poseidon([DOMAIN.convergentSalt, key, p.nullifier]) === w.salt),
    F6: isOfSet(p, w),
  };
  return broken(holds);
}

/** Throws `invalid_argument`, naming the guarantee, unless the witness satisfies the statement. Throws as above. */
export function checkFingerprint(p: FingerprintPublic, w: FingerprintWitness): void {
  ensureUnbroken(FINGERPRINT_GUARANTEES, brokenFingerprintGuarantees(p, w));
}
