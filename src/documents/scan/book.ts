import type { CanonicalDocument } from '../document.js';
import type { Fingerprint } from '../fingerprints.js';
import type { ReadDocument } from '../identify.js';
import { kindInfo } from '../kinds.js';
import { SLOT_NAMES, type SlotName, slotsIn } from '../slots.js';

/** A document of one's own book and where it is: a file, or a file and a row of it. */
export interface BookEntry {
  readonly source: string;
  readonly row: number | null;
  readonly kind: number;
  readonly kindName: string;
  readonly format: ReadDocument['format'];
  readonly strings: CanonicalDocument['strings'];
}

/** How documents of a group are alike. */
export type Match = 'exact' | 'near' | 'alias';

/** A group of documents that are one, or probably one deal, with the reasons. */
export interface Duplicates {
  readonly match: Match;
  /** What it means, in words. */
  readonly meaning: string;
  readonly agree: readonly { readonly slot: SlotName; readonly value: string }[];
  readonly differ: readonly { readonly slot: SlotName; readonly values: readonly string[] }[];
  readonly entries: readonly BookEntry[];
}

const MEANINGS: Readonly<Record<Match, string>> = {
  exact: 'the same document: same number of the same issuer or carrier',
  near: 'probably the same deal under another number',
  alias: 'probably the same document under another identifier of its issuer',
};

/** What is compared for the explanation; lines and references are too long for a table. */
const COMPARED: readonly SlotName[] = SLOT_NAMES.filter(
  (slot) => slot !== 'lines' && slot !== 'references' && slot !== 'looseNumber',
);

/** Collects documents and finds duplicates among them, without any network: equal canonical strings are equal identities. */
export class Book {
  private readonly entries: BookEntry[] = [];
  private readonly exact = new Map<string, number[]>();
  private readonly near = new Map<string, number[]>();
  private readonly alias = new Map<string, number[]>();
  /** The exact key of each entry, to tell one document in two places from two documents. */
  private readonly keys: string[] = [];

  /** How many documents were added. */
  get size(): number {
    return this.entries.length;
  }

  add(source: string, row: number | null, { format, document }: ReadDocument): void {
    const index = this.entries.length;
    const strings = Object.fromEntries(
      COMPARED.flatMap((slot) => {
        const value = document.strings[slot];
        return value === undefined ? [] : [[slot, value]];
      }),
    );
    this.entries.push({
      source,
      row,
      kind: document.kind,
      kindName: kindInfo(document.kind).name,
      format,
      strings,
    });
    const { row: fingerprints } = document;
    const exact = keyOf(document, fingerprints.exact);
    this.keys.push(exact ?? `#${index}`);
    put(this.exact, exact, index);
    put(this.near, keyOf(document, fingerprints.near), index);
    const alias = fingerprints.further.find(({ name }) => name.includes('/alias@'));
    put(this.alias, keyOf(document, alias ?? null), index);
  }

  /** Groups of two and more: exact ones first, then near ones of documents that are not one anyway. */
  duplicates(): readonly Duplicates[] {
    const seen = new Set<string>();
    return (['exact', 'near', 'alias'] as const).flatMap((match) =>
      [...this[match].values()]
        .filter((indices) => indices.length > 1 && (match === 'exact' || this.distinct(indices) > 1))
        // Two documents that are near and alias of one another are told once.
        .filter((indices) => {
          const members = `${match === 'exact' ? 'exact' : 'like'} ${indices.join(' ')}`;
          return !seen.has(members) && seen.add(members);
        })
        .map((indices) => this.explained(match, indices)),
    );
  }

  private distinct(indices: readonly number[]): number {
    return new Set(indices.map((index) => this.keys[index])).size;
  }

  private explained(match: Match, indices: readonly number[]): Duplicates {
    const entries = indices.flatMap((index) => this.entries[index] ?? []);
    const values = COMPARED.map((slot) => ({
      slot,
      values: [...new Set(entries.map(({ strings }) => shown(strings[slot])))],
    }));
    return {
      match,
      meaning: MEANINGS[match],
      agree: values.flatMap(({ slot, values: [value = '', ...others] }) =>
        others.length === 0 && value !== '' ? [{ slot, value }] : [],
      ),
      differ: values.filter((compared) => compared.values.length > 1),
      entries,
    };
  }
}

function shown(value: string | readonly string[] | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : value.join('; ');
}

/** The name keeps rows of the table apart: order 7 and invoice 7 of one issuer are two documents. */
function keyOf(document: CanonicalDocument, fingerprint: Fingerprint | null): string | null {
  if (fingerprint === null) return null;
  if ((fingerprint.mask & ~document.present) !== 0) return null;
  return JSON.stringify([
    fingerprint.name,
    ...slotsIn(fingerprint.mask).map((slot) => document.strings[slot]),
  ]);
}

function put(map: Map<string, number[]>, key: string | null, index: number): void {
  if (key === null) return;
  const indices = map.get(key);
  if (indices === undefined) map.set(key, [index]);
  else indices.push(index);
}
