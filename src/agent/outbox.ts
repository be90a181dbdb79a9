import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CanonicalDocument } from '../documents/index.js';
import { decodeDocument } from '../documents/index.js';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import {
  dayOf,
  decodeTransaction,
  PERIOD_LEEWAY_MS,
  purposeOf,
  unixMs,
  type Network,
  type Replica,
  type UnixMs,
} from '../ledger/index.js';
import type { EvaluatorWarning } from '../oprf/index.js';
import type { Prover } from '../proofs/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { isPassing } from '../rpc/passing.js';
import { DAY_MS, MINUTE_MS } from '../time.js';
import { ensureClock } from './clock.js';
import { entryByNullifier, listEntries, putEntry, type OwnEntry } from './entries.js';
import type { Evaluations } from './evaluations.js';
import type { OpenHome } from './home.js';
import type { LedgerCopy } from './ledger-copy.js';
import { overOwnConnection } from './own-connection.js';
import { NO_PRIVACY_MEASURES } from './privacy.js';
import { prepareRegistration, type RegisterProgress } from './register.js';
import type { AgentStore } from './store.js';

const REFUSALS: readonly ErrorCode[] = ['rejected', 'invalid_argument'];
/** How long after an answer that took an entry its record may be on its way, or a node out of reach. */
const REST_MS = 5 * MINUTE_MS;
/** After proving again failed: it may have taken evaluations of the quota. */
const REST_AFTER_PROVING_MS = 60 * MINUTE_MS;

/**
 * Where an entry stands that is proved and not on the ledger: `due`; `later`, by the member's wish; `early`, because it
 * was proved for a day that the ledger does not take yet; `expired`, because its day has passed or a member was removed
 * since: it has to be proved again.
 */
export type Standing = 'due' | 'later' | 'early' | 'expired';

const isWaiting = ({ sequence, refused }: OwnEntry): boolean =>
  sequence === undefined && refused === undefined;

export function standingOf(entry: OwnEntry, replica: Replica, now: UnixMs): Standing {
  const transaction = decodeTransaction(Buffer.from(entry.transaction, 'base64'));
  ensure(transaction.type === 'register', 'data_corrupted', 'an own entry holds another transaction');
  const { period, membersRoot } = transaction.claims;
  if (period < dayOf(unixMs(now - DAY_MS)) || !replica.acceptsMembersRoot(membersRoot, now)) return 'expired';
  if (period > dayOf(unixMs(now + PERIOD_LEEWAY_MS))) return 'early';
  return entry.notBefore !== undefined && entry.notBefore > now ? 'later' : 'due';
}

/** A document that is to be registered. */
export interface RegisterOrder {
  readonly document: CanonicalDocument;
  readonly fileHash: string;
  readonly purpose: string;
}

export interface ProvingOptions {
  readonly prover: Prover;
  readonly onProgress?: (step: RegisterProgress) => void;
}

interface Parts {
  readonly home: OpenHome;
  readonly network: Network;
  readonly evaluations: Evaluations;
  readonly ledger: LedgerClient;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

/**
 * What was proved and is not on the ledger yet. It is on disk before any of it leaves, so that a process that dies
 * loses nothing; whichever process of the member runs when an entry is due submits it, and submitting twice gives the
 * first answer.
 */
export class Outbox {
  /** Until when {@link run} leaves an entry alone. */
  private readonly resting = new Map<string, number>();

  constructor(private readonly parts: Parts) {}

  /** Proves a document, to be submitted at once, or within so many milliseconds at random. */
  async prepare(
    { document, fileHash, purpose }: RegisterOrder,
    { prover, onProgress = () => undefined }: ProvingOptions,
    timing: { readonly within?: number; readonly replaces?: string } = {},
  ): Promise<{ entry: OwnEntry; warnings: readonly EvaluatorWarning[] }> {
    const { home, network, evaluations, store, copy } = this.parts;
    onProgress('evaluating');
    await Promise.all([copy.sync(), ensureClock(this.parts.ledger)]);
    return prepareRegistration({
      keys: home.keys,
      network,
      evaluations,
      store,
      copy,
      document,
      fileHash,
      purpose: purposeOf(network.genesis.schema, purpose),
      prover,
      onProgress,
      ...timing,
    });
  }

  /** What waits, in an order that says nothing of the one in which it was made. */
  async waiting(
    which: (entry: OwnEntry) => boolean = () => true,
  ): Promise<{ entry: OwnEntry; standing: Standing }[]> {
    return this.parts.store.use(async (session) => {
      const replica = this.parts.copy.replica(session);
      const now = unixMs(Date.now());
      const entries = (await listEntries(session)).filter((entry) => isWaiting(entry) && which(entry));
      return shuffled(entries).map((entry) => ({ entry, standing: standingOf(entry, replica, now) }));
    });
  }

  /**
   * Submits what is due, with `force` all that the ledger takes today. What has expired, or with `force` is of another
   * day, is proved again where there is a prover, and else goes on waiting. Returns the entries that were settled.
   */
  async push(
    which?: (entry: OwnEntry) => boolean,
    { force = false, proving }: { readonly force?: boolean; readonly proving?: ProvingOptions } = {},
  ): Promise<OwnEntry[]> {
    const settled: OwnEntry[] = [];
    const waiting = await this.waiting(which);
    if (waiting.some(({ standing }) => standing === 'expired')) await this.parts.copy.sync();
    for (const { entry, standing } of waiting) {
      const known = await this.parts.store.use((session) => entryByNullifier(session, entry.nullifier)!);
      if (!isWaiting(known)) settled.push(known);
      else if (standing === 'due' || (force && standing === 'later'))
        settled.push(...(await this.submit(known)));
      else if (proving && (standing === 'expired' || (force && standing === 'early'))) {
        const within = force || known.notBefore === undefined ? undefined : this.window;
        const again = await this.proveAgain(known, proving, within);
        if ((again.notBefore ?? 0) <= Date.now()) settled.push(...(await this.submit(again)));
      }
    }
    return settled;
  }

  /** Submits one entry, and takes what the log says of it; answers nothing where it has to be proved again. */
  async submit(entry: OwnEntry): Promise<OwnEntry[]> {
    const refused = await this.send(entry);
    await this.parts.copy.sync();
    return this.settle(entry, refused);
  }

  /**
   * Until `signal` aborts, submits each deferred entry at its time, and proves again what expired: `changed` is told.
   * Whoever calls this follows the log, where the records come back.
   */
  async run(
    signal: AbortSignal,
    prover: () => Prover,
    changed: (entry: OwnEntry, what: 'submitted' | 'refused' | 'proved-again') => void,
  ): Promise<void> {
    const deferred = ({ notBefore, nullifier }: OwnEntry) =>
      notBefore !== undefined && Date.now() >= (this.resting.get(nullifier) ?? 0);
    const rest = ({ nullifier }: OwnEntry, ms: number) => this.resting.set(nullifier, Date.now() + ms);
    while (!signal.aborted) {
      for (const { entry, standing } of await this.waiting(deferred)) {
        if (signal.aborted) return;
        rest(entry, standing === 'expired' ? REST_AFTER_PROVING_MS : standing === 'due' ? REST_MS : 0);
        try {
          if (standing === 'due') {
            const refused = await this.send(entry);
            if (refused === undefined) {
              changed(entry, 'submitted');
              continue;
            }
            await this.parts.copy.sync();
            for (const final of await this.settle(entry, refused))
              changed(final, final.refused === undefined ? 'submitted' : 'refused');
          } else if (standing === 'expired') {
            changed(await this.proveAgain(entry, { prover: prover() }, this.window), 'proved-again');
          }
        } catch (error) {
          if (!isPassing(error)) throw error;
        }
      }
      const times = (await this.waiting(deferred)).map(({ entry }) => entry.notBefore! - Date.now());
      // Another process may put something in, so it is looked at every minute; not more often than a few seconds.
      const pause = Math.min(Math.max(Math.min(...times), 2_000), MINUTE_MS);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Milliseconds within which the member wants its entries submitted; 0: at once. */
  get window(): number {
    const { submitWithinMinutes } = this.parts.home.config.privacy ?? NO_PRIVACY_MEASURES;
    return submitWithinMinutes * MINUTE_MS;
  }

  private async proveAgain(entry: OwnEntry, proving: ProvingOptions, within?: number): Promise<OwnEntry> {
    const order = {
      document: decodeDocument(Buffer.from(entry.document)),
      fileHash: entry.fileHash,
      purpose: entry.purpose,
    };
    const timing = { replaces: entry.nullifier, ...(within === undefined ? {} : { within }) };
    return (await this.prepare(order, proving, timing)).entry;
  }

  /** Answers why the ledger refuses an entry, if it does. */
  private async send(entry: OwnEntry): Promise<string | undefined> {
    const { ledger } = this.parts;
    const submit = (client: LedgerClient) =>
      client.submit(Buffer.from(entry.transaction, 'base64'), Buffer.from(entry.payload, 'base64'));
    try {
      await (entry.notBefore === undefined ? submit(ledger) : overOwnConnection(this.parts, submit));
      return undefined;
    } catch (error) {
      // Only a refusal is final, by the ledger's rules or the node's limits; whatever else went wrong, the entry waits.
      if (!(error instanceof CountersealError) || !REFUSALS.includes(error.code)) throw error;
      return error.message;
    }
  }

  /** What the log says settles an entry; where it does not have it, the node's refusal does, if proving again is no help. */
  private settle({ nullifier }: OwnEntry, refused: string | undefined): Promise<OwnEntry[]> {
    const { store, copy } = this.parts;
    return store.use((session) => {
      const entry = entryByNullifier(session, nullifier)!;
      if (entry.sequence !== undefined) return [entry];
      ensure(
        refused !== undefined,
        'data_corrupted',
        'the node says that it has the entry, and its log does not have it',
      );
      if (standingOf(entry, copy.replica(session), unixMs(Date.now())) === 'expired') return [];
      const final = { ...entry, refused };
      putEntry(session, final);
      return [final];
    });
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
