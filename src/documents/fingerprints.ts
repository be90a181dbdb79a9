import { CANON_VERSION, type Kind, kindInfo, type RowName } from './kinds.js';
import { maskOf, type SlotMask, type SlotName } from './slots.js';

/** A name and a mask: identity = H(3, text(name), H(slots AND mask)). */
export interface Fingerprint {
  /** `row/purpose@canon`: `invoice/exact@1`. */
  readonly name: string;
  readonly mask: SlotMask;
}

/** Names under which a network's schema switches further fingerprints on. */
export const FURTHER_NAMES = ['loose', 'alias', 'lines', 'goods', 'object', 'object-class'] as const;
export type FurtherName = (typeof FURTHER_NAMES)[number];

/** A fingerprint of the statement `fingerprint` (protocol section 9). */
export interface FurtherFingerprint extends Fingerprint {
  readonly further: FurtherName;
  /** The mask is one set slot, or one and the class code: one fingerprint for each element of the set. */
  readonly ofElement: boolean;
}

export interface FingerprintRow {
  readonly row: RowName;
  /** The same document. */
  readonly exact: Fingerprint;
  /** Probably the same deal; null where the row has none: the exact fingerprint stands in. */
  readonly near: Fingerprint | null;
  /** Every document of the row has the near slots, so its near fingerprint is never skipped (protocol section 7). */
  readonly nearAlwaysPresent: boolean;
  /** What only a holder of the document knows. */
  readonly possession: Fingerprint;
  /** More fingerprints of the statement `fingerprint` (protocol section 9). */
  readonly further: readonly FurtherFingerprint[];
}

interface RowSlots {
  readonly exact: readonly SlotName[];
  readonly near: readonly SlotName[] | null;
  readonly nearAlwaysPresent?: true;
  readonly possession: readonly SlotName[];
}

const PAYMENT: readonly SlotName[] = ['issuer', 'currency', 'amount', 'issueDate'];
const INVOICE_SLOTS: RowSlots = {
  exact: ['issuer', 'number'],
  near: PAYMENT,
  nearAlwaysPresent: true,
  possession: ['issuer', 'number', 'currency', 'amount', 'issueDate'],
};
/** No `nearAlwaysPresent`: a packing list or warrant shares the order's row and need not state an amount. */
const OTHER_SLOTS: RowSlots = {
  exact: ['issuer', 'number'],
  near: PAYMENT,
  possession: ['issuer', 'number', 'issueDate'],
};

/**
 * Two rows: goods are declared once where they leave and once where they come in, which is no alarm. Twice in one row is.
 */
const DECLARATION_SLOTS: RowSlots = {
  exact: ['issuer', 'number'],
  near: ['transport', 'classCode', 'quantity'],
  possession: ['issuer', 'number', 'quantity', 'packages'],
};

/**
 * Protocol section 4. Orders, packing lists and the others have the same masks and different names: order 7 and
 * packing list 7 of one issuer are two documents.
 */
const ROWS: Readonly<Record<RowName, RowSlots>> = {
  invoice: INVOICE_SLOTS,
  'credit-note': INVOICE_SLOTS,
  'debit-note': INVOICE_SLOTS,
  'proforma-invoice': INVOICE_SLOTS,
  transport: {
    exact: ['transport'],
    near: ['objects', 'startDate'],
    possession: ['transport', 'objects', 'quantity'],
  },
  'import-declaration': DECLARATION_SLOTS,
  'export-declaration': DECLARATION_SLOTS,
  policy: {
    exact: ['issuer', 'number'],
    near: ['objects', 'classCode'],
    possession: ['issuer', 'number', 'amount', 'startDate', 'endDate'],
  },
  claim: {
    exact: ['issuer', 'number'],
    near: ['objects', 'classCode', 'startDate'],
    possession: ['issuer', 'number', 'amount', 'startDate'],
  },
  cession: {
    exact: ['issuer', 'number'],
    near: null,
    possession: ['issuer', 'number', 'references', 'quantity'],
  },
  'letter-of-credit': {
    exact: ['issuer', 'number'],
    near: ['issuer', 'currency', 'amount', 'endDate'],
    nearAlwaysPresent: true,
    possession: ['issuer', 'number', 'currency', 'amount'],
  },
  order: OTHER_SLOTS,
  'packing-list': OTHER_SLOTS,
  'warehouse-warrant': OTHER_SLOTS,
};

/** Rows whose numbers are unique per year, so that the number slot is `year|number`. */
export const YEARLY_NUMBERS: ReadonlySet<RowName> = new Set([
  'invoice',
  'credit-note',
  'debit-note',
  'proforma-invoice',
]);

function fingerprint(name: string, slots: readonly SlotName[]): Fingerprint {
  return Object.freeze({ name: `${name}@${CANON_VERSION}`, mask: maskOf(slots) });
}

/** What an invoice, a declaration and a bill of lading about one shipment have in common. */
export const goodsFingerprint: Fingerprint = fingerprint('goods', ['transport']);

/** Fingerprints that catch what the row's own two do not. `goods` has one name for all kinds: it links them. */
function further(row: RowName): readonly FurtherFingerprint[] {
  const one = (name: FurtherName, slots: readonly SlotName[], { ofElement = false } = {}) =>
    Object.freeze({
      ...fingerprint(`${row}/${name}`, slots),
      further: name,
      ofElement,
    });
  return [
    ...(YEARLY_NUMBERS.has(row)
      ? [
          one('loose', ['issuer', 'looseNumber']),
          one('alias', ['looseNumber', 'currency', 'amount', 'issueDate']),
          one('lines', ['lines']),
        ]
      : []),
    Object.freeze({ ...goodsFingerprint, further: 'goods' as const, ofElement: false }),
    // One vehicle, person or container of many; and one under a class, as a person who is insured for life.
    one('object', ['objects'], { ofElement: true }),
    one('object-class', ['objects', 'classCode'], { ofElement: true }),
  ];
}

const FINGERPRINT_ROWS: ReadonlyMap<RowName, FingerprintRow> = new Map(
  (Object.entries(ROWS) as [RowName, RowSlots][]).map(
    ([row, { exact, near, nearAlwaysPresent = false, possession }]) => [
      row,
      Object.freeze({
        row,
        exact: fingerprint(`${row}/exact`, exact),
        near: near === null ? null : fingerprint(`${row}/near`, near),
        nearAlwaysPresent,
        possession: fingerprint(`${row}/possession`, possession),
        further: Object.freeze(further(row)),
      }),
    ],
  ),
);

/**
 * The fingerprints of a kind's row.
 *
 * @throws invalid_argument for a number that is not a kind
 */
export function fingerprintRow(kind: Kind | number): FingerprintRow {
  const row = FINGERPRINT_ROWS.get(kindInfo(kind).row);
  if (row === undefined) throw new Error('every row of the kinds has fingerprints');
  return row;
}
