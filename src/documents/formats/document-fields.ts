import { CountersealError } from '../../errors.js';
import { minorUnits } from '../canonical/amount.js';
import { type Carrier, transportNumber } from '../canonical/carrier.js';
import { currencyOf } from '../canonical/currencies.js';
import { canonicalDate, yearOf } from '../canonical/date.js';
import { parseDecimal } from '../canonical/decimal.js';
import { grams, packages, type Weight } from '../canonical/mass.js';
import { canonicalNumber, looseNumber } from '../canonical/number.js';
import {
  type Checked,
  container,
  harmonizedSystem,
  imoShip,
  objectOf,
  vehicle,
} from '../canonical/objects.js';
import { canonicalParty, type PartyFields } from '../canonical/party.js';
import { canonicalSet } from '../canonical/sets.js';
import { canonicalText, cutToBytes } from '../canonical/text.js';
import { type CanonicalDocument, canonicalDocument } from '../document.js';
import { type FingerprintRow, fingerprintRow, YEARLY_NUMBERS } from '../fingerprints.js';
import { type Kind, kindInfo } from '../kinds.js';
import { type SlotName, slotsIn } from '../slots.js';
import {
  type Found,
  type LineFields,
  lines,
  type ReferenceFields,
  references,
  required,
  signedKind,
  Slots,
} from './slot-builder.js';

/** A thing that the document is about. Types beyond the three with check digits are words: `LOT`, `LOCATION`. */
export interface ObjectFields extends Found {
  readonly type: string;
}

/** The transport document that carries the goods; for a bill of lading, itself. */
export interface TransportFields {
  readonly carrier: Carrier | undefined;
  readonly number: Found;
}

/** A party, or an identifier of a register that is not one of companies (an insurer's code at its supervisor). */
export type IssuerFields =
  PartyFields | { readonly code: string; readonly weak: boolean; readonly field: string };

/** What a document of any kind says, before canonical forms. */
export interface DocumentFields {
  readonly kind: Kind;
  readonly issuer: IssuerFields | undefined;
  readonly number: Found | undefined;
  readonly counterparty?: PartyFields | undefined;
  readonly issueDate?: Found | undefined;
  readonly startDate?: Found | undefined;
  readonly endDate?: Found | undefined;
  readonly currency?: Found | undefined;
  readonly amount?: Found | undefined;
  readonly references?: readonly ReferenceFields[];
  readonly lines?: { readonly items: readonly LineFields[]; readonly field: string };
  readonly transport?: TransportFields | undefined;
  readonly objects?: readonly ObjectFields[];
  /** Codes of goods: of several HS headings the lowest counts, in whatever order they stand. */
  readonly hsCodes?: readonly Found[];
  /** Instead of goods: the peril insured, the cause of a loss. */
  readonly peril?: Found | undefined;
  readonly weights?: { readonly items: readonly Weight[]; readonly field: string };
  /** Of a cession: the share of the risk in per cent. */
  readonly sharePercent?: Found | undefined;
  readonly packages?: { readonly counts: readonly string[]; readonly field: string };
  readonly warnings?: readonly string[];
  /** How this format calls what must be there, for errors about absent fields. */
  readonly names: { readonly issuer: string; readonly number: string; readonly transport?: string };
}

/** The longest peril; a longer one is cut at a code point. */
const PERIL_MAX_BYTES = 240;

/**
 * Sets slots. One that a fingerprint of the kind's row reads must have a canonical form: leaving it out would let
 * somebody switch that fingerprint off with a slip of the pen. Others are left out with a warning.
 */
class Filler extends Slots {
  private readonly strict: ReadonlySet<SlotName>;

  constructor(row: FingerprintRow) {
    super();
    const masks = [row.exact, row.possession, ...(row.near === null ? [] : [row.near])];
    this.strict = new Set(masks.flatMap(({ mask }) => slotsIn(mask)));
  }

  /** Whether a fingerprint of the row reads this slot. */
  reads(slot: SlotName): boolean {
    return this.strict.has(slot);
  }

  fill(slot: SlotName, field: string, make: () => string | readonly string[] | null): void {
    if (!this.reads(slot)) {
      this.optional(slot, field, make);
      return;
    }
    const value = make();
    if (value !== null) this.set(slot, value, field);
  }

  date(slot: SlotName, found: Found | undefined): void {
    if (found !== undefined) this.fill(slot, found.field, () => canonicalDate(found.value, found.field));
  }
}

/**
 * The canonical document of what a format says.
 *
 * @throws missing_field if a slot of the exact fingerprint is absent; invalid_document if one that a fingerprint reads
 * has no canonical form; both name the field as the format calls it
 */
export function canonicalFields(fields: DocumentFields): CanonicalDocument {
  const warnings = [...(fields.warnings ?? [])];
  const kind = kindOf(fields, warnings);
  const { row: rowName } = kindInfo(kind);
  const row = fingerprintRow(kind);
  const slots = new Filler(row);
  slots.warnings.push(...warnings);
  const exact = new Set(slotsIn(row.exact.mask));

  issuerSlot(fields, slots, exact.has('issuer'));
  slots.date('issueDate', fields.issueDate);
  const number = exact.has('number') ? required(fields.number, fields.names.number) : fields.number;
  if (number !== undefined) {
    const { issueDate } = slots.strings;
    if (YEARLY_NUMBERS.has(rowName) && typeof issueDate !== 'string')
      throw new CountersealError('missing_field', 'issueDate is missing or empty', { field: 'issueDate' });
    slots.fill('number', number.field, () => {
      const canonical = canonicalNumber(number.value, number.field);
      return YEARLY_NUMBERS.has(rowName) ? `${yearOf(String(issueDate))}|${canonical}` : canonical;
    });
    slots.optional('looseNumber', number.field, () => looseNumber(number.value, number.field));
  }
  transportSlot(fields, slots, exact.has('transport'));
  const { counterparty } = fields;
  if (counterparty !== undefined) {
    slots.fill('counterparty', counterparty.field, () => {
      const party = canonicalParty(counterparty);
      slots.warnings.push(...(party?.warnings ?? []));
      return party?.value ?? null;
    });
  }
  amountSlots(fields, slots);
  slots.date('startDate', fields.startDate);
  slots.date('endDate', fields.endDate);
  goodsSlots(fields, slots);
  if (fields.references !== undefined && fields.references.length > 0) {
    const found = fields.references;
    slots.fill('references', 'references', () => references(found, slots.strings));
  }
  if (fields.lines !== undefined) {
    const { items, field } = fields.lines;
    const { currency } = slots.strings;
    slots.optional('lines', field, () =>
      lines(items, field, typeof currency === 'string' ? currencyOf(currency, 'currency') : undefined),
    );
  }
  return canonicalDocument(kind, slots.strings, slots.sources, [...new Set(slots.warnings)]);
}

/** The kind carries the sign of the amount: see {@link signedKind}. */
function kindOf({ kind, amount }: DocumentFields, warnings: string[]): Kind {
  if (amount === undefined) return kind;
  return signedKind(kind, parseDecimal(amount.value, amount.field).units < 0n, amount.field, warnings);
}

function issuerSlot(fields: DocumentFields, slots: Filler, needed: boolean): void {
  const { issuer, names } = fields;
  if (issuer === undefined) {
    if (needed)
      throw new CountersealError('missing_field', `${names.issuer} is missing`, { field: names.issuer });
    return;
  }
  if ('code' in issuer) {
    slots.set('issuer', issuer.code, issuer.field);
    return;
  }
  const party = canonicalParty(issuer);
  if (party === null) {
    if (!needed) return;
    throw new CountersealError(
      'missing_field',
      `${names.issuer} has neither an identifier with a digit in it nor a name`,
      {
        field: names.issuer,
      },
    );
  }
  slots.set('issuer', party.value, party.field);
  slots.warnings.push(...party.warnings);
  if (party.weak && needed) {
    slots.warnings.push(
      `${party.field}: the issuer is identified by name only, which is weak: add its tax or registration number`,
    );
  }
}

function transportSlot(fields: DocumentFields, slots: Filler, needed: boolean): void {
  const { transport, names } = fields;
  if (transport === undefined) {
    if (needed) {
      const field = names.transport ?? names.number;
      throw new CountersealError('missing_field', `${field} is missing or empty`, { field });
    }
    return;
  }
  const { number, carrier } = transport;
  slots.fill('transport', number.field, () => {
    const { value, known } = transportNumber(carrier, number.value, number.field);
    if (!known) {
      const field = names.transport ?? number.field;
      if (needed) {
        throw new CountersealError(
          'missing_field',
          `${field} is missing: the number of a transport document is one only together with its carrier`,
          { field },
        );
      }
      slots.warnings.push(
        `${number.field}: the carrier is not stated, so it may miss documents that state it`,
      );
    }
    return value;
  });
  // A transport document's own number: without the carrier's code, which senders print before it or not.
  const own = slots.strings.transport;
  if (needed && typeof own === 'string') {
    const canonical = own.slice(own.lastIndexOf('|') + 1);
    slots.set('number', canonical, number.field);
    slots.optional('looseNumber', number.field, () => looseNumber(canonical, number.field));
  }
}

function amountSlots(fields: DocumentFields, slots: Filler): void {
  const { currency, amount } = fields;
  if (currency === undefined) {
    if (amount !== undefined) slots.warnings.push(`amount is left out: ${amount.field} has no currency`);
    return;
  }
  const code = (): string => currencyOf(currency.value, currency.field).code;
  // An amount that a fingerprint reads cannot be left out for the sake of its currency.
  if (amount !== undefined && slots.reads('amount')) slots.set('currency', code(), currency.field);
  else slots.fill('currency', currency.field, code);
  if (amount === undefined || slots.strings.currency === undefined) return;
  slots.fill('amount', amount.field, () => {
    const { magnitude } = minorUnits(
      parseDecimal(amount.value, amount.field),
      currencyOf(currency.value, currency.field),
      amount.field,
    );
    return magnitude.toString();
  });
}

function goodsSlots(fields: DocumentFields, slots: Filler): void {
  const { objects = [], hsCodes = [], peril, weights, packages: packed, sharePercent } = fields;
  if (objects.length > 0) {
    slots.fill('objects', objects[0]?.field ?? 'objects', () =>
      canonicalSet(
        objects.map((object) => {
          const { value, warning } = canonicalObject(object);
          if (warning !== undefined) slots.warnings.push(warning);
          return value;
        }),
        objects[0]?.field ?? 'objects',
      ),
    );
  }
  if (hsCodes.length > 0) {
    const field = hsCodes[0]?.field ?? 'hsCode';
    slots.fill('classCode', field, () => {
      const headings = [...new Set(hsCodes.map((code) => harmonizedSystem(code.value, code.field)))].sort();
      if (headings.length > 1)
        slots.warnings.push(
          `${field}: goods of ${headings.length} HS headings; ${headings[0] ?? ''} is used`,
        );
      return headings[0] ?? null;
    });
  } else if (peril !== undefined) {
    slots.fill('classCode', peril.field, () =>
      cutToBytes(canonicalText(peril.value, peril.field), PERIL_MAX_BYTES),
    );
  }
  if (weights !== undefined && weights.items.length > 0)
    slots.fill('quantity', weights.field, () => grams(weights.items, weights.field).toString());
  else if (sharePercent !== undefined)
    slots.fill('quantity', sharePercent.field, () => partsPerMillion(sharePercent));
  if (packed !== undefined && packed.counts.length > 0) {
    slots.fill('packages', packed.field, () => {
      const sum = packed.counts.reduce((total, count) => total + packages(count, packed.field), 0n);
      return packages(sum.toString(), packed.field).toString();
    });
  }
}

/** Per cent with up to four decimals, above 0 and at most 100, in parts per million. */
function partsPerMillion({ value, field }: Found): string {
  const { units, scale } = parseDecimal(value, field);
  if (scale > 4 || units <= 0n || units > 100n * 10n ** BigInt(scale)) {
    throw new CountersealError(
      'invalid_document',
      `${field} is ${JSON.stringify(value.slice(0, 40))}: a share is above 0 and at most 100 per cent, with up to four decimals`,
      { field },
    );
  }
  return (units * 10n ** BigInt(4 - scale)).toString();
}

function canonicalObject({ type, value, field }: ObjectFields): Checked {
  switch (type.toUpperCase()) {
    case 'CONTAINER':
      return { value: container(value, field) };
    case 'IMO':
      return imoShip(value, field);
    case 'VIN':
      return vehicle(value, field);
    default:
      return { value: objectOf(type, value, field) };
  }
}
