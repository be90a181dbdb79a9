export { EmbeddedEngine, QUEUE_MAX, STREAM_BATCH_RECORDS } from './embedded.js';
export {
  type EmbeddedOptions,
  type LogBatch,
  type SignedCheckpoint,
  type SubmitResult,
} from './engine-types.js';
export { type EngineObserver } from './observer.js';
export { type BackupExtras } from './backup.js';
export { type BackupContent, inspectBackup, restoreLedger } from './restore.js';
export { NetworkProofVerifier } from './proof-verifier.js';
export { LevelStore } from './level-store.js';
