import {
  BASE,
  clearCofactor,
  dleqChallenge,
  DOMAIN,
  memberIdOf,
  memberLeafOf,
  MerkleTree,
  multiply,
  pointFromAffine,
  poseidon,
  reduceScalar,
  type FieldElement,
  type MerklePath,
  type Point,
} from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { claimedElligatorPoint } from './elligator.js';
import { commitmentOf, type Pair } from './register-values.js';

// What the statements about a document have in common, in the clear: one function for each gadget of circuits/lib that
// asserts something. Every value is a bare field element, in range or not.

/** s, e and other scalars are below this (`SCALAR_BITS` of the circuits). */
export const SCALAR_LIMIT = 1n << 251n;
const CHALLENGE_LIMIT = 1n << 128n;
/** A mask of slots or roles, or the index of a leaf among the members, is below this. */
export const MASK_LIMIT = 1n << 16n;
const ROLE_LIMIT = 16n;

/** The slots of a mask that are absent, as a mask. `mask` and `present` below {@link MASK_LIMIT}. */
export const absentOf = (mask: bigint, present: bigint): bigint => mask & (MASK_LIMIT - 1n) & ~present;

/** The commitment opens to the document, whose absent slots are 0. */
export function opensCommitment(
  commitment: FieldElement,
  kind: number,
  { slots, present, salt }: Readonly<{ slots: readonly FieldElement[]; present: bigint; salt: FieldElement }>,
): boolean {
  return (
    present < MASK_LIMIT &&
    slots.every((slot, i) => slot === 0n || (present >> BigInt(i)) & 1n) &&
    commitmentOf(BigInt(kind), present, slots, salt) === commitment
  );
}

/** N = 8·M, or undefined if M is not on the curve or N is the identity. */
export function evaluatedPoint([x, y]: Pair<FieldElement>): Point | undefined {
  try {
    const N = clearCofactor(pointFromAffine(x, y));
    return N.is0() ? undefined : N;
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_point') return undefined;
    throw error;
  }
}

/** How an evaluation is claimed: the root on the way to the curve, and the proof that log_G K = log_P N. */
export interface ClaimedEvaluation {
  readonly elligatorY: FieldElement;
  readonly c: bigint;
  readonly s: bigint;
}

/** H(4, u, N.y), or undefined where the claim does not show that N is the evaluation of `u` under K. */
export function documentKeyOf(
  K: Point,
  u: FieldElement,
  N: Point,
  { elligatorY, c, s }: ClaimedEvaluation,
): FieldElement | undefined {
  const elligator = claimedElligatorPoint(u, elligatorY);
  if (!elligator) return undefined;
  const P = clearCofactor(elligator);
  if (P.is0() || c >= CHALLENGE_LIMIT || s >= SCALAR_LIMIT) return undefined;
  const R1 = multiply(BASE, reduceScalar(s)).add(multiply(K, reduceScalar(c)));
  const R2 = multiply(P, reduceScalar(s)).add(multiply(N, reduceScalar(c)));
  if (dleqChallenge(K, P, N, R1, R2) !== c) return undefined;
  return poseidon([DOMAIN.documentKey, u, N.toAffine().y]);
}

export interface ClaimedMembership {
  readonly sk: FieldElement;
  readonly role: bigint;
  readonly pathSiblings: MerklePath['siblings'];
  readonly pathIndex: bigint;
}

/** H(7, H(6, sk), role) is a leaf under the root, and the mask has the role's bit. */
export function isMember(
  { membersRoot, roleMask }: { readonly membersRoot: FieldElement; readonly roleMask: number },
  { sk, role, pathSiblings, pathIndex }: ClaimedMembership,
): boolean {
  if (role >= ROLE_LIMIT || pathIndex >= MASK_LIMIT || roleMask >= MASK_LIMIT) return false;
  const leaf = memberLeafOf(memberIdOf(sk), Number(role));
  const root = MerkleTree.rootFrom(leaf, { siblings: pathSiblings, index: Number(pathIndex) });
  return root === membersRoot && ((roleMask >> Number(role)) & 1) === 1;
}
