import type { FieldElement } from '../crypto/index.js';
import type { CanonicalDocument } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { fits } from './crosscheck-request.js';
import { ownEntry } from './entries.js';
import { documentOf, saltOf, transactionOf } from './entry-opening.js';
import { entryOnLedger, type EntryOnLedger } from './entry-on-ledger.js';
import type { Evaluations } from './evaluations.js';
import { openingsOf, stands, type ConvergentEntry, type OpenedConvergent } from './open-convergent.js';
import { readShare } from './share.js';
import type { RuleSet } from '../proofs/index.js';
import type { RequestParts } from './crosscheck-request.js';

/** Where a prover has one side of a cross-check from. */
export type SideSource =
  | { readonly from: 'own'; readonly entry: number }
  /** The file that `entry share` made for this member. */
  | { readonly from: 'share'; readonly text: string }
  /** An own copy of the document, which opens another party's convergent entry; `entry` says which, of several. */
  | { readonly from: 'document'; readonly document: CanonicalDocument; readonly entry?: number };

export interface SideParts extends RequestParts {
  readonly evaluations: Pick<Evaluations, 'of'>;
  readonly ledger: Pick<LedgerClient, 'transaction' | 'payload'>;
}

/** One side, opened. `salt` is secret. */
export interface OpenSide {
  readonly entry: number;
  readonly document: CanonicalDocument;
  readonly salt: FieldElement;
  readonly transaction: Uint8Array;
  readonly onLedger: EntryOnLedger;
}

/**
 * Opens a side. Throws `not_found` for an entry that is not there or not this member's; as {@link readShare} and
 * {@link openingsOf}; `failed_precondition` where the own copy opens no entry, `invalid_argument` where it opens several.
 */
export async function openSide(
  parts: SideParts,
  source: SideSource,
  side: RuleSet['a'],
  subjects: readonly number[],
): Promise<OpenSide> {
  switch (source.from) {
    case 'own':
      return ownSide(parts, source.entry);
    case 'share': {
      const { entry, document, salt, transaction, onLedger } = await readShare(parts, source.text);
      return { entry, document, salt, transaction, onLedger };
    }
    case 'document':
      return convergentSide(parts, source.document, source.entry, side, subjects);
  }
}

async function ownSide(parts: SideParts, sequence: number): Promise<OpenSide> {
  const { store, copy } = parts;
  const { own, onLedger, transaction } = await store.use((session) => {
    const own = ownEntry(session, sequence);
    ensure(
      own,
      'not_found',
      `this member has no entry ${sequence}: another's is opened with what its author shared, or with an own copy of the document`,
      'entry',
    );
    const transaction = transactionOf(own);
    return { own, transaction, onLedger: entryOnLedger(session, copy, sequence, transaction) };
  });
  const document = documentOf(own);
  const salt = await saltOf(parts, own, onLedger.claims);
  return { entry: sequence, document, salt, transaction, onLedger };
}

async function convergentSide(
  parts: SideParts,
  copy: CanonicalDocument,
  wanted: number | undefined,
  side: RuleSet['a'],
  subjects: readonly number[],
): Promise<OpenSide> {
  const { entries, possession } = await openingsOf(
    parts,
    copy,
    wanted === undefined ? {} : { entry: wanted },
  );
  const all = entries.filter(isOpened);
  if (all.length === 0) throw cannotOpen(entries, possession);
  const fitting = all.filter(({ state, onLedger }) => stands(state) && fits(side, onLedger.claims));
  const opened = fitting.length > 0 ? fitting : all;
  const named = opened.filter(({ entry }) => subjects.includes(entry));
  const [first, ...others] = named.length > 0 ? named : opened;
  ensure(
    others.length === 0,
    'invalid_argument',
    `this copy opens the entries ${opened.map(({ entry }) => entry).join(', ')}: say which is meant`,
    'entry',
  );
  const { entry, document, salt, transaction, onLedger } = first!;
  return { entry, document, salt, transaction, onLedger };
}

const isOpened = (entry: ConvergentEntry | OpenedConvergent): entry is OpenedConvergent =>
  entry.status === 'opened';

function cannotOpen(entries: readonly ConvergentEntry[], possession: readonly string[]): CountersealError {
  const [{ entry, status }] = entries as readonly [ConvergentEntry];
  if (status === 'erased')
    return new CountersealError(
      'not_found',
      `the payload of entry ${entry} is gone: nothing can be proved of it`,
      {
        field: 'entry',
      },
    );
  if (status === 'false')
    return new CountersealError(
      'invalid_proof',
      `the author of entry ${entry} sealed another document than the entry commits to: do not rely on it`,
      { field: 'entry' },
    );
  return new CountersealError(
    'failed_precondition',
    `your copy differs in one of ${possession.join(', ')} from what was registered as entry ${entry}, or its author holds another document`,
    { field: 'entry' },
  );
}
