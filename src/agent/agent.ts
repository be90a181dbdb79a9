import type { VaultAccess } from '../crypto/index.js';
import type { CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import {
  networkOf,
  parseGenesis,
  type Action,
  type CancelReason,
  type Network,
  type Sequence,
  type VerdictLabel,
} from '../ledger/index.js';
import type { Prover, SlotValue } from '../proofs/index.js';
import type { ProvedReceipt } from '../receipts/verify.js';
import type { Identity } from '../rpc/certificates.js';
import { LedgerClient } from '../rpc/ledger-client.js';
import { actOn, engagement, type ActionResult } from './act.js';
import { AuditLog, userName, type AuditNote, type AuditReport } from './audit-log.js';
import { recoveryStart } from './backup.js';
import { capacityOf, drawableEntry, type CapacityReport, type DrawableEntry } from './capacity.js';
import { makeCard } from './card.js';
import { showFingerprint, type ShownFingerprint } from './carry.js';
import { ensurePossession } from './possession.js';
import { checkDocuments, type CheckResult } from './check.js';
import { runCover } from './cover.js';
import { Crosschecks } from './crosschecks.js';
import { drawFrom, type DrawOptions, type DrawProgress, type DrawResult } from './draw.js';
import type { EntryView, OwnEntry } from './entries.js';
import { Customs } from './customs.js';
import { showEntry, viewEntries, type ShownEntry } from './entry-views.js';
import { Evaluations } from './evaluations.js';
import { fingerprintDocument, type FingerprintedDocument } from './fingerprinting.js';
import { homePaths, openHome, type OpenHome } from './home.js';
import { LedgerCopy, type Following } from './ledger-copy.js';
import {
  viewConversation,
  viewerOf,
  type Conversation,
  type ConversationView,
  type MessageView,
} from './conversation.js';
import { MailPages } from './mail-pages.js';
import { KnownPlaces } from './message-address.js';
import { textBody, type MessageBody } from './message-content.js';
import { conversationOf } from './message-store.js';
import { readConversation, sendMessage, type MessagingParts } from './messaging.js';
import { nextRevealStep, revealBody, revealView } from './reveal.js';
import { listMatches, resolveMatch, type MatchDecision, type MatchView } from './matches.js';
import { openConvergent, type Opened } from './open-convergent.js';
import { Outbox } from './outbox.js';
import { NO_PRIVACY_MEASURES } from './privacy.js';
import { receiptOf, type MadeReceipt } from './receipt.js';
import { checkReceipt, type WitnessDemand } from './receipt-check.js';
import { recoverEntries, type Recovered } from './recover.js';
import { evaluateRecovered } from './recovered-mail.js';
import type { RegisterProgress } from './register.js';
import {
  deferDocument,
  registerDocument,
  type DeferredRegistration,
  type Proving,
  type RegisterResult,
} from './registering.js';
import { openShare, shareEntry, type MadeShare, type OpenedShare } from './share.js';
import { Showings } from './showing.js';
import { AgentStore } from './store.js';
import { eventsAfter, type EventPage, type EventPlace, type WatchEvent } from './watch.js';
import { watchAll } from './watching.js';

export interface AgentOptions {
  /** For a process that asks all day: connections to the evaluators stay, in place of one for each request. */
  readonly keepConnections?: boolean;
}

/** What an agent works with. */
interface AgentParts extends MessagingParts {
  readonly evaluations: Evaluations;
  readonly identity: Identity;
}

/** A member's side of a network: what its folder, its vault's keys and the network's services make possible. */
export class Agent {
  /** What is proved and not on the ledger yet. */
  readonly outbox: Outbox;
  /** Fingerprints that are held back. */
  readonly showings: Showings;
  readonly crosschecks: Crosschecks;
  readonly customs: Customs;
  /** What others wrote to this member, for whoever keeps a place of its own. */
  readonly mail: MailPages;
  readonly home: OpenHome;
  readonly network: Network;

  private constructor(
    private readonly parts: AgentParts,
    private readonly auditLog: AuditLog,
  ) {
    this.home = parts.home;
    this.network = parts.network;
    this.outbox = new Outbox(parts);
    this.showings = new Showings(parts);
    this.crosschecks = new Crosschecks(parts);
    this.customs = new Customs(parts);
    this.mail = new MailPages(parts);
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
    const evaluations = new Evaluations(home.config, network.genesis, home.identity, keepConnections);
    const copy = new LedgerCopy(network, store, ledger);
    const { keys, identity } = home;
    return new Agent(
      { home, network, keys, identity, evaluations, ledger, store, copy, places: new KnownPlaces() },
      new AuditLog(homePaths(folder).auditLog, keys.auditKey, store),
    );
  }

  /**
   * Whether a document would be unique under a purpose: three evaluations, a look into the agent's copy of the ledger,
   * and no trace. Throws `missing_field`, `not_found` (purpose), `quota_exceeded`, `unavailable`.
   */
  async check(document: CanonicalDocument, purposeName: string): Promise<CheckResult> {
    const [result] = await this.checkAll([await fingerprintDocument(document)], purposeName);
    return result!;
  }

  /** As {@link check}, for several documents with one round of evaluations; the results are in their order. */
  checkAll(documents: readonly FingerprintedDocument[], purposeName: string): Promise<CheckResult[]> {
    return checkDocuments(this.parts, documents, purposeName);
  }

  /**
   * Puts a document on the ledger. What is to be submitted is on disk before it leaves, so that a process that dies
   * loses nothing: {@link resume} submits it again. A document of which the member has a live entry for the purpose is
   * not registered again, so that whoever got no answer can ask again. Throws what {@link check} throws, and `rejected`.
   */
  register(
    document: CanonicalDocument,
    fileHash: string,
    purpose: string,
    prover: Prover,
    onProgress: (step: RegisterProgress) => void = () => undefined,
  ): Promise<RegisterResult> {
    const { parts, outbox } = this;
    const order = { document, fileHash, purpose };
    return registerDocument({ ...parts, outbox }, order, { prover, onProgress }, () => this.entries());
  }

  /**
   * Proves a document, and keeps the entry to be submitted at a random time within the member's window: by
   * {@link Outbox.run}, or by whatever command runs then. There is no verdict before. Throws as {@link register}.
   */
  defer(
    document: CanonicalDocument,
    fileHash: string,
    purpose: string,
    prover: Prover,
    onProgress: (step: RegisterProgress) => void = () => undefined,
  ): Promise<DeferredRegistration> {
    return deferDocument(this, { document, fileHash, purpose }, { prover, onProgress });
  }

  /** Submits what is due and was never answered for. Returns the entries that it settled. */
  resume(which?: (entry: OwnEntry) => boolean): Promise<OwnEntry[]> {
    return this.outbox.push(which);
  }

  /** The member's entries, the newest last, each with its state now. */
  entries(): Promise<EntryView[]> {
    return viewEntries(this.parts);
  }

  /** One of the member's entries, and what the ledger has met of it so far. Throws `not_found`. */
  entry(sequence: number): Promise<ShownEntry> {
    return showEntry(this.parts, sequence);
  }

  /**
   * Acts on an own entry: see {@link actOn}. An entry that is to be engaged shows possession first, where it has not: a
   * proof, by a prover of its own unless there is `proving`.
   */
  async act(sequence: number, action: Action, proving?: Proving): Promise<ActionResult> {
    if (action.kind === 'engage') {
      await this.parts.copy.sync();
      await ensurePossession(this.parts, sequence, proving);
    }
    return actOn(this.parts, sequence, action);
  }

  /** Has an own entry show a fingerprint beside exact and near. Throws as {@link showFingerprint} does. */
  showFingerprint(
    sequence: number,
    which: { readonly name: string; readonly element?: string },
    proving: Proving,
  ): Promise<ShownFingerprint[]> {
    return showFingerprint(this.parts, sequence, which, proving);
  }

  /**
   * Marks an own entry's document as financed, covered or paid, unless it meets a verdict that is not accepted: then the
   * outcome is `refused`. The entry shows possession of its document first, where it has not: see {@link act}.
   * Throws `not_found`, `rejected`, and as {@link showFingerprint} does.
   */
  engage(
    sequence: number,
    accept: readonly VerdictLabel[] = ['unique'],
    proving?: Proving,
  ): Promise<ActionResult> {
    return this.act(sequence, engagement(accept), proving);
  }

  /** The invoice was paid, the claim closed: the document is used up for good. Throws `not_found`, `rejected`. */
  settle(sequence: number): Promise<ActionResult> {
    return this.act(sequence, { kind: 'settle' });
  }

  /** Ends an engagement: others may engage the document. Throws `not_found`, `rejected`. */
  release(sequence: number): Promise<ActionResult> {
    return this.act(sequence, { kind: 'release' });
  }

  /** Withdraws an entry that is registered and not engaged. Throws `not_found`, `rejected`. */
  cancel(sequence: number, reason: CancelReason = 'withdrawn'): Promise<ActionResult> {
    return this.act(sequence, { kind: 'cancel', reason });
  }

  /**
   * Replaces an own entry by a later own one of the same purpose, which is engaged where this one is. Throws
   * `not_found`, `rejected`.
   */
  supersede(sequence: number, successor: number): Promise<ActionResult> {
    return this.act(sequence, { kind: 'supersede', successor: successor as Sequence });
  }

  /**
   * Has every node delete the payload of an own entry, for good; what the ledger says of the entry stays. One that has
   * been erased is left at that. Throws `not_found`.
   */
  async erase(sequence: number): Promise<ShownEntry> {
    await this.parts.copy.sync();
    const erased = await this.parts.store.use((session) =>
      this.parts.copy.replica(session).isErased(sequence as Sequence),
    );
    if (!erased) await this.act(sequence, { kind: 'erase' });
    return this.entry(sequence);
  }

  /** The document of an own entry, and by which of its slots it is drawn from. Throws as {@link drawableEntry}. */
  drawable(sequence: number): Promise<DrawableEntry> {
    return this.parts.store.use((session) => drawableEntry(session, sequence));
  }

  /** Draws from what an own entry's document states: see {@link drawFrom}. */
  draw(
    sequence: number,
    value: SlotValue,
    prover: Prover,
    { onProgress, ...options }: DrawOptions & { readonly onProgress?: (step: DrawProgress) => void } = {},
  ): Promise<DrawResult> {
    return drawFrom(this.parts, sequence, value, prover, onProgress, options);
  }

  /** What is left of an own entry's document, and what was drawn from it: see {@link capacityOf}. */
  capacity(sequence: number): Promise<CapacityReport> {
    return capacityOf(this.parts, sequence);
  }

  /** The matches of an own entry, or of all, with others' entries, and what was found out about each. */
  matches(sequence?: number): Promise<MatchView[]> {
    return listMatches(this.parts, sequence);
  }

  /** Notes what was found out about a match, by the user of the system if by nobody else. Throws as {@link resolveMatch} does. */
  resolve(
    sequence: number,
    decision: Omit<MatchDecision, 'user' | 'member'> & { readonly user?: string },
  ): Promise<MatchView> {
    return resolveMatch(this.parts, sequence, {
      user: userName(),
      ...decision,
      member: this.home.config.name,
    });
  }

  /** What an own entry and another's of the same document wrote to each other. Throws as {@link readConversation}. */
  async conversation(sequence: number, other: number): Promise<ConversationView> {
    const conversation = await readConversation(this.parts, sequence, other);
    return viewConversation(this.network, sequence, other, conversation);
  }

  /**
   * Writes to the holder of another entry of the same document; null acknowledges what came, and says nothing. Throws as
   * {@link sendMessage} does, and `invalid_argument` for what is no text of at most 16 KiB.
   */
  message(sequence: number, other: number, text: Uint8Array | null, proving: Proving): Promise<MessageView> {
    const body: MessageBody = text === null ? { kind: 'acknowledgement' } : textBody(text);
    return this.send(sequence, other, () => body, proving);
  }

  /**
   * Offers to reveal who stands behind an own entry, or where the other side has offered, sends this member's card:
   * only with `showCard`, else it throws `permission_denied`. Throws as {@link nextRevealStep} and {@link sendMessage}.
   */
  reveal(
    sequence: number,
    other: number,
    { showCard }: { readonly showCard: boolean },
    proving: Proving,
  ): Promise<MessageView> {
    const { network } = this;
    const bodyOf = ({ messages, ends }: Conversation): MessageBody => {
      const step = nextRevealStep(revealView(network, ends, messages));
      if (step === 'reveal-offer') return { kind: 'reveal-offer' };
      ensure(
        showCard,
        'permission_denied',
        'the other side asks for your card: it leaves with your consent only',
        'showCard',
      );
      return revealBody(this.parts, ends);
    };
    return this.send(sequence, other, bodyOf, proving);
  }

  private async send(
    sequence: number,
    other: number,
    bodyOf: (conversation: Conversation) => MessageBody,
    proving: Proving,
  ): Promise<MessageView> {
    const sent = await sendMessage(this.parts, sequence, other, bodyOf, proving);
    return viewerOf(await this.parts.store.use((session) => conversationOf(session, sequence, other)))(sent);
  }

  /** This member's card: to whom others share entries. Holds no secret. */
  card(): string {
    const { network, keys, identity } = this.parts;
    return makeCard(network.id, keys, identity);
  }

  /** Shares an own entry with the member of a card. Throws as {@link shareEntry} does. */
  share(sequence: number, card: string, options: { readonly named?: boolean } = {}): Promise<MadeShare> {
    return shareEntry(this.parts, sequence, card, options);
  }

  /** Opens what somebody shared with this member. Throws as {@link openShare} does. */
  openShared(share: string): Promise<OpenedShare> {
    return openShare(this.parts, share);
  }

  /** Opens others' entries of a document with an own copy of it. Throws as {@link openConvergent} does. */
  openConvergent(document: CanonicalDocument, options: { readonly entry?: number } = {}): Promise<Opened> {
    return openConvergent(this.parts, document, options);
  }

  /** A receipt of an entry on the ledger, for anybody to verify offline. Throws as {@link receiptOf} does. */
  receipt(sequence: number, options: { readonly withTransaction?: boolean } = {}): Promise<MadeReceipt> {
    return receiptOf(this.parts, sequence, options);
  }

  /** What a receipt of this network proves, of whomever's entry; offline. Throws as {@link checkReceipt} does. */
  verify(receipt: string, demand?: WitnessDemand): ProvedReceipt {
    return checkReceipt(this.network.genesis, receipt, demand);
  }

  /**
   * What concerns this member, from where the last watch stopped: calls `onEvents` until `signal` aborts, or without
   * one until the log's present end; `changed` is told when no node answers, and when one does again. An event is
   * delivered again if the process dies before `onEvents` returns.
   */
  watch(
    onEvents: (events: readonly WatchEvent[]) => Promise<void>,
    signal?: AbortSignal,
    changed?: (state: Following) => void,
  ): Promise<void> {
    return watchAll(this.parts, onEvents, signal, changed);
  }

  /** What concerns this member, from a place in the log on: see {@link eventsAfter}. Moves no watch's position. */
  eventsAfter(place?: EventPlace): Promise<EventPage> {
    return eventsAfter(this.parts, place);
  }

  /** Keeps the copy of the ledger as new as the node's until `signal` aborts; calls `seen` when it grew. */
  async follow(
    seen: () => Promise<void>,
    signal: AbortSignal,
    changed?: (state: Following) => void,
  ): Promise<void> {
    await this.parts.copy.follow(seen, signal, changed);
  }

  /** Sends cover requests until `signal` aborts, where the member wants any. */
  cover(signal: AbortSignal): Promise<void> {
    return runCover(this.parts, this.home.config.privacy ?? NO_PRIVACY_MEASURES, signal);
  }

  /**
   * Finds own entries in the log that this folder does not know, and keeps them: after a restore, and whenever a
   * registration was under way when a folder was lost. Throws as {@link check} does.
   */
  async recover(onProgress?: (done: number, total: number) => void): Promise<Recovered[]> {
    const { parts } = this;
    const recovered = await recoverEntries(parts, await recoveryStart(parts.store), onProgress);
    await evaluateRecovered(parts, recovered);
    return recovered;
  }

  /** Notes what was done, before whoever ordered it is told the outcome: see {@link AuditLog}. Throws `io`. */
  audit(...notes: readonly AuditNote[]): Promise<void> {
    return this.auditLog.add(...notes);
  }

  /** Does something between the line that it is begun and that of what came of it: see {@link AuditLog.around}. */
  audited<T>(...order: Parameters<typeof AuditLog.prototype.around<T>>): Promise<T> {
    return this.auditLog.around(...order);
  }

  /** The audit log, and what is wrong with it. */
  readAudit(): Promise<AuditReport> {
    return this.auditLog.read();
  }

  close(): void {
    this.parts.ledger.close();
    this.parts.evaluations.close();
  }
}
