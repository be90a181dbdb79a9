import * as P from 'micro-packed';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type FieldElement, fieldToBytes } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { DAY_MS, HOUR_MS } from '../time.js';
import { isAdmittedPeriod, membersState, registryIn } from './admission.js';
import { applyGenesisMembers, applyMembership } from './apply.js';
import { meetsDoubt, openCapacityOf, refuseEngagement } from './capacity.js';
import { type Codec, listOf, u64 } from './codec.js';
import { equalBytes } from './hash.js';
import { FINGERPRINTS_MAX, REFUSED_ENGAGEMENTS_MAX } from './limits.js';
import {
  type ActionRecord,
  decodeRecord,
  type DrawRecord,
  type FingerprintRecord,
  type LogRecord,
  type MembershipRecord,
  type MessageRecord,
  type OpenCapacityRecord,
  type RegisterRecord,
} from './log-record.js';
import { isAcceptedRoot, MemberRegistry, rootAtLastHour } from './members.js';
import { appendLeaf, leafHash, logRoot } from './merkle-log.js';
import type { Network } from './network.js';
import { countMessage, takesMessage } from './message-execution.js';
import type { Overlay } from './overlay.js';
import { absorbDraw, absorbOpening, type CapacityView, viewOfCapacity } from './replica-capacity.js';
import { carriedFingerprint, type Purpose, roleMaskOf } from './schema.js';
import { stateKeys } from './state-keys.js';
import { encodeState, indexedEntryCodec, type IndexedEntry, readState } from './state-values.js';
import { countsAsDuplicate, type EntryState, maySucceed, stateAt, transition } from './states.js';
import {
  addFingerprint,
  addToIndex,
  type Asker,
  findCarried,
  findMatches,
  possessionTagOf,
  setIndexedState,
} from './tag-index.js';
import type { MembershipChange } from './transactions.js';
import { dayOf, type Height, type LogIndex, type Sequence, type UnixMs } from './units.js';
import {
  engagementVerdictCodec,
  type FingerprintVerdict,
  fingerprintVerdictCodec,
  type Verdict,
  verdictCodec,
} from './verdict.js';

const REPLICA_KEY = 'replica';
const actionsKey = (entry: Sequence): string => `replica/actions/${entry}`;
const erasedKey = (entry: Sequence): string => `replica/erased/${entry}`;
const messageKey = (address: FieldElement): string => `replica/message/${bytesToHex(fieldToBytes(address))}`;
const nullifierKey = (nullifier: FieldElement): string =>
  `replica/nullifier/${bytesToHex(fieldToBytes(nullifier))}`;

interface ReplicaState {
  /** Records absorbed. */
  readonly size: number;
  /** Entries among them. */
  readonly entries: number;
  /** The block of the last one. */
  readonly height: Height;
  readonly time: UnixMs;
}
const replicaCodec: Codec<ReplicaState> = P.struct({
  size: u64(),
  entries: u64(),
  height: u64<Height>(),
  time: u64<UnixMs>(),
});

interface ActionCounts {
  readonly actions: number;
  readonly refusals: number;
}
const ADMISSIONS_KEY = 'replica/admissions';
/** Slots that members were admitted to in the last day and since the last removal. */
const admissionsCodec: Codec<readonly { readonly slot: number; readonly time: UnixMs }[]> = listOf(
  P.U32BE,
  P.struct({ slot: P.U32BE, time: u64<UnixMs>() }),
);

const messageIndexCodec: Codec<LogIndex> = u64<LogIndex>();

const countsCodec: Codec<ActionCounts> = P.struct({ actions: P.U16BE, refusals: P.U8 });

/** A fingerprint beside exact and near, by where it is carried. */
export interface CarriedQuery {
  readonly purpose: string;
  readonly documentKind: number;
  /** Full name. */
  readonly name: string;
}

/**
 * What a reader of the log keeps: tags, entries and members, rebuilt from the records alone by the rules of the state
 * machine. All of a record that follows from those before it is recomputed (verdicts, states, numbers, members), and
 * every record is in the root that a checkpoint signs: a node that hides an entry, says another verdict or lets an
 * entry do what its state forbids is found out. What only the transactions show (signatures, proofs, which verdicts
 * an engagement accepts) is for the nodes to check.
 */
export class Replica {
  constructor(
    private readonly network: Network,
    private readonly view: Overlay,
  ) {
    if (view.get(REPLICA_KEY) === undefined) {
      const { genesis } = network;
      applyGenesisMembers(view, MemberRegistry.fromGenesis(genesis), genesis.time);
      this.state = { size: 0, entries: 0, height: 0 as Height, time: genesis.time };
    }
  }

  /** Records absorbed so far: the position of the next one. */
  get size(): number {
    return this.state.size;
  }

  /** The root of the log as absorbed (RFC 6962). */
  get root(): Uint8Array {
    return logRoot(this.view, this.size);
  }

  /**
   * Takes the next record. Throws `data_corrupted` where it does not follow from the ones before; then the view holds
   * part of it and is not to be kept. Throws `invalid_argument` for what is not a record.
   */
  absorb(bytes: Uint8Array): LogRecord {
    const record = decodeRecord(bytes);
    const { body, height, time } = record;
    const { size, entries, ...last } = this.state;
    this.ensureTrue(
      record.index === size && (height === last.height ? time === last.time : height > last.height),
      'is out of order',
    );
    this.ensureTrue(time >= last.time, 'is older than the one before it');
    switch (body.type) {
      case 'register':
        this.register(body, time);
        break;
      case 'action':
        this.act(body, time);
        break;
      case 'fingerprint':
        this.carry(body, time);
        break;
      case 'membership':
        this.changeMembers(body, time);
        break;
      case 'message':
        this.noteMessage(body, record);
        break;
      case 'open-capacity':
      case 'draw':
        this.changeCapacity(body, record);
        break;
    }
    appendLeaf(this.view, size, leafHash(bytes));
    this.state = { size: size + 1, entries: entries + (body.type === 'register' ? 1 : 0), height, time };
    return record;
  }

  /** The members now. Needs `initPoseidon()` for its root and paths. */
  get members(): MemberRegistry {
    return registryIn(this.view);
  }

  /**
   * The members at the last full hour before a time. All who prove within an hour prove against their root, and none
   * shows how new its copy of the log is. Undefined where the ledger does not accept that root: see
   * {@link isAcceptedRoot}.
   */
  membersAtLastHour(time: UnixMs): MemberRegistry | undefined {
    const root = rootAtLastHour(membersState(this.view).roots, time);
    if (root === undefined) return undefined;
    const hour = time - (time % HOUR_MS);
    const later = this.admissions.filter((admission) => admission.time > hour).map(({ slot }) => slot);
    const registry = this.members.without(new Set(later));
    // A copy that was begun by a program that did not note admissions knows the present members only.
    return registry.root === root ? registry : undefined;
  }

  /** Whether the ledger, as far as the copy goes, takes an entry that was proved against a root of the members. */
  acceptsMembersRoot(root: FieldElement, time: UnixMs): boolean {
    return isAcceptedRoot(membersState(this.view).roots, root, time);
  }

  hasNullifier(nullifier: FieldElement): boolean {
    return this.view.get(nullifierKey(nullifier)) !== undefined;
  }

  /** Where in the log a message was sent to an address. */
  messageAt(address: FieldElement): LogIndex | undefined {
    return readState(this.view, messageKey(address), messageIndexCodec);
  }

  entry(sequence: Sequence): IndexedEntry | undefined {
    return readState(this.view, stateKeys.entry(sequence), indexedEntryCodec);
  }

  /** The state of an entry at a time. */
  stateOf(entry: IndexedEntry, time: UnixMs): EntryState {
    return stateAt(entry, this.purpose(entry.purpose), time);
  }

  /** The chain of draws that is open on an entry's exact tag at a time. */
  capacity(entry: Pick<IndexedEntry, 'purpose' | 'tags'>, time: UnixMs): CapacityView | undefined {
    const capacity = openCapacityOf(this.capacityScene(entry, time), entry);
    return capacity && viewOfCapacity(this.view, capacity);
  }

  /** Whether a draw of an entry has to say that it accepts what it meets: see capacity.ts. */
  meetsDoubt(entry: IndexedEntry, time: UnixMs): boolean {
    return meetsDoubt(this.capacityScene(entry, time), entry);
  }

  /** Actions of an entry in the log, refused engagements among them: the counter of its next one. */
  actions(entry: Sequence): number {
    return this.countsOf(entry).actions;
  }

  /** Whether the author of an entry has had its payload erased. */
  isErased(entry: Sequence): boolean {
    return this.view.get(erasedKey(entry)) !== undefined;
  }

  /** The verdict that a new entry with these tags would get at a time; with `self`, that entry's own one. */
  verdict(purpose: string, tags: IndexedEntry['tags'], time: UnixMs, asker?: Asker): Verdict {
    return findMatches(this.view, this.purpose(purpose), tags, time, asker);
  }

  /**
   * What a fingerprint beside exact and near meets at a time; with `self`, that of an entry that carries it. Throws
   * `invalid_argument` for one that entries of the kind do not carry under the purpose.
   */
  carried(
    { purpose: purposeName, documentKind, name }: CarriedQuery,
    tag: FieldElement,
    time: UnixMs,
    self?: IndexedEntry,
  ): FingerprintVerdict {
    const purpose = this.purpose(purposeName);
    const fingerprint = carriedFingerprint(purpose, documentKind, name);
    ensure(
      fingerprint,
      'invalid_argument',
      `entries of kind ${documentKind} carry no fingerprint ${name} for ${purposeName}`,
      'name',
    );
    return findCarried(this.view, purpose, fingerprint, tag, time, self);
  }

  private register(body: RegisterRecord, time: UnixMs): void {
    const { entry: sequence, documentKind, purpose: name, tags, nullifier } = body;
    const purpose = this.purpose(name);
    this.ensureTrue(roleMaskOf(purpose, documentKind) !== undefined, `has a kind that ${name} does not take`);
    this.ensureTrue(sequence === this.state.entries, 'does not bear the next number of an entry');
    // The period is hashed into it (R5): a nullifier of another day is another one.
    this.ensureTrue(!this.hasNullifier(nullifier), 'has a nullifier that was used');
    this.same(verdictCodec, body.verdict, this.verdict(name, tags, time));
    this.view.put(nullifierKey(nullifier), new Uint8Array());
    this.putEntry(
      addToIndex(
        this.view,
        purpose,
        { sequence, documentKind, purpose: name, tags, registered: dayOf(time), state: 'registered' },
        time,
      ),
    );
  }

  private act({ entry: sequence, action, outcome, ...body }: ActionRecord, time: UnixMs): void {
    const entry = this.entry(sequence);
    this.ensureTrue(entry, 'acts on an entry that does not exist');
    const purpose = this.purpose(entry.purpose);
    const counts = this.countsOf(sequence);
    const state = transition(this.stateOf(entry, time), action);
    this.ensureTrue(state, `does what the state of entry ${sequence} forbids`);
    const refused = outcome === 'refused';
    this.ensureTrue(
      body.state === (refused ? entry.state : state),
      'says another state than the action leads to',
    );
    if (action === 'engage') {
      this.ensureTrue(
        counts.refusals < REFUSED_ENGAGEMENTS_MAX,
        'engages an entry that was refused too often',
      );
      this.ensureTrue(
        !refuseEngagement(this.capacityScene(entry, time), entry),
        'engages an entry whose document is drawn from in parts',
      );
      const possession = possessionTagOf(entry);
      this.ensureTrue(possession !== undefined, `engages entry ${sequence}, which has not shown possession`);
      const verdict = this.verdict(entry.purpose, entry.tags, time, { self: entry, possession });
      this.same(engagementVerdictCodec, body.verdict, verdict);
    } else {
      this.ensureTrue(!refused, 'refuses what is not an engagement');
    }
    if (action === 'erase') {
      this.ensureTrue(!this.isErased(sequence), 'erases a payload a second time');
      this.view.put(erasedKey(sequence), new Uint8Array());
    }
    if (body.successor !== undefined) {
      const successor = body.successor > sequence ? this.entry(body.successor) : undefined;
      this.ensureTrue(
        successor?.purpose === entry.purpose && maySucceed(entry.state, this.stateOf(successor, time)),
        'names a successor that cannot be one',
      );
    }
    const next = { actions: counts.actions + 1, refusals: counts.refusals + (refused ? 1 : 0) };
    this.view.put(actionsKey(sequence), encodeState(countsCodec, next));
    if (!refused && action !== 'erase')
      this.putEntry(setIndexedState(this.view, purpose, entry, state, time));
  }

  private carry({ entry: sequence, name, tag, verdict }: FingerprintRecord, time: UnixMs): void {
    const entry = this.entry(sequence);
    this.ensureTrue(entry, 'is a fingerprint of an entry that does not exist');
    const purpose = this.purpose(entry.purpose);
    const fingerprint = carriedFingerprint(purpose, entry.documentKind, name);
    this.ensureTrue(fingerprint, `is a fingerprint that entry ${sequence} may not carry`);
    this.ensureTrue(
      countsAsDuplicate(this.stateOf(entry, time)),
      `is a fingerprint that the state of entry ${sequence} forbids`,
    );
    this.ensureTrue(
      entry.fingerprints.length < FINGERPRINTS_MAX &&
        entry.fingerprints.every((carried) => carried.tag !== tag),
      `is a fingerprint that entry ${sequence} has, or one too many`,
    );
    this.same(fingerprintVerdictCodec, verdict, findCarried(this.view, purpose, fingerprint, tag, time));
    this.putEntry(addFingerprint(this.view, purpose, entry, { name, tag }, time));
  }

  private changeMembers(body: MembershipRecord, time: UnixMs): void {
    const before = registryIn(this.view);
    const after = this.changed(before, body.changes);
    this.ensureTrue(after.root === body.membersRoot, 'names a wrong root of the members');
    applyMembership(this.view, { before, after }, { order: body }, { time });
    this.noteAdmissions(before, after, body, time);
  }

  private changeCapacity(
    body: OpenCapacityRecord | DrawRecord,
    { index, time }: Pick<LogRecord, 'index' | 'time'>,
  ): void {
    const entry = this.entry(body.entry);
    this.ensureTrue(entry, 'opens or draws for an entry that does not exist');
    const scene = this.capacityScene(entry, time);
    const refused =
      body.type === 'draw' ? absorbDraw(scene, entry, body, index) : absorbOpening(scene, entry, body, index);
    this.ensureTrue(!refused, `${body.type === 'draw' ? 'draws' : 'opens'} wrongly: ${refused?.detail}`);
    const counts = this.countsOf(body.entry);
    this.view.put(
      actionsKey(body.entry),
      encodeState(countsCodec, { ...counts, actions: counts.actions + 1 }),
    );
    if (body.type === 'draw')
      this.putEntry(setIndexedState(this.view, scene.purpose, entry, body.state, time));
  }

  private capacityScene({ purpose }: Pick<IndexedEntry, 'purpose'>, time: UnixMs) {
    const entryOf = (sequence: Sequence) => this.entry(sequence);
    return { view: this.view, purpose: this.purpose(purpose), time, entryOf };
  }

  private noteMessage(
    { documentKind, purpose, period, address }: MessageRecord,
    { index, time }: Pick<LogRecord, 'index' | 'time'>,
  ): void {
    this.ensureTrue(
      roleMaskOf(this.purpose(purpose), documentKind) !== undefined,
      `has a kind that ${purpose} does not take`,
    );
    this.ensureTrue(isAdmittedPeriod(period, time), 'is a message of another day');
    // The period is hashed into it: an address of another day is another one.
    this.ensureTrue(this.messageAt(address) === undefined, 'has an address that was used');
    this.ensureTrue(
      takesMessage(this.network, this.view, { period, purpose }),
      'is one more than its day takes',
    );
    countMessage(this.view, { period, purpose });
    this.view.put(messageKey(address), encodeState(messageIndexCodec, index));
  }

  private noteAdmissions(
    before: MemberRegistry,
    after: MemberRegistry,
    { changes }: MembershipRecord,
    time: UnixMs,
  ): void {
    // A removal makes every earlier root worthless, so nobody asks for what was before it.
    const removal = changes.some(({ change }) => change === 'remove');
    const slots = Array.from({ length: after.size }, (_, slot) => slot);
    const admissions = removal
      ? []
      : [
          ...this.admissions.filter((admission) => admission.time > time - DAY_MS),
          ...slots.filter((slot) => after.slot(slot) && !before.slot(slot)).map((slot) => ({ slot, time })),
        ];
    this.view.put(ADMISSIONS_KEY, encodeState(admissionsCodec, admissions));
  }

  private get admissions() {
    return readState(this.view, ADMISSIONS_KEY, admissionsCodec) ?? [];
  }

  private changed(before: MemberRegistry, changes: readonly MembershipChange[]): MemberRegistry {
    try {
      return before.with(changes);
    } catch (cause) {
      if (!(cause instanceof CountersealError)) throw cause;
      throw new CountersealError(
        'data_corrupted',
        this.lie(`changes the members wrongly: ${cause.message}`),
        {
          cause,
        },
      );
    }
  }

  private countsOf(entry: Sequence): ActionCounts {
    return readState(this.view, actionsKey(entry), countsCodec) ?? { actions: 0, refusals: 0 };
  }

  private same<T>(codec: Codec<T>, said: T | undefined, found: T): void {
    this.ensureTrue(
      said && equalBytes(codec.encode(said), codec.encode(found)),
      'says another verdict than the records before it give',
    );
  }

  private ensureTrue(condition: unknown, lie: string): asserts condition {
    ensure(condition, 'data_corrupted', this.lie(lie));
  }

  private lie(what: string): string {
    return `record ${this.size} of the log ${what}: the node is not to be trusted`;
  }

  private purpose(name: string): Purpose {
    const purpose = this.network.purposes.get(name);
    this.ensureTrue(purpose, `has the unknown purpose ${name}`);
    return purpose;
  }

  private putEntry(entry: IndexedEntry): void {
    this.view.put(stateKeys.entry(entry.sequence), encodeState(indexedEntryCodec, entry));
  }

  private get state(): ReplicaState {
    return readState(this.view, REPLICA_KEY, replicaCodec)!;
  }

  private set state(value: ReplicaState) {
    this.view.put(REPLICA_KEY, encodeState(replicaCodec, value));
  }
}
