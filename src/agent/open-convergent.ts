import { DOMAIN, poseidon, type FieldElement } from '../crypto/index.js';
import {
  fingerprintRow,
  kindInfo,
  SLOT_NAMES,
  slotLabel,
  slotsIn,
  type CanonicalDocument,
  type SlotName,
} from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import { purposeOf, unixMs, type EntryState, type Network, type Sequence } from '../ledger/index.js';
import { tagOf, type EvaluatorWarning } from '../oprf/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { isOwn } from './entries.js';
import { entryOnLedger, registrationOf, type EntryOnLedger } from './entry-on-ledger.js';
import type { Evaluations } from './evaluations.js';
import { evaluateAll, fingerprintDocument, possessionIdentity } from './fingerprinting.js';
import type { LedgerCopy } from './ledger-copy.js';
import { documentIn } from './share.js';
import type { AgentStore } from './store.js';

export interface ConvergentParts {
  readonly network: Network;
  readonly evaluations: Pick<Evaluations, 'of'>;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: Pick<LedgerClient, 'transaction' | 'payload'>;
}

/** A field that is not equal in the own copy and the registered document. Both values are known to whoever sees it. */
export interface Difference {
  readonly slot: SlotName | 'kind';
  /** As the trade calls it. */
  readonly field: string;
  /** Canonical strings; null where the field is absent. */
  readonly own: string | readonly string[] | null;
  readonly registered: string | readonly string[] | null;
}

/**
 * `opened`: the own copy agrees in all that only a holder knows, and opens the entry. `closed`: it does not, or its
 * author used another salt than the holders'. `erased`: its payload is gone. `false`: the author sealed another document
 * than the entry commits to.
 */
export type OpeningStatus = 'opened' | 'closed' | 'erased' | 'false';

/** An entry of the same document (issuer and number, or carrier and number) under a purpose with convergent salts. */
export interface ConvergentEntry {
  readonly entry: number;
  readonly purpose: string;
  readonly state: EntryState;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** This member's own. */
  readonly own: boolean;
  readonly status: OpeningStatus;
  /** What is registered, where it opened; nowhere else is there anything to compare with. */
  readonly document: CanonicalDocument | null;
  /**
   * Empty where it did not open. A field that one of them lacks contradicts nothing: not every syntax has every field.
   */
  readonly differences: readonly Difference[];
  /** It opened, and what both state is equal. */
  readonly agrees: boolean;
}

export interface Opened {
  readonly entries: readonly ConvergentEntry[];
  /** The fields that have to agree for an entry to open, as the trade calls them. */
  readonly possession: readonly string[];
  readonly warnings: readonly EvaluatorWarning[];
}

/** With what opens the commitment; the salt is secret. */
export interface OpenedConvergent extends ConvergentEntry {
  readonly status: 'opened';
  readonly document: CanonicalDocument;
  readonly salt: FieldElement;
  readonly transaction: Uint8Array;
  readonly onLedger: EntryOnLedger;
}

/**
 * Opens other parties' convergent entries with an own copy of the document, in whatever syntax it is, and tells where the
 * copies differ (protocol section 7). One round of evaluations. Live entries alone, unless `entry` names one: then that
 * one in any state. The node learns which entries are read, from the requests for transaction and payload. Throws
 * `missing_field` where the copy lacks what a holder knows; `not_found` where nothing is registered of it under a
 * purpose with convergent salts; for a named entry `permission_denied` where its salt is its owner's, and
 * `invalid_argument` where it is of another document.
 */
export async function openConvergent(
  parts: ConvergentParts,
  document: CanonicalDocument,
  options: { readonly entry?: number } = {},
): Promise<Opened> {
  const { entries, possession, warnings } = await openingsOf(parts, document, options);
  return { entries: entries.map(shown), possession, warnings };
}

const shown = (opening: ConvergentEntry): ConvergentEntry => {
  const { entry, purpose, state, registeredAt, own, status, document, differences, agrees } = opening;
  return { entry, purpose, state, registeredAt, own, status, document, differences, agrees };
};

/** As {@link openConvergent}, with the salts, for whoever is to prove something about an entry. */
export async function openingsOf(
  parts: ConvergentParts,
  document: CanonicalDocument,
  { entry: wanted }: { readonly entry?: number } = {},
): Promise<Omit<Opened, 'entries'> & { readonly entries: readonly (ConvergentEntry | OpenedConvergent)[] }> {
  const { network, evaluations: evaluators, store, copy } = parts;
  const fingerprinted = await fingerprintDocument(document);
  // Refused before an evaluation is spent.
  possessionIdentity(fingerprinted);
  await copy.sync();
  if (wanted !== undefined) await refuseOwnerSalt(parts, wanted);
  const { evaluated, warnings } = await evaluateAll(evaluators, [fingerprinted]);
  const { exact, possession } = evaluated[0]!;
  const found = await store.use((session) => {
    const replica = copy.replica(session);
    const time = unixMs(Date.now());
    return network.genesis.schema.purposes
      .filter(({ saltPolicy }) => saltPolicy === 'convergent')
      .flatMap(({ name }) => {
        const tag = tagOf(exact.documentKey, name);
        const listed = replica
          .verdict(name, [tag, tag], time)
          .matches.map(({ sequence, state }) => ({ sequence, live: stands(state) }))
          .filter(({ sequence, live }) => (wanted === undefined ? live : sequence === wanted))
          .map(({ sequence }) => sequence);
        // A list is cut where somebody registered one document many times: an entry that is named need not be in it.
        const named = wanted === undefined ? undefined : replica.entry(wanted as Sequence);
        const sequences = named?.purpose === name ? [named.sequence] : listed;
        return sequences.filter((sequence) => replica.entry(sequence)?.tags[0] === tag);
      });
  });
  ensure(
    found.length > 0 || wanted === undefined,
    'invalid_argument',
    `entry ${wanted} is of another document than this copy: another issuer, another number, or another kind`,
    'entry',
  );
  ensure(
    found.length > 0,
    'not_found',
    'nothing is registered of this document for a purpose whose entries its holders can open; for other purposes (finance, cover, claim, cede) an entry opens with what its author shared alone',
  );
  const entries: (ConvergentEntry | OpenedConvergent)[] = [];
  for (const sequence of found)
    entries.push(await openingOf(parts, document, sequence, possession!.documentKey));
  return {
    entries,
    possession: slotsIn(fingerprintRow(document.kind).possession.mask).map((slot) =>
      slotLabel(document.kind, slot),
    ),
    warnings,
  };
}

/** Whether an entry still stands for its document: lapsed, settled and released ones do. */
export const stands = (state: EntryState): boolean => state !== 'cancelled' && state !== 'superseded';

/** Before an evaluation is spent on it. */
async function refuseOwnerSalt({ network, store, copy }: ConvergentParts, entry: number): Promise<void> {
  const purpose = await store.use((session) => registrationOf(session, copy, entry).body.purpose);
  ensure(
    purposeOf(network.genesis.schema, purpose).saltPolicy === 'convergent',
    'permission_denied',
    `entry ${entry} is registered for ${purpose}: its owner alone decides who reads it (ask for "entry share")`,
    'entry',
  );
}

async function openingOf(
  { network, store, copy, ledger }: ConvergentParts,
  own: CanonicalDocument,
  entry: number,
  possessionKey: FieldElement,
): Promise<ConvergentEntry | OpenedConvergent> {
  const { txHash, mine } = await store.use((session) => ({
    txHash: registrationOf(session, copy, entry).txHash,
    mine: isOwn(session, entry),
  }));
  const transaction = await ledger.transaction(txHash);
  const onLedger = await store.use((session) => entryOnLedger(session, copy, entry, transaction));
  const { claims, state, registeredAt } = onLedger;
  const about = { entry, purpose: claims.purpose, state, registeredAt, own: mine };
  const closed = (status: Exclude<OpeningStatus, 'opened'>): ConvergentEntry => ({
    ...about,
    status,
    document: null,
    differences: [],
    agrees: false,
  });
  const salt = poseidon([DOMAIN.convergentSalt, possessionKey, claims.nullifier]);
  try {
    const payload = await ledger.payload(claims.payloadHash);
    const document = await documentIn(payload, salt, claims, network.id);
    const differences = differencesOf(own, document);
    const agrees = !differences.some(({ own: mine, registered }) => mine !== null && registered !== null);
    return { ...about, status: 'opened', document, differences, agrees, salt, transaction, onLedger };
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    if (error.code === 'decryption_failed') return closed('closed');
    if (error.code === 'invalid_proof') return closed('false');
    if (error.code === 'not_found') return closed('erased');
    throw error;
  }
}

/** The fields in which two documents are not equal, in the order of the slots. */
function differencesOf(own: CanonicalDocument, registered: CanonicalDocument): Difference[] {
  const differences: Difference[] = [];
  if (own.kind !== registered.kind)
    differences.push({
      slot: 'kind',
      field: 'kind of document',
      own: kindInfo(own.kind).name,
      registered: kindInfo(registered.kind).name,
    });
  for (const slot of SLOT_NAMES) {
    const [mine, theirs] = [own.strings[slot] ?? null, registered.strings[slot] ?? null];
    if (JSON.stringify(mine) === JSON.stringify(theirs)) continue;
    differences.push({ slot, field: slotLabel(registered.kind, slot), own: mine, registered: theirs });
  }
  return differences;
}
