import { drawClaim, drawCompany, drawCover, insuredValue } from './draw.js';
import type { Fault } from './fault-names.js';
import { containerNumber } from './identifiers.js';
import { claimPaper, coverPaper, otherDeclarationPaper, otherInvoicePaper, type Paper } from './papers.js';
import type { Random } from './random.js';
import { type Cover, daysAfter, type Declaration, type Part, type Shipment, valueOf } from './shipment.js';
import type { TruthCheck, TruthMatch, TruthOpening } from './truth.js';

/** What a fault makes of a shipment, and what must find it. */
export interface Faulty {
  readonly shipment: Shipment;
  /** Documents besides those of every set. */
  readonly papers?: readonly Paper[];
  readonly matches?: readonly TruthMatch[];
  /** Slots on which the set's own comparisons disagree, by rule set. */
  readonly disagree?: Readonly<Record<string, readonly string[]>>;
  readonly checks?: readonly TruthCheck[];
  readonly openings?: readonly TruthOpening[];
}

/** Every fault changes its set here and nowhere else. The shipment is without fault, in one part unless it is to be split. */
export const APPLY: Readonly<Record<Fault, (shipment: Shipment, random: Random) => Faulty>> = {
  'undervalued-declaration': (shipment, random) => ({
    shipment: declaring(shipment, (declaration) => ({
      ...declaration,
      amounts: scaled(declaration.amounts, random.between(300, 900)),
    })),
    disagree: { 'customs/invoice@1': ['amount'] },
  }),

  'weight-beyond-tolerance': (shipment, random) => ({
    // More than 5 per cent, and more than the carrier's scales differ, either way.
    shipment: declaring(shipment, (declaration) => ({
      ...declaration,
      grossGrams: scaled(
        declaration.grossGrams,
        random.oneIn(2) ? random.between(500, 930) : random.between(1_080, 1_500),
      ),
    })),
    disagree: { 'customs/transport@1': ['quantity'], 'customs/packing-list@1': ['quantity'] },
  }),

  'container-not-on-bill': (shipment, random) => ({
    shipment: declaring(shipment, (declaration) => ({
      ...declaration,
      containers: [...declaration.containers.slice(1), containerNumber(random)],
    })),
    disagree: {
      'customs/transport@1': ['objects'],
      // One container in common is enough for a packing list.
      'customs/packing-list@1': shipment.parts[0]!.containers.length === 1 ? ['objects'] : [],
    },
  }),

  'forged-invoice-copy': (shipment, random) => {
    const perMille = random.between(300, 900);
    const forged = declaring(shipment, (declaration) => ({
      ...declaration,
      amounts: scaled(declaration.amounts, perMille),
    }));
    const [part] = forged.parts as readonly [Part];
    const file = 'invoice-copy-of-broker.ubl.xml';
    const files = ['invoice.ubl.xml', file];
    return {
      shipment: forged,
      papers: [
        otherInvoicePaper(forged, part, {
          file,
          role: 'forwarder',
          purpose: null,
          amounts: part.declaration.amounts,
        }),
      ],
      matches: [match('invoice/exact@1', files), match('invoice/loose@1', files)],
      disagree: { 'customs/invoice@1': ['amount'] },
      openings: [{ entry: 'invoice.ubl.xml', copy: file, opens: false }],
    };
  },

  'goods-declared-twice': (shipment, random) => {
    const [part] = shipment.parts as readonly [Part];
    const again: Declaration = {
      ...part.declaration,
      number: `${part.declaration.number.slice(0, 6)}${random.digits(12)}`,
      broker: drawCompany(random, shipment.buyer.country, 'Spedition'),
      date: daysAfter(part.declaration.date, random.between(1, 20)),
    };
    const paper = otherDeclarationPaper(shipment, part, again);
    const files = ['declaration.wco.xml', paper.file];
    return {
      shipment,
      papers: [paper],
      matches: [
        match('import-declaration/near@1', files),
        match('goods@1', files),
        ...matchesOfObjects('import-declaration', files),
      ],
      checks: [
        { ruleSet: 'customs/invoice@1', a: paper.file, b: 'invoice.ubl.xml', disagree: [] },
        { ruleSet: 'customs/transport@1', a: paper.file, b: 'bill-of-lading.dcsa.json', disagree: [] },
      ],
    };
  },

  'renumbered-invoice': (shipment, random) => {
    const [part] = shipment.parts as readonly [Part];
    const file = 'invoice-renumbered.ubl.xml';
    const files = ['invoice.ubl.xml', file];
    return {
      shipment,
      papers: [
        otherInvoicePaper(shipment, part, {
          file,
          role: 'seller',
          purpose: 'attest',
          number: `${part.invoiceNumber}-${random.between(2, 9)}${random.digits(2)}`,
        }),
      ],
      matches: [match('invoice/near@1', files), match('invoice/lines@1', files)],
    };
  },

  'invoice-under-other-identifier': (shipment) => {
    const [part] = shipment.parts as readonly [Part];
    const file = 'invoice-by-lei.ubl.xml';
    const files = ['invoice.ubl.xml', file];
    return {
      shipment,
      papers: [
        otherInvoicePaper(shipment, part, { file, role: 'seller', purpose: 'attest', sellerBy: 'lei' }),
      ],
      matches: [match('invoice/alias@1', files), match('invoice/lines@1', files)],
    };
  },

  'under-insured': (shipment, random) => {
    const sum = (valueOf(...shipment.parts) * BigInt(random.between(600, 1_090))) / 1_000n;
    const cover = { ...shipment.cover, sum };
    return {
      shipment: { ...shipment, cover, claim: { ...shipment.claim, cover } },
      disagree: { 'invoice/insurance@1': ['amount'] },
    };
  },

  'loss-claimed-twice': (shipment, random) => {
    const insured = coveredTwice(shipment, random, 0);
    const claim = drawClaim(random, insured.second, {
      date: daysAfter(shipment.claim.lossDate, 1),
      amount: shipment.claim.amount,
    });
    const paper = claimPaper(shipment, claim, 'claim-at-other-insurer');
    const first = claimPaper(shipment, shipment.claim);
    const files = [first.file, paper.file];
    return {
      ...insured.faulty,
      papers: [...insured.faulty.papers, paper],
      matches: [
        ...insured.faulty.matches,
        ...matchesOfGoods(shipment, files),
        ...matchesOfObjects('claim', files),
      ],
      checks: [
        ...insured.faulty.checks,
        { ruleSet: 'claim/policy@1', a: paper.file, b: insured.paper.file, disagree: [] },
        { ruleSet: 'claim/other-loss@1', a: paper.file, b: first.file, disagree: ['startDate'] },
      ],
    };
  },

  'risk-insured-twice': (shipment, random) => coveredTwice(shipment, random, -random.between(1, 30)).faulty,

  'risk-insured-in-turn': (shipment, random) => coveredTwice(shipment, random, random.between(1, 30)).faulty,

  'split-bill-of-lading': (shipment) => ({
    shipment,
    matches: [
      {
        fingerprint: 'goods@1',
        files: shipment.parts.map((_, i) => `declaration-${i + 1}.wco.xml`),
        lawful: true,
      },
    ],
  }),
};

const match = (fingerprint: string, files: readonly string[]): TruthMatch => ({
  fingerprint,
  files,
  lawful: false,
});

const scaled = (values: readonly bigint[], perMille: number): bigint[] =>
  values.map((value) => (value * BigInt(perMille)) / 1_000n);

/** The shipment with its only part declared otherwise. */
const declaring = (shipment: Shipment, change: (declaration: Declaration) => Declaration): Shipment => ({
  ...shipment,
  parts: shipment.parts.map((part) => ({ ...part, declaration: change(part.declaration) })),
});

/** Containers in common, each by itself: whatever the dates are, and whatever else is insured or declared with it. */
const matchesOfObjects = (row: string, files: readonly string[]): TruthMatch[] =>
  ['object', 'object-class'].map((name) => match(`${row}/${name}@1`, files));

/** Insurers' papers name the bill of lading in one of the two formats. */
const matchesOfGoods = ({ spelling }: Shipment, files: readonly string[]): TruthMatch[] =>
  spelling.insurance === 'counterseal' ? [match('goods@1', files)] : [];

/** A second insurer's cover that begins so many days after the end of the first; before it where that is not positive. */
function coveredTwice(shipment: Shipment, random: Random, daysAfterEnd: number) {
  const drawn = drawCover(
    random,
    shipment.buyer.country,
    shipment.onBoardDate,
    insuredValue(valueOf(...shipment.parts)),
  );
  const lawful = daysAfterEnd > 0;
  const from = daysAfter(shipment.cover.until, daysAfterEnd);
  // A loss claimed at both is in both periods.
  const second: Cover =
    daysAfterEnd === 0 ? drawn : { ...drawn, from, until: daysAfter(from, random.between(30, 90)) };
  const paper = coverPaper(shipment, second, 'insurance-other');
  const files = [coverPaper(shipment, shipment.cover).file, paper.file] as const;
  const faulty = {
    shipment,
    papers: [paper],
    matches: [
      match('policy/near@1', files),
      ...matchesOfGoods(shipment, files),
      ...matchesOfObjects('policy', files),
    ].map((found) => ({ ...found, lawful })),
    checks: [
      {
        ruleSet: 'policy/no-overlap@1',
        a: files[0],
        b: files[1],
        disagree: lawful ? [] : ['endDate'],
      },
    ],
  };
  return { second, paper, faulty };
}
