import type {
  Genesis,
  LogIndex,
  LogRecord,
  NoteSigner,
  ProofVerifier,
  Rejection,
  Store,
} from '../ledger/index.js';
import type { EngineObserver } from './observer.js';

export interface EmbeddedOptions {
  /** Holds the database; made if it does not exist. */
  readonly directory: string;
  readonly genesis: Genesis;
  readonly verifier: ProofVerifier;
  /** Signs checkpoints; the name of its key is the network's id. */
  readonly signer: NoteSigner;
  readonly clock?: () => number;
  readonly queueMax?: number;
  /** A store other than the one in `directory`. */
  readonly store?: Store;
  readonly observer?: EngineObserver;
  /** Why nothing is accepted for the time being; the ledger can be read. */
  readonly held?: string;
}

/** What became of a submitted transaction. */
export type SubmitResult =
  | {
      readonly included: true;
      readonly index: LogIndex;
      readonly record: LogRecord;
      /** The canonical bytes of the record: the leaf. */
      readonly leaf: Uint8Array;
    }
  | { readonly included: false; readonly rejection: Rejection };

/** A part of the log as a stream sends it. */
export interface LogBatch {
  readonly from: LogIndex;
  /** Canonical bytes. */
  readonly records: readonly Uint8Array[];
  /** The signed note of a log that ends with these records; empty while more of it follow. */
  readonly checkpoint: string;
}

/** A checkpoint as a signed note, and where it stands. */
export interface SignedCheckpoint {
  readonly height: number;
  /** Of the log. */
  readonly size: number;
  /** Of the state tree whose root it signs. */
  readonly treeVersion: number;
  readonly text: string;
}
