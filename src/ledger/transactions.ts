import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import {
  type DrawTransaction,
  drawOrderCodec,
  type OpenCapacityTransaction,
  openCapacityOrderCodec,
} from './capacity-orders.js';
import {
  choice,
  choices,
  type Codec,
  decodeCanonical,
  encode,
  field,
  fieldPair,
  listOf,
  purposeName,
  u32,
  u64,
} from './codec.js';
import { fingerprintTransactionCodec, type FingerprintTransaction } from './fingerprint-transaction.js';
import { sha256 } from './hash.js';
import { type MessageClaims, messageClaimsCodec } from './message-claims.js';
import {
  ADMINISTRATORS_MAX,
  ENCODING_VERSION,
  MEMBERSHIP_CHANGES_MAX,
  NOTICE_BYTES,
  PROOF_BYTES,
  ROLES_MAX,
} from './limits.js';
import { bindingOf, signedMessage } from './signed-message.js';
import { CANCEL_REASONS, type CancelReason } from './states.js';
import type { EpochDay, Sequence, UnixMs } from './units.js';
import { VERDICT_LABELS, type VerdictLabel } from './verdict-labels.js';

/** A `register` without its proof and signature: what the proof's binding commits to (protocol section 6, R7). */
export interface RegisterClaims {
  /** UN/CEFACT 1001 code, one of the schema's. */
  readonly documentKind: number;
  readonly purpose: string;
  /** Of the OPRF key. */
  readonly epoch: number;
  readonly membersRoot: FieldElement;
  readonly commitment: FieldElement;
  /** Exact, near; the exact one twice where the near fingerprint was skipped. */
  readonly tags: readonly [exact: FieldElement, near: FieldElement];
  readonly period: EpochDay;
  readonly nullifier: FieldElement;
  /** Affine coordinates; not yet known to be a point. */
  readonly escrowPoint: { readonly x: FieldElement; readonly y: FieldElement };
  readonly escrow: readonly [salt: FieldElement, memberId: FieldElement];
  /** 16 bits: 0, or the near mask of which one slot is absent. */
  readonly skippedMask: number;
  /** Ed25519, used for this entry alone. */
  readonly controlKey: Uint8Array;
  /** SHA-256 of the entry's ciphertext. */
  readonly payloadHash: Uint8Array;
  /** The mailbox key, encrypted: {@link NOTICE_BYTES}. */
  readonly notice: Uint8Array;
}

export interface RegisterTransaction {
  readonly type: 'register';
  readonly claims: RegisterClaims;
  /** {@link PROOF_BYTES}. */
  readonly proof: Uint8Array;
  /** By the control key, over claims and proof. */
  readonly signature: Uint8Array;
}

export type Action =
  /** `accept`: the labels under which the entry is to be engaged; any other refuses it. */
  | { readonly kind: 'engage'; readonly accept: readonly VerdictLabel[] }
  | { readonly kind: 'settle' }
  | { readonly kind: 'release' }
  | { readonly kind: 'cancel'; readonly reason: CancelReason }
  | { readonly kind: 'supersede'; readonly successor: Sequence }
  /** Every node deletes the entry's payload, for good; nothing else changes. */
  | { readonly kind: 'erase' };

/** What the holder of a control key orders. */
export interface ActionOrder {
  readonly entry: Sequence;
  /** How many actions of the entry came before, refused ones included: no order counts twice. */
  readonly counter: number;
  /** The last block time at which it may be included. */
  readonly validUntil: UnixMs;
  readonly action: Action;
}

export interface ActionTransaction {
  readonly type: 'action';
  readonly order: ActionOrder;
  /** By the entry's control key; for `supersede` also by the successor's, over the same message. */
  readonly signatures: readonly Uint8Array[];
}

export interface MembershipChange {
  readonly change: 'admit' | 'remove';
  readonly memberId: FieldElement;
  /** Index in the role mask, 0 to 15. */
  readonly role: number;
}

export interface MembershipOrder {
  /** How many membership transactions came before. */
  readonly counter: number;
  readonly validUntil: UnixMs;
  readonly changes: readonly MembershipChange[];
}

export interface MembershipTransaction {
  readonly type: 'membership';
  readonly order: MembershipOrder;
  /** Exactly the threshold, in ascending order of the administrator's index in the genesis. */
  readonly signatures: readonly { readonly administrator: number; readonly signature: Uint8Array }[];
}

/** Signed by nobody: the proof binds the claims. */
export interface MessageTransaction {
  readonly type: 'message';
  readonly claims: MessageClaims;
  /** Of the statement `fingerprint`. {@link PROOF_BYTES}. */
  readonly proof: Uint8Array;
}

export type Transaction =
  | RegisterTransaction
  | ActionTransaction
  | MembershipTransaction
  | FingerprintTransaction
  | MessageTransaction
  | OpenCapacityTransaction
  | DrawTransaction;

const bytes32 = P.bytes(32) as Codec<Uint8Array>;
const signature = P.bytes(64) as Codec<Uint8Array>;

const claimsCodec = P.struct({
  documentKind: u32(),
  purpose: purposeName,
  epoch: u32(),
  membersRoot: field,
  commitment: field,
  tags: fieldPair,
  period: u32<EpochDay>(),
  nullifier: field,
  escrowPoint: P.struct({ x: field, y: field }),
  escrow: fieldPair,
  skippedMask: P.U16BE,
  controlKey: bytes32,
  payloadHash: bytes32,
  notice: P.bytes(NOTICE_BYTES),
}) as Codec<RegisterClaims>;

const empty = P.struct({});
const acceptCodec = P.validate(choices(VERDICT_LABELS), (accept) => {
  if (accept.length === 0) throw new Error('an engagement that accepts no verdict');
  return accept;
});

type TaggedAction = { TAG: Action['kind']; data: object };
const actionCodec: Codec<Action> = P.apply(
  P.mappedTag(P.U8, {
    engage: [0, P.struct({ accept: acceptCodec })],
    settle: [1, empty],
    release: [2, empty],
    cancel: [3, P.struct({ reason: choice(CANCEL_REASONS) })],
    supersede: [4, P.struct({ successor: u64<Sequence>() })],
    erase: [5, empty],
  }) as unknown as Codec<TaggedAction>,
  {
    encode: ({ TAG, data }: TaggedAction): Action => ({ kind: TAG, ...data }) as Action,
    decode: ({ kind, ...data }: Action): TaggedAction => ({ TAG: kind, data }),
  },
);

const orderCodec = P.struct({
  entry: u64<Sequence>(),
  counter: P.U16BE,
  validUntil: u64<UnixMs>(),
  action: actionCodec,
}) as Codec<ActionOrder>;

const membershipChangeCodec: Codec<MembershipChange> = P.struct({
  change: choice(['admit', 'remove'] as const),
  memberId: field,
  role: P.validate(P.U8, (role) => {
    if (role >= ROLES_MAX) throw new Error('no such role');
    return role;
  }),
});

/** Also part of the log record. */
export const membershipChangesCodec: Codec<readonly MembershipChange[]> = P.validate(
  listOf(P.U8, membershipChangeCodec),
  (changes) => {
    if (changes.length < 1 || changes.length > MEMBERSHIP_CHANGES_MAX)
      throw new Error('too few or many changes');
    return changes;
  },
);

const membershipOrderCodec = P.struct({
  counter: u32(),
  validUntil: u64<UnixMs>(),
  changes: membershipChangesCodec,
}) as Codec<MembershipOrder>;

const transactionCodec = P.struct({
  version: P.magicBytes(Uint8Array.of(ENCODING_VERSION)),
  body: P.mappedTag(P.U8, {
    register: [1, P.struct({ claims: claimsCodec, proof: P.bytes(PROOF_BYTES), signature })],
    action: [
      2,
      P.validate(P.struct({ order: orderCodec, signatures: P.array(P.U8, signature) }), (tx) => {
        if (tx.signatures.length !== (tx.order.action.kind === 'supersede' ? 2 : 1))
          throw new Error('wrong number of signatures');
        return tx;
      }),
    ],
    membership: [
      3,
      P.struct({
        order: membershipOrderCodec,
        signatures: P.validate(P.array(P.U8, P.struct({ administrator: P.U8, signature })), (signatures) => {
          if (signatures.length > ADMINISTRATORS_MAX) throw new Error('too many signatures');
          for (let i = 1; i < signatures.length; i++)
            if (signatures[i]!.administrator <= signatures[i - 1]!.administrator)
              throw new Error('signatures are not in ascending order');
          return signatures;
        }),
      }),
    ],
    fingerprint: [4, fingerprintTransactionCodec],
    message: [16, P.struct({ claims: messageClaimsCodec, proof: P.bytes(PROOF_BYTES) })],
    'open-capacity': [
      20,
      P.struct({
        order: openCapacityOrderCodec,
        possession: P.bytes(PROOF_BYTES),
        proof: P.bytes(PROOF_BYTES),
        signature,
      }),
    ],
    draw: [21, P.struct({ order: drawOrderCodec, proof: P.bytes(PROOF_BYTES), signature })],
  }),
});
type Encoded = Parameters<typeof transactionCodec.encode>[0];

/** The canonical bytes. Throws `invalid_argument` for values that no transaction can hold. */
export function encodeTransaction(tx: Transaction): Uint8Array {
  const { type, ...data } = tx;
  return encode(
    transactionCodec,
    { version: undefined, body: { TAG: type, data } } as Encoded,
    'a transaction',
  );
}

/** Throws `invalid_argument` for anything but canonical bytes. Says nothing about whether the ledger admits it. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  const { body } = decodeCanonical(transactionCodec, bytes, 'a transaction', 'invalid_argument');
  return { type: body.TAG, ...body.data } as Transaction;
}

/** SHA-256 of all of a transaction's bytes: its name. */
export const transactionHash = (bytes: Uint8Array): Uint8Array => sha256(bytes);

/** What the control key signs to register. */
export const registerMessage = (networkId: string, claims: RegisterClaims, proof: Uint8Array): Uint8Array =>
  signedMessage('register', networkId, encode(claimsCodec, claims, 'the claims'), proof);

/** What the control key, and a successor's, sign to act. */
export const actionMessage = (networkId: string, order: ActionOrder): Uint8Array =>
  signedMessage('action', networkId, encode(orderCodec, order, 'the order'));

/** What administrators sign to change the members. */
export const membershipMessage = (networkId: string, order: MembershipOrder): Uint8Array =>
  signedMessage('membership', networkId, encode(membershipOrderCodec, order, 'the order'));

/** The public signal that ties the proof to its transaction, control key included (protocol section 6, R7). */
export const registerBinding = (networkId: string, claims: RegisterClaims): FieldElement =>
  bindingOf('binding', networkId, encode(claimsCodec, claims, 'the claims'));
