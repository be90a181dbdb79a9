import {
  BASE,
  clearCofactor,
  ed25519Verify,
  inSubgroup,
  pointFromBytes,
  scalarFromBytes,
  SUBGROUP_ORDER,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { quorumWeights, type Committee } from './committee.js';

const CONTEXT = 'counterseal/oprf/answer/1';

/** All that an evaluator said about one request. Holds nothing of the member's secrets: not r, a, b, P or N. */
export interface SignedAnswer {
  readonly networkId: string;
  readonly shareEpoch: number;
  readonly evaluatorId: number;
  /** B'. */
  readonly blinded: Uint8Array;
  /** N_i. */
  readonly evaluated: Uint8Array;
  /** D_i. */
  readonly nonceBase: Uint8Array;
  /** D'_i. */
  readonly nonceBlinded: Uint8Array;
  readonly quorum: readonly number[];
  /** c - b mod l. */
  readonly challenge: Uint8Array;
  /** s_i. */
  readonly response: Uint8Array;
}

/** What proves to anybody that an evaluator answered wrongly: its answer under its signature. */
export interface Evidence extends SignedAnswer {
  readonly signature: Uint8Array;
}

/** What an evaluator signs: fixed lengths and counted lists, so that it reads in one way only. */
export function answerMessage(answer: SignedAnswer): Uint8Array {
  const u64 = (n: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(n));
    return bytes;
  };
  const networkId = Buffer.from(answer.networkId, 'utf8');
  const points = [answer.blinded, answer.evaluated, answer.nonceBase, answer.nonceBlinded];
  const scalars = [answer.challenge, answer.response];
  ensure(
    points.every((b) => b.length === 64) && scalars.every((b) => b.length === 32),
    'invalid_argument',
    'an answer holds points of 64 bytes and scalars of 32',
  );
  return Buffer.concat([
    Buffer.from(`${CONTEXT}\0`, 'utf8'),
    u64(networkId.length),
    networkId,
    u64(answer.shareEpoch),
    u64(answer.evaluatorId),
    ...points,
    u64(answer.quorum.length),
    ...answer.quorum.map(u64),
    ...scalars,
  ]);
}

/**
 * What is wrong with evaluator i's answer, or undefined: that N_i, D_i and D'_i are points of the subgroup, that
 * s_i·G + e·lambda_i·K_i = D_i and s_i·B + e·lambda_i·N_i = D'_i for e = c - b (protocol section 5, step 5).
 */
export function faultOf(answer: SignedAnswer, committee: Committee): string | undefined {
  const { publicShare } = committee.member(answer.evaluatorId);
  const weight = quorumWeights(answer.quorum, committee.threshold, committee.members.length).get(
    answer.evaluatorId,
  );
  ensure(weight !== undefined, 'invalid_argument', 'an evaluator answered for a quorum without it');
  const challenge = scalarFromBytes(answer.challenge);
  const B = clearCofactor(pointFromBytes(answer.blinded));

  const points: Point[] = [];
  for (const name of ['evaluated', 'nonceBase', 'nonceBlinded'] as const) {
    try {
      const point = pointFromBytes(answer[name]);
      if (!inSubgroup(point)) return `${name} is not in the prime-order subgroup`;
      points.push(point);
    } catch {
      return `${name} is not a point`;
    }
  }
  let response: Scalar;
  try {
    response = scalarFromBytes(answer.response);
  } catch {
    return 'response is not below the order of the subgroup';
  }
  const [N, D, Dblinded] = points as [Point, Point, Point];
  // Everything here is known to the evaluator, so variable time gives nothing away.
  const e = (challenge * weight) % SUBGROUP_ORDER;
  if (!BASE.multiplyUnsafe(response).add(publicShare.multiplyUnsafe(e)).equals(D))
    return 'the response does not fit the public share';
  if (!B.multiplyUnsafe(response).add(N.multiplyUnsafe(e)).equals(Dblinded))
    return 'the evaluated point was not made with the public share';
  return undefined;
}

/**
 * What an evaluator did wrong, as its own signature shows. Throws `invalid_proof` if the evidence shows nothing: the
 * signature is not the evaluator's, or the answer is right.
 */
export function verifyEvidence(evidence: Evidence, committee: Committee): string {
  ensure(
    evidence.networkId === committee.networkId && evidence.shareEpoch === committee.shareEpoch,
    'invalid_proof',
    'the evidence is of another network or share epoch',
  );
  let fault: string | undefined;
  try {
    const { signingKey } = committee.member(evidence.evaluatorId);
    ensure(
      ed25519Verify(signingKey, answerMessage(evidence), evidence.signature),
      'invalid_proof',
      'the evidence does not bear the signature of the evaluator that it names',
    );
    fault = faultOf(evidence, committee);
  } catch (cause) {
    if (cause instanceof CountersealError && cause.code === 'invalid_proof') throw cause;
    throw new CountersealError('invalid_proof', 'the evidence is malformed', { cause });
  }
  ensure(fault !== undefined, 'invalid_proof', 'the answer in the evidence is right');
  return fault;
}
