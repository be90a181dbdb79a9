import { type FieldElement, type VaultAccess } from '../crypto/index.js';
import { encodeDocument, type CanonicalDocument } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  logIndex,
  networkOf,
  parseGenesis,
  purposeOf,
  stateAt,
  unixMs,
  type UnixMs,
  type Action,
  type IndexedEntry,
  type Network,
  type Replica,
  type Sequence,
  type Verdict,
} from '../ledger/index.js';
import { tagOf, type EvaluatorWarning } from '../oprf/index.js';
import type { Prover } from '../proofs/index.js';
import { LedgerClient } from '../rpc/ledger-client.js';
import { actOn, type ActionResult } from './act.js';
import {
  isLive,
  listEntries,
  ownEntry,
  payloadView,
  type EntryView,
  type OwnEntry,
  type PayloadView,
} from './entries.js';
import { runCover } from './cover.js';
import { Evaluations } from './evaluations.js';
import { findingsOf, withResolutions, type Findings } from './findings.js';
import { makeCard } from './card.js';
import { fingerprintDocument, type FingerprintedDocument } from './fingerprinting.js';
import { AuditLog, userName, type AuditNote, type AuditReport } from './audit-log.js';
import { homePaths, openHome, type OpenHome } from './home.js';
import { LedgerCopy, type Following } from './ledger-copy.js';
import {
  listMatches,
  resolutionOf,
  resolutionOfDocument,
  resolveMatch,
  type MatchDecision,
  type MatchView,
} from './matches.js';
import { NO_PRIVACY_MEASURES } from './privacy.js';
import { recoveryStart } from './backup.js';
import { recoverEntries, type Recovered } from './recover.js';
import { receiptOf, type MadeReceipt } from './receipt.js';
import { Outbox, standingOf, type RegisterOrder } from './outbox.js';
import type { RegisterProgress } from './register.js';
import { openShare, shareEntry, type MadeShare, type OpenedShare } from './share.js';
import { AgentStore, type StoreSession } from './store.js';
import { watchRecords, type WatchEvent } from './watch.js';

export interface AgentOptions {
  /** For a process that asks all day: connections to the evaluators stay, in place of one for each request. */
  readonly keepConnections?: boolean;
}

export interface CheckResult extends Findings {
  readonly purpose: string;
  /** Entries under the other purposes that a check consults: context, not part of the verdict. */
  readonly alsoUnder: readonly { readonly purpose: string; readonly entries: number }[];
  readonly warnings: readonly EvaluatorWarning[];
}

export interface RegisterResult extends Findings {
  readonly purpose: string;
  readonly sequence: number;
  /** The member had a live entry of this document for this purpose: nothing was registered now. */
  readonly existed?: true;
  readonly warnings: readonly EvaluatorWarning[];
}

/** An entry that is proved, and submitted later. */
export interface DeferredRegistration {
  readonly purpose: string;
  readonly state: 'pending';
  /** ISO 8601. */
  readonly notBefore: string;
  readonly warnings: readonly EvaluatorWarning[];
}

/** An own entry that is on the ledger, in full. */
export interface ShownEntry extends EntryView {
  readonly payload: PayloadView;
  readonly findings: Findings;
}

/** A member's side of a network: what its folder, its vault's keys and the network's services make possible. */
export class Agent {
  /** What is proved and not on the ledger yet. */
  readonly outbox: Outbox;

  private constructor(
    readonly home: OpenHome,
    readonly network: Network,
    private readonly evaluations: Evaluations,
    private readonly ledger: LedgerClient,
    private readonly store: AgentStore,
    private readonly copy: LedgerCopy,
    private readonly auditLog: AuditLog,
  ) {
    this.outbox = new Outbox({ home, network, evaluations, ledger, store, copy });
  }

  /** Opens a member's folder with its passphrase. Connects to nothing yet. */
  static async open(
    folder: string,
    access: VaultAccess,
    { keepConnections = false }: AgentOptions = {},
  ): Promise<Agent> {
    const home = await openHome(folder, access);
    const network = await networkOf(parseGenesis(home.genesis));
    ensure(
      network.id === home.config.networkId,
      'data_corrupted',
      'genesis.json is of another network',
      'genesis',
    );
    const store = new AgentStore(homePaths(folder).database, home.keys.storeKey);
    const ledger = new LedgerClient(home.config.nodes, network.genesis);
    return new Agent(
      home,
      network,
      new Evaluations(home.config, network.genesis, home.identity, keepConnections),
      ledger,
      store,
      new LedgerCopy(network, store, ledger),
      new AuditLog(homePaths(folder).auditLog, home.keys.auditKey, store),
    );
  }

  /**
   * Whether a document would be unique under a purpose: two evaluations, a look into the agent's copy of the ledger,
   * and no trace. Throws `missing_field`, `not_found` (purpose), `quota_exceeded`, `unavailable`.
   */
  async check(document: CanonicalDocument, purposeName: string): Promise<CheckResult> {
    const [result] = await this.checkAll([await fingerprintDocument(document)], purposeName);
    return result!;
  }

  /** As {@link check}, for several documents with one round of evaluations; the results are in their order. */
  async checkAll(documents: readonly FingerprintedDocument[], purposeName: string): Promise<CheckResult[]> {
    const purpose = purposeOf(this.network.genesis.schema, purposeName);
    const [{ evaluations, warnings }] = await Promise.all([
      this.evaluations.of(documents.flatMap(({ identities }) => identities)),
      this.copy.sync(),
    ]);
    return this.store.use(async (session) => {
      const replica = this.copy.replica(session);
      const time = unixMs(Date.now());
      const tagsUnder =
        (i: number) =>
        (name: string): IndexedEntry['tags'] => [
          tagOf(evaluations[2 * i]!.documentKey, name),
          tagOf(evaluations[2 * i + 1]!.documentKey, name),
        ];
      const { name } = purpose;
      const met = documents.some((_, i) => meetsAny(replica.verdict(name, tagsUnder(i)(name), time)));
      const own = met ? await listEntries(session) : [];
      return documents.map(({ document }, i) => {
        const tags = tagsUnder(i);
        return {
          purpose: name,
          ...this.findings(session, own, replica, document.kind, name, tags(name), time),
          alsoUnder: purpose.consults
            .filter((other) => other !== name)
            .map((other) => ({
              purpose: other,
              entries: replica.verdict(other, tags(other), time).exact.total,
            }))
            .filter(({ entries }) => entries > 0),
          warnings,
        };
      });
    });
  }

  /**
   * Puts a document on the ledger. What is to be submitted is on disk before it leaves, so that a process that dies
   * loses nothing: {@link resume} submits it again. A document of which the member has a live entry for the purpose is
   * not registered again, so that whoever got no answer can ask again. Throws what {@link check} throws, and `rejected`.
   */
  async register(
    document: CanonicalDocument,
    fileHash: string,
    purposeName: string,
    prover: Prover,
    onProgress: (step: RegisterProgress) => void = () => undefined,
  ): Promise<RegisterResult> {
    const purpose = purposeOf(this.network.genesis.schema, purposeName);
    // What waits goes first, held back or not; the same document is then not registered a second time.
    const order = { document, fileHash, purpose: purpose.name };
    const same = sameOrder(order);
    const [before] = await this.outbox.push(same, { force: true, proving: { prover, onProgress } });
    if (before?.sequence !== undefined) return this.registered(before, []);
    const live = (await this.entries()).find(({ entry, state }) => same(entry) && isLive(state));
    if (live) return { ...(await this.registered(live.entry, [])), existed: true };
    const { entry, warnings } = await this.outbox.prepare(order, { prover, onProgress });
    onProgress('submitting');
    const [registered] = await this.outbox.submit(entry);
    if (registered?.sequence === undefined)
      throw new CountersealError(
        'rejected',
        `the ledger refuses the entry: ${registered?.refused ?? 'the members, or the day, changed meanwhile: register it again'}`,
      );
    return this.registered(registered, warnings);
  }

  /**
   * Proves a document, and keeps the entry to be submitted at a random time within the member's window: by
   * {@link Outbox.run}, or by whatever command runs then. There is no verdict before. Throws as {@link register}.
   */
  async defer(
    document: CanonicalDocument,
    fileHash: string,
    purposeName: string,
    prover: Prover,
    onProgress?: (step: RegisterProgress) => void,
  ): Promise<DeferredRegistration> {
    const { name: purpose } = purposeOf(this.network.genesis.schema, purposeName);
    const order = { document, fileHash, purpose };
    const [before] = await this.outbox.waiting(sameOrder(order));
    if (before && before.standing !== 'expired') return deferred(before.entry, []);
    const { entry, warnings } = await this.outbox.prepare(
      order,
      { prover, ...(onProgress ? { onProgress } : {}) },
      { within: this.outbox.window, ...(before ? { replaces: before.entry.nullifier } : {}) },
    );
    return deferred(entry, warnings);
  }

  /** Submits what is due and was never answered for. Returns the entries that it settled. */
  resume(which?: (entry: OwnEntry) => boolean): Promise<OwnEntry[]> {
    return this.outbox.push(which);
  }

  /** The member's entries, the newest last, each with its state now. */
  async entries(): Promise<EntryView[]> {
    await this.copy.sync();
    return this.store.use(async (session) => {
      const replica = this.copy.replica(session);
      const entries = await listEntries(session);
      return entries
        .sort((a, b) => a.createdAt - b.createdAt)
        .map((entry) => ({ entry, state: this.stateOf(replica, entry) }));
    });
  }

  /** One of the member's entries, and what the ledger has met of it so far. Throws `not_found`. */
  async entry(sequence: number): Promise<ShownEntry> {
    await this.copy.sync();
    return this.store.use(async (session) => {
      const entry = ownEntry(session, sequence);
      ensure(entry, 'not_found', `this member has no entry ${sequence}`, 'entry');
      const replica = this.copy.replica(session);
      const self = replica.entry(entry.sequence)!;
      const own = await listEntries(session);
      const { documentKind, purpose, tags } = self;
      const time = unixMs(Date.now());
      const findings = this.findings(session, own, replica, documentKind, purpose, tags, time, self);
      const terms = purposeOf(this.network.genesis.schema, purpose);
      const payload = payloadView(terms, self, replica.isErased(self.sequence), time);
      return { entry, state: this.stateOf(replica, entry), payload, findings };
    });
  }

  /** Acts on an own entry: see {@link actOn}. */
  act(sequence: number, action: Action): Promise<ActionResult> {
    const { network, store, copy, ledger } = this;
    return actOn({ network, keys: this.home.keys, store, copy, ledger }, sequence, action);
  }

  /**
   * Has every node delete the payload of an own entry, for good; what the ledger says of the entry stays. One that has
   * been erased is left at that. Throws `not_found`.
   */
  async erase(sequence: number): Promise<ShownEntry> {
    await this.copy.sync();
    const erased = await this.store.use((session) =>
      this.copy.replica(session).isErased(sequence as Sequence),
    );
    if (!erased) await this.act(sequence, { kind: 'erase' });
    return this.entry(sequence);
  }

  /** The matches of an own entry, or of all, with others' entries, and what was found out about each. */
  matches(sequence?: number): Promise<MatchView[]> {
    const { network, store, copy } = this;
    return listMatches({ network, store, copy }, sequence);
  }

  /** Notes what was found out about a match. Throws as {@link resolveMatch} does. */
  resolve(sequence: number, decision: Omit<MatchDecision, 'user' | 'member'>): Promise<MatchView> {
    const { network, store, copy } = this;
    return resolveMatch({ network, store, copy }, sequence, {
      ...decision,
      user: userName(),
      member: this.home.config.name,
    });
  }

  /** This member's card: to whom others share entries. Holds no secret. */
  card(): string {
    const { network, home } = this;
    return makeCard(network.id, home.keys, home.identity);
  }

  /** Shares an own entry with the member of a card. Throws as {@link shareEntry} does. */
  share(sequence: number, card: string, options: { readonly named?: boolean } = {}): Promise<MadeShare> {
    const { network, store, copy, evaluations } = this;
    const { keys, identity } = this.home;
    return shareEntry({ network, keys, identity, store, copy, evaluations }, sequence, card, options);
  }

  /** Opens what somebody shared with this member. Throws as {@link openShare} does. */
  openShared(share: string): Promise<OpenedShare> {
    const { network, store, copy, ledger } = this;
    return openShare({ network, keys: this.home.keys, store, copy, ledger }, share);
  }

  /** A receipt of an entry on the ledger, for anybody to verify offline. Throws as {@link receiptOf} does. */
  receipt(sequence: number, options: { readonly withTransaction?: boolean } = {}): Promise<MadeReceipt> {
    const { network, store, copy, ledger } = this;
    return receiptOf({ network, store, copy, ledger }, sequence, options);
  }

  /**
   * What concerns this member, from where the last watch stopped: calls `onEvents` until `signal` aborts, or without
   * one until the log's present end; `changed` is told when no node answers, and when one does again. An event is delivered again if the process dies before `onEvents` returns.
   */
  async watch(
    onEvents: (events: readonly WatchEvent[]) => Promise<void>,
    signal?: AbortSignal,
    changed?: (state: Following) => void,
  ): Promise<void> {
    const deliver = async () => {
      for (;;) {
        const { events, next } = await this.store.use((session) => watchRecords(session, this.copy));
        if (next === undefined) return;
        if (events.length > 0) await onEvents(events);
        await this.store.use(next);
      }
    };
    await this.copy.sync();
    await deliver();
    if (signal) await this.copy.follow(deliver, signal, changed);
  }

  /** Sends cover requests until `signal` aborts, where the member wants any. */
  cover(signal: AbortSignal): Promise<void> {
    const { store, evaluations } = this;
    return runCover({ store, evaluations }, this.home.config.privacy ?? NO_PRIVACY_MEASURES, signal);
  }

  /**
   * Finds own entries in the log that this folder does not know, and keeps them: after a restore, and whenever a
   * registration was under way when a folder was lost. Throws as {@link check} does.
   */
  async recover(onProgress?: (done: number, total: number) => void): Promise<Recovered[]> {
    const { network, store, copy, ledger } = this;
    const parts = { keys: this.home.keys, network, store, copy, ledger };
    return recoverEntries(parts, await recoveryStart(store), onProgress);
  }

  /** Notes what was done, before whoever ordered it is told the outcome: see {@link AuditLog}. Throws `io`. */
  audit(...notes: readonly AuditNote[]): Promise<void> {
    return this.auditLog.add(...notes);
  }

  /** The audit log, and what is wrong with it. */
  readAudit(): Promise<AuditReport> {
    return this.auditLog.read();
  }

  close(): void {
    this.ledger.close();
    this.evaluations.close();
  }

  /** What tags meet at a time among the entries of others; `self` is the own entry that carries them, if any. */
  private findings(
    session: StoreSession,
    own: readonly OwnEntry[],
    replica: Replica,
    documentKind: number,
    purpose: string,
    tags: IndexedEntry['tags'],
    time: UnixMs,
    self?: IndexedEntry,
  ): Findings {
    const { ttlDays } = purposeOf(this.network.genesis.schema, purpose);
    const matches = matchesOf(own, replica, purpose, tags, self).map((entry) => ({
      ...entry,
      state: stateAt(entry.state, entry.registered, ttlDays, time),
    }));
    const verdict = replica.verdict(purpose, tags, time, self);
    return withResolutions(findingsOf(documentKind, verdict, byTag(matches, tags)), (other) =>
      self
        ? resolutionOf(session, self.sequence, other)
        : resolutionOfDocument(session, own, { purpose, exact: tags[0] }, other),
    );
  }

  /** What an own entry met when it was registered: the verdict of its record, without the member's own entries. */
  private registered(entry: OwnEntry, warnings: readonly EvaluatorWarning[]): Promise<RegisterResult> {
    return this.store.use(async (session) => {
      const replica = this.copy.replica(session);
      const self = replica.entry(entry.sequence as Sequence)!;
      const { body } = this.copy.record(session, logIndex(entry.index!));
      ensure(body.type === 'register', 'data_corrupted', 'the record of an own entry is another one');
      const states = new Map(body.verdict.matches.map(({ sequence, state }) => [sequence, state]));
      const own = meetsAny(body.verdict) ? await listEntries(session) : [];
      const before = matchesOf(own, replica, entry.purpose, self.tags, self)
        .filter(({ sequence }) => sequence < self.sequence)
        .map((match) => ({ ...match, state: states.get(match.sequence) ?? match.state }));
      const findings = findingsOf(self.documentKind, body.verdict, byTag(before, self.tags));
      return { purpose: entry.purpose, sequence: self.sequence, ...findings, warnings };
    });
  }

  private stateOf(replica: Replica, entry: OwnEntry): EntryView['state'] {
    if (entry.refused !== undefined) return 'refused';
    const indexed = entry.sequence === undefined ? undefined : replica.entry(entry.sequence as Sequence);
    if (!indexed) return standingOf(entry, replica, unixMs(Date.now())) === 'expired' ? 'expired' : 'pending';
    const { ttlDays } = purposeOf(this.network.genesis.schema, entry.purpose);
    return stateAt(indexed.state, indexed.registered, ttlDays, unixMs(Date.now()));
  }
}

const sameOrder =
  ({ document, purpose }: RegisterOrder) =>
  (entry: OwnEntry): boolean =>
    entry.purpose === purpose && entry.document === Buffer.from(encodeDocument(document)).toString('utf8');

const deferred = (
  { purpose, notBefore, createdAt }: OwnEntry,
  warnings: readonly EvaluatorWarning[],
): DeferredRegistration => ({
  purpose,
  state: 'pending',
  notBefore: new Date(notBefore ?? createdAt).toISOString(),
  warnings,
});

/**
 * Whether anybody's entry carries one of the tags. Where none does, own entries need not be looked at: there may be many,
 * and each is unsealed.
 */
const meetsAny = ({ exact, near }: Pick<Verdict, 'exact' | 'near'>): boolean => exact.total + near.total > 0;

/** The own entries other than `self` that carry one of the tags. */
function matchesOf(
  own: readonly OwnEntry[],
  replica: Replica,
  purpose: string,
  tags: IndexedEntry['tags'],
  self: IndexedEntry | undefined,
): IndexedEntry[] {
  return own.flatMap(({ sequence }) => {
    if (sequence === undefined || sequence === self?.sequence) return [];
    const entry = replica.entry(sequence as Sequence);
    return entry?.purpose === purpose && entry.tags.some((tag) => tags.includes(tag)) ? [entry] : [];
  });
}

/** Those with the exact tag and those with the near one; one that has both is in both, as a verdict counts it. */
function byTag<T extends Pick<IndexedEntry, 'tags'>>(
  entries: readonly T[],
  [exact, near]: IndexedEntry['tags'],
) {
  const having = (tag: FieldElement) => entries.filter(({ tags }) => tags.includes(tag));
  return { exact: having(exact), near: near === exact ? [] : having(near) };
}
