export { PROOF_LENGTH, proofFromBytes, proofToBytes, type Groth16Proof } from './proof-encoding.js';
export {
  declare,
  KeyRegistry,
  loadDeclared,
  packageKeys,
  requireSetup,
  requireVerificationKey,
  statementName,
  type DeclaredStatement,
  type ProvingFiles,
  type Statement,
  type StatementKey,
} from './keys.js';
export type { VerificationKey } from './verification-key.js';
export { verify, type Verifier } from './verify.js';
export { BatchVerifier, type BatchVerifierOptions } from './batch-verifier.js';
export type { CircuitInput, CircuitInputs, Proved, ProveOptions, Prover, ProveStage } from './prover.js';
export { batchProver, defaultParallel, defaultProver } from './default-prover.js';
export { ProverPool } from './prover-pool.js';
export { SnarkjsProver, type SnarkjsProverOptions } from './snarkjs-prover.js';
export { RapidsnarkProver, type RapidsnarkProverOptions } from './rapidsnark-prover.js';
export {
  registerInstance,
  registerOutputs,
  type RegisterFingerprint,
  type RegisterInstance,
  type RegisterOutputs,
  type RegisterRequest,
} from './register.js';
export type { ProvableEvaluation } from './provable-evaluation.js';
export {
  parseRegisterSignals,
  REGISTER,
  REGISTER_SIGNAL_COUNT,
  registerSignals,
  type RegisterPublic,
} from './register-signals.js';
export {
  brokenGuarantees,
  checkRegister,
  REGISTER_GUARANTEES,
  type RegisterGuarantee,
} from './register-relation.js';
export { commitmentOf, identityOf, openEscrow, sealEscrow } from './register-values.js';
export {
  fingerprintIdentity,
  fingerprintInstance,
  fingerprintTag,
  type FingerprintElement,
  type FingerprintInstance,
  type FingerprintRequest,
} from './fingerprint.js';
export {
  FINGERPRINT,
  FINGERPRINT_SIGNAL_COUNT,
  fingerprintSignals,
  parseFingerprintSignals,
  type FingerprintPublic,
} from './fingerprint-signals.js';
export {
  brokenFingerprintGuarantees,
  checkFingerprint,
  FINGERPRINT_GUARANTEES,
  type FingerprintGuarantee,
} from './fingerprint-relation.js';
export {
  crosscheckInstance,
  type CrosscheckInstance,
  type CrosscheckRequest,
  type CrosscheckSide,
} from './crosscheck.js';
export { RULE_OPS, type RuleOp, type Rules, type ScalarRule, type SetRule } from './crosscheck-rules.js';
export {
  CROSSCHECK,
  CROSSCHECK_SIGNAL_COUNT,
  crosscheckSignals,
  parseCrosscheckSignals,
  type CrosscheckPublic,
} from './crosscheck-signals.js';
export {
  brokenCrosscheckGuarantees,
  checkCrosscheck,
  CROSSCHECK_GUARANTEES,
  crosscheckMasks,
  type CrosscheckGuarantee,
} from './crosscheck-relation.js';
export { crosscheckSide } from './crosscheck-side.js';
export {
  judge,
  rulesOf,
  type Decides,
  type EntrySide,
  type Judgement,
  type NamedRule,
  type NamedSetRule,
  type PublicSide,
  type RuleOutcome,
  type RuleSet,
  type RuleStatus,
} from './rule-set.js';
export { RULE_SETS, ruleSet } from './rule-sets.js';
export {
  drawdownInstance,
  drawOutputs,
  openingOutputs,
  type DrawdownDraw,
  type DrawdownInstance,
  type DrawdownOpening,
  type DrawdownOutputs,
} from './drawdown.js';
export {
  DRAWDOWN,
  DRAWDOWN_SIGNAL_COUNT,
  drawdownSignals,
  parseDrawdownSignals,
  type DrawdownPublic,
} from './drawdown-signals.js';
export {
  brokenDrawdownGuarantees,
  checkDrawdown,
  DRAWDOWN_GUARANTEES,
  type DrawdownGuarantee,
} from './drawdown-relation.js';
export {
  capacityText,
  chainOf,
  headroomOf,
  openRemaining,
  slotValue,
  type SlotValue,
} from './drawdown-values.js';
