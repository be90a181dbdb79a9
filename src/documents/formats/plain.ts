import { CountersealError } from '../../errors.js';
import type { Carrier } from '../canonical/carrier.js';
import type { PartyFields, PartyId } from '../canonical/party.js';
import { PARTY_SCHEMES, type PartyScheme } from '../canonical/schemes.js';
import type { CanonicalDocument } from '../document.js';
import { type Kind, KINDS } from '../kinds.js';
import { canonicalFields, type ObjectFields } from './document-fields.js';
import type { Found, LineFields, ReferenceFields } from './slot-builder.js';

/** The plain names of the kinds: `invoice`, `bill-of-lading`, `reinsurance-cession`. */
export const PLAIN_KINDS: ReadonlyMap<string, Kind> = new Map(
  [...KINDS.values()].map(({ kind, name }) => [name.replaceAll(' ', '-'), kind]),
);

/** The fields that identify a party, and the register behind each. */
const PARTY_KEYS: Readonly<Record<string, PartyScheme>> = {
  vat: 'VAT',
  tax: 'TAX',
  registration: 'REG',
  eori: 'EORI',
  lei: 'LEI',
  duns: 'DUNS',
  gln: 'GLN',
} satisfies Record<string, (typeof PARTY_SCHEMES)[number]>;

/** What a plain value is, so that a table can read it by its own rules. */
export type PlainType = 'text' | 'date' | 'decimal';

const partyPaths = (party: string): [string, PlainType][] =>
  ['name', 'country', ...Object.keys(PARTY_KEYS)].map((key) => [`${party}.${key}`, 'text']);

/** Every single-valued field of the plain form, by its path. */
export const PLAIN_FIELDS: ReadonlyMap<string, PlainType> = new Map<string, PlainType>([
  ['number', 'text'],
  ['issueDate', 'date'],
  ['currency', 'text'],
  ['amount', 'decimal'],
  ...partyPaths('issuer'),
  ...partyPaths('counterparty'),
  ['startDate', 'date'],
  ['endDate', 'date'],
  ['transport.carrier', 'text'],
  ['transport.carrierScheme', 'text'],
  ['transport.number', 'text'],
  ['hsCode', 'text'],
  ['peril', 'text'],
  ['grossMass.value', 'decimal'],
  ['grossMass.unit', 'text'],
  ['sharePercent', 'decimal'],
  ['packages', 'decimal'],
]);

/** A document in the plain form, whatever it is written in. */
export interface PlainSource {
  readonly kind: Kind;
  /** The value at one of {@link PLAIN_FIELDS}, dates as YYYY-MM-DD and decimals with a point. */
  value(path: string): Found | undefined;
  /** How the source calls a field that must be there. */
  nameOf(path: string): string;
  readonly references: readonly ReferenceFields[];
  readonly lines: readonly LineFields[];
  readonly objects: readonly ObjectFields[];
}

/** @throws as {@link canonicalFields} */
export function canonicalPlain(source: PlainSource): CanonicalDocument {
  const number = source.value('number');
  const transport = source.value('transport.number');
  const hsCode = source.value('hsCode');
  const mass = source.value('grossMass.value');
  const packed = source.value('packages');
  const isTransport = [704, 705, 710, 714, 740].includes(source.kind);
  const carried = isTransport ? (transport ?? number) : transport;
  return canonicalFields({
    kind: source.kind,
    issuer: party(source, 'issuer'),
    number: isTransport ? (number ?? transport) : number,
    counterparty: party(source, 'counterparty'),
    issueDate: source.value('issueDate'),
    startDate: source.value('startDate'),
    endDate: source.value('endDate'),
    currency: source.value('currency'),
    amount: source.value('amount'),
    transport: carried === undefined ? undefined : { carrier: carrierOf(source), number: carried },
    objects: source.objects,
    hsCodes: hsCode === undefined ? [] : [hsCode],
    peril: source.value('peril'),
    ...(mass === undefined
      ? {}
      : {
          weights: {
            items: [{ value: mass.value, unit: source.value('grossMass.unit')?.value ?? 'KGM' }],
            field: mass.field,
          },
        }),
    ...(packed === undefined ? {} : { packages: { counts: [packed.value], field: packed.field } }),
    sharePercent: source.value('sharePercent'),
    references: source.references,
    lines: { items: source.lines, field: source.nameOf('lines') },
    names: {
      issuer: source.nameOf('issuer.vat'),
      number: source.nameOf('number'),
      transport: source.nameOf(carried === undefined ? 'transport.number' : 'transport.carrier'),
    },
  });
}

/** SCAC codes have four letters, SMDG codes three: a scheme need not be said unless it is the other way round. */
function carrierOf(source: PlainSource): Carrier | undefined {
  const code = source.value('transport.carrier');
  if (code === undefined) return source.kind === 740 ? { air: true } : undefined;
  const scheme =
    source.value('transport.carrierScheme')?.value.trim().toUpperCase() ??
    (code.value.trim().length === 3 ? 'SMDG' : 'SCAC');
  if (scheme === 'SMDG' || scheme === 'SCAC') return { scheme, code: code.value };
  const field = source.nameOf('transport.carrierScheme');
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(scheme.slice(0, 20))}: SMDG or SCAC`,
    { field },
  );
}

function party(source: PlainSource, name: string): PartyFields | undefined {
  const country = source.value(`${name}.country`)?.value.trim().toUpperCase();
  if (country !== undefined && !/^[A-Z]{2}$/.test(country)) {
    const field = source.nameOf(`${name}.country`);
    throw new CountersealError(
      'invalid_document',
      `${field} is ${JSON.stringify(country.slice(0, 20))}: a country is two letters (ISO 3166-1 alpha-2), as in DE`,
      { field },
    );
  }
  const ids = Object.entries(PARTY_KEYS).flatMap(([key, scheme]): PartyId[] => {
    const found = source.value(`${name}.${key}`);
    return found === undefined ? [] : [{ register: { scheme }, value: found.value, field: found.field }];
  });
  const called = source.value(`${name}.name`);
  if (ids.length === 0 && called === undefined) return undefined;
  return {
    ids,
    endpoints: [],
    name: called,
    country: country === 'EL' ? 'GR' : country === 'UK' ? 'GB' : country,
    field: source.nameOf(`${name}.name`),
  };
}
