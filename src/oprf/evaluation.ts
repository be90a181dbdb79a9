import {
  BASE,
  dleqChallenge,
  IDENTITY,
  inSubgroup,
  interpolateAtZero,
  multiply,
  randomScalar,
  reduceScalar,
  type FieldElement,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import type { BlindedRequest } from './blinding.js';
import type { Committee } from './committee.js';
import { documentKeyOf, type DocumentKey } from './tag.js';

/** What one identity's evaluation yields: the witness of a proof, all of it secret but for its use there. */
export interface Evaluation {
  /** u. */
  readonly identity: FieldElement;
  /** P = encode(u). */
  readonly point: Point;
  /** N = k·P. */
  readonly evaluated: Point;
  /** c, below 2^128: with `response` the proof that log_G K = log_P N, unlinkable to what the evaluators saw. */
  readonly challenge: bigint;
  /** s. */
  readonly response: Scalar;
  readonly documentKey: DocumentKey;
}

/** An evaluator's round one answer, parsed: points of the curve, not yet known to lie in the subgroup. */
export interface PartialEvaluation {
  /** N_i. */
  readonly evaluated: Point;
  /** D_i. */
  readonly nonceBase: Point;
  /** D'_i. */
  readonly nonceBlinded: Point;
}

/** A request between the rounds. */
export interface Combined {
  /** N = N' - r·K. */
  readonly evaluated: Point;
  readonly R1: Point;
  readonly R2: Point;
  /** c. */
  readonly challenge: bigint;
  /** a. */
  readonly shift: Scalar;
  /** c - b mod l: all of this that goes out. */
  readonly sent: Scalar;
}

/** The blinding of one attempt, with all of {@link combine} that waits for no answer. */
export interface Shift {
  readonly a: Scalar;
  readonly b: Scalar;
  /** a·G + b·K. */
  readonly base: Point;
  /** a·P. */
  readonly point: Point;
  /** r·K. */
  readonly unblind: Point;
}

/** {@link drawShift} with given a and b: for vectors. */
export function shiftWith({ point, blind }: BlindedRequest, groupKey: Point, a: Scalar, b: Scalar): Shift {
  return {
    a,
    b,
    base: multiply(BASE, a).add(multiply(groupKey, b)),
    point: multiply(point, a),
    unblind: multiply(groupKey, blind),
  };
}

/**
 * Fresh a and b (protocol section 5, step 4). One for each attempt: a second attempt with the same ones would let its
 * evaluators link the proof.
 */
export const drawShift = (request: BlindedRequest, { groupKey }: Committee): Shift =>
  shiftWith(request, groupKey, randomScalar(), randomScalar());

/** Round one's answers, by evaluator, into N and the blinded challenge (protocol section 5, steps 3 and 4). */
export function combine(
  { point, blind }: BlindedRequest,
  partials: ReadonlyMap<number, PartialEvaluation>,
  shift: Shift,
  groupKey: Point,
): Combined {
  // SAFETY: in variable time on what the evaluators know already; r, a and b take constant time.
  const evaluatedBlinded = interpolateAtZero(
    new Map([...partials].map(([id, { evaluated }]) => [id, evaluated])),
  );
  let nonceBase = IDENTITY;
  let nonceBlinded = IDENTITY;
  for (const partial of partials.values()) {
    nonceBase = nonceBase.add(partial.nonceBase);
    nonceBlinded = nonceBlinded.add(partial.nonceBlinded);
  }
  const evaluated = evaluatedBlinded.subtract(shift.unblind);
  const R1 = nonceBase.add(shift.base);
  const R2 = nonceBlinded
    .subtract(multiply(nonceBase, blind))
    .add(shift.point)
    .add(multiply(evaluated, shift.b));
  const challenge = dleqChallenge(groupKey, point, evaluated, R1, R2);
  return { evaluated, R1, R2, challenge, shift: shift.a, sent: reduceScalar(challenge - shift.b) };
}

/** s = sum(s_i) + a, or undefined if the proof does not hold (protocol section 5, step 5). */
export function finish(
  request: BlindedRequest,
  combined: Combined,
  responses: Iterable<Scalar>,
  groupKey: Point,
): Scalar | undefined {
  let sum: bigint = combined.shift;
  for (const response of responses) sum += response;
  const s = reduceScalar(sum);
  const c = combined.challenge as Scalar;
  const holds =
    inSubgroup(combined.evaluated) &&
    combined.R1.equals(multiply(BASE, s).add(multiply(groupKey, c))) &&
    combined.R2.equals(multiply(request.point, s).add(multiply(combined.evaluated, c)));
  return holds ? s : undefined;
}

/** The result of a finished request. */
export function evaluationOf(
  { identity, point }: BlindedRequest,
  { evaluated, challenge }: Combined,
  response: Scalar,
): Evaluation {
  return {
    identity,
    point,
    evaluated,
    challenge,
    response,
    documentKey: documentKeyOf(identity, evaluated),
  };
}
