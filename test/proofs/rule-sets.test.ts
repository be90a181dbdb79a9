import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fieldElement, initPoseidon } from '../../src/crypto/index.js';
import {
  canonicalDocument,
  KINDS,
  readDocument,
  SLOT_ENCODINGS,
  type CanonicalDocument,
  type Kind,
  type SlotStrings,
} from '../../src/documents/index.js';
import { defaultSchema, purposeOf, roleMaskOf } from '../../src/ledger/index.js';
import {
  crosscheckInstance,
  crosscheckSide,
  judge,
  parseCrosscheckSignals,
  RULE_SETS,
  ruleSet,
  rulesOf,
  type RuleOutcome,
} from '../../src/proofs/index.js';

beforeAll(initPoseidon);

const example = (name: string) =>
  readDocument(readFileSync(new URL(`../../examples/documents/${name}`, import.meta.url))).document;

const kindNamed = (name: string): Kind => [...KINDS.values()].find((info) => info.name === name)!.kind;

/** A document with slots changed; `undefined` takes one out. */
type Change = { readonly [S in keyof SlotStrings]?: SlotStrings[S] | undefined };
function changed({ kind, strings }: CanonicalDocument, change: Change): CanonicalDocument {
  const kept = Object.fromEntries(
    Object.entries({ ...strings, ...change }).filter(([, value]) => value !== undefined),
  );
  return canonicalDocument(kind, kept as SlotStrings);
}
const made = (kind: string, strings: SlotStrings) => canonicalDocument(kindNamed(kind), strings);

/** The rules that do not hold, by name, each with its status; and whether all that decide do. */
async function outcomeOf(name: string, a: CanonicalDocument, b: CanonicalDocument) {
  const set = ruleSet(name);
  const instance = await crosscheckInstance(
    {
      sides: await Promise.all([crosscheckSide(a, fieldElement(5n)), crosscheckSide(b, fieldElement(0n))]),
      rules: rulesOf(set),
    },
    fieldElement(1n),
  );
  const { holds, rules } = judge(set, parseCrosscheckSignals(instance.signals));
  return { holds, rules };
}
const not = (rules: readonly RuleOutcome[]) =>
  Object.fromEntries(
    rules.filter(({ status }) => status !== 'holds').map(({ name, status }) => [name, status]),
  );

const DECLARATION = changed(example('export-declaration.wco.xml'), { issueDate: '2026-03-18' });
const INVOICE = changed(example('invoice-a.ubl.xml'), {
  amount: '4100000',
  transport: 'SCAC:QQQQ|26000417',
  objects: ['CONTAINER|CSQU3054383'],
  classCode: 'HS|848180',
  quantity: '8250500',
  packages: '36',
});
const BILL = example('bill-of-lading.dcsa.json');
const PACKING_LIST = changed(example('packing-list.ubl.xml'), {
  transport: 'SCAC:QQQQ|26000417',
  objects: ['CONTAINER|CSQU3054383'],
  classCode: 'HS|848180',
});
const ORDER = example('order.gobl.json');
const ORDERED = example('invoice-a.ubl.xml');
const POLICY = changed(example('policy.open-insurance.json'), { counterparty: 'TAX|BR52998224725' });
const CLAIM = changed(example('claim.open-insurance.json'), {
  issuer: 'SUSEP|00000',
  counterparty: 'TAX|BR52998224725',
  classCode: 'CASCO_COMPREENSIVA',
});
/** 110 % of 41,000.00 EUR. */
const CERTIFICATE = made('insurance certificate', {
  issuer: 'LEI|529900T8BM49AURSDO55',
  number: 'CERT-2026-88',
  counterparty: 'VAT|DE999999903',
  currency: 'EUR',
  amount: '4510000',
  transport: 'SCAC:QQQQ|26000417',
  references: ['105|VAT|DE999999815|PO88-1204'],
  startDate: '2026-03-18',
  endDate: '2026-09-18',
});
const CREDIT = made('letter of credit', {
  issuer: 'LEI|529900T8BM49AURSDO55',
  number: 'LC-77120',
  counterparty: 'VAT|DE999999903',
  currency: 'EUR',
  amount: '4100000',
  quantity: '8250500',
  references: ['105|VAT|DE999999815|PO88-1204'],
  issueDate: '2026-02-10',
  endDate: '2026-06-30',
});
const NEXT_POLICY = changed(POLICY, {
  issuer: 'SUSEP|11111',
  number: 'B-9',
  startDate: '2027-03-16',
  endDate: '2028-03-15',
});
const day = (slot: 'startDate' | 'endDate', date: string) => made('insurance policy', { [slot]: date });

interface Case {
  readonly a: CanonicalDocument;
  readonly b: CanonicalDocument;
  /** What every rule needs to fail, by a part of its name that no other has: on which side, and by what change. */
  readonly breaks: Readonly<Record<string, readonly [side: 'a' | 'b', change: Change]>>;
}

const CREDIT_BREAKS: Case['breaks'] = {
  'in the currency': ['a', { currency: 'USD' }],
  'the expiry': ['b', { endDate: '2026-03-15' }],
  beneficiary: ['b', { counterparty: 'VAT|DE111111125' }],
  'refer to one': ['b', { references: ['105|VAT|DE999999815|PO88-1205'] }],
};

const CASES: Readonly<Record<string, Case>> = {
  'customs/invoice@1': {
    a: DECLARATION,
    b: INVOICE,
    breaks: {
      'in the currency': ['b', { currency: 'USD' }],
      'equals the invoice total': ['a', { amount: '4099999' }],
      'dated no later': ['b', { issueDate: '2026-03-19' }],
      'gross weights': ['a', { quantity: '8663026' }],
      packages: ['a', { packages: '35' }],
      'transport document': ['b', { transport: 'MAEU|26000417' }],
      'tariff headings': ['a', { classCode: 'HS|848190' }],
      container: ['b', { objects: ['CONTAINER|MSKU1234565'] }],
    },
  },
  'customs/transport@1': {
    a: DECLARATION,
    b: BILL,
    breaks: {
      'transport document': ['a', { transport: '|26000417' }],
      'gross weights': ['b', { quantity: '7857000' }],
      packages: ['b', { packages: '37' }],
      'tariff headings': ['b', { classCode: 'HS|730792' }],
      containers: ['a', { objects: ['CONTAINER|CSQU3054383', 'CONTAINER|MSKU1234565'] }],
    },
  },
  'customs/transport-part@1': {
    a: changed(DECLARATION, { quantity: '2000000', packages: '9' }),
    b: BILL,
    breaks: {
      'same transport': ['a', { transport: '|26000417' }],
      'gross weight': ['a', { quantity: '8250501' }],
      packages: ['a', { packages: '37' }],
      'tariff headings': ['b', { classCode: 'HS|730792' }],
      container: ['a', { objects: ['CONTAINER|MSKU1234565'] }],
    },
  },
  'customs/packing-list@1': {
    a: DECLARATION,
    b: PACKING_LIST,
    breaks: {
      'gross weights': ['a', { quantity: '7837974' }],
      packages: ['b', { packages: '360' }],
      'dated no later': ['a', { issueDate: '2026-03-16' }],
      'transport document': ['b', { transport: 'SCAC:QQQQ|26000418' }],
      'tariff headings': ['b', { classCode: 'HS|730792' }],
      container: ['b', { objects: ['CONTAINER|MSKU1234565'] }],
    },
  },
  'invoice/insurance@1': {
    a: changed(CERTIFICATE, { counterparty: 'VAT|DE999999903' }),
    b: changed(INVOICE, { counterparty: 'VAT|DE999999903' }),
    breaks: {
      'in the currency': ['a', { currency: 'CHF' }],
      '110 %': ['a', { amount: '4509999' }],
      'transport document': ['a', { transport: 'SCAC:QQQQ|26000418' }],
      'is the seller': ['b', { issuer: 'VAT|DE111111125' }],
      'is the buyer': ['b', { counterparty: 'VAT|DE111111125' }],
      'refer to one': ['a', { references: ['105|VAT|DE999999815|PO88-1205'] }],
    },
  },
  'invoice/purchase-order@1': {
    a: ORDERED,
    b: ORDER,
    breaks: {
      'in one currency': ['a', { currency: 'USD' }],
      'dated no later': ['b', { issueDate: '2026-03-17' }],
      'at most the order total': ['a', { amount: '4879001' }],
      'buyer issued': ['b', { issuer: 'VAT|DE111111125' }],
      "invoice's seller": ['a', { issuer: 'VAT|DE111111125' }],
      'a line': ['a', { lines: ['BALL VALVE DN50, STAINLESS STEEL|121|3000000'] }],
    },
  },
  'policy/no-overlap@1': {
    a: POLICY,
    b: NEXT_POLICY,
    breaks: {
      'ends before': ['b', { startDate: '2027-03-15' }],
      'insured object': ['a', { objects: ['VIN|WDB9634031L000001'] }],
    },
  },
  'claim/policy@1': {
    a: CLAIM,
    b: POLICY,
    breaks: {
      'policy begins': ['a', { startDate: '2026-03-14' }],
      'policy ends': ['a', { startDate: '2027-03-16' }],
      'in one currency': ['a', { currency: 'USD' }],
      'sum insured': ['a', { amount: '25000001' }],
      'the insured of the policy': ['a', { counterparty: 'TAX|BR11144477735' }],
      'the insurer of the policy': ['a', { issuer: 'HOST|API.SEGURADORA-FICTICIA.EXAMPLE' }],
      peril: ['a', { classCode: 'ROUBO_OU_FURTO' }],
      'insured object': ['a', { objects: ['VIN|WDB9634031L000001'] }],
    },
  },
  'claim/other-loss@1': {
    a: changed(CLAIM, { startDate: '2026-06-18' }),
    b: CLAIM,
    breaks: {
      'four days': ['a', { startDate: '2026-06-17' }],
      'claimed for': ['a', { objects: ['VIN|WDB9634031L000001'] }],
    },
  },
  'lc/invoice-exact@1': {
    a: INVOICE,
    b: CREDIT,
    breaks: { ...CREDIT_BREAKS, 'equals the amount': ['a', { amount: '4099999' }] },
  },
  'lc/invoice-about@1': {
    a: changed(INVOICE, { amount: '4510000' }),
    b: CREDIT,
    breaks: { ...CREDIT_BREAKS, 'within 10 %': ['a', { amount: '3689999' }] },
  },
  'lc/invoice-bulk@1': {
    a: changed(INVOICE, { amount: '3900000', quantity: '7837975' }),
    b: CREDIT,
    breaks: {
      ...CREDIT_BREAKS,
      'at most the amount': ['a', { amount: '4100001' }],
      'within 5 %': ['a', { quantity: '7837974' }],
    },
  },
  'policy/ends-before@1': {
    a: POLICY,
    b: day('endDate', '2027-03-16'),
    breaks: { 'ends before': ['b', { endDate: '2027-03-15' }] },
  },
  'policy/starts-from@1': {
    a: NEXT_POLICY,
    b: day('startDate', '2027-03-16'),
    breaks: { begins: ['a', { startDate: '2027-03-15' }] },
  },
};

describe.each([...RULE_SETS.values()])('rule set $name', (set) => {
  const { a, b, breaks } = CASES[set.name]!;
  const all = [...set.scalar, ...(set.intersect ? [set.intersect] : [])];
  const only = (part: string) => {
    const found = all.filter(({ name }) => name.includes(part));
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  it('holds of papers that agree', async () => {
    const { holds, rules } = await outcomeOf(set.name, a, b);
    expect(not(rules)).toEqual({});
    expect(holds).toBe(true);
    expect(rules.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
  });

  it('has a case in which each rule alone fails, and says whether it decides', async () => {
    expect(
      Object.keys(breaks)
        .map((part) => only(part).name)
        .sort(),
    ).toEqual(all.map(({ name }) => name).sort());
    for (const [part, [side, change]] of Object.entries(breaks)) {
      const rule = only(part);
      const { holds, rules } = await outcomeOf(
        set.name,
        side === 'a' ? changed(a, change) : a,
        side === 'b' ? changed(b, change) : b,
      );
      expect(not(rules)).toEqual({ [rule.name]: rule === set.intersect ? 'not-shown' : 'fails' });
      expect(holds).toBe(rule.decides === 'never');
    }
  });

  it('says of each field that is absent what that means', async () => {
    for (const rule of all) {
      if (!('slotA' in rule.rule)) throw new Error('every rule is on');
      const { slotA } = rule.rule;
      const { holds, rules } = await outcomeOf(set.name, changed(a, { [slotA]: undefined }), b);
      const absent = rules.find(({ name }) => name === rule.name)!;
      expect(absent.status).toBe('not-comparable');
      expect(absent.meaning).toBe(rule.absent);
      expect(holds).toBe(
        all
          .filter(({ decides }) => decides === 'always')
          .every((r) => !('slotA' in r.rule) || r.rule.slotA !== slotA),
      );
    }
  });

  it('compares slots of one encoding, and takes kinds that a purpose of the default schema has', () => {
    for (const { rule } of set.scalar) {
      if (rule.op === 'off') throw new Error('every rule is on');
      const numbers = ['uint64', 'uint32', 'date'];
      const [encodingA, encodingB] = [SLOT_ENCODINGS[rule.slotA], SLOT_ENCODINGS[rule.slotB]];
      expect(encodingA).toBe(encodingB);
      if (rule.op !== 'equal') expect(numbers).toContain(encodingA);
    }
    if (set.intersect) {
      const { slotA, slotB } = set.intersect.rule;
      expect([SLOT_ENCODINGS[slotA], SLOT_ENCODINGS[slotB]]).toEqual(['set', 'set']);
    }
    for (const side of [set.a, set.b]) {
      if (side.from !== 'entry') continue;
      expect(side.kinds.length).toBeGreaterThan(0);
      for (const kind of side.kinds) {
        const taken = side.purposes.filter(
          (purpose) => roleMaskOf(purposeOf(defaultSchema(), purpose), kind) !== undefined,
        );
        expect(taken).toEqual([...side.purposes]);
      }
    }
  });
});

it('knows no other rule sets', () => {
  expect(() => ruleSet('customs/invoice@2')).toThrowError(expect.objectContaining({ code: 'not_found' }));
  expect(Object.keys(CASES).sort()).toEqual([...RULE_SETS.keys()].sort());
});
