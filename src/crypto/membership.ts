import type { FieldElement } from './field.js';
import { DOMAIN, poseidon } from './poseidon.js';

/** Levels of the members' tree: at most 65,536 pairs of member and role. */
export const MEMBERS_DEPTH = 16;
/** Entries per member and period that any quota may allow: R5 ranges the index to 16 bits. */
export const QUOTA_MAX = 2 ** 16;

/** H(6, sk): what the network's list of members holds of a member's secret (protocol section 6, R4). */
export const memberIdOf = (sk: FieldElement): FieldElement => poseidon([DOMAIN.memberId, sk]);

/** H(7, memberId, role): a leaf of the members' tree (R4). `role` is 0 to 15. */
export const memberLeafOf = (memberId: FieldElement, role: number): FieldElement =>
  poseidon([DOMAIN.memberLeaf, memberId, BigInt(role)]);

/** H(8, sk, period, index) (R5). `period`: days since 1970-01-01. */
export const nullifierOf = (sk: FieldElement, period: number, index: number): FieldElement =>
  poseidon([DOMAIN.nullifier, sk, BigInt(period), BigInt(index)]);
