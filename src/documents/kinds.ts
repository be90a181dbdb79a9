import { CountersealError } from '../errors.js';

/** The version of kinds, slots and canonical forms: part of every fingerprint's name. */
export const CANON_VERSION = 1;

/** A row of the fingerprint table (protocol section 4). */
export type RowName =
  | 'invoice'
  | 'credit-note'
  | 'debit-note'
  | 'proforma-invoice'
  | 'transport'
  | 'import-declaration'
  | 'export-declaration'
  | 'policy'
  | 'claim'
  | 'cession'
  | 'letter-of-credit'
  | 'order'
  | 'packing-list'
  | 'warehouse-warrant';

interface KindEntry {
  readonly code: number;
  readonly name: string;
  readonly row: RowName;
  /** Codes of UN/CEFACT 1001 that mean this kind. */
  readonly also: readonly number[];
}

/**
 * The kinds: UN/CEFACT 1001 codes, local ones from 60001 where it has none. Frozen with `canon 1`.
 *
 * Debit notes and pro-forma invoices are kinds of their own, because sellers number them in series of their own:
 * debit note 7 and invoice 7 of one seller and year are two documents.
 */
const TABLE: readonly KindEntry[] = [
  {
    code: 380,
    name: 'invoice',
    row: 'invoice',
    also: [
      71, 82, 102, 130, 202, 203, 204, 211, 218, 219, 295, 326, 331, 382, 384, 385, 386, 387, 388, 389, 390,
      393, 394, 395, 471, 472, 473, 500, 501, 553, 575, 623, 633, 751, 780, 817, 870, 875, 876, 877, 935,
    ],
  },
  {
    code: 381,
    name: 'credit note',
    row: 'credit-note',
    also: [81, 83, 261, 262, 296, 308, 396, 420, 458, 502, 503, 532],
  },
  { code: 383, name: 'debit note', row: 'debit-note', also: [80, 84, 456, 457, 527] },
  { code: 325, name: 'pro-forma invoice', row: 'proforma-invoice', also: [] },
  { code: 105, name: 'purchase order', row: 'order', also: [220, 221, 226, 227] },
  { code: 705, name: 'bill of lading', row: 'transport', also: [] },
  { code: 704, name: 'master bill of lading', row: 'transport', also: [] },
  { code: 714, name: 'house bill of lading', row: 'transport', also: [] },
  { code: 710, name: 'sea waybill', row: 'transport', also: [] },
  { code: 740, name: 'air waybill', row: 'transport', also: [] },
  { code: 271, name: 'packing list', row: 'packing-list', also: [351] },
  { code: 929, name: 'import declaration', row: 'import-declaration', also: [] },
  { code: 830, name: 'export declaration', row: 'export-declaration', also: [] },
  { code: 530, name: 'insurance policy', row: 'policy', also: [] },
  { code: 520, name: 'insurance certificate', row: 'policy', also: [] },
  { code: 465, name: 'letter of credit', row: 'letter-of-credit', also: [] },
  { code: 635, name: 'warehouse warrant', row: 'warehouse-warrant', also: [] },
  { code: 60001, name: 'claim', row: 'claim', also: [] },
  { code: 60002, name: 'reinsurance cession', row: 'cession', also: [] },
];

/** A document kind: one of the codes of {@link KINDS}. */
export type Kind = number & { readonly __unit: 'kind' };

export interface KindInfo {
  readonly kind: Kind;
  readonly name: string;
  readonly row: RowName;
}

/** Every kind, by its code. */
export const KINDS: ReadonlyMap<Kind, KindInfo> = new Map(
  TABLE.map(({ code, name, row }) => [code as Kind, Object.freeze({ kind: code as Kind, name, row })]),
);

const BY_CODE: ReadonlyMap<number, Kind> = new Map(
  TABLE.flatMap(({ code, also }) => [code, ...also].map((c): [number, Kind] => [c, code as Kind])),
);

export const INVOICE = 380 as Kind;
export const CREDIT_NOTE = 381 as Kind;
export const DEBIT_NOTE = 383 as Kind;
export const PROFORMA_INVOICE = 325 as Kind;
export const ORDER = 105 as Kind;
export const PACKING_LIST = 271 as Kind;
export const BILL_OF_LADING = 705 as Kind;
export const SEA_WAYBILL = 710 as Kind;
export const AIR_WAYBILL = 740 as Kind;
export const IMPORT_DECLARATION = 929 as Kind;
export const EXPORT_DECLARATION = 830 as Kind;
export const POLICY = 530 as Kind;
export const INSURANCE_CERTIFICATE = 520 as Kind;
export const LETTER_OF_CREDIT = 465 as Kind;
export const WAREHOUSE_WARRANT = 635 as Kind;
export const MASTER_BILL_OF_LADING = 704 as Kind;
export const HOUSE_BILL_OF_LADING = 714 as Kind;
export const CLAIM = 60001 as Kind;
export const CESSION = 60002 as Kind;

/** The kind that a UN/CEFACT 1001 code means; undefined for codes that are not in the table. */
export function kindOfCode(code: number): Kind | undefined {
  return BY_CODE.get(code);
}

/** @throws invalid_argument unless `code` is a kind itself, not merely a code that maps to one */
export function kindInfo(code: number): KindInfo {
  const info = KINDS.get(code as Kind);
  if (info === undefined)
    throw new CountersealError('invalid_argument', `${code} is not a document kind`, { field: 'kind' });
  return info;
}
