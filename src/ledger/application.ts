import type { LogRecord } from './log-record.js';
import type { LedgerEvent } from './events.js';
import type { LedgerMeta } from './meta.js';
import type { QueryRequest, QueryResponse } from './query.js';
import type { Rejection } from './results.js';
import type { AppliedChunk, ApplyResult, OfferResult, Snapshot, SnapshotChunkId } from './snapshot.js';
import type { Write } from './store.js';
import type { Height, UnixMs } from './units.js';

/**
 * What an engine drives: the state machine in the terms of ABCI 2.0. An engine of one process and one that is a
 * CometBFT validator make the same calls in the same order; what they are answered follows from the committed state
 * and the calls alone.
 *
 * A transaction, proposal, query or snapshot that is wrong gets a result. Promises reject where the engine is wrong
 * (`invalid_argument`, `failed_precondition`), the store cannot be read or written (`io`) or is damaged
 * (`data_corrupted`), or a proof could not be verified: then an engine stops rather than goes on.
 */
export interface LedgerApplication {
  /** The last committed position; height 0 before the first block, also where `initChain` is still to come. */
  info(): LedgerInfo;
  /** Writes the genesis' state, unless it is there. Returns the app hash. */
  initChain(): Promise<Uint8Array>;

  /**
   * Whether a transaction could enter the next block. `now` is the engine's clock; a `recheck` skips what depends on
   * the transaction alone.
   */
  checkTx(
    bytes: Uint8Array,
    request: { readonly type: 'new' | 'recheck'; readonly now: UnixMs },
  ): Promise<Rejection | undefined>;

  /** Of the candidates, in their order, those that are valid one after the other and fit into a block. */
  prepareProposal(block: Block, maxBytes?: number): Promise<Uint8Array[]>;
  /** Whether a proposed block is one that `prepareProposal` could have made: within limits, every transaction valid. */
  processProposal(block: Block): Promise<boolean>;
  /** Executes the next block. Changes nothing: {@link commit} does. An invalid transaction gets its code. */
  finalizeBlock(block: Block): Promise<FinalizedBlock>;
  /**
   * Makes a finalized block durable in one batch, with what the engine keeps beside it. Throws `io`; then the machine
   * stands where it stood, and the store has to be opened again to learn whether the batch was written.
   */
  commit(finalized: FinalizedBlock, beside?: readonly Write[]): Promise<CommitResult>;

  /** Reads committed state, with proofs where asked; see query.ts. */
  query(request: QueryRequest): QueryResponse;

  /** The snapshots that can be loaded, oldest first. */
  listSnapshots(): readonly Snapshot[];
  /**
   * Takes a snapshot of the last committed block while later ones are committed. When, is for the engine to decide:
   * ABCI has no call for it. Throws `failed_precondition` before the first block, or while another one is taken.
   */
  takeSnapshot(): Promise<Snapshot>;
  /** A chunk of a snapshot, or undefined if there is no such snapshot or chunk (any more). */
  loadSnapshotChunk(id: SnapshotChunkId): Promise<Uint8Array | undefined>;
  /**
   * Whether to fetch a snapshot that somebody offers for a height whose app hash is known from elsewhere. Accepting it
   * drops one that was being applied. Only in place of `initChain`, on an empty store.
   */
  offerSnapshot(snapshot: Snapshot, trustedAppHash: Uint8Array): Promise<OfferResult>;
  /**
   * Applies the chunks of the accepted snapshot, one at a time from 0 on. After the last one has been accepted, `info`
   * says the snapshot's height and the trusted app hash, and blocks follow.
   */
  applySnapshotChunk(chunk: AppliedChunk): Promise<ApplyResult>;
}

export interface LedgerInfo {
  readonly height: Height;
  readonly time: UnixMs;
  readonly appHash: Uint8Array;
  readonly logSize: number;
}

export interface Block {
  readonly height: Height;
  /** Not before the last block's. */
  readonly time: UnixMs;
  readonly transactions: readonly Uint8Array[];
}

/** What became of a transaction in a block. */
export type TransactionResult =
  { readonly name: 'ok'; readonly code: 0; readonly record: LogRecord } | Rejection;

/** A validator's voting power after a block; 0 removes it. */
export interface ValidatorUpdate {
  /** Ed25519. */
  readonly publicKey: Uint8Array;
  readonly power: number;
}

/** A block that was executed and not yet committed. */
export interface FinalizedBlock {
  readonly block: Block;
  /** One for each transaction, in their order. */
  readonly results: readonly TransactionResult[];
  /** Of each transaction, in their order; none of one that was refused. */
  readonly events: readonly (readonly LedgerEvent[])[];
  /** Empty: the validators are the genesis' operators, until there is a transaction that changes those. */
  readonly validatorUpdates: readonly ValidatorUpdate[];
  /** Never any: the limits of a block are part of the rules. */
  readonly consensusParamUpdates: undefined;
  readonly appHash: Uint8Array;
  /** The new leaves of the log. */
  readonly records: readonly LogRecord[];
  readonly meta: LedgerMeta;
  readonly writes: readonly Write[];
}

export interface CommitResult {
  /**
   * Blocks below this height need not be kept; 0 demands all. Who restores the oldest snapshot needs those after it;
   * while there is no snapshot, who is new replays everything.
   */
  readonly retainHeight: Height;
}
