export { Committee, MAX_PARTIES, type CommitteeMember, type CommitteeParameters } from './committee.js';
export { type Evaluation } from './evaluation.js';
export { verifyEvidence, type Evidence, type SignedAnswer } from './evidence.js';
export { Evaluator, type EvaluatorOptions } from './evaluator.js';
export {
  KeygenParty,
  type KeygenParameters,
  type KeygenResult,
  type KeygenRoundOne,
  type KeygenRoundTwo,
} from './keygen.js';
export { assertKeyShare, type KeyShare } from './key-share.js';
export { LevelQuotaStore } from './level-quota-store.js';
export { evaluate, type EvaluateOptions, type EvaluateResult, type EvaluatorWarning } from './member.js';
export {
  HANDLE_BYTES,
  MAX_BATCH,
  type BlindedChallenge,
  type EvaluatorClient,
  type RoundOneAnswer,
  type RoundOneRequest,
  type RoundOneResponse,
  type RoundTwoAnswer,
  type RoundTwoRequest,
  type RoundTwoResponse,
} from './messages.js';
export { NONCE_LIFETIME_MS, type Clock, type NonceLimits } from './nonce-store.js';
export { utcDay, type Charge, type Charged, type QuotaStore, type UtcDay } from './quota.js';
export { tagOf, type DocumentKey, type Tag } from './tag.js';
export { readVmGeneration, VM_GENERATION_FILES } from './vm-generation.js';
