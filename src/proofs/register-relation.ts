import {
  DOMAIN,
  inSubgroup,
  memberIdOf,
  MEMBERS_DEPTH,
  nullifierOf,
  poseidon,
  QUOTA_MAX,
  reduceScalar,
  SUBGROUP_ORDER,
  type Point,
} from '../crypto/index.js';
import { SLOT_COUNT } from '../documents/slots.js';
import { ensure } from '../errors.js';
import {
  absentOf,
  documentKeyOf,
  evaluatedPoint,
  isMember,
  MASK_LIMIT,
  opensCommitment,
  SCALAR_LIMIT,
} from './document-relation.js';
import { broken, ensureUnbroken } from './guarantees.js';
import type { RegisterPublic } from './register-signals.js';
import { identityOf, sealEscrow } from './register-values.js';
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

function hasTag(p: RegisterPublic, w: RegisterWitness, N: Point, i: 0 | 1): boolean {
  const mask = BigInt(p.mask[i]);
  if (mask >= MASK_LIMIT || absentOf(mask, w.present) !== 0n) return false;
  const u = identityOf(p.fingerprintId[i], mask, w.slots);
  const claim = { elligatorY: w.elligatorY[i], c: w.c[i], s: w.s[i] };
  const documentKey = documentKeyOf(p.oprfKey, u, N, claim);
  return documentKey !== undefined && poseidon([DOMAIN.tag, documentKey, p.purpose]) === p.tag[i];
}

function skipsOnlyAbsent(p: RegisterPublic, w: RegisterWitness): boolean {
  const skipped = BigInt(p.skippedMask);
  return skipped === 0n || (skipped < MASK_LIMIT && absentOf(skipped, w.present) !== 0n);
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
    R1: opensCommitment(p.commitment, p.kind, w),
    R2: tagged && skipsOnlyAbsent(p, w),
    R3: evaluated.every((N) => N !== undefined),
    R4: isMember(p, w),
    R5: isUnderQuota(p, w),
    R6: isEscrowed(p, w),
  };
  return broken(holds);
}

/** Throws `invalid_argument`, naming the guarantee, unless the witness satisfies the statement. Throws as above. */
export function checkRegister(p: RegisterPublic, w: RegisterWitness): void {
  ensureUnbroken(REGISTER_GUARANTEES, brokenGuarantees(p, w));
}
