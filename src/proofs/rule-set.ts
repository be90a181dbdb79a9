import type { Kind } from '../documents/kinds.js';
import type { SlotName } from '../documents/slots.js';
import { SCALAR_RULES, type Rules, type ScalarRule, type SetRule } from './crosscheck-rules.js';
import type { CrosscheckPublic } from './crosscheck-signals.js';

/**
 * What a rule decides. `always`: the cross-check holds only if the rule does, and what cannot be compared does not hold.
 * `where-comparable`: an absent field is no failure. `never`: it is told to whoever reads the result, no more.
 */
export type Decides = 'always' | 'where-comparable' | 'never';

interface Named {
  /** What it says of the two documents, in the terms of the trade: a statement that holds or does not. */
  readonly name: string;
  readonly decides: Decides;
  /** What it means that a document lacks the field, where that is no failure. */
  readonly absent?: string;
}

export interface NamedRule extends Named {
  readonly rule: ScalarRule;
}

/** A set rule that is not shown may hold all the same: only what is shown counts. */
export interface NamedSetRule extends Named {
  readonly rule: SetRule;
}

/** A side that is an entry of the ledger. */
export interface EntrySide {
  readonly from: 'entry';
  /** What the document is to the other one: `customs declaration`. */
  readonly label: string;
  readonly kinds: readonly Kind[];
  /** Purposes of its entry: with the kind they decide which roles can have written it. */
  readonly purposes: readonly string[];
}

/** A side of which the request names every value: a document of these slots alone, with salt 0. */
export interface PublicSide {
  readonly from: 'request';
  readonly label: string;
  readonly kind: Kind;
  readonly slots: readonly SlotName[];
}

/** Rules between two documents, under a name that never changes its meaning. */
export interface RuleSet {
  /** `what/against@version`. */
  readonly name: string;
  /** The question that it answers, in one sentence. */
  readonly question: string;
  readonly a: EntrySide;
  readonly b: EntrySide | PublicSide;
  /** By their places in the statement: at most eight. */
  readonly scalar: readonly NamedRule[];
  readonly intersect?: NamedSetRule;
  /** What ties the two papers to each other, and what does not. */
  readonly tie: string;
}

/** The rules as the statement takes them. */
export const rulesOf = ({ scalar, intersect }: RuleSet): Rules => ({
  scalar: scalar.map(({ rule }) => rule),
  ...(intersect ? { intersect: intersect.rule } : {}),
});

/** `not-comparable`: a document lacks the field. `not-shown`: of sets, which may have something in common all the same. */
export type RuleStatus = 'holds' | 'fails' | 'not-comparable' | 'not-shown';

export interface RuleOutcome {
  readonly name: string;
  readonly status: RuleStatus;
  readonly decides: Decides;
  /** Whether the cross-check does not hold because of it. */
  readonly refuses: boolean;
  /** What it means that it could not be compared, where that is no failure. */
  readonly meaning?: string;
}

export interface Judgement {
  /** Every rule that decides holds. */
  readonly holds: boolean;
  readonly rules: readonly RuleOutcome[];
}

/** What the masks of a proof say under a rule set, whose rules they must be of. */
export function judge(
  set: RuleSet,
  { pass, comparable }: Pick<CrosscheckPublic, 'pass' | 'comparable'>,
): Judgement {
  const has = (mask: number, bit: number) => ((mask >> bit) & 1) === 1;
  const outcome = (
    { name, decides, absent }: Named,
    bit: number,
    unless: 'fails' | 'not-shown',
  ): RuleOutcome => {
    const status = has(pass, bit) ? 'holds' : has(comparable, bit) ? unless : 'not-comparable';
    const refuses =
      status !== 'holds' && decides !== 'never' && (decides === 'always' || status !== 'not-comparable');
    return {
      name,
      status,
      decides,
      refuses,
      ...(status === 'not-comparable' && !refuses && absent !== undefined ? { meaning: absent } : {}),
    };
  };
  const rules = set.scalar.map((rule, i) => outcome(rule, i, 'fails'));
  if (set.intersect) rules.push(outcome(set.intersect, SCALAR_RULES, 'not-shown'));
  return { holds: rules.every(({ refuses }) => !refuses), rules };
}
