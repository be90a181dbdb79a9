import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError, type ErrorCode } from '../errors.js';
import type { Prover } from '../proofs/index.js';
import { isPassing } from '../rpc/passing.js';
import { MINUTE_MS } from '../time.js';
import { prepareFingerprint, showFingerprint, type CarryParts, type WhichFingerprint } from './carry.js';
import type { OpenHome } from './home.js';
import { overOwnConnection } from './own-connection.js';
import type { Proving } from './registering.js';
import type { StoreSession } from './store.js';

/** After a try that failed for a reason that passes. */
const REST_MS = 5 * MINUTE_MS;
/** What is so now stays so: of the entry, the member's role, or the ledger's rules. */
const REFUSALS: readonly ErrorCode[] = [
  ...(['rejected', 'not_found', 'permission_denied'] as const),
  ...(['failed_precondition', 'missing_field', 'invalid_argument'] as const),
];

/** A fingerprint of an own entry that was evaluated, and is shown later. */
export interface HeldFingerprint extends WhichFingerprint {
  readonly sequence: number;
  /** Milliseconds: not to be shown before. */
  readonly notBefore: number;
}

/** What became of one: shown, under these labels, or why it never will be. */
export type SettledFingerprint = HeldFingerprint &
  ({ readonly labels: readonly string[] } | { readonly refused: string });

const PREFIX = 'own/showing/';
const keyOf = ({ sequence, name, element }: Omit<HeldFingerprint, 'notBefore'>) =>
  `${PREFIX}${sequence}/${name}/${element ?? ''}`;

export interface ShowingParts extends CarryParts {
  readonly home: Pick<OpenHome, 'config'>;
}

/**
 * Fingerprints that are held back, as entries are: an evaluator that sees a member ask, and an entry show a fingerprint
 * right after, would know whose entry it is. Evaluated when they are ordered, on disk before this returns; proved and
 * shown at a random time, by whichever process of the member runs then.
 */
export class Showings {
  /** Until when {@link run} leaves one alone. */
  private readonly resting = new Map<string, number>();

  constructor(private readonly parts: ShowingParts) {}

  /** Evaluates, and notes it to be shown within so many milliseconds; once, however often it is ordered. */
  async hold(sequence: number, which: WhichFingerprint, within: number): Promise<HeldFingerprint> {
    await prepareFingerprint(this.parts, sequence, which);
    const held = { sequence, ...which, notBefore: Date.now() + randomInt(within + 1) };
    return this.parts.store.use((session) => {
      const known = session.getSealed<HeldFingerprint | null>(keyOf(held));
      if (known) return known;
      session.putSealed(keyOf(held), held);
      return held;
    });
  }

  /** What waits, the first due first. */
  async waiting(): Promise<HeldFingerprint[]> {
    const all = await this.parts.store.use((session) => session.listSealed<HeldFingerprint | null>(PREFIX));
    return all.filter((held) => held !== null).sort((a, b) => a.notBefore - b.notBefore);
  }

  /** Shows what is due, with `force` all. Throws what passes, as a node that is out of reach; the rest waits then. */
  async push(
    proving: Proving,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<SettledFingerprint[]> {
    const settled: SettledFingerprint[] = [];
    for (const held of await this.waiting())
      if (force || held.notBefore <= Date.now()) settled.push(await this.show(held, proving));
    return settled;
  }

  /** Until `signal` aborts, shows each at its time: `changed` is told. */
  async run(
    signal: AbortSignal,
    prover: () => Prover,
    changed: (settled: SettledFingerprint) => void,
  ): Promise<void> {
    const due = (held: HeldFingerprint) => Math.max(held.notBefore, this.resting.get(keyOf(held)) ?? 0);
    while (!signal.aborted) {
      const waiting = await this.waiting();
      for (const held of waiting) {
        if (signal.aborted) return;
        if (due(held) > Date.now()) continue;
        try {
          changed(await this.show(held, { prover: prover(), onProgress: () => undefined }));
        } catch (error) {
          if (!isPassing(error)) throw error;
          this.resting.set(keyOf(held), Date.now() + REST_MS);
        }
      }
      // Another process may hold something back, so it is looked at every minute; not more often than a few seconds.
      const next = Math.min(...(await this.waiting()).map((held) => due(held) - Date.now()));
      const pause = Math.min(Math.max(next, 2_000), MINUTE_MS);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Over a connection of its own: nothing that was held back goes over the one that reads the log. */
  private async show(held: HeldFingerprint, proving: Proving): Promise<SettledFingerprint> {
    const { sequence, name, element } = held;
    const forget = (session: StoreSession) => session.putSealed(keyOf(held), null);
    try {
      const shown = await overOwnConnection(this.parts, (ledger) =>
        showFingerprint(
          { ...this.parts, ledger },
          sequence,
          { name, ...(element === undefined ? {} : { element }) },
          proving,
        ),
      );
      await this.parts.store.use(forget);
      return { ...held, labels: [...new Set(shown.map(({ label }) => label))] };
    } catch (error) {
      // A refusal is final; whatever else went wrong, it waits.
      if (!(error instanceof CountersealError) || !REFUSALS.includes(error.code)) throw error;
      await this.parts.store.use(forget);
      return { ...held, refused: error.message };
    }
  }
}

/** A fingerprint that is, or was, held back, as commands show it. */
export interface HeldView {
  readonly entry: number;
  readonly fingerprint: string;
  readonly element?: string;
  readonly state: 'pending' | 'shown' | 'refused';
  /** ISO 8601. */
  readonly notBefore: string;
  readonly labels?: readonly string[];
  readonly refused?: string;
}

export function heldView(held: HeldFingerprint | SettledFingerprint): HeldView {
  const { sequence, name, element, notBefore } = held;
  const about = {
    entry: sequence,
    fingerprint: name,
    ...(element === undefined ? {} : { element }),
    notBefore: new Date(notBefore).toISOString(),
  };
  if ('labels' in held) return { ...about, state: 'shown', labels: held.labels };
  if ('refused' in held) return { ...about, state: 'refused', refused: held.refused };
  return { ...about, state: 'pending' };
}
