import { kindInfo, type RowName } from './kinds.js';
import type { SlotName } from './slots.js';

type Labels = Readonly<Partial<Record<SlotName, string>>>;

const COMMON: Readonly<Record<SlotName, string>> = {
  issuer: 'issuer',
  number: 'number',
  references: 'documents referred to',
  looseNumber: 'number, loosened',
  counterparty: 'counterparty',
  currency: 'currency',
  amount: 'total',
  issueDate: 'date of issue',
  lines: 'lines',
  transport: 'transport document',
  objects: 'containers and other objects',
  classCode: 'tariff heading',
  quantity: 'gross weight (g)',
  packages: 'packages',
  startDate: 'start of the period',
  endDate: 'end of the period',
};

const INVOICE: Labels = {
  issuer: 'seller',
  counterparty: 'buyer',
  amount: 'total with tax',
  endDate: 'due date',
};
const DECLARATION: Labels = {
  issuer: 'declarant',
  counterparty: 'importer or exporter',
  amount: 'total invoiced',
};

const OF_ROW: Readonly<Record<RowName, Labels>> = {
  invoice: INVOICE,
  'credit-note': INVOICE,
  'debit-note': INVOICE,
  'proforma-invoice': INVOICE,
  transport: {
    issuer: 'carrier or forwarder',
    counterparty: 'consignee',
    transport: 'carrier and number',
    startDate: 'shipped on board',
  },
  'import-declaration': DECLARATION,
  'export-declaration': DECLARATION,
  policy: {
    issuer: 'insurer',
    counterparty: 'insured',
    amount: 'sum insured',
    classCode: 'peril',
    startDate: 'inception',
    endDate: 'expiry',
  },
  claim: {
    issuer: 'insurer',
    counterparty: 'insured',
    amount: 'amount claimed',
    classCode: 'cause of loss',
    startDate: 'date of loss',
  },
  cession: { issuer: 'cedent', counterparty: 'reinsurer', amount: 'limit', quantity: 'share (ppm)' },
  'letter-of-credit': {
    issuer: 'issuing bank',
    counterparty: 'beneficiary',
    amount: 'amount',
    endDate: 'expiry',
  },
  order: { issuer: 'buyer', counterparty: 'seller' },
  'packing-list': { issuer: 'seller', counterparty: 'buyer' },
  'warehouse-warrant': { issuer: 'warehouse keeper', counterparty: 'depositor' },
};

/** What a slot of a kind is called in the trade. Throws `invalid_argument` for a number that is no kind. */
export const slotLabel = (kind: number, slot: SlotName): string =>
  OF_ROW[kindInfo(kind).row][slot] ?? COMMON[slot];
