import { CountersealError } from '../errors.js';
import { equalBytes } from './hash.js';
import { leafHash, verifyInclusion } from './merkle-log.js';
import { appHash, type AppState } from './meta.js';
import type { LedgerReader } from './reader.js';
import { type StateKey, stateKeys } from './state-keys.js';
import { type StateProof, verifyStateProof } from './state-proof.js';
import type { Height, LogIndex, Sequence } from './units.js';

/** What ABCI's `Query` reads. There is no path to a payload, and none that finds entries by a tag. */
export const QUERY_PATHS = {
  /** `data`: a key of state-keys.ts. The value, or none where the key is absent. */
  state: '/state',
  /** `data`: sequence number (8 bytes, big-endian). The entry's state, or none. */
  entry: '/entry',
  /** `data`: log index (8 bytes, big-endian). The canonical record. */
  record: '/record',
} as const;

/** ABCI's `code` of a query. */
export const QUERY_CODES = {
  ok: 0,
  unknown_path: 1,
  /** `data` or `height` is not of the path's form. */
  malformed: 2,
  /** The log has no such record at that height. */
  not_found: 3,
  /** The block is still to come, or the state of its time is no longer kept. */
  height_unavailable: 4,
} as const;
export type QueryName = keyof typeof QUERY_CODES;

export interface QueryRequest {
  readonly path: string;
  readonly data: Uint8Array;
  /** After which block; the last one if absent or 0. */
  readonly height?: number;
  /** Whether to prove the answer against the app hash of that block. */
  readonly prove: boolean;
}

export interface QueryResponse {
  readonly name: QueryName;
  readonly code: number;
  /** For people, of anything but `ok`. */
  readonly detail: string;
  /** The block that the answer is about; its app hash is in the header of the next. */
  readonly height: Height;
  /** Of an `ok`; undefined where there is none, which can be proved as well. */
  readonly value: Uint8Array | undefined;
  readonly proof: QueryProof | undefined;
}

/** What the app hash is the hash of, and the way from there to the value. */
export interface QueryProof extends AppState {
  readonly path: StateProof | readonly Uint8Array[];
}

/** Why there is no answer. */
interface Refused {
  readonly refused: Exclude<QueryName, 'ok'>;
  readonly detail: string;
}
type Answer = Pick<QueryResponse, 'value' | 'proof'>;

/** Answers a query; `reader` undefined is a ledger without a state. Throws only where the store is damaged. */
export function answerQuery(reader: LedgerReader | undefined, request: QueryRequest): QueryResponse {
  const latest = reader?.meta().height ?? (0 as Height);
  const asked = request.height ?? 0;
  const height = (asked === 0 ? latest : asked) as Height;
  const answer = reader
    ? read(reader, request, height, latest)
    : refuse('height_unavailable', 'the ledger has no state yet');
  if ('value' in answer) return { name: 'ok', code: QUERY_CODES.ok, detail: '', height, ...answer };
  const { refused: name, detail } = answer;
  return { name, code: QUERY_CODES[name], detail, height: latest, value: undefined, proof: undefined };
}

/**
 * Whether an `ok` response to a request holds in the state that `trusted`, an app hash known from elsewhere, is of:
 * that of the request's height, or, where it has none, of the response's.
 */
export function verifyQuery(
  trusted: Uint8Array,
  { path, data }: QueryRequest,
  { value, proof }: Pick<QueryResponse, 'value' | 'proof'>,
): boolean {
  if (!proof || !equalBytes(appHash(proof), trusted)) return false;
  // What was asked comes from the request, never from the answer.
  const question = questionOf(path, data);
  if ('refused' in question) return false;
  if ('key' in question)
    return 'leaf' in proof.path && verifyStateProof(proof.stateRoot, question.key, value, proof.path);
  if ('leaf' in proof.path || value === undefined) return false;
  return verifyInclusion(leafHash(value), question.index, proof.logSize, proof.path, proof.logRoot);
}

function read(
  reader: LedgerReader,
  { path, data, prove }: QueryRequest,
  height: Height,
  latest: Height,
): Answer | Refused {
  const question = questionOf(path, data);
  if ('refused' in question) return question;
  if (!Number.isSafeInteger(height) || height < 0) return refuse('malformed', 'that is not a height');
  if (height > latest) return refuse('height_unavailable', `the last block is ${latest}`);
  const { logSize, version } = reader.positionAt(height);
  if ('index' in question && question.index >= logSize)
    return refuse('not_found', `the log had ${logSize} records after block ${height}`);
  try {
    const app = (): AppState => ({
      stateRoot: reader.stateRoot(version),
      logSize,
      logRoot: reader.logRoot(logSize),
    });
    if ('index' in question) {
      const { index } = question;
      const value = reader.recordBytes(index);
      return { value, proof: prove ? { ...app(), path: reader.inclusionProof(index, logSize) } : undefined };
    }
    const { value, proof } = reader.stateProof(question.key, version);
    return { value, proof: prove ? { ...app(), path: proof } : undefined };
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'not_found')
      return refuse('height_unavailable', error.message);
    throw error;
  }
}

type Question = { readonly key: StateKey } | { readonly index: LogIndex };

/** Longer than any key of the state. */
const KEY = /^s\/[\x21-\x7e]{1,126}$/;

function questionOf(path: string, data: Uint8Array): Question | Refused {
  switch (path) {
    case QUERY_PATHS.state: {
      const key = Buffer.from(data).toString('latin1');
      return KEY.test(key) ? { key: key as StateKey } : refuse('malformed', 'data is not a key of the state');
    }
    case QUERY_PATHS.entry:
    case QUERY_PATHS.record: {
      const number = data.length === 8 ? Number(Buffer.from(data).readBigUInt64BE()) : NaN;
      if (!Number.isSafeInteger(number)) return refuse('malformed', 'data is not a number of 8 bytes');
      return path === QUERY_PATHS.record
        ? { index: number as LogIndex }
        : { key: stateKeys.entry(number as Sequence) };
    }
    default:
      return refuse('unknown_path', `the paths are ${Object.values(QUERY_PATHS).join(', ')}`);
  }
}

const refuse = (refused: Refused['refused'], detail: string): Refused => ({ refused, detail });
