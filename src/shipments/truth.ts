import { FAULTS, type Fault } from './fault-names.js';

/** A document of a set: which file, and who has it for what. */
export interface TruthDocument {
  readonly file: string;
  /** As the plain form calls it: `import-declaration`. */
  readonly kind: string;
  /** The role and the purpose under which it would be registered; a paper that only passes hands has neither. */
  readonly role: string;
  readonly purpose: string | null;
}

/** Files of one set that are equal under a fingerprint. */
export interface TruthMatch {
  readonly fingerprint: string;
  readonly files: readonly string[];
  /** The papers are in order all the same: whoever looks at the match finds nothing wrong. */
  readonly lawful: boolean;
}

/** Two files that are to be compared under a rule set, and the slots of A of whose rules it must not hold. */
export interface TruthCheck {
  readonly ruleSet: string;
  readonly a: string;
  readonly b: string;
  readonly disagree: readonly string[];
}

/** Whether somebody who holds `copy` can open the convergent entry of `entry`. */
export interface TruthOpening {
  readonly entry: string;
  readonly copy: string;
  readonly opens: boolean;
}

export interface TruthSet {
  /** Its folder. */
  readonly set: string;
  /** What is wrong with it, or special about it; null for nothing. */
  readonly fault: Fault | null;
  /** Nothing of it may raise an alarm. */
  readonly lawful: boolean;
  readonly documents: readonly TruthDocument[];
  /** Every equality of fingerprints between files of one row of kinds, in all sets: there are no others. */
  readonly matches: readonly TruthMatch[];
  readonly checks: readonly TruthCheck[];
  readonly openings: readonly TruthOpening[];
}

/** `truth.json`: what a detector must find in the sets beside it, and what it must not. */
export interface Truth {
  readonly version: 1;
  readonly seed: string;
  readonly faults: readonly Fault[];
  readonly sets: readonly TruthSet[];
}

export const isLawful = (fault: Fault | null): boolean => fault === null || FAULTS[fault].lawful;
