export * from './limits.js';
export * from './units.js';
export { RESULT_CODES, type Rejection, type ResultName } from './results.js';
export {
  carriedFingerprint,
  type CarriedFingerprint,
  defaultSchema,
  messageRetainDays,
  messagesPerDay,
  type Purpose,
  purposeOf,
  type Role,
  roleIndex,
  roleMask,
  roleMaskOf,
  ROLES,
  type SaltPolicy,
  type Schema,
} from './schema.js';
export {
  type Genesis,
  genesisHash,
  type GenesisInput,
  groupPoint,
  parseGenesis,
  type StatementName,
} from './genesis.js';
export { type Network, networkOf } from './network.js';
export {
  type Action,
  type ActionOrder,
  actionMessage,
  type ActionTransaction,
  decodeTransaction,
  encodeTransaction,
  type MembershipChange,
  membershipMessage,
  type MembershipOrder,
  type MembershipTransaction,
  type MessageTransaction,
  registerBinding,
  type RegisterClaims,
  registerMessage,
  type RegisterTransaction,
  type Transaction,
  transactionHash,
} from './transactions.js';
export type { Capacity } from './capacity.js';
export {
  capacityBinding,
  capacityMessage,
  type DrawOrder,
  type DrawTransaction,
  type OpenCapacityOrder,
  type OpenCapacityTransaction,
} from './capacity-orders.js';
export { type CapacityEntry, drawSignals, openingSignals, possessionSignals } from './capacity-signals.js';
export type { CapacityView } from './replica-capacity.js';
export { messageBinding, messageBodyHash, type MessageClaims, messageLabel } from './message-claims.js';
export { MESSAGE_NULLIFIER, messageSignals } from './message-signals.js';
export { RegisterSignals, type RegisterRules, skippableMask, usesNear } from './register-signals.js';
export {
  ACTION_KINDS,
  type ActionKind,
  CANCEL_REASONS,
  type CancelReason,
  countsAsDuplicate,
  ENTRY_STATES,
  type EntryState,
  hasLapsed,
  stateAt,
  type StoredState,
  transition,
} from './states.js';
export {
  FINGERPRINT_LABELS,
  type FingerprintLabel,
  type FingerprintVerdict,
  type Match,
  type MatchCounts,
  type MatchVia,
  type TagMatch,
  type Verdict,
  MATCH_VIAS,
  verdictLabel,
} from './verdict.js';
export { VERDICT_LABELS, type VerdictLabel } from './verdict-labels.js';
export {
  type ActionRecord,
  decodeRecord,
  type DrawRecord,
  encodeRecord,
  type FingerprintRecord,
  type LogRecord,
  type MembershipRecord,
  type MessageRecord,
  type OpenCapacityRecord,
  type RecordBody,
  type RegisterRecord,
} from './log-record.js';
export { MemberRegistry } from './members.js';
export {
  appendLeaf,
  consistencyProof,
  EMPTY_LOG_ROOT,
  GrowingRoot,
  inclusionProof,
  leafHash,
  logRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle-log.js';
export {
  addSignatureLine,
  type Checkpoint,
  checkpointOf,
  type NoteKey,
  noteBody,
  type NoteSigner,
  openCheckpoint,
  readVerifiedCheckpoint,
  signCheckpoint,
} from './checkpoint.js';
export {
  type Cosignature,
  cosignatureLine,
  cosignaturesOf,
  formatVerifierKey,
  parseVerifierKey,
  readCosignature,
} from './cosignature.js';
export {
  countEntries,
  decodeReceipt,
  encodeReceipt,
  findRegistration,
  makeReceipt,
  type Receipt,
  receiptKey,
  receiptSchema,
  type ReceiptSource,
} from './receipt.js';
export { readSubtree, statePrefix, SUBTREE_PREFIX, type SubtreeNode } from './state-subtree.js';
export {
  ERASED_RANGE,
  erasedPayloadOf,
  PAYLOAD_RANGE,
  payloadDueKey,
  payloadFreeKey,
  payloadKey,
  PAYLOADS_TO_FREE,
  payloadsDueBefore,
  recordKey,
  type StateKey,
  stateKeys,
} from './state-keys.js';
export { type StateProof, verifyStateProof } from './state-proof.js';
export {
  type Entry,
  entryCodec,
  type IndexedEntry,
  indexedEntryCodec,
  type TagHead,
  tagHeadCodec,
  type TagItem,
  tagPageCodec,
} from './state-values.js';
export { decodeCanonical } from './codec.js';
export { equalBytes, sha256 } from './hash.js';
export {
  addFingerprint,
  addToIndex,
  type Asker,
  findMatches,
  possessionTagOf,
  setIndexedState,
  type TagScope,
} from './tag-index.js';
export {
  fingerprintBinding,
  fingerprintMessage,
  type FingerprintClaims,
  type FingerprintTransaction,
} from './fingerprint-transaction.js';
export { textOf } from './text-of.js';
export { Overlay } from './overlay.js';
export { type CarriedQuery, Replica } from './replica.js';
export { MemoryStore } from './memory-store.js';
export type { KeyRange, Reader, Store, Write } from './store.js';
export { LEDGER_STATEMENTS, type LedgerStatement, type ProofVerifier } from './proof-verifier.js';
export { appHash, type AppState, type LedgerMeta, readMeta } from './meta.js';
export { LedgerReader, RECORDS_PER_READ_MAX } from './reader.js';
export { auditStore } from './audit.js';
export { parseTransaction, isRejection, type ParsedTransaction } from './admission.js';
export type {
  Block,
  CommitResult,
  FinalizedBlock,
  LedgerApplication,
  LedgerInfo,
  TransactionResult,
  ValidatorUpdate,
} from './application.js';
export { type EventKey, eventsOf, type LedgerEvent } from './events.js';
export {
  QUERY_CODES,
  QUERY_PATHS,
  type QueryName,
  type QueryProof,
  type QueryRequest,
  type QueryResponse,
  verifyQuery,
} from './query.js';
export {
  APPLY_RESULTS,
  type AppliedChunk,
  type ApplyResult,
  OFFER_RESULTS,
  type OfferResult,
  type Snapshot,
  SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_FORMAT,
  type SnapshotChunkId,
} from './snapshot.js';
export { type MachineOptions, StateMachine } from './machine.js';
export type { CacheUses } from './verdict-cache.js';
