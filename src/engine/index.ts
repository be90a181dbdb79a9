export {
  EmbeddedEngine,
  type EmbeddedOptions,
  type LogBatch,
  QUEUE_MAX,
  type SignedCheckpoint,
  STREAM_BATCH_RECORDS,
  type SubmitResult,
} from './embedded.js';
export { NetworkProofVerifier } from './proof-verifier.js';
export { LevelStore } from './level-store.js';
