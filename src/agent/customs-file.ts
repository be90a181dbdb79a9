import type { StoreSession } from './store.js';
import type { VerifiedCrosscheck } from './crosscheck-verify.js';

/** What a declaration is compared with, in the order of an officer's page. A part of a bill of lading has a rule set of its own. */
export const CUSTOMS_RULES = [
  'customs/invoice@1',
  'customs/packing-list@1',
  'customs/transport@1',
  'customs/transport-part@1',
  'invoice/insurance@1',
] as const;
export type CustomsRules = (typeof CUSTOMS_RULES)[number];

/** What the office keeps of one comparison: sealed, in its folder. */
export interface KeptComparison {
  /** The request as its file says it. */
  readonly request: string;
  /** Milliseconds: no answer counts after it. */
  readonly expires: number;
  /** The answer that was verified, and the SHA-256 of its file, hexadecimal: it is the same one when it is given again. */
  readonly answer?: VerifiedCrosscheck;
  readonly answerFile?: string;
}

const keyOf = (declaration: number, rules: CustomsRules) => `own/customs/${declaration}/${rules}`;

export const keptComparison = (session: StoreSession, declaration: number, rules: CustomsRules) =>
  session.getSealed<KeptComparison>(keyOf(declaration, rules));

export const keepComparison = (
  session: StoreSession,
  declaration: number,
  rules: CustomsRules,
  kept: KeptComparison,
): void => session.putSealed(keyOf(declaration, rules), kept);

const usesKey = (rules: CustomsRules, entry: number) => `own/customs-use/${rules}/${entry}`;

/** The declarations that one entry of another paper was compared with, as a whole. */
export const usesOf = (session: StoreSession, rules: CustomsRules, entry: number): readonly number[] =>
  session.getSealed<number[]>(usesKey(rules, entry)) ?? [];

/** One paper is for one declaration, but for the bill of lading of several and the insurance. */
export const SINGLE_USE: readonly CustomsRules[] = [
  'customs/invoice@1',
  'customs/packing-list@1',
  'customs/transport@1',
];

/** Keeps a verified answer, and for which declaration its paper was used. */
export function keepAnswer(
  session: StoreSession,
  declaration: number,
  rules: CustomsRules,
  kept: KeptComparison & { readonly answer: VerifiedCrosscheck },
): void {
  keepComparison(session, declaration, rules, kept);
  const paper = kept.answer.b?.entry;
  if (paper === undefined || !SINGLE_USE.includes(rules)) return;
  const uses = new Set([...usesOf(session, rules, paper), declaration]);
  session.putSealed(usesKey(rules, paper), [...uses]);
}
