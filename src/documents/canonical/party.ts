import { CountersealError } from '../../errors.js';
import { isDuns, isEori, isGln, isLei } from './check-digits.js';
import { foldLookAlikes } from './confusables.js';
import { alphanumeric } from './number.js';
import type { Checked } from './objects.js';
import { PARTY_SCHEMES, type PartyScheme, type Register } from './schemes.js';
import { taxId } from './tax-id.js';
import { assertVisible, canonicalText, cutToBytes } from './text.js';

/** An identifier as the document carries it. */
export interface PartyId {
  readonly register: Register;
  readonly value: string;
  /** Where in the document, as its format calls it. */
  readonly field: string;
}

/** What a document says of a party. */
export interface PartyFields {
  readonly ids: readonly PartyId[];
  /** Identifiers of its electronic address: they can be those of a service provider, so they come after all others. */
  readonly endpoints: readonly PartyId[];
  readonly name: { readonly value: string; readonly field: string } | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  /** Where the party is in the document. */
  readonly field: string;
}

export interface CanonicalParty {
  /** `scheme|id`, or `NAME|name|country`. */
  readonly value: string;
  readonly field: string;
  /** Known by name only: two companies of one name in one country are one. */
  readonly weak: boolean;
  readonly warnings: readonly string[];
}

/** The longest name that takes part in an identity; the rest of a longer one is cut at a code point. */
const NAME_MAX_BYTES = 240;

/**
 * A party as `scheme|id`: the first of tax identifier, other tax number, legal registration, EORI, LEI, DUNS, GLN that
 * the document has, wherever it stands; then those of the electronic address; then the name, which identifies weakly.
 * Text in the place of an identifier (`registered for tax`) has no digit and is passed over, and so are numbers that
 * have not the shape of their scheme.
 *
 * Null if the party has neither identifier nor name.
 *
 * @throws invalid_document for an identifier with hidden or foreign characters: passing over it would let the
 * same document have a second identity
 */
export function canonicalParty(party: PartyFields): CanonicalParty | null {
  for (const ids of [party.ids, party.endpoints]) {
    for (const scheme of PARTY_SCHEMES) {
      const candidates = ids.filter((id) => id.register.scheme === scheme && hasShape(scheme, id));
      if (candidates.length > 0) return preferred(scheme, candidates, party.country);
    }
  }
  if (party.name === undefined) return null;
  const { value, field } = party.name;
  // A look-alike letter must not make a second name: names in Cyrillic or Greek change too, but all in the same way.
  const name = cutToBytes(foldLookAlikes(canonicalText(value, field)), NAME_MAX_BYTES);
  if (!/[\p{L}\p{Nd}]/u.test(name)) return null;
  return {
    value: `NAME|${name}|${party.country ?? ''}`,
    field,
    weak: true,
    warnings: [],
  };
}

/** Schemes whose numbers are worldwide have one shape: what has another is a number of somebody's own list. */
const SHAPES: Readonly<Partial<Record<PartyScheme, (id: string) => boolean>>> = {
  EORI: isEori,
  LEI: (id) => /^[A-Z0-9]{20}$/.test(id),
  DUNS: isDuns,
  GLN: (id) => /^[0-9]{13}$/.test(id),
};

/** Whether the value can be an identifier at all: it has a digit, and the shape of its scheme. */
function hasShape(scheme: PartyScheme, { value, field }: PartyId): boolean {
  if (!/\p{Nd}/u.test(value)) return false;
  const shape = SHAPES[scheme];
  return shape === undefined || shape(alphanumeric(value, field));
}

/** Of several identifiers of one scheme: that of the party's own country, then the first in code-unit order. */
function preferred(
  scheme: PartyScheme,
  candidates: readonly PartyId[],
  country: string | undefined,
): CanonicalParty {
  const forms = new Map<string, { field: string; warning: string | undefined }>();
  for (const { register, value, field } of candidates) {
    const form = identifier(scheme, value, register.country ?? country, field);
    if (!forms.has(form.value)) forms.set(form.value, { field, warning: form.warning });
  }
  const home = country === 'GR' ? 'EL' : country;
  const sorted = [...forms.keys()].sort(
    (a, b) => Number(b.startsWith(home ?? '\0')) - Number(a.startsWith(home ?? '\0')) || (a < b ? -1 : 1),
  );
  const chosen = sorted[0] ?? '';
  const { field = '', warning } = forms.get(chosen) ?? {};
  return {
    value: `${scheme}|${chosen}`,
    field,
    weak: false,
    warnings: [
      ...(warning === undefined ? [] : [warning]),
      ...(sorted.length > 1
        ? [`${field}: several ${scheme} numbers (${sorted.join(', ')}); ${chosen} is used`]
        : []),
    ],
  };
}

function identifier(scheme: PartyScheme, value: string, country: string | undefined, field: string): Checked {
  switch (scheme) {
    case 'VAT':
      return taxId(value, country, field);
    case 'TAX':
    case 'REG':
      return registration(value, country, field);
    case 'EORI':
    case 'DUNS':
      return { value: alphanumeric(value, field) };
    case 'LEI':
      return withCheckDigit(alphanumeric(value, field), isLei, field, 'LEI');
    case 'GLN':
      return withCheckDigit(alphanumeric(value, field), isGln, field, 'GLN');
  }
}

/** A register's number with the country before it, once. */
function registration(value: string, country: string | undefined, field: string): Checked {
  assertVisible(value, field);
  // Registers name courts and forms in their own language (`Amtsgericht Köln HRB 1234`): letters with marks are theirs.
  let id = canonicalText(value, field).replace(/[^\p{L}\p{Nd}]/gu, '');
  id = /^[\x20-\x7E]*$/.test(id) ? id : alphanumeric(id.normalize('NFD').replace(/\p{M}/gu, ''), field);
  if (country === undefined)
    return { value: id, warning: `${field}: ${id} is a number of an unknown country's register` };
  // SIRET is SIREN and the number of an establishment: the legal entity is the SIREN.
  if (country === 'FR' && /^[0-9]{14}$/.test(id)) id = id.slice(0, 9);
  return { value: id.startsWith(country) ? id : country + id };
}

function withCheckDigit(id: string, holds: (id: string) => boolean, field: string, name: string): Checked {
  return holds(id)
    ? { value: id }
    : { value: id, warning: `${field}: ${id} is not a valid ${name}: check it` };
}

/** @throws missing_field for a party that nothing identifies */
export function requireParty(party: PartyFields | undefined, field: string): CanonicalParty {
  const canonical = party === undefined ? null : canonicalParty(party);
  if (canonical !== null) return canonical;
  throw new CountersealError('missing_field', `${field} has neither an identifier nor a name`, { field });
}
