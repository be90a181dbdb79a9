import { drawShipment } from './draw.js';
import { APPLY, type Faulty } from './faults.js';
import type { Fault } from './fault-names.js';
import {
  billPaper,
  claimPaper,
  coverPaper,
  creditPaper,
  declarationPaper,
  invoicePaper,
  orderPaper,
  packingListPaper,
  type Paper,
} from './papers.js';
import { Random } from './random.js';
import type { Shipment } from './shipment.js';
import { isLawful, type TruthCheck, type TruthSet } from './truth.js';

export interface ShipmentOptions {
  /** All that is random follows from it. */
  readonly seed: string;
  /** How many sets. */
  readonly count: number;
  /** What is wrong with them, in turn with sets without fault; none: all are without fault. */
  readonly faults: readonly Fault[];
}

/** A set of documents about one shipment, and the truth about it. */
export interface ShipmentSet {
  readonly truth: TruthSet;
  readonly papers: readonly Paper[];
}

/** A split bill of lading has as many invoices, packing lists and declarations. */
const SPLIT_PARTS = 3;

/**
 * Sets of documents that are about one shipment each. A set follows from the seed, its place and its fault alone: a
 * longer run begins with the sets of a shorter one.
 */
export function* generateShipments({ seed, count, faults }: ShipmentOptions): Generator<ShipmentSet> {
  const turns: readonly (Fault | null)[] = [null, ...faults];
  for (let i = 0; i < count; i++) yield generateSet(seed, i, turns[i % turns.length]!);
}

/** One set, by its place. */
export function generateSet(seed: string, place: number, fault: Fault | null): ShipmentSet {
  const random = new Random(`counterseal shipment/${seed}/${place}`);
  const shipment = drawShipment(random.fork('shipment'), fault === 'split-bill-of-lading' ? SPLIT_PARTS : 1);
  const faulty: Faulty = fault === null ? { shipment } : APPLY[fault](shipment, random.fork(fault));
  const papers = [...usualPapers(faulty.shipment), ...(faulty.papers ?? [])];
  return {
    papers,
    truth: {
      set: String(place + 1).padStart(4, '0'),
      fault,
      lawful: isLawful(fault),
      documents: papers.map(({ file, kind, role, purpose }) => ({ file, kind, role, purpose })),
      matches: faulty.matches ?? [],
      checks: [...usualChecks(faulty), ...(faulty.checks ?? [])],
      openings: [
        ...faulty.shipment.parts.map((part) => {
          const { file } = invoicePaper(faulty.shipment, part);
          return { entry: file, copy: file, opens: true };
        }),
        ...(faulty.openings ?? []),
      ],
    },
  };
}

function usualPapers(shipment: Shipment): Paper[] {
  const { parts } = shipment;
  return [
    ...parts.map((part) => orderPaper(shipment, part)),
    creditPaper(shipment),
    ...parts.map((part) => invoicePaper(shipment, part)),
    ...parts.map((part) => packingListPaper(shipment, part)),
    billPaper(shipment),
    coverPaper(shipment, shipment.cover),
    ...parts.map((part) => declarationPaper(shipment, part)),
    claimPaper(shipment, shipment.claim),
  ];
}

/** What is compared of every shipment. */
function usualChecks({ shipment, disagree = {} }: Faulty): TruthCheck[] {
  const { parts } = shipment;
  const cover = coverPaper(shipment, shipment.cover).file;
  const split = parts.length > 1;
  const check = (ruleSet: string, a: string, b: string): TruthCheck => ({
    ruleSet,
    a,
    b,
    disagree: disagree[ruleSet] ?? [],
  });
  return [
    ...parts.flatMap((part) => {
      const [order, invoice, packingList, declaration] = [
        orderPaper,
        invoicePaper,
        packingListPaper,
        declarationPaper,
      ].map((paper) => paper(shipment, part).file) as [string, string, string, string];
      return [
        check('invoice/purchase-order@1', invoice, order),
        check('customs/invoice@1', declaration, invoice),
        check('customs/packing-list@1', declaration, packingList),
        check(
          split ? 'customs/transport-part@1' : 'customs/transport@1',
          declaration,
          billPaper(shipment).file,
        ),
        check('invoice/insurance@1', cover, invoice),
        // A credit is drawn on in parts under terms that no rule compares.
        ...(split ? [] : [check('lc/invoice-exact@1', invoice, creditPaper(shipment).file)]),
      ];
    }),
    check('claim/policy@1', claimPaper(shipment, shipment.claim).file, cover),
  ];
}
