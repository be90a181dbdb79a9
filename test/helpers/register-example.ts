import {
  BASE,
  dleqChallenge,
  encodeToCurve,
  fieldElement,
  fieldFromDecimal,
  multiply,
  pointFromAffine,
  randomScalar,
  reduceScalar,
  scalar,
  type FieldElement,
  type Point,
  type Scalar,
} from '../../src/crypto/index.js';
import type { ProvableEvaluation } from '../../src/proofs/provable-evaluation.js';
import type { RegisterRequest } from '../../src/proofs/register.js';
import { identityOf, mapPair } from '../../src/proofs/register-values.js';
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

/** What an evaluation by `key` yields for P, proved against its own public key. `claimed` is a lie about N. */
export function evaluateWith(
  key: Scalar,
  P: Point,
  {
    claimed = multiply(P, key),
    accept = () => true,
  }: { claimed?: Point; accept?: (c: bigint) => boolean } = {},
): ProvableEvaluation {
  const K = multiply(BASE, key);
  for (;;) {
    const nonce = randomScalar();
    const c = dleqChallenge(K, P, claimed, multiply(BASE, nonce), multiply(P, nonce));
    if (accept(c)) return { evaluated: claimed, challenge: c, response: reduceScalar(nonce - c * key) };
  }
}

/** The request with other contents, and evaluations to match. */
export function requestFor(change: Partial<RegisterRequest>): RegisterRequest {
  const request = { ...EXAMPLE_REQUEST, ...change };
  return {
    ...request,
    fingerprints: mapPair(request.fingerprints, ({ id, mask }) => {
      const { point: P } = encodeToCurve(identityOf(id, BigInt(mask), request.slots));
      return { id, mask, evaluation: evaluateWith(OPRF_SECRET, P) };
    }),
  };
}
