import {
  coordinates,
  DOMAIN,
  encodeToCurve,
  fieldElement,
  initPoseidon,
  memberIdOf,
  nullifierOf,
  poseidon,
  type FieldElement,
  type MerklePath,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { ensure } from '../errors.js';
import type { CircuitInputs } from './prover.js';
import { montgomeryY } from './elligator.js';
import { checkRegister } from './register-relation.js';
import { registerSignals, type RegisterPublic } from './register-signals.js';
import { commitmentOf, mapPair, sealEscrow, type Pair } from './register-values.js';
import { registerInputs, type RegisterWitness } from './register-witness.js';
import { eighthOf, identityOfMask, type ProvableEvaluation } from './provable-evaluation.js';

/** One of an entry's two fingerprints: the schema's name and mask, and the evaluation of the document's identity. */
export interface RegisterFingerprint {
  /** text(name). */
  readonly id: FieldElement;
  /** 16 bits. */
  readonly mask: number;
  readonly evaluation: ProvableEvaluation;
}

/** All that goes into an entry's proof but the binding. */
export interface RegisterRequest {
  readonly kind: number;
  /** 16 slots; absent ones are 0. */
  readonly slots: readonly FieldElement[];
  /** Bit i is set if slot i is present. */
  readonly present: number;
  readonly salt: FieldElement;
  /** text(purpose). */
  readonly purpose: FieldElement;
  /** Exact and near; the exact one twice where the near one is skipped. */
  readonly fingerprints: Pair<RegisterFingerprint>;
  /** 0, or the near mask that is skipped. */
  readonly skippedMask: number;
  readonly oprfKey: Point;
  /** The author: secret, role (0 to 15) and the path of H(7, memberId, role) under `membersRoot`. */
  readonly member: { readonly secret: FieldElement; readonly role: number; readonly path: MerklePath };
  readonly membersRoot: FieldElement;
  /** Bit r is set if role r may write such an entry. */
  readonly roleMask: number;
  /** Days since 1970-01-01. */
  readonly period: number;
  /** Below `quota`, and not used before in this period. */
  readonly index: number;
  readonly quota: number;
  readonly auditorKey: Point;
  /** e: fresh for every entry. Never 0. */
  readonly ephemeral: Scalar;
}

/** The values that the circuit computes and the entry carries. */
export type RegisterOutputs = Pick<
  RegisterPublic,
  'commitment' | 'tag' | 'nullifier' | 'escrowPoint' | 'escrow'
>;

/** A statement that holds, with its witness: ready for the prover. `witness` and `inputs` are secret. */
export interface RegisterInstance {
  readonly public: RegisterPublic;
  readonly witness: RegisterWitness;
  /** The 24 public signals, in order. */
  readonly signals: readonly FieldElement[];
  /** The input of the witness program. */
  readonly inputs: CircuitInputs;
}

/** Computes what the entry carries: the transaction is made of it, and the binding of the transaction. */
export async function registerOutputs(request: RegisterRequest): Promise<RegisterOutputs> {
  await initPoseidon();
  const { kind, present, slots, salt, member, period, index, ephemeral, auditorKey, purpose } = request;
  const tag = mapPair(request.fingerprints, (fingerprint) => {
    const u = identityOfMask(request, fingerprint.id, fingerprint.mask);
    const { y } = coordinates(fingerprint.evaluation.evaluated);
    return poseidon([DOMAIN.tag, poseidon([DOMAIN.documentKey, u, y]), purpose]);
  });
  const { point, escrow } = sealEscrow(ephemeral, auditorKey, salt, memberIdOf(member.secret));
  return {
    commitment: commitmentOf(BigInt(kind), BigInt(present), slots, salt),
    tag,
    nullifier: nullifierOf(member.secret, period, index),
    escrowPoint: point,
    escrow,
  };
}

/**
 * The statement and its witness. Checks that the statement holds before anybody spends seconds on a proof.
 * Throws `missing_field` for a document without a slot that a fingerprint needs, `invalid_argument` with the guarantee
 * that would be broken, `invalid_point` for keys outside the subgroup.
 */
export async function registerInstance(
  request: RegisterRequest,
  binding: FieldElement,
): Promise<RegisterInstance> {
  const { member, fingerprints } = request;
  const outputs = await registerOutputs(request);
  const statement: RegisterPublic = {
    ...outputs,
    membersRoot: request.membersRoot,
    roleMask: request.roleMask,
    skippedMask: request.skippedMask,
    oprfKey: request.oprfKey,
    kind: request.kind,
    purpose: request.purpose,
    fingerprintId: mapPair(fingerprints, ({ id }) => id),
    mask: mapPair(fingerprints, ({ mask }) => mask),
    period: request.period,
    quota: request.quota,
    auditorKey: request.auditorKey,
    binding,
  };
  const roots = mapPair(fingerprints, (fingerprint) =>
    montgomeryY(encodeToCurve(identityOfMask(request, fingerprint.id, fingerprint.mask)).elligator),
  );
  const eighths = mapPair(fingerprints, ({ evaluation }) => {
    ensure(!evaluation.evaluated.is0(), 'invalid_argument', 'an evaluation is the identity of the curve');
    return eighthOf(evaluation.evaluated);
  });
  const element = (n: number) => fieldElement(BigInt(n));
  const witness: RegisterWitness = {
    slots: request.slots,
    present: element(request.present),
    salt: request.salt,
    sk: member.secret,
    role: element(member.role),
    pathSiblings: member.path.siblings,
    pathIndex: element(member.path.index),
    index: element(request.index),
    elligatorY: roots,
    M: eighths,
    c: mapPair(fingerprints, ({ evaluation }) => fieldElement(evaluation.challenge)),
    s: mapPair(fingerprints, ({ evaluation }) => fieldElement(evaluation.response)),
    e: fieldElement(request.ephemeral),
  };
  checkRegister(statement, witness);
  return {
    public: statement,
    witness,
    signals: registerSignals(statement),
    inputs: registerInputs(statement, witness),
  };
}
