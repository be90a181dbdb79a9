import { DAY_MS } from '../time.js';
/** A company as documents name it. All of it is invented. */
export interface Company {
  readonly name: string;
  readonly street: string;
  readonly city: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** With the country before it. */
  readonly vat: string;
  readonly eori: string;
  readonly lei: string;
}

export interface Carrier extends Company {
  readonly code: string;
  readonly codeList: 'NMFTA' | 'SMDG';
  /** What its numbers begin with where they carry its code. */
  readonly prefix: string;
}

/** One kind of goods in a part of a shipment. */
export interface Goods {
  readonly name: string;
  /** Combined nomenclature, eight digits. */
  readonly code: string;
  readonly pieces: number;
  readonly packages: number;
  readonly netGrams: bigint;
  readonly grossGrams: bigint;
  /** Minor units for one piece, and for all. */
  readonly price: bigint;
  readonly amount: bigint;
}

/** What one invoice is about, with the containers that hold it. A bill of lading carries one part or several. */
export interface Part {
  readonly invoiceNumber: string;
  readonly packingListNumber: string;
  readonly orderNumber: string;
  readonly goods: readonly Goods[];
  readonly containers: readonly string[];
  readonly declaration: Declaration;
}

/** What the broker declares of a part, where it is not what the part is. */
export interface Declaration {
  readonly number: string;
  readonly broker: Company;
  readonly date: string;
  /** Minor units, by goods. */
  readonly amounts: readonly bigint[];
  /** Grams, by goods. */
  readonly grossGrams: readonly bigint[];
  readonly containers: readonly string[];
}

/** What an insurer covers of a shipment. */
export interface Cover {
  readonly insurer: Company;
  /** Part of the host under which the insurer serves its interface. */
  readonly code: string;
  readonly number: string;
  readonly date: string;
  readonly from: string;
  readonly until: string;
  readonly sum: bigint;
}

/** What the insured claims under a cover. */
export interface Claim {
  readonly cover: Cover;
  readonly number: string;
  readonly date: string;
  readonly lossDate: string;
  readonly amount: bigint;
}

/** How the writers spell what is the same in every spelling; drawn with the shipment. */
export interface Spelling {
  readonly ublVersion: string;
  /** Whether the bill's number carries the carrier's code; the declaration's reference always does. */
  readonly prefixOnBill: boolean;
  /** Grams by which the carrier weighed the goods otherwise than the seller, as scales do. */
  readonly weighing: bigint;
  /** Whether the declaration has totals, or only its items' values. */
  readonly totalsDeclared: boolean;
  /** Which format the insurers' systems speak. */
  readonly insurance: 'counterseal' | 'open-insurance';
}

/** A shipment: all that its documents say, once. */
export interface Shipment {
  readonly seller: Company;
  readonly buyer: Company;
  readonly carrier: Carrier;
  readonly bank: Company;
  readonly currency: string;
  readonly orderDate: string;
  readonly creditDate: string;
  readonly creditNumber: string;
  readonly creditExpiry: string;
  readonly invoiceDate: string;
  readonly dueDate: string;
  readonly onBoardDate: string;
  readonly billNumber: string;
  readonly bookingNumber: string;
  readonly ports: { readonly loading: string; readonly discharge: string };
  readonly parts: readonly Part[];
  readonly cover: Cover;
  readonly claim: Claim;
  readonly spelling: Spelling;
}

export const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

/** The value of a part, and of a shipment. */
export const valueOf = (...parts: readonly Part[]): bigint =>
  sum(parts.flatMap(({ goods }) => goods.map(({ amount }) => amount)));

export const grossOf = (part: Part): bigint => sum(part.goods.map(({ grossGrams }) => grossGrams));

export const packagesOf = (part: Part): number =>
  part.goods.reduce((count, { packages }) => count + packages, 0);

export const containersOf = ({ parts }: Shipment): string[] => parts.flatMap(({ containers }) => containers);

/** So many days after a date. */
export const daysAfter = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** The bill's number with the code of its carrier: what others write, who have no field for the carrier. */
export const fullBillNumber = ({ carrier, billNumber }: Shipment): string => carrier.prefix + billNumber;
