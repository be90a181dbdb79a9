import * as P from 'micro-packed';
import { CountersealError, ensure } from '../errors.js';
import { registryIn } from './admission.js';
import { applyGenesisMembers, applyMembership } from './apply.js';
import { type Codec, u64 } from './codec.js';
import { equalBytes } from './hash.js';
import { decodeRecord, type LogRecord, type RegisterRecord } from './log-record.js';
import { MemberRegistry } from './members.js';
import { appendLeaf, leafHash, logRoot } from './merkle-log.js';
import type { Network } from './network.js';
import type { Overlay } from './overlay.js';
import { stateKeys } from './state-keys.js';
import { encodeState, indexedEntryCodec, type IndexedEntry, readState } from './state-values.js';
import { addToIndex, findMatches, setIndexedState } from './tag-index.js';
import { dayOf, type Sequence, type UnixMs } from './units.js';
import { type Verdict, verdictCodec } from './verdict.js';

const REPLICA_KEY = 'replica';
const actionsKey = (entry: Sequence): string => `replica/actions/${entry}`;

interface ReplicaState {
  /** Records absorbed. */
  readonly size: number;
  /** The block time of the last one. */
  readonly time: UnixMs;
}
const replicaCodec: Codec<ReplicaState> = P.struct({ size: u64(), time: u64<UnixMs>() });

/**
 * What a reader of the log keeps: tags, entries and members, rebuilt from the records alone by the rules of the state
 * machine. Every verdict in a record is recomputed, and every record is in the root that a checkpoint signs: a node
 * that hides an entry, or says another verdict, is found out.
 */
export class Replica {
  constructor(
    private readonly network: Network,
    private readonly view: Overlay,
  ) {
    if (view.get(REPLICA_KEY) === undefined) {
      const { genesis } = network;
      applyGenesisMembers(view, MemberRegistry.fromGenesis(genesis), genesis.time);
      this.state = { size: 0, time: genesis.time };
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

  /** Takes the next record. Throws `data_corrupted` where it does not follow from the ones before. */
  absorb(bytes: Uint8Array): LogRecord {
    const record = decodeRecord(bytes);
    const { size, time } = this.state;
    ensure(
      record.index === size && record.time >= time,
      'data_corrupted',
      `record ${size} of the log is out of order`,
    );
    const { body } = record;
    switch (body.type) {
      case 'register':
        this.register(body, record.time);
        break;
      case 'action': {
        const entry = this.entry(body.entry);
        ensure(entry, 'data_corrupted', `record ${size} acts on an entry that does not exist`);
        this.view.put(actionsKey(body.entry), encodeState(P.U16BE, this.actions(body.entry) + 1));
        if (body.verdict) this.sameVerdict(body.verdict, this.verdictOf(entry, record.time), size);
        if (body.outcome === 'done')
          this.putEntry(
            setIndexedState(this.view, this.purpose(entry.purpose), entry, body.state, record.time),
          );
        break;
      }
      case 'membership': {
        const before = registryIn(this.view);
        const after = before.with(body.changes);
        ensure(
          after.root === body.membersRoot,
          'data_corrupted',
          `record ${size} names a wrong root of the members`,
        );
        applyMembership(this.view, { before, after }, { order: body }, record);
        break;
      }
    }
    appendLeaf(this.view, size, leafHash(bytes));
    this.state = { size: size + 1, time: record.time };
    return record;
  }

  /** The members now. Needs `initPoseidon()` for its root and paths. */
  get members(): MemberRegistry {
    return registryIn(this.view);
  }

  entry(sequence: Sequence): IndexedEntry | undefined {
    return readState(this.view, stateKeys.entry(sequence), indexedEntryCodec);
  }

  /** Actions of an entry in the log, refused engagements among them: the counter of its next one. */
  actions(entry: Sequence): number {
    return readState(this.view, actionsKey(entry), P.U16BE) ?? 0;
  }

  /** The verdict that a new entry with these tags would get at a time; with `self`, that entry's own one. */
  verdict(purpose: string, tags: IndexedEntry['tags'], time: UnixMs, self?: IndexedEntry): Verdict {
    return findMatches(this.view, this.purpose(purpose), tags, time, self);
  }

  private verdictOf(entry: IndexedEntry, time: UnixMs): Verdict {
    return this.verdict(entry.purpose, entry.tags, time, entry);
  }

  private register(body: RegisterRecord, time: UnixMs): void {
    const { entry: sequence, documentKind, purpose: name, tags } = body;
    const purpose = this.purpose(name);
    this.sameVerdict(body.verdict, this.verdict(name, tags, time), this.size);
    ensure(this.entry(sequence) === undefined, 'data_corrupted', `entry ${sequence} is in the log twice`);
    this.putEntry(
      addToIndex(
        this.view,
        purpose,
        { sequence, documentKind, purpose: name, tags, registered: dayOf(time), state: 'registered' },
        time,
      ),
    );
  }

  private sameVerdict(said: Verdict, found: Verdict, index: number): void {
    ensure(
      equalBytes(verdictCodec.encode(said), verdictCodec.encode(found)),
      'data_corrupted',
      `record ${index} of the log says another verdict than the records before it give: the node is not to be trusted`,
    );
  }

  private purpose(name: string) {
    const purpose = this.network.purposes.get(name);
    if (!purpose)
      throw new CountersealError('data_corrupted', `the log has an entry under the unknown purpose ${name}`);
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
