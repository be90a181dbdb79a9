export {
  EmbeddedEngine,
  type EmbeddedOptions,
  type LogBatch,
  QUEUE_MAX,
  type SignedCheckpoint,
  STREAM_BATCH_RECORDS,
  type SubmitResult,
} from './embedded.js';
export { type EngineObserver } from './observer.js';
export { type BackupExtras } from './backup.js';
export { type BackupContent, inspectBackup, restoreLedger } from './restore.js';
export { NetworkProofVerifier } from './proof-verifier.js';
export { LevelStore } from './level-store.js';
