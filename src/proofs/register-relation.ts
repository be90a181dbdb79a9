import {
  BASE,
  clearCofactor,
  dleqChallenge,
  DOMAIN,
  inSubgroup,
  memberIdOf,
  memberLeafOf,
  MEMBERS_DEPTH,
  MerkleTree,
  multiply,
  nullifierOf,
  pointFromAffine,
  poseidon,
  QUOTA_MAX,
  reduceScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
} from '../crypto/index.js';
import { SLOT_COUNT } from '../documents/slots.js';
import { CountersealError, ensure } from '../errors.js';
import { claimedElligatorPoint } from './register-elligator.js';
import type { RegisterPublic } from './register-signals.js';
import { commitmentOf, identityOf, sealEscrow, type Pair } from './register-values.js';
import type { RegisterWitness } from './register-witness.js';

/** The guarantees of the statement, numbered as in circuits/README.md. R7 holds of every canonical binding. */
export const REGISTER_GUARANTEES = {
  R1: 'the commitment opens to the document, whose absent slots are 0',
  R2: 'the tags are those of the document under the OPRF key, and what is skipped is absent',
  R3: 'each evaluated point is 8 times a point of the curve, and not the identity',
  R4: 'the author is a member in a role that may write such an entry',
  R5: 'the nullifier is the one of an index below the quota',
  R6: 'the escrow opens to the salt and the author under the auditors’ key',
} as const;

export type RegisterGuarantee = keyof typeof REGISTER_GUARANTEES;

const SCALAR_LIMIT = 1n << 251n;
const CHALLENGE_LIMIT = 1n << 128n;
const MASK_LIMIT = 1n << 16n;
const ROLE_LIMIT = 16n;

const complement = (present: bigint): bigint => (MASK_LIMIT - 1n) & ~present;

function opensCommitment(p: RegisterPublic, w: RegisterWitness): boolean {
  return (
    w.present < MASK_LIMIT &&
    w.slots.every((slot, i) => slot === 0n || (w.present >> BigInt(i)) & 1n) &&
    commitmentOf(BigInt(p.kind), w.present, w.slots, w.salt) === p.commitment
  );
}

/** N = 8·M, or undefined if M is not on the curve or N is the identity. */
function evaluatedPoint([x, y]: Pair<FieldElement>): Point | undefined {
  try {
    const N = clearCofactor(pointFromAffine(x, y));
    return N.is0() ? undefined : N;
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_point') return undefined;
    throw error;
  }
}

function hasTag(p: RegisterPublic, w: RegisterWitness, N: Point, i: 0 | 1): boolean {
  const mask = BigInt(p.mask[i]);
  if (mask >= MASK_LIMIT || (mask & complement(w.present)) !== 0n) return false;
  const u = identityOf(p.fingerprintId[i], mask, w.slots);
  const elligator = claimedElligatorPoint(u, w.elligatorY[i]);
  if (!elligator) return false;
  const P = clearCofactor(elligator);
  if (P.is0() || w.c[i] >= CHALLENGE_LIMIT || w.s[i] >= SCALAR_LIMIT) return false;
  const [c, s] = [reduceScalar(w.c[i]), reduceScalar(w.s[i])];
  const R1 = multiply(BASE, s).add(multiply(p.oprfKey, c));
  const R2 = multiply(P, s).add(multiply(N, c));
  if (dleqChallenge(p.oprfKey, P, N, R1, R2) !== w.c[i]) return false;
  const documentKey = poseidon([DOMAIN.documentKey, u, N.toAffine().y]);
  return poseidon([DOMAIN.tag, documentKey, p.purpose]) === p.tag[i];
}

function skipsOnlyAbsent(p: RegisterPublic, w: RegisterWitness): boolean {
  const skipped = BigInt(p.skippedMask);
  return skipped === 0n || (skipped < MASK_LIMIT && (skipped & complement(w.present)) !== 0n);
}

function isMember(p: RegisterPublic, w: RegisterWitness): boolean {
  if (w.role >= ROLE_LIMIT || w.pathIndex >= MASK_LIMIT || p.roleMask >= MASK_LIMIT) return false;
  const leaf = memberLeafOf(memberIdOf(w.sk), Number(w.role));
  const path = { siblings: w.pathSiblings, index: Number(w.pathIndex) };
  return MerkleTree.rootFrom(leaf, path) === p.membersRoot && ((p.roleMask >> Number(w.role)) & 1) === 1;
}

function isUnderQuota(p: RegisterPublic, w: RegisterWitness): boolean {
  return (
    p.quota <= QUOTA_MAX &&
    w.index < BigInt(p.quota) &&
    nullifierOf(w.sk, p.period, Number(w.index)) === p.nullifier
  );
}

function isEscrowed(p: RegisterPublic, w: RegisterWitness): boolean {
  if (w.e >= SCALAR_LIMIT || w.e % SUBGROUP_ORDER === 0n) return false;
  const { point, escrow } = sealEscrow(reduceScalar(w.e), p.auditorKey, w.salt, memberIdOf(w.sk));
  return point.equals(p.escrowPoint) && escrow[0] === p.escrow[0] && escrow[1] === p.escrow[1];
}

/**
 * The relation that the circuit proves, in the clear (protocol section 6): the guarantees that do not hold, so none
 * for a true statement. 30 ms. `initPoseidon` first.
 *
 * Throws `invalid_argument` if the witness does not have the circuit's shape, `invalid_point` if a key is outside the
 * subgroup: of such keys the circuit promises nothing.
 */
export function brokenGuarantees(p: RegisterPublic, w: RegisterWitness): RegisterGuarantee[] {
  ensure(
    w.slots.length === SLOT_COUNT && w.pathSiblings.length === MEMBERS_DEPTH,
    'invalid_argument',
    'a witness of register has 16 slots and a path of 16 levels',
  );
  for (const key of [p.oprfKey, p.auditorKey])
    ensure(
      inSubgroup(key) && !key.is0(),
      'invalid_point',
      'a key is not in the subgroup, or is its identity',
    );

  const evaluated = w.M.map(evaluatedPoint);
  const tagged = ([0, 1] as const).every((i) => {
    const N = evaluated[i];
    // Where there is no N, that is R3's affair.
    return N === undefined || hasTag(p, w, N, i);
  });
  const holds: Record<RegisterGuarantee, boolean> = {
    R1: opensCommitment(p, w),
    R2: tagged && skipsOnlyAbsent(p, w),
    R3: evaluated.every((N) => N !== undefined),
    R4: isMember(p, w),
    R5: isUnderQuota(p, w),
    R6: isEscrowed(p, w),
  };
  return (Object.keys(holds) as RegisterGuarantee[]).filter((guarantee) => !holds[guarantee]);
}

/** Throws `invalid_argument`, naming the guarantee, unless the witness satisfies the statement. Throws as above. */
export function checkRegister(p: RegisterPublic, w: RegisterWitness): void {
  const [broken] = brokenGuarantees(p, w);
  if (broken)
    throw new CountersealError(
      'invalid_argument',
      `there is no such proof: it would have to show that ${REGISTER_GUARANTEES[broken]} (${broken})`,
    );
}
