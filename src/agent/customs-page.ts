import { kindInfo } from '../documents/index.js';
import {
  countsAsDuplicate,
  purposeOf,
  ROLES,
  roleMaskOf,
  unixMs,
  type EntryState,
  type Network,
  type Replica,
  type Role,
  type Sequence,
} from '../ledger/index.js';
import { ruleSet, type RuleOutcome } from '../proofs/index.js';
import { SINGLE_USE, usesOf, type CustomsRules, type KeptComparison } from './customs-file.js';
import { registrationOf } from './entry-on-ledger.js';
import type { LedgerCopy } from './ledger-copy.js';
import { stands } from './open-convergent.js';
import type { StoreSession } from './store.js';

/** An entry as an officer sees it: nothing of what its document says. */
export interface PageEntry {
  readonly entry: number;
  /** `import declaration`. */
  readonly kind: string;
  readonly purpose: string;
  /** Now, not when it was compared. */
  readonly state: EntryState;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** Its author has one of these roles. */
  readonly writtenBy: readonly Role[];
}

/**
 * `missing`: nobody was asked. `asked`: there is no answer yet. `expired`: nor will there be. `void`: it was answered,
 * and one of the entries stands for nothing any more.
 */
export type ComparisonStatus = 'agrees' | 'disagrees' | 'asked' | 'expired' | 'missing' | 'void';

export interface PageComparison {
  /** Name of the rule set. */
  readonly rules: CustomsRules;
  readonly question: string;
  /** The other paper: `invoice`. */
  readonly paper: string;
  readonly status: ComparisonStatus;
  /** The entries that were compared; empty without an answer. */
  readonly entries: readonly PageEntry[];
  readonly outcomes: readonly RuleOutcome[];
  /** Other live declarations for which this office was shown the same entry of a paper that is for one. */
  readonly alsoFor: readonly number[];
  /** What the comparison does not show. */
  readonly tie: string;
}

/** Another live declaration that the ledger found to be equal in its tags. */
export interface PageMatch extends PageEntry {
  /** `document`: declarant and number. `goods`: transport document, tariff heading and weight. */
  readonly same: 'document' | 'goods';
}

/** `alarm`: something disagrees, the goods are declared twice, or a paper is used for two declarations. `open`: something is missing. */
export type Conclusion = 'clear' | 'open' | 'alarm';

/** What an officer sees of one declaration. */
export interface CustomsPage {
  readonly declaration: PageEntry;
  readonly conclusion: Conclusion;
  readonly comparisons: readonly PageComparison[];
  readonly matches: readonly PageMatch[];
}

interface Parts {
  readonly network: Network;
  readonly copy: LedgerCopy;
}

/** An entry as the log has it. Throws `not_found`. */
function pageEntry({ network, copy }: Parts, session: StoreSession, sequence: number): PageEntry {
  const { time, body } = registrationOf(session, copy, sequence);
  const replica = copy.replica(session);
  const mask = roleMaskOf(purposeOf(network.genesis.schema, body.purpose), body.documentKind) ?? 0;
  return {
    entry: sequence,
    kind: kindInfo(body.documentKind).name,
    purpose: body.purpose,
    state: replica.stateOf(replica.entry(sequence as Sequence)!, unixMs(Date.now())),
    registeredAt: new Date(time).toISOString(),
    writtenBy: ROLES.filter((_, i) => (mask >> i) & 1),
  };
}

/** The page of a declaration, from what was kept of its comparisons and the own copy of the log. Throws `not_found`. */
export function pageOf(
  parts: Parts,
  session: StoreSession,
  declaration: number,
  kept: readonly (readonly [CustomsRules, KeptComparison | undefined])[],
): CustomsPage {
  const comparisons = kept.map(([rules, comparison]) =>
    comparisonOf(parts, session, { declaration, rules }, comparison),
  );
  const matches = matchesOf(parts, session, parts.copy.replica(session), declaration);
  const is = (...statuses: ComparisonStatus[]) => comparisons.some(({ status }) => statuses.includes(status));
  return {
    declaration: pageEntry(parts, session, declaration),
    conclusion:
      is('disagrees') || matches.length > 0 || comparisons.some(({ alsoFor }) => alsoFor.length > 0)
        ? 'alarm'
        : is('asked', 'expired', 'missing', 'void')
          ? 'open'
          : 'clear',
    comparisons,
    matches,
  };
}

function comparisonOf(
  parts: Parts,
  session: StoreSession,
  { declaration, rules }: { readonly declaration: number; readonly rules: CustomsRules },
  kept: KeptComparison | undefined,
): PageComparison {
  const { question, tie, a, b } = ruleSet(rules);
  const answer = kept?.answer;
  const numbers = answer ? [answer.a.entry, ...(answer.b ? [answer.b.entry] : [])] : [];
  const entries = numbers.map((number) => pageEntry(parts, session, number));
  const standing = entries.every(({ state }) => stands(state));
  const paper = SINGLE_USE.includes(rules) ? answer?.b?.entry : undefined;
  const alsoFor = (paper === undefined ? [] : usesOf(session, rules, paper)).filter(
    (other) => other !== declaration && stands(pageEntry(parts, session, other).state),
  );
  const unanswered = kept ? (Date.now() <= kept.expires ? 'asked' : 'expired') : 'missing';
  return {
    rules,
    question,
    paper: rules === 'invoice/insurance@1' ? a.label : b.label,
    status: answer ? (!standing ? 'void' : answer.holds ? 'agrees' : 'disagrees') : unanswered,
    entries,
    outcomes: answer?.rules ?? [],
    alsoFor,
    tie,
  };
}

/** Live declarations of the same number, or of the same goods; whether they have one author is not known. */
function matchesOf(
  parts: Parts,
  session: StoreSession,
  replica: Replica,
  declaration: number,
): readonly PageMatch[] {
  const self = replica.entry(declaration as Sequence)!;
  return replica
    .verdict(self.purpose, self.tags, unixMs(Date.now()), { self })
    .matches.filter(({ state }) => countsAsDuplicate(state))
    .map(({ sequence, via }) => ({
      ...pageEntry(parts, session, sequence),
      same: via === 'near' ? 'goods' : 'document',
    }));
}
