import {
  DOMAIN,
  poseidon,
  reduceField,
  type FieldElement,
  type Point,
  type Scalar,
  BASE,
  multiply,
  coordinates,
} from '../crypto/index.js';
import { ensure } from '../errors.js';

/** One value for each of the two fingerprints of an entry: exact, near. */
export type Pair<T> = readonly [T, T];

export const mapPair = <T, U>([first, second]: Pair<T>, f: (x: T) => U): Pair<U> => [f(first), f(second)];

/** Slots of a document (protocol section 4). */
export const SLOT_COUNT = 16;
/** Levels of the tree of members. */
export const MEMBERS_DEPTH = 16;
/** Entries per member and period that any quota may allow. */
export const QUOTA_MAX = 2 ** 16;

/** slotsHash and commitment: H(2, kind, present, H(slots), salt). `present` and absent slots are not checked. */
export function commitmentOf(
  kind: bigint,
  present: bigint,
  slots: readonly FieldElement[],
  salt: FieldElement,
): FieldElement {
  ensure(slots.length === SLOT_COUNT, 'invalid_argument', `a document has ${SLOT_COUNT} slots`);
  return poseidon([DOMAIN.commitment, kind, present, poseidon(slots), salt]);
}

/** u = H(3, fingerprintId, H(slots AND mask)), `fingerprintId` being text(name). `mask` below 2^16. */
export function identityOf(
  fingerprintId: FieldElement,
  mask: bigint,
  slots: readonly FieldElement[],
): FieldElement {
  ensure(slots.length === SLOT_COUNT, 'invalid_argument', `a document has ${SLOT_COUNT} slots`);
  const masked = slots.map((slot, i) => ((mask >> BigInt(i)) & 1n ? slot : 0n));
  return poseidon([DOMAIN.identity, fingerprintId, poseidon(masked)]);
}

/** H(6, sk): what the network's list of members holds of a member's secret. */
export const memberIdOf = (sk: FieldElement): FieldElement => poseidon([DOMAIN.memberId, sk]);

/** H(7, memberId, role): a leaf of the tree of members. `role` is 0 to 15. */
export const memberLeafOf = (memberId: FieldElement, role: number): FieldElement =>
  poseidon([DOMAIN.memberLeaf, memberId, BigInt(role)]);

/** H(8, sk, period, index). `period`: days since 1970-01-01. */
export const nullifierOf = (sk: FieldElement, period: number, index: number): FieldElement =>
  poseidon([DOMAIN.nullifier, sk, BigInt(period), BigInt(index)]);

function escrowPads(shared: Point): Pair<FieldElement> {
  const { x, y } = coordinates(shared);
  return [poseidon([DOMAIN.escrowPad, x, y, 0n]), poseidon([DOMAIN.escrowPad, x, y, 1n])];
}

/** escrowPoint = e·G and (salt, memberId), each plus its pad. `e` is fresh, uniform and not 0. */
export function sealEscrow(
  e: Scalar,
  auditorKey: Point,
  salt: FieldElement,
  memberId: FieldElement,
): { point: Point; escrow: Pair<FieldElement> } {
  ensure(e !== 0n, 'invalid_argument', 'the scalar of an escrow must not be 0');
  const pads = escrowPads(multiply(auditorKey, e));
  return {
    point: multiply(BASE, e),
    escrow: [reduceField(salt + pads[0]), reduceField(memberId + pads[1])],
  };
}

/** What an escrow holds. `shared` is the auditors' key times escrowPoint, which t of them compute. */
export function openEscrow(
  shared: Point,
  escrow: Pair<FieldElement>,
): { salt: FieldElement; memberId: FieldElement } {
  const pads = escrowPads(shared);
  return { salt: reduceField(escrow[0] - pads[0]), memberId: reduceField(escrow[1] - pads[1]) };
}
