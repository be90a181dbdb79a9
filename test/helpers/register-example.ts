import {
  fieldElement,
  fieldFromDecimal,
  pointFromAffine,
  scalar,
  type FieldElement,
  type Point,
  type Scalar,
} from '../../src/crypto/index.js';
import type { RegisterRequest } from '../../src/proofs/register.js';
import { vectors } from './vectors.js';

const vector = vectors('register');

const element = (s: string): FieldElement => fieldFromDecimal(s);
const point = ([x, y]: [string, string]): Point => pointFromAffine(BigInt(x), BigInt(y));
const secret = (s: string): Scalar => scalar(BigInt(s));

type VectorFingerprint = (typeof vector.fingerprints)[number];
const fingerprint = (f: VectorFingerprint) => ({
  id: element(f.fingerprintId),
  mask: Number(f.mask),
  evaluation: {
    evaluated: point(f.evaluated),
    challenge: BigInt(f.dleq.challenge),
    response: secret(f.dleq.response),
  },
});

/** The statement of test/vectors/register.json as a request. */
export const EXAMPLE_REQUEST: RegisterRequest = {
  kind: Number(vector.kind),
  slots: vector.slots.map(element),
  present: Number(vector.present),
  salt: element(vector.salt),
  purpose: element(vector.purpose.value),
  fingerprints: [fingerprint(vector.fingerprints[0]), fingerprint(vector.fingerprints[1])],
  skippedMask: 0,
  oprfKey: point(vector.oprf.publicKey),
  member: {
    secret: element(vector.member.secret),
    role: Number(vector.member.role),
    path: { siblings: vector.member.path.map(element), index: Number(vector.member.leafIndex) },
  },
  membersRoot: element(vector.member.root),
  roleMask: Number(vector.member.roleMask),
  period: Number(vector.quota.period),
  index: Number(vector.quota.index),
  quota: Number(vector.quota.limit),
  auditorKey: point(vector.escrow.auditorKey),
  ephemeral: secret(vector.escrow.ephemeral),
};

export const EXAMPLE_BINDING = fieldElement(0xc0ffeen);

/** k, the OPRF key's secret: a test can then evaluate whatever it wants. */
export const OPRF_SECRET = secret(vector.oprf.secret);

export const EXAMPLE_OUTPUTS = {
  commitment: element(vector.commitment),
  tag: vector.fingerprints.map((f: VectorFingerprint) => element(f.tag)) as FieldElement[],
  nullifier: element(vector.quota.nullifier),
  escrowPoint: point(vector.escrow.point),
  escrow: vector.escrow.cipher.map(element) as FieldElement[],
};
