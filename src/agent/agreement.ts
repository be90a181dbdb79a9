import type { FieldElement } from '../crypto/index.js';
import { possessionTagOf, type IndexedEntry } from '../ledger/index.js';
import { tagOf } from '../oprf/index.js';
import type { OwnEntry } from './entries.js';
import { keptEvaluation } from './kept-evaluation.js';

/**
 * Whether another entry is of the very same document: it shows the same possession, another one, or that is not known,
 * because it has not shown any or the one who asks has none.
 */
export type Agreement = 'agrees' | 'differs' | 'unknown';

export function agreement(own: FieldElement | undefined, other: IndexedEntry | undefined): Agreement {
  const theirs = other && possessionTagOf(other);
  if (own === undefined || theirs === undefined) return 'unknown';
  return own === theirs ? 'agrees' : 'differs';
}

/** The possession tag of an own entry, whether it has shown it or not; undefined where the folder does not know it. */
export function ownPossession(entry: OwnEntry, self: IndexedEntry): FieldElement | undefined {
  const shown = possessionTagOf(self);
  if (shown !== undefined || !entry.possession) return shown;
  return tagOf(keptEvaluation(entry.possession).documentKey, entry.purpose);
}
