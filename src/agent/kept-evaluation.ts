import { fieldFromDecimal, pointFromAffine, reduceScalar } from '../crypto/index.js';
import type { DocumentKey, Evaluation } from '../oprf/index.js';
import type { ProvableEvaluation } from '../proofs/index.js';

/**
 * The committee's evaluation of an own entry's possession fingerprint, kept with the entry: engaging it, opening it, and
 * reading what others write about its document then asks no evaluator. Secret. In decimal.
 */
export interface KeptEvaluation {
  readonly documentKey: string;
  /** x, y of N = k·P. */
  readonly evaluated: readonly [string, string];
  readonly challenge: string;
  readonly response: string;
}

export function keepEvaluation({ documentKey, evaluated, challenge, response }: Evaluation): KeptEvaluation {
  const { x, y } = evaluated.toAffine();
  return {
    documentKey: documentKey.toString(),
    evaluated: [x.toString(), y.toString()],
    challenge: challenge.toString(),
    response: response.toString(),
  };
}

/** Throws `invalid_point` or `invalid_argument` where what was kept is damaged. */
export function keptEvaluation({
  documentKey,
  evaluated: [x, y],
  challenge,
  response,
}: KeptEvaluation): ProvableEvaluation & { readonly documentKey: DocumentKey } {
  return {
    documentKey: fieldFromDecimal(documentKey) as DocumentKey,
    evaluated: pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y)),
    challenge: BigInt(challenge),
    response: reduceScalar(BigInt(response)),
  };
}

/** The document key alone, without the checks of the points that a proof takes. */
export const keptDocumentKey = ({ documentKey }: KeptEvaluation): DocumentKey =>
  fieldFromDecimal(documentKey) as DocumentKey;
