import { setTimeout as sleep } from 'node:timers/promises';
import { LevelStore } from '../engine/index.js';
import { ensure } from '../errors.js';
import {
  checkpointOf,
  equalBytes,
  logRoot,
  Replica,
  ROLES,
  type Network,
  type Role,
} from '../ledger/index.js';
import { DAY_MS, MINUTE_MS } from '../time.js';
import { LedgerClient } from './ledger-client.js';
import { LedgerCopy, SerialStore, type CopySession } from './ledger-copy.js';

/** How often a node is asked how far its log is. */
const CONTACT_MS = MINUTE_MS;
/** Without any node for so long, nobody is answered: a member may have been removed meanwhile. */
const STALE_AFTER_MS = DAY_MS;
/** After a node whose log cannot be believed. */
const DISTRUST_MS = MINUTE_MS;
const FIRST_CONTACT_MS = 500;
const RESTART_WAIT_MS = 2_000;
const CONTACT_KEY = 'members/contact';

/** `following`: a node answers. `lost`: none does, the list is the last one. `distrusted`: a node sends what it may not. */
export type MemberListState = 'following' | 'lost' | 'distrusted';

export interface MemberListOptions {
  /** A LevelDB folder of its own. */
  readonly directory: string;
  readonly network: Network;
  /** `host:port`; each is followed, so that one that withholds a removal does not matter if another is honest. */
  readonly nodes: readonly string[];
  readonly changed?: (state: MemberListState, error?: unknown) => void;
  readonly contactMs?: number;
  readonly staleAfterMs?: number;
  readonly now?: () => number;
}

/**
 * Who is a member in which role, now: the genesis' members and what the log says since. Every record is replayed and
 * under a checkpoint that an operator signed; the copy survives restarts. A node that answers with a checkpoint of the
 * log that is here is a contact; {@link STALE_AFTER_MS} after the last one nobody is answered any more.
 */
export class MemberList {
  private roles: ReadonlyMap<string, readonly Role[]> = new Map();
  /** When a node was last heard, and when that was last written. */
  private contact = 0;
  private noted = 0;
  /** Whether the members changed since {@link roles} was made. */
  private outdated = true;
  private state: MemberListState | undefined;
  private readonly contactMs: number;
  private readonly clients: readonly LedgerClient[];
  private readonly stop = new AbortController();
  private readonly heard = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: MemberListOptions,
    private readonly level: LevelStore,
    private readonly store: SerialStore,
  ) {
    this.contactMs = options.contactMs ?? CONTACT_MS;
    this.clients = options.nodes.map((node) => new LedgerClient([node], options.network.genesis));
  }

  /** Reads the list as it was last; throws `io`, `data_corrupted`. Needs `initPoseidon()`. */
  static async open(options: MemberListOptions): Promise<MemberList> {
    const level = await LevelStore.open(options.directory);
    const list = new MemberList(options, level, new SerialStore(level));
    await list.store.use((session) => {
      list.refresh(session);
      const contact = session.view.get(CONTACT_KEY);
      // A clock that was ahead must not make the list fresh for ever.
      if (contact) list.contact = Math.min(Number(Buffer.from(contact).toString()), list.now());
    });
    return list;
  }

  /**
   * Begins to follow the nodes. Resolves with the first contact, or after `wait` milliseconds without one; sooner where
   * there is a list to go by.
   */
  async start(wait: number): Promise<void> {
    this.running = Promise.all(this.clients.map((client) => this.follow(client)));
    const limit = this.contact > 0 ? Math.min(wait, RESTART_WAIT_MS) : wait;
    await sleep(limit, undefined, { signal: this.heard.signal }).catch(() => undefined);
  }

  /**
   * The roles of a member, by its id in decimal; undefined for somebody who is none. Throws `unavailable` where the
   * list is too old to go by.
   */
  rolesOf(memberId: string): readonly Role[] | undefined {
    ensure(
      this.isCurrent,
      'unavailable',
      'this evaluator has reached no node of the ledger for so long that it cannot know who is a member: tell its operator',
    );
    return this.roles.get(memberId);
  }

  /** Whether there is a list to go by: a node was heard, and not too long ago. */
  get isCurrent(): boolean {
    const { staleAfterMs = STALE_AFTER_MS } = this.options;
    return this.now() - this.contact <= staleAfterMs;
  }

  async close(): Promise<void> {
    this.stop.abort();
    for (const client of this.clients) client.close();
    await this.running;
    await this.store.use(() => undefined);
    await this.level.close();
  }

  private now(): number {
    return this.options.now?.() ?? Date.now();
  }

  /** Follows one node until the list is closed; beside it, asks it now and then whether it is there. */
  private async follow(client: LedgerClient): Promise<void> {
    const { signal } = this.stop;
    const copy = new LedgerCopy(this.options.network, this.store, client, (_session, { body }) => {
      this.outdated ||= body.type === 'membership';
    });
    const contacts = this.keepContact(client, copy);
    while (!signal.aborted) {
      try {
        await copy.follow(() => this.store.use((session) => this.inContact(session)), signal);
      } catch (error) {
        this.options.changed?.('distrusted', error);
        await sleep(DISTRUST_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    await contacts;
  }

  /** Asks a node for its checkpoint from time to time: one that has nothing new to say is there all the same. */
  private async keepContact(client: LedgerClient, copy: LedgerCopy): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        const { size, root } = checkpointOf(this.options.network.genesis, await client.checkpoint());
        await this.store.use((session) => {
          // A log that is ahead comes through the stream; if it does not, the node withholds it.
          if (copy.replica(session).size >= size && equalBytes(logRoot(session.view, size), root))
            this.inContact(session);
        });
      } catch {
        if (this.now() - this.contact > 2 * this.contactMs) this.become('lost');
      }
      // Sooner, as long as there was none.
      const pause = this.heard.signal.aborted ? this.contactMs : Math.min(this.contactMs, FIRST_CONTACT_MS);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private inContact(session: CopySession): void {
    if (this.outdated) this.refresh(session);
    this.contact = this.now();
    if (this.contact - this.noted >= this.contactMs) {
      session.view.put(CONTACT_KEY, Buffer.from(String(this.contact)));
      this.noted = this.contact;
    }
    this.become('following');
    this.heard.abort();
  }

  /** What is in a session that has just begun is on disk, and signed. */
  private refresh(session: CopySession): void {
    const { members } = new Replica(this.options.network, session.view);
    const roles = new Map<string, Role[]>();
    for (let i = 0; i < members.size; i++) {
      const slot = members.slot(i);
      if (!slot) continue;
      const id = slot.memberId.toString();
      // A role that this version of the program does not know asks for nothing that it answers.
      const role = ROLES[slot.role];
      if (role) roles.set(id, [...(roles.get(id) ?? []), role]);
    }
    this.roles = roles;
    this.outdated = false;
  }

  private become(state: MemberListState): void {
    if (this.state === state || this.stop.signal.aborted) return;
    this.state = state;
    this.options.changed?.(state);
  }
}
