import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import {
  choice,
  type Codec,
  decodeCanonical,
  encode,
  field,
  fieldPair,
  fingerprintName,
  purposeName,
  u32,
  u64,
} from './codec.js';
import { ENCODING_VERSION } from './limits.js';
import type { MessageClaims } from './message-claims.js';
import { ACTION_KINDS, type ActionKind, ENTRY_STATES, type StoredState } from './states.js';
import { membershipChangesCodec, type MembershipChange } from './transactions.js';
import type { EpochDay, Height, LogIndex, Sequence, UnixMs } from './units.js';
import {
  engagementVerdictCodec,
  type FingerprintVerdict,
  fingerprintVerdictCodec,
  type Verdict,
  verdictCodec,
} from './verdict.js';

/**
 * A leaf of the log: what an included transaction did, in enough detail that a reader who has all records can
 * recompute every verdict, without any transaction and without asking about a tag.
 */
export interface LogRecord {
  readonly index: LogIndex;
  readonly height: Height;
  /** The block's time. */
  readonly time: UnixMs;
  readonly txHash: Uint8Array;
  readonly body: RecordBody;
}

export type RecordBody =
  | RegisterRecord
  | ActionRecord
  | MembershipRecord
  | FingerprintRecord
  | MessageRecord
  | OpenCapacityRecord
  | DrawRecord;

export interface RegisterRecord {
  readonly type: 'register';
  readonly entry: Sequence;
  readonly documentKind: number;
  readonly purpose: string;
  readonly tags: readonly [exact: FieldElement, near: FieldElement];
  /** By which an author who has only the seed finds its entries again. */
  readonly nullifier: FieldElement;
  readonly verdict: Verdict;
}

export interface ActionRecord {
  readonly type: 'action';
  readonly entry: Sequence;
  readonly action: ActionKind;
  /** `refused`: an engagement whose verdict its author did not accept; it changed nothing. */
  readonly outcome: 'done' | 'refused';
  /** Of the entry, after the action. */
  readonly state: StoredState;
  /** Of an engagement. */
  readonly verdict: Verdict | undefined;
  /** Of a `supersede`. */
  readonly successor: Sequence | undefined;
}

export interface MembershipRecord {
  readonly type: 'membership';
  readonly changes: readonly MembershipChange[];
  /** After the changes. */
  readonly membersRoot: FieldElement;
}

/** Of a message: what its recipient looks for, and finds its ciphertext by. */
export type MessageRecord = { readonly type: 'message' } & Pick<
  MessageClaims,
  'documentKind' | 'purpose' | 'period' | 'slot' | 'address' | 'bodyHash'
>;

/** Of the first head of a chain of draws, which is the chain itself. */
export interface OpenCapacityRecord {
  readonly type: 'open-capacity';
  readonly entry: Sequence;
  readonly chain: FieldElement;
  readonly headroom: FieldElement;
  /** What is left, for the holders of the document. */
  readonly pad: FieldElement;
}

export interface DrawRecord {
  readonly type: 'draw';
  readonly entry: Sequence;
  /** Of the entry, after the draw. */
  readonly state: StoredState;
  /** The head that it extends, and the one that it makes. */
  readonly wPrevious: FieldElement;
  readonly w: FieldElement;
  readonly headroom: FieldElement;
  readonly pad: FieldElement;
}

/** An entry carries a fingerprint more. */
export interface FingerprintRecord {
  readonly type: 'fingerprint';
  readonly entry: Sequence;
  /** Full name. */
  readonly name: string;
  readonly tag: FieldElement;
  readonly verdict: FingerprintVerdict;
}

const outcomes = ['done', 'refused'] as const;
// Fields that only one kind of action has are present exactly there: nothing can be said in two ways.
type Tagged = { TAG: string; data: Record<string, unknown> };
const actionHead = { entry: u64<Sequence>(), outcome: choice(outcomes), state: choice(ENTRY_STATES) };

const bodyCodec: Codec<RecordBody> = P.apply(
  P.mappedTag(P.U8, {
    register: [
      1,
      P.struct({
        entry: u64<Sequence>(),
        documentKind: u32(),
        purpose: purposeName,
        tags: fieldPair,
        nullifier: field,
        verdict: verdictCodec,
      }),
    ],
    engage: [2, P.struct({ ...actionHead, verdict: engagementVerdictCodec })],
    settle: [3, P.struct(actionHead)],
    release: [4, P.struct(actionHead)],
    cancel: [5, P.struct(actionHead)],
    supersede: [6, P.struct({ ...actionHead, successor: u64<Sequence>() })],
    membership: [7, P.struct({ changes: membershipChangesCodec, membersRoot: field })],
    erase: [8, P.struct(actionHead)],
    message: [
      16,
      P.struct({
        documentKind: u32(),
        purpose: purposeName,
        period: u32<EpochDay>(),
        slot: P.U8,
        address: field,
        bodyHash: P.bytes(32),
      }),
    ],
    'open-capacity': [20, P.struct({ entry: u64<Sequence>(), chain: field, headroom: field, pad: field })],
    draw: [
      21,
      P.struct({
        entry: u64<Sequence>(),
        state: choice(ENTRY_STATES),
        wPrevious: field,
        w: field,
        headroom: field,
        pad: field,
      }),
    ],
    fingerprint: [
      9,
      P.struct({
        entry: u64<Sequence>(),
        name: fingerprintName,
        tag: field,
        verdict: fingerprintVerdictCodec,
      }),
    ],
  }) as unknown as Codec<Tagged>,
  {
    encode: ({ TAG, data }: Tagged): RecordBody =>
      ((ACTION_KINDS as readonly string[]).includes(TAG)
        ? { type: 'action', action: TAG, verdict: undefined, successor: undefined, ...data }
        : { type: TAG, ...data }) as RecordBody,
    decode: (body: RecordBody): Tagged => {
      if (body.type !== 'action') {
        const { type, ...data } = body;
        return { TAG: type, data };
      }
      const { entry, action, outcome, state, verdict, successor } = body;
      const extra = action === 'engage' ? { verdict } : action === 'supersede' ? { successor } : {};
      return { TAG: action, data: { entry, outcome, state, ...extra } };
    },
  },
);

const recordCodec = P.struct({
  version: P.magicBytes(Uint8Array.of(ENCODING_VERSION)),
  index: u64<LogIndex>(),
  height: u64<Height>(),
  time: u64<UnixMs>(),
  txHash: P.bytes(32),
  body: bodyCodec,
});

/** The canonical bytes of a leaf: what the log's hash is over. */
export const encodeRecord = (record: LogRecord): Uint8Array => encode(recordCodec, record, 'a log record');

/** Throws `invalid_argument` for anything but canonical bytes. */
export function decodeRecord(bytes: Uint8Array): LogRecord {
  const { index, height, time, txHash, body } = decodeCanonical(
    recordCodec,
    bytes,
    'a log record',
    'invalid_argument',
  );
  return { index, height, time, txHash, body };
}
