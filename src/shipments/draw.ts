import { WARES, type Ware } from './goods.js';
import { containerNumber, eori, lei, TAX_COUNTRIES, taxNumber } from './identifiers.js';
import { CURRENCIES, minorUnitsOf } from './money.js';
import type { Random } from './random.js';
import {
  daysAfter,
  type Carrier,
  type Claim,
  type Company,
  type Cover,
  type Declaration,
  type Goods,
  type Part,
  type Shipment,
  valueOf,
} from './shipment.js';

const HEADS = [
  'Nordlicht',
  'Probehafen',
  'Musterberg',
  'Valdoro',
  'Kestrel',
  'Lindenau',
  'Hanabira',
  'Montclar',
];
const TRADES = [
  'Armaturen',
  'Trading',
  'Industries',
  'Textiles',
  'Components',
  'Foods',
  'Logistics',
  'Materials',
];
const FORMS: Readonly<Record<string, string>> = {
  ...{ DE: 'GmbH', CH: 'AG', FR: 'SAS', IT: 'S.p.A.', BE: 'NV', PL: 'Sp. z o.o.', NO: 'AS' },
  ...{ BR: 'Ltda.', CN: 'Co., Ltd.', IN: 'Private Limited', KR: 'Co., Ltd.' },
};
const STREETS = [
  'Harbour Street',
  'Musterweg',
  'Via Esempio',
  'Rue du Modèle',
  'Example Road',
  'Speicherstrasse',
];
const CITIES = ['Musterstadt', 'Exampleton', 'Esempiano', 'Modelville', 'Probeort'];
/** Where importers are that declare under the Union Customs Code. */
const IMPORT_COUNTRIES = ['BE', 'DE', 'FR', 'IT', 'PL'];
/** The port of each country that trades by sea or river. */
const PORTS: Readonly<Record<string, string>> = {
  ...{ BE: 'BEANR', BR: 'BRSSZ', CH: 'CHBSL', CN: 'CNSHA', DE: 'DEHAM', FR: 'FRLEH' },
  ...{ IN: 'INNSA', IT: 'ITGOA', KR: 'KRPUS', NO: 'NOOSL', PL: 'PLGDN' },
};

/** Codes of carriers that data use, by either list, and one that no list has; the companies behind them are invented. */
const CARRIER_CODES: readonly (readonly [code: string, list: Carrier['codeList'], prefix: string])[] = [
  ['MAEU', 'NMFTA', 'MAEU'],
  ['MSK', 'SMDG', 'MAEU'],
  ['MSCU', 'NMFTA', 'MEDU'],
  ['HLC', 'SMDG', 'HLCU'],
  ['CMDU', 'NMFTA', 'CMDU'],
  ['ONE', 'SMDG', 'ONEY'],
  ['QQQQ', 'NMFTA', 'QQQQ'],
];

/** The heaviest that is put into one container. */
const CONTAINER_GRAMS = 24_000_000n;
/** A part has one container more than it needs, or as many, up to so many. */
const MAX_CONTAINERS = 4;

export function drawCompany(random: Random, country: string, trade?: string): Company {
  const vat = taxNumber(country, random);
  return {
    name: `${random.pick(HEADS)} ${trade ?? random.pick(TRADES)} ${random.digits(3)} ${FORMS[country] ?? ''}`.trim(),
    street: `${random.pick(STREETS)} ${random.between(1, 240)}`,
    city: random.pick(CITIES),
    country,
    vat,
    eori: eori(country, vat, random),
    lei: lei(random),
  };
}

/** A piece's price is the same for every piece, so that quantity times price is the line's amount. */
function drawGoods(random: Random, ware: Ware, currency: (typeof CURRENCIES)[number]): Goods {
  const gramsOfPiece = BigInt(random.between(...ware.grams));
  const price = minorUnitsOf(BigInt(random.between(...ware.cents)), currency);
  // Up to some eight tonnes of one ware, in full packages or not.
  const most = Number(8_000_000n / gramsOfPiece);
  const pieces = random.between(Math.min(10, most), Math.min(most, 2_000));
  const packages = Math.ceil(pieces / ware.piecesPerPackage);
  const netGrams = gramsOfPiece * BigInt(pieces);
  // Packing weighs some per cent; scales show half kilograms.
  const packing = (netGrams * BigInt(random.between(20, 90))) / 1_000n + BigInt(packages) * 300n;
  return {
    name: ware.name,
    code: ware.code,
    pieces,
    packages,
    netGrams,
    grossGrams: ((netGrams + packing + 499n) / 500n) * 500n,
    price,
    amount: price * BigInt(pieces),
  };
}

function drawDeclaration(random: Random, goods: readonly Goods[], context: Declared): Declaration {
  return {
    number: `${context.broker.country}${context.date.slice(2, 4)}${random.letters(2)}${random.digits(12)}`,
    broker: context.broker,
    date: context.date,
    amounts: goods.map(({ amount }) => amount),
    grossGrams: goods.map(({ grossGrams }) => grossGrams),
    containers: context.containers,
  };
}

type Declared = Pick<Declaration, 'broker' | 'date' | 'containers'>;

interface PartOf {
  readonly invoiceDate: string;
  readonly currency: (typeof CURRENCIES)[number];
  readonly broker: Company;
  readonly declared: string;
}

function drawPart(random: Random, wares: readonly Ware[], of: PartOf): Part {
  const goods = wares.map((ware) => drawGoods(random, ware, of.currency));
  const needed =
    Number(goods.reduce((total, { grossGrams }) => total + grossGrams, 0n) / CONTAINER_GRAMS) + 1;
  const count = Math.min(needed + random.below(2), MAX_CONTAINERS);
  const containers = Array.from({ length: count }, () => containerNumber(random));
  const year = of.invoiceDate.slice(0, 4);
  const serial = random.digits(5);
  return {
    invoiceNumber: random.pick([
      `RE-${year}/${serial}`,
      `INV${serial}-${random.letters(1)}`,
      `${year}-${serial}`,
      `F ${serial}`,
    ]),
    packingListNumber: `PL-${random.digits(6)}`,
    orderNumber: `PO-${random.between(10, 99)}-${random.digits(5)}`,
    goods,
    containers,
    declaration: drawDeclaration(random, goods, { broker: of.broker, date: of.declared, containers }),
  };
}

export function drawCover(random: Random, country: string, onBoardDate: string, sum: bigint): Cover {
  return {
    insurer: drawCompany(random, country, 'Versicherung'),
    code: random.digits(5),
    number: `C${random.digits(9)}`,
    date: daysAfter(onBoardDate, -4),
    from: daysAfter(onBoardDate, -3),
    until: daysAfter(onBoardDate, random.between(60, 120)),
    sum,
  };
}

export function drawClaim(random: Random, cover: Cover, loss: { date: string; amount: bigint }): Claim {
  return {
    cover,
    number: `CLM-${loss.date.slice(0, 4)}-${random.digits(6)}`,
    date: daysAfter(loss.date, random.between(2, 9)),
    lossDate: loss.date,
    amount: loss.amount,
  };
}

/** 110 per cent (UCP 600, article 28), rounded up. */
export const insuredValue = (value: bigint): bigint => (value * 110n + 99n) / 100n;

/** A shipment without a fault, in so many parts. Everything about it follows from the stream. */
export function drawShipment(random: Random, partCount: number): Shipment {
  const currency = random.pick(CURRENCIES);
  const buyerCountry = random.pick(IMPORT_COUNTRIES);
  const seller = drawCompany(
    random,
    random.pick(TAX_COUNTRIES.filter((country) => !IMPORT_COUNTRIES.includes(country))),
  );
  const buyer = drawCompany(random, buyerCountry);
  const broker = drawCompany(random, buyerCountry, 'Zoll');
  const [code, codeList, prefix] = random.pick(CARRIER_CODES);
  const orderDate = daysAfter('2026-01-05', random.below(240));
  const invoiceDate = daysAfter(orderDate, random.between(20, 60));
  const onBoardDate = daysAfter(invoiceDate, random.between(2, 9));
  const declared = daysAfter(onBoardDate, random.between(12, 40));
  const perPart = random.between(1, 4);
  const wares = random.sample(WARES, perPart * partCount);
  const parts = Array.from({ length: partCount }, (_, i) =>
    drawPart(
      random,
      wares.filter((_, at) => at % partCount === i),
      { invoiceDate, currency, broker, declared },
    ),
  );
  const cover = drawCover(random, buyerCountry, onBoardDate, insuredValue(valueOf(...parts)));
  const lost = daysAfter(onBoardDate, random.between(5, 50));
  const gross = parts.flatMap(({ goods }) => goods).reduce((total, { grossGrams }) => total + grossGrams, 0n);
  return {
    seller,
    buyer,
    carrier: { ...drawCompany(random, random.pick(IMPORT_COUNTRIES), 'Reederei'), code, codeList, prefix },
    bank: drawCompany(random, buyerCountry, 'Bank'),
    currency: currency[0],
    orderDate,
    creditDate: daysAfter(orderDate, 5),
    creditNumber: `LC${random.digits(8)}`,
    creditExpiry: daysAfter(onBoardDate, 21),
    invoiceDate,
    dueDate: daysAfter(invoiceDate, random.pick([30, 60, 90])),
    onBoardDate,
    billNumber: String(random.between(100_000_000, 999_999_999)),
    bookingNumber: `BKG${random.digits(8)}`,
    ports: { loading: PORTS[seller.country] ?? '', discharge: PORTS[buyerCountry] ?? '' },
    parts,
    cover,
    claim: drawClaim(random, cover, {
      date: lost,
      amount: (valueOf(...parts) * BigInt(random.between(50, 500))) / 1_000n + 1n,
    }),
    spelling: {
      ublVersion: random.pick(['2.1', '2.2', '2.3', '2.4']),
      prefixOnBill: random.oneIn(2),
      weighing: random.oneIn(3) ? (gross * BigInt(random.between(1, 3))) / 1_000n : 0n,
      totalsDeclared: !random.oneIn(3),
      insurance: random.oneIn(4) ? 'open-insurance' : 'counterseal',
    },
  };
}
