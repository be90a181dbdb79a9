/** What a seller can sell: a code of the combined nomenclature, and what pieces weigh and cost. */
export interface Ware {
  readonly name: string;
  readonly code: string;
  /** Grams of a piece, least and most. */
  readonly grams: readonly [number, number];
  /** Cents of a euro for a piece, least and most. */
  readonly cents: readonly [number, number];
  readonly piecesPerPackage: number;
}

const ware = (
  name: string,
  code: string,
  grams: readonly [number, number],
  cents: readonly [number, number],
  piecesPerPackage: number,
): Ware => ({ name, code, grams, cents, piecesPerPackage });

/** Wares of many chapters, so that shipments have several HS codes. */
export const WARES: readonly Ware[] = [
  ware('Ball valve DN50, stainless steel', '84818081', [2_100, 4_800], [8_900, 31_000], 10),
  ware('Gate valve DN100, cast iron', '84818063', [11_000, 26_000], [14_000, 52_000], 4),
  ware('Centrifugal pump, single stage', '84137051', [18_000, 64_000], [42_000, 210_000], 1),
  ware('Deep groove ball bearing 6205', '84821010', [110, 260], [320, 1_450], 200),
  ware('Three-phase motor 4 kW', '85015220', [24_000, 41_000], [28_000, 69_000], 2),
  ware('Lithium-ion battery module', '85076000', [6_200, 14_500], [52_000, 180_000], 4),
  ware('LED driver 60 W', '85044083', [240, 520], [890, 2_900], 100),
  ware('Coaxial cable, 100 m', '85442000', [5_200, 8_900], [3_900, 11_000], 10),
  ware('Men’s shirt, cotton', '62052000', [210, 340], [640, 2_200], 80),
  ware('Bed linen, cotton, printed', '63022100', [900, 1_700], [1_150, 4_400], 24),
  ware('Running shoes, textile upper', '64041100', [620, 980], [1_900, 6_400], 12),
  ware('Rucksack, outer surface of textile', '42029291', [700, 1_500], [1_300, 5_800], 20),
  ware('Coffee, not roasted, 60 kg bag', '09011100', [60_000, 60_000], [19_000, 34_000], 1),
  ware('Olive oil, extra virgin, 5 l tin', '15092000', [4_900, 5_100], [2_900, 5_400], 4),
  ware('Wine in bottles, 0.75 l', '22042138', [1_250, 1_500], [390, 2_400], 12),
  ware('Polypropylene granulate, 25 kg bag', '39021000', [25_000, 25_000], [2_600, 4_200], 1),
  ware('Car tyre 205/55 R16', '40111000', [8_200, 10_400], [3_400, 7_900], 1),
  ware('Writing paper, A4, 500 sheets', '48025620', [2_450, 2_550], [260, 480], 5),
  ware('Ceramic tiles, glazed, m2', '69072100', [17_000, 22_000], [690, 2_300], 1),
  ware('Safety glass pane', '70071910', [9_500, 18_000], [2_300, 8_800], 6),
  ware('Hexagon bolt M12, steel', '73181595', [95, 180], [14, 62], 500),
  ware('Aluminium profile, 6 m', '76042990', [7_800, 15_600], [2_100, 6_200], 12),
  ware('Cutting tool insert, carbide', '82090020', [12, 35], [420, 1_900], 100),
  ware('Swivel chair, upholstered', '94013000', [11_500, 19_000], [4_100, 18_500], 1),
];
