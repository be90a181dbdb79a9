import fc from 'fast-check';
import { FIELD_ORDER, type FieldElement } from '../../src/crypto/index.js';
import {
  type Action,
  ACTION_KINDS,
  CANCEL_REASONS,
  ENTRY_STATES,
  type EpochDay,
  FINGERPRINT_LABELS,
  type FingerprintVerdict,
  type Height,
  type LogIndex,
  type LogRecord,
  type MembershipChange,
  type MessageClaims,
  type RecordBody,
  type RegisterClaims,
  type Sequence,
  type StoredState,
  type Transaction,
  type UnixMs,
  type Verdict,
  VERDICT_LABELS,
} from '../../src/ledger/index.js';

/** Generators of everything that has a canonical encoding. */
export const fieldElements = fc.oneof(
  fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n }),
  fc.constantFrom(0n, 1n, FIELD_ORDER - 1n),
) as fc.Arbitrary<FieldElement>;
const pair = fc.tuple(fieldElements, fieldElements);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32 = <T extends number = number>() => fc.nat(0xffffffff) as fc.Arbitrary<T>;
const u64 = <T extends number>() => fc.maxSafeNat() as fc.Arbitrary<T>;
const purposes = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
const fingerprintNames = fc.stringMatching(/^[a-z][a-z0-9/-]{0,39}@[1-9][0-9]{0,3}$/);
const labels = fc.constantFrom(...VERDICT_LABELS);

export const claims: fc.Arbitrary<RegisterClaims> = fc.record({
  documentKind: u32(),
  purpose: purposes,
  epoch: u32(),
  membersRoot: fieldElements,
  commitment: fieldElements,
  tags: pair,
  period: u32<EpochDay>(),
  nullifier: fieldElements,
  escrowPoint: fc.record({ x: fieldElements, y: fieldElements }),
  escrow: pair,
  skippedMask: fc.nat(0xffff),
  controlKey: bytes(32),
  payloadHash: bytes(32),
  notice: bytes(72),
});

const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('engage' as const),
    accept: fc.subarray([...VERDICT_LABELS], { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant('settle' as const) }),
  fc.record({ kind: fc.constant('release' as const) }),
  fc.record({ kind: fc.constant('cancel' as const), reason: fc.constantFrom(...CANCEL_REASONS) }),
  fc.record({ kind: fc.constant('supersede' as const), successor: u64<Sequence>() }),
  fc.record({ kind: fc.constant('erase' as const) }),
);

export const membershipChanges: fc.Arbitrary<MembershipChange[]> = fc.array(
  fc.record({
    change: fc.constantFrom('admit' as const, 'remove' as const),
    memberId: fieldElements,
    role: fc.nat(15),
  }),
  { minLength: 1, maxLength: 64 },
);

export const messageClaims: fc.Arbitrary<MessageClaims> = fc.record({
  documentKind: u32(),
  purpose: purposes,
  epoch: u32(),
  membersRoot: fieldElements,
  period: u32<EpochDay>(),
  slot: fc.nat(255),
  address: fieldElements,
  commitment: fieldElements,
  bodyHash: bytes(32),
});

const orderHead = { entry: u64<Sequence>(), counter: fc.nat(0xffff), validUntil: u64<UnixMs>() };
const afterOrder = { headroom: fieldElements, pad: fieldElements };
const ofChain = { chain: fieldElements, ...afterOrder };
const ofDraw = { wPrevious: fieldElements, w: fieldElements, ...afterOrder };

export const transactions: fc.Arbitrary<Transaction> = fc.oneof(
  fc.record({
    type: fc.constant('open-capacity' as const),
    order: fc.record({ ...orderHead, membersRoot: fieldElements, ...ofChain }),
    possession: bytes(256),
    proof: bytes(256),
    signature: bytes(64),
  }),
  fc.record({
    type: fc.constant('draw' as const),
    order: fc.record({ ...orderHead, ...ofDraw, acceptNear: fc.boolean() }),
    proof: bytes(256),
    signature: bytes(64),
  }),
  fc.record({ type: fc.constant('message' as const), claims: messageClaims, proof: bytes(256) }),
  fc.record({ type: fc.constant('register' as const), claims, proof: bytes(256), signature: bytes(64) }),
  actions.chain((action) =>
    fc.record({
      type: fc.constant('action' as const),
      order: fc.record({
        entry: u64<Sequence>(),
        counter: fc.nat(0xffff),
        validUntil: u64<UnixMs>(),
        action: fc.constant(action),
      }),
      signatures: fc.array(bytes(64), {
        minLength: action.kind === 'supersede' ? 2 : 1,
        maxLength: action.kind === 'supersede' ? 2 : 1,
      }),
    }),
  ),
  fc.record({
    type: fc.constant('fingerprint' as const),
    claims: fc.record({
      entry: u64<Sequence>(),
      name: fingerprintNames,
      epoch: u32(),
      membersRoot: fieldElements,
      tag: fieldElements,
    }),
    proof: bytes(256),
    signature: bytes(64),
  }),
  fc.record({
    type: fc.constant('membership' as const),
    order: fc.record({ counter: u32(), validUntil: u64<UnixMs>(), changes: membershipChanges }),
    signatures: fc
      .uniqueArray(fc.record({ administrator: fc.nat(31), signature: bytes(64) }), {
        selector: ({ administrator }) => administrator,
        maxLength: 5,
      })
      .map((signatures) => signatures.sort((a, b) => a.administrator - b.administrator)),
  }),
);

const counts = fc.record({ total: u32(), registered: u32(), engaged: u32(), settled: u32() });
export const verdicts: fc.Arbitrary<Verdict> = fc.record({
  label: labels,
  exact: counts,
  near: counts,
  matches: fc
    .uniqueArray(
      fc.record({
        sequence: u64<Sequence>(),
        state: fc.constantFrom(...ENTRY_STATES),
        via: fc.constantFrom('exact' as const, 'near' as const),
      }),
      { selector: ({ sequence }) => sequence, maxLength: 6 },
    )
    .map((matches) => matches.sort((a, b) => a.sequence - b.sequence)),
});

const storedStates = fc.constantFrom(
  ...ENTRY_STATES.filter((state): state is StoredState => state !== 'lapsed'),
);

/** Of an engagement, which follows possession. */
const engagementVerdicts: fc.Arbitrary<Verdict> = fc
  .tuple(verdicts, counts)
  .map(([verdict, possession]) => ({ ...verdict, possession }));

const fingerprintVerdicts: fc.Arbitrary<FingerprintVerdict> = fc.record({
  label: fc.constantFrom(...FINGERPRINT_LABELS),
  counts,
  matches: verdicts.map(({ matches }) => matches.map(({ sequence, state }) => ({ sequence, state }))),
});

const bodies: fc.Arbitrary<RecordBody> = fc.oneof(
  fc.record({ type: fc.constant('open-capacity' as const), entry: u64<Sequence>(), ...ofChain }),
  fc.record({
    ...{ type: fc.constant('draw' as const), entry: u64<Sequence>(), state: storedStates },
    ...ofDraw,
  }),
  messageClaims.map(({ documentKind, purpose, period, slot, address, bodyHash }) => ({
    type: 'message' as const,
    ...{ documentKind, purpose, period, slot, address, bodyHash },
  })),
  fc.record({
    type: fc.constant('register' as const),
    entry: u64<Sequence>(),
    documentKind: u32(),
    purpose: purposes,
    tags: pair,
    nullifier: fieldElements,
    verdict: verdicts,
  }),
  fc.constantFrom(...ACTION_KINDS).chain((action) =>
    fc.record({
      type: fc.constant('action' as const),
      action: fc.constant(action),
      entry: u64<Sequence>(),
      outcome: fc.constantFrom('done' as const, 'refused' as const),
      state: storedStates,
      verdict: action === 'engage' ? engagementVerdicts : fc.constant(undefined),
      successor: action === 'supersede' ? u64<Sequence>() : fc.constant(undefined),
    }),
  ),
  fc.record({
    type: fc.constant('fingerprint' as const),
    entry: u64<Sequence>(),
    name: fingerprintNames,
    tag: fieldElements,
    verdict: fingerprintVerdicts,
  }),
  fc.record({
    type: fc.constant('membership' as const),
    changes: membershipChanges,
    membersRoot: fieldElements,
  }),
);

export const logRecords: fc.Arbitrary<LogRecord> = fc.record({
  index: u64<LogIndex>(),
  height: u64<Height>(),
  time: u64<UnixMs>(),
  txHash: bytes(32),
  body: bodies,
});
