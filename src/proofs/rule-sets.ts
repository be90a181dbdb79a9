import { KINDS, POLICY, type Kind, type RowName } from '../documents/kinds.js';
import type { SlotName } from '../documents/slots.js';
import { CountersealError } from '../errors.js';
import type { ScalarRule } from './crosscheck-rules.js';
import type { Decides, EntrySide, NamedRule, NamedSetRule, RuleSet } from './rule-set.js';

// The rule sets of version 1. A rule compares slots, so it can say no more than the slots do:
// - `quantity` is the gross mass in every format that has one.
// - A party is `scheme|id`. One party under its VAT number here and its EORI or GLN there is not equal: rules about parties
//   decide only where both papers are written by the same side of the trade.
// - A reference is one text `kind|issuer|number`, an element of a set, while the other document has its issuer and number
//   in slots of their own. No slot has the form of an element, so `element` rules have no use here, and that a declaration
//   names *this* invoice cannot be shown. What ties the papers is in `tie`. Two references can be compared: `intersect`.
// - Whose paper it is follows from the purpose: its entry was written by one of the roles of kind and purpose.

const DIFFERENT_REGISTERS = 'a party named in one paper only, or by name, cannot be compared';
/** UCP 600, article 30 b: 5 per cent more or less of a quantity. Customs and carriers weigh apart. */
const WEIGHT_TOLERANCE = 50_000;
/** UCP 600, article 30 a: "about" is 10 per cent more or less of the amount. */
const ABOUT_TOLERANCE = 100_000;
/** UCP 600, article 28 f: insurance covers at least 110 per cent. */
const INSURANCE_SURPLUS = 100_000;
/**
 * Three days and a part, as parts per million of the days since 1970, from October 2024 until 2043: what insurers write
 * down as the day of one loss differs by that much.
 */
const OTHER_LOSS = 150;

const kindsOf = (...rows: readonly RowName[]): Kind[] =>
  [...KINDS.values()].filter(({ row }) => rows.includes(row)).map(({ kind }) => kind);

const entry = (label: string, kinds: readonly Kind[], ...purposes: readonly string[]): EntrySide => ({
  from: 'entry',
  label,
  kinds,
  purposes,
});

const declaration = entry(
  'customs declaration',
  kindsOf('import-declaration', 'export-declaration'),
  'declare',
);
const policy = (label = 'insurance policy or certificate') => entry(label, kindsOf('policy'), 'cover');
const invoice = entry('invoice', kindsOf('invoice'), 'attest', 'finance');

const equal = (slotA: SlotName, slotB: SlotName = slotA): ScalarRule => ({ op: 'equal', slotA, slotB });
const atMost = (slotA: SlotName, slotB: SlotName): ScalarRule => ({ op: 'at-most', slotA, slotB });
const lessThan = (slotA: SlotName, slotB: SlotName): ScalarRule => ({ op: 'less-than', slotA, slotB });
const within = (slot: SlotName, partsPerMillion: number): ScalarRule => ({
  op: 'within',
  slotA: slot,
  slotB: slot,
  partsPerMillion,
});
const atLeast = (slotA: SlotName, slotB: SlotName, partsPerMillion = 0): ScalarRule => ({
  op: 'at-least',
  slotA,
  slotB,
  partsPerMillion,
});

const must = (name: string, rule: ScalarRule): NamedRule => ({ name, rule, decides: 'always' });
const ifBoth = (name: string, rule: ScalarRule, absent: string): NamedRule => ({
  name,
  rule,
  decides: 'where-comparable',
  absent,
});
const told = (name: string, rule: ScalarRule, absent: string): NamedRule => ({
  name,
  rule,
  decides: 'never',
  absent,
});
const common = (name: string, slot: SlotName, decides: Decides, absent: string): NamedSetRule => ({
  name,
  rule: { slotA: slot, slotB: slot },
  decides,
  absent,
});

const NO_WEIGHT = 'a weight is not stated, and was not compared';
const NO_PACKAGES = 'a number of packages is not stated, and was not compared';
const NO_CONTAINERS = 'no containers are stated: loose cargo, air freight, or a paper that leaves them out';
const sameCurrency = (name: string) => must(name, equal('currency'));
const heading = told(
  'the tariff headings (HS, six digits, the lowest of each paper) are equal',
  equal('classCode'),
  'a paper states no tariff heading',
);

const TABLE: readonly RuleSet[] = [
  {
    name: 'customs/invoice@1',
    question: "Does a customs declaration declare what the seller's invoice says?",
    a: declaration,
    // Not `finance`: what a bank was shown is not what the seller attests to a customs office.
    b: entry('invoice', kindsOf('invoice'), 'attest'),
    scalar: [
      sameCurrency('the declared value is in the currency of the invoice'),
      must('the declared value equals the invoice total', equal('amount')),
      ifBoth(
        'the invoice is dated no later than the declaration',
        atLeast('issueDate', 'issueDate'),
        'a date is not stated, and was not compared',
      ),
      ifBoth('gross weights agree within 5 %', within('quantity', WEIGHT_TOLERANCE), NO_WEIGHT),
      ifBoth('numbers of packages are equal', equal('packages'), NO_PACKAGES),
      ifBoth(
        'both name the same transport document',
        equal('transport'),
        'the invoice names no transport document, as most do not',
      ),
      heading,
    ],
    intersect: common(
      'a container is on both',
      'objects',
      'where-comparable',
      'the invoice names no containers, as most do not',
    ),
    tie: 'Currency, exact total and dates; transport document and containers where the invoice names them. The number under which the declaration names the invoice is not compared: who has it can evaluate it and see whether the entry carries that tag. One declaration against one invoice, whose total is without domestic tax, as that of an export is.',
  },
  {
    name: 'customs/transport@1',
    question: "Does a customs declaration agree with the carrier's transport document?",
    a: declaration,
    b: entry('transport document', kindsOf('transport'), 'carry'),
    scalar: [
      must('both name the same transport document', equal('transport')),
      must('gross weights agree within 5 %', within('quantity', WEIGHT_TOLERANCE)),
      ifBoth(
        'numbers of packages are equal',
        equal('packages'),
        'the transport document was registered without a number of packages, and none was compared',
      ),
      heading,
      ifBoth('both name the same containers', equal('objects'), NO_CONTAINERS),
    ],
    tie: 'The transport document itself: carrier and number. A declaration that gives the number without the carrier or its prefix names no transport document that could be equal. All that the transport document carries against one declaration of it: for one of several see customs/transport-part@1.',
  },
  {
    name: 'customs/transport-part@1',
    question: 'Does a customs declaration declare a part of what a transport document carries?',
    a: declaration,
    b: entry('transport document', kindsOf('transport'), 'carry'),
    scalar: [
      must('both name the same transport document', equal('transport')),
      must(
        'the declared gross weight is at most that of the transport document',
        atMost('quantity', 'quantity'),
      ),
      ifBoth(
        'the declared number of packages is at most that of the transport document',
        atMost('packages', 'packages'),
        'the transport document was registered without a number of packages, and none was compared',
      ),
      heading,
    ],
    intersect: common('a container is on both', 'objects', 'where-comparable', NO_CONTAINERS),
    tie: 'The transport document itself, as in customs/transport@1. Of one declaration: that all declarations of the parts together declare no more than was carried is not compared, nor that each of several containers is on the transport document.',
  },
  {
    name: 'customs/packing-list@1',
    question: 'Does a customs declaration agree with the packing list?',
    a: declaration,
    b: entry('packing list', kindsOf('packing-list'), 'attest'),
    scalar: [
      must('gross weights agree within 5 %', within('quantity', WEIGHT_TOLERANCE)),
      must('numbers of packages are equal', equal('packages')),
      ifBoth(
        'the packing list is dated no later than the declaration',
        atLeast('issueDate', 'issueDate'),
        'a date is not stated, and was not compared',
      ),
      ifBoth(
        'both name the same transport document',
        equal('transport'),
        'the packing list names no transport document',
      ),
      heading,
    ],
    intersect: common('a container is on both', 'objects', 'where-comparable', NO_CONTAINERS),
    tie: 'Weight and packages; transport document and containers where both name them.',
  },
  {
    name: 'invoice/insurance@1',
    question:
      'Does an insurance policy or certificate cover at least 110 % of an invoice (UCP 600, article 28 f)?',
    a: policy(),
    b: invoice,
    scalar: [
      sameCurrency('the insurance is in the currency of the invoice'),
      must(
        'the sum insured is at least 110 % of the invoice total',
        atLeast('amount', 'amount', INSURANCE_SURPLUS),
      ),
      ifBoth(
        'both name the same transport document',
        equal('transport'),
        'the invoice names no transport document, as most do not',
      ),
      told('the insured is the seller', equal('counterparty', 'issuer'), DIFFERENT_REGISTERS),
      told('the insured is the buyer', equal('counterparty'), DIFFERENT_REGISTERS),
    ],
    intersect: common(
      'both refer to one order, credit or other document',
      'references',
      'never',
      'a paper refers to no document',
    ),
    tie: 'Currency and sum alone, unless both name the transport document or refer to one document: an insurance of another shipment of the same value passes. When the cover begins is to be compared with the shipment, which an invoice does not state.',
  },
  {
    name: 'invoice/purchase-order@1',
    question: 'Was what an invoice charges ordered?',
    a: invoice,
    b: entry('purchase order', kindsOf('order'), 'attest', 'finance'),
    scalar: [
      sameCurrency('invoice and order are in one currency'),
      must('the order is dated no later than the invoice', atLeast('issueDate', 'issueDate')),
      ifBoth(
        'the invoice total is at most the order total',
        atMost('amount', 'amount'),
        'an order without a total sets no limit',
      ),
      ifBoth(
        "the invoice's buyer issued the order",
        equal('counterparty', 'issuer'),
        'the invoice does not identify its buyer',
      ),
      ifBoth(
        "the order was placed with the invoice's seller",
        equal('issuer', 'counterparty'),
        'the order does not identify the seller',
      ),
    ],
    intersect: common(
      'a line (goods, quantity, net amount) is on both',
      'lines',
      'never',
      'a paper has no lines, or more than are compared',
    ),
    tie: "Seller and buyer, where both papers identify them in one register (a VAT number here and a GLN there are not equal), currency and dates. That the invoice names this order's number is not compared.",
  },
  {
    name: 'policy/no-overlap@1',
    question: 'Does one policy end before the other begins?',
    a: policy('earlier policy'),
    b: policy('later policy'),
    scalar: [
      must(
        'the earlier policy ends before the day on which the later one begins',
        lessThan('endDate', 'startDate'),
      ),
    ],
    intersect: common('an insured object is on both', 'objects', 'never', 'a policy names no object'),
    tie: 'Nothing but the question: that both insure one thing is what their equal tags said.',
  },
  {
    name: 'claim/policy@1',
    question: 'Does a policy cover the loss that a claim is about?',
    a: entry('claim', kindsOf('claim'), 'claim'),
    b: policy(),
    scalar: [
      must('the loss is on or after the day on which the policy begins', atLeast('startDate', 'startDate')),
      must('the loss is on or before the day on which the policy ends', atMost('startDate', 'endDate')),
      ifBoth(
        'claim and policy are in one currency',
        equal('currency'),
        'nothing is claimed in money yet, or the policy names no sum',
      ),
      ifBoth(
        'the claim is at most the sum insured',
        atMost('amount', 'amount'),
        'nothing is claimed in money yet, or the policy names no sum',
      ),
      ifBoth(
        'the insured of the claim is the insured of the policy',
        equal('counterparty'),
        'a paper does not identify the insured',
      ),
      told('the insurer of the claim is the insurer of the policy', equal('issuer'), DIFFERENT_REGISTERS),
      told(
        'the cause of the loss is the peril insured',
        equal('classCode'),
        'a paper states no peril or cause',
      ),
    ],
    intersect: common(
      'an insured object is on both',
      'objects',
      'where-comparable',
      'the policy, or the claim, names no object',
    ),
    tie: 'Period, insured object and insured party, where both papers state them. The number under which the claim names the policy is not compared. A policy that several insurers share names the one that leads, and an interface may know an insurer by its host alone: that the insurers differ decides nothing.',
  },
  {
    name: 'claim/other-loss@1',
    question: 'Is a claim about a later loss than another claim?',
    a: entry('later claim', kindsOf('claim'), 'claim'),
    b: entry('earlier claim', kindsOf('claim'), 'claim'),
    scalar: [
      must(
        'the later loss is at least four days after the earlier one',
        atLeast('startDate', 'startDate', OTHER_LOSS),
      ),
    ],
    intersect: common('an object is claimed for in both', 'objects', 'never', 'a claim names no object'),
    tie: 'Nothing but the question: that both are about one thing is what their equal tags said. Two accidents of one thing within three days do not hold, and are to be looked at.',
  },
  ...(
    [
      [
        'lc/invoice-exact@1',
        'in exactly its amount',
        must('the invoice total equals the amount of the credit', equal('amount')),
        [],
      ],
      [
        'lc/invoice-about@1',
        'in "about" its amount (UCP 600, article 30 a)',
        must(
          'the invoice total is within 10 % of the amount of the credit',
          within('amount', ABOUT_TOLERANCE),
        ),
        [],
      ],
      [
        'lc/invoice-bulk@1',
        'of goods in bulk (UCP 600, article 30 b)',
        must('the invoice total is at most the amount of the credit', atMost('amount', 'amount')),
        [
          ifBoth(
            'the quantity is within 5 % of that of the credit',
            within('quantity', WEIGHT_TOLERANCE),
            'credit or invoice states no weight: its text decides, and whether it counts packing units',
          ),
        ],
      ],
    ] as const
  ).map(([name, how, amount, more]): RuleSet => ({
    name,
    question: `Does an invoice draw on a letter of credit ${how}?`,
    a: invoice,
    b: entry('letter of credit', kindsOf('letter-of-credit'), 'attest'),
    scalar: [
      sameCurrency('the invoice is in the currency of the credit'),
      amount,
      ifBoth(
        'the invoice is dated no later than the expiry of the credit',
        atMost('issueDate', 'endDate'),
        'the credit was registered without its expiry',
      ),
      ...more,
      told(
        "the invoice's seller is the beneficiary",
        equal('issuer', 'counterparty'),
        'the credit does not identify the beneficiary, or by name alone',
      ),
    ],
    intersect: common(
      'both refer to one order or other document',
      'references',
      'never',
      'a paper refers to no document',
    ),
    tie: 'Currency and amount; the beneficiary where the credit identifies it in the register in which the invoice identifies the seller. The terms of the credit are not compared.',
  })),
  {
    name: 'policy/ends-before@1',
    question: 'Does a policy end before a day?',
    a: policy(),
    b: { from: 'request', label: 'the day', kind: POLICY, slots: ['endDate'] },
    scalar: [must('the policy ends before the day', lessThan('endDate', 'endDate'))],
    tie: 'The entry alone. With policy/starts-from@1 of another insurer and the same day two policies do not overlap, and neither insurer has opened its own to the other.',
  },
  {
    name: 'policy/starts-from@1',
    question: 'Does a policy begin on a day, or after it?',
    a: policy(),
    b: { from: 'request', label: 'the day', kind: POLICY, slots: ['startDate'] },
    scalar: [must('the policy begins on the day or after it', atLeast('startDate', 'startDate'))],
    tie: 'The entry alone: see policy/ends-before@1.',
  },
];

/** Every rule set, by its name. */
export const RULE_SETS: ReadonlyMap<string, RuleSet> = new Map(TABLE.map((set) => [set.name, set]));

/** The rule set of a name. Throws `not_found`, with the names that there are. */
export function ruleSet(name: string): RuleSet {
  const set = RULE_SETS.get(name);
  if (set) return set;
  throw new CountersealError(
    'not_found',
    `there is no rule set ${JSON.stringify(name.slice(0, 60))}: there are ${[...RULE_SETS.keys()].join(', ')}`,
    { field: 'rules' },
  );
}
