import {
  coordinates,
  DOMAIN,
  encodeToCurve,
  fieldElement,
  initPoseidon,
  poseidon,
  SET_DEPTH,
  type FieldElement,
  type MerklePath,
  type Point,
} from '../crypto/index.js';
import { ensure } from '../errors.js';
import { montgomeryY } from './elligator.js';
import { checkFingerprint, elementIdentityOf } from './fingerprint-relation.js';
import { fingerprintSignals, type FingerprintPublic } from './fingerprint-signals.js';
import { fingerprintInputs, type FingerprintWitness } from './fingerprint-witness.js';
import type { CircuitInputs } from './prover.js';
import { eighthOf, identityOfMask, type ProvableEvaluation } from './provable-evaluation.js';
import { commitmentOf } from './register-values.js';

/** One element of a set slot, with its path in the slot's tree. */
export interface FingerprintElement {
  readonly value: FieldElement;
  readonly path: MerklePath;
}

/** All that goes into a proof of `fingerprint` but the binding. */
export interface FingerprintRequest {
  readonly kind: number;
  /** 16 slots; absent ones are 0. */
  readonly slots: readonly FieldElement[];
  /** Bit i is set if slot i is present. */
  readonly present: number;
  readonly salt: FieldElement;
  /** text(purpose). */
  readonly purpose: FieldElement;
  /** text(name). */
  readonly fingerprintId: FieldElement;
  /** 16 bits. */
  readonly mask: number;
  /** The element that the fingerprint is of, the mask then being its set slot, and the class code or not. */
  readonly element?: FingerprintElement;
  readonly evaluation: ProvableEvaluation;
  readonly oprfKey: Point;
  readonly member: { readonly secret: FieldElement; readonly role: number; readonly path: MerklePath };
  readonly membersRoot: FieldElement;
  readonly roleMask: number;
  /** Whether to show that the salt is the convergent one of this fingerprint. */
  readonly convergent: boolean;
  /** Of the entry. */
  readonly nullifier: FieldElement;
}

/** A statement that holds, with its witness: ready for the prover. `witness` and `inputs` are secret. */
export interface FingerprintInstance {
  readonly public: FingerprintPublic;
  readonly witness: FingerprintWitness;
  /** The 14 public signals, in order. */
  readonly signals: readonly FieldElement[];
  /** The input of the witness program. */
  readonly inputs: CircuitInputs;
}

const CLASS_CODE_SLOT = 11;
const NO_ELEMENT: FingerprintElement = {
  value: 0n as FieldElement,
  path: { index: 0, siblings: Array.from({ length: SET_DEPTH }, () => 0n as FieldElement) },
};

/** The identity to evaluate. Throws `missing_field` where the document lacks a slot of the mask. */
export function fingerprintIdentity(
  request: Pick<FingerprintRequest, 'slots' | 'present' | 'fingerprintId' | 'mask' | 'element'>,
): FieldElement {
  const ofSlots = identityOfMask(request, request.fingerprintId, request.mask);
  if (!request.element) return ofSlots;
  const classCode = (request.mask >> CLASS_CODE_SLOT) & 1 ? request.slots[CLASS_CODE_SLOT]! : 0n;
  return elementIdentityOf(request.fingerprintId, request.element.value, classCode);
}

/** The tag that the proof shows. Throws as {@link fingerprintIdentity}. */
export async function fingerprintTag(
  request: Omit<FingerprintRequest, 'member' | 'membersRoot'>,
): Promise<FieldElement> {
  await initPoseidon();
  const { y } = coordinates(request.evaluation.evaluated);
  const documentKey = poseidon([DOMAIN.documentKey, fingerprintIdentity(request), y]);
  return poseidon([DOMAIN.tag, documentKey, request.purpose]);
}

/**
 * The statement and its witness. Checks that the statement holds before anybody spends seconds on a proof.
 * Throws `missing_field` for a document without a slot of the mask, `invalid_argument` with the guarantee that would be
 * broken, `invalid_point` for a key outside the subgroup.
 */
export async function fingerprintInstance(
  request: FingerprintRequest,
  binding: FieldElement,
): Promise<FingerprintInstance> {
  const tag = await fingerprintTag(request);
  const { member, evaluation, element = NO_ELEMENT } = request;
  ensure(!evaluation.evaluated.is0(), 'invalid_argument', 'the evaluation is the identity of the curve');
  const statement: FingerprintPublic = {
    tag,
    commitment: commitmentOf(BigInt(request.kind), BigInt(request.present), request.slots, request.salt),
    kind: request.kind,
    purpose: request.purpose,
    fingerprintId: request.fingerprintId,
    mask: request.mask,
    ofElement: request.element !== undefined,
    oprfKey: request.oprfKey,
    membersRoot: request.membersRoot,
    roleMask: request.roleMask,
    convergent: request.convergent,
    nullifier: request.nullifier,
    binding,
  };
  const number = (n: number) => fieldElement(BigInt(n));
  const witness: FingerprintWitness = {
    slots: request.slots,
    present: number(request.present),
    salt: request.salt,
    sk: member.secret,
    role: number(member.role),
    pathSiblings: member.path.siblings,
    pathIndex: number(member.path.index),
    element: element.value,
    elementSiblings: element.path.siblings,
    elementIndex: number(element.path.index),
    elligatorY: montgomeryY(encodeToCurve(fingerprintIdentity(request)).elligator),
    M: eighthOf(evaluation.evaluated),
    c: fieldElement(evaluation.challenge),
    s: fieldElement(evaluation.response),
  };
  checkFingerprint(statement, witness);
  return {
    public: statement,
    witness,
    signals: fingerprintSignals(statement),
    inputs: fingerprintInputs(statement, witness),
  };
}
