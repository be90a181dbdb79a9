/** What can be the matter with a set. Those that are lawful look like a fault and are none. */
export const FAULTS = {
  'undervalued-declaration': { lawful: false, about: 'the declaration states less than the invoice' },
  'weight-beyond-tolerance': {
    lawful: false,
    about: 'the declared weight is not that of bill and packing list',
  },
  'container-not-on-bill': { lawful: false, about: 'a declared container is not on the bill of lading' },
  'forged-invoice-copy': {
    lawful: false,
    about: "the broker's copy of the invoice has other amounts, and so has the declaration",
  },
  'goods-declared-twice': { lawful: false, about: 'another broker declares the same goods again' },
  'renumbered-invoice': { lawful: false, about: 'the invoice a second time, under another number' },
  'invoice-under-other-identifier': {
    lawful: false,
    about: 'the invoice a second time, under the LEI of its seller',
  },
  'under-insured': { lawful: false, about: 'the sum insured is below 110 % of the invoice' },
  'loss-claimed-twice': { lawful: false, about: 'one loss claimed at two insurers, a day apart' },
  'risk-insured-twice': { lawful: false, about: 'one risk at two insurers, in periods that overlap' },
  'risk-insured-in-turn': { lawful: true, about: 'one risk at two insurers, one after the other' },
  'split-bill-of-lading': { lawful: true, about: 'one bill of lading, three invoices, three declarations' },
} as const satisfies Readonly<Record<string, { lawful: boolean; about: string }>>;

export type Fault = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[];
