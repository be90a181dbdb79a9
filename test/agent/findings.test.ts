import { describe, expect, it } from 'vitest';
import { findingsOf, type OwnMatch } from '../../src/agent/findings.js';
import {
  verdictLabel,
  type EntryState,
  type MatchCounts,
  type Sequence,
  type Verdict,
} from '../../src/ledger/index.js';

const counts = (states: readonly EntryState[]): MatchCounts => ({
  total: states.length,
  registered: states.filter((state) => state === 'registered').length,
  engaged: states.filter((state) => state === 'engaged').length,
  settled: states.filter((state) => state === 'settled').length,
});
const match = (sequence: number, state: EntryState): OwnMatch => ({ sequence: sequence as Sequence, state });

/** Others' and own entries with the exact tag, and with the near one alone. */
interface Case {
  exact?: { others?: EntryState[]; own?: EntryState[] };
  near?: { others?: EntryState[]; own?: EntryState[] };
  ledger: string;
  member: string;
}

const CASES: Case[] = [
  { ledger: 'unique', member: 'unique' },
  { exact: { own: ['registered'] }, ledger: 'duplicate', member: 'unique' },
  { exact: { own: ['engaged'] }, ledger: 'duplicate-engaged', member: 'unique' },
  { exact: { own: ['settled'] }, ledger: 'duplicate-settled', member: 'unique' },
  { exact: { own: ['engaged'], others: ['registered'] }, ledger: 'duplicate-engaged', member: 'duplicate' },
  {
    exact: { own: ['registered'], others: ['engaged'] },
    ledger: 'duplicate-engaged',
    member: 'duplicate-engaged',
  },
  {
    exact: { own: ['engaged', 'engaged'], others: ['engaged'] },
    ledger: 'duplicate-engaged',
    member: 'duplicate-engaged',
  },
  { exact: { own: ['cancelled'], others: ['released'] }, ledger: 'unique', member: 'unique' },
  { near: { own: ['engaged'] }, ledger: 'near-duplicate', member: 'unique' },
  { near: { own: ['lapsed'], others: ['lapsed'] }, ledger: 'unique', member: 'unique' },
  { near: { own: ['engaged'], others: ['registered'] }, ledger: 'near-duplicate', member: 'near-duplicate' },
  {
    exact: { own: ['registered'] },
    near: { others: ['settled'] },
    ledger: 'duplicate',
    member: 'near-duplicate',
  },
];

describe('what a verdict says to its author', () => {
  it.each(CASES)('$exact and $near: the ledger says $ledger, the member hears $member', (example) => {
    let next = 0;
    const number = (states: EntryState[] = []) => states.map((state) => match(next++, state));
    const exact = { own: number(example.exact?.own), others: number(example.exact?.others) };
    const near = { own: number(example.near?.own), others: number(example.near?.others) };
    const states = (list: readonly OwnMatch[]) => list.map(({ state }) => state);
    const both = {
      exact: counts(states([...exact.own, ...exact.others])),
      near: counts(states([...near.own, ...near.others])),
    };
    const verdict: Verdict = {
      label: verdictLabel(both.exact, both.near),
      ...both,
      matches: [
        ...[...exact.own, ...exact.others].map((one) => ({ ...one, via: 'exact' as const })),
        ...[...near.own, ...near.others].map((one) => ({ ...one, via: 'near' as const })),
      ],
    };
    expect(verdict.label).toBe(example.ledger);
    const findings = findingsOf(verdict, { exact: exact.own, near: near.own });
    expect(findings.verdict).toBe(example.member);
    expect(findings.exact).toEqual(counts(states(exact.others)));
    expect(findings.near).toEqual(counts(states(near.others)));
    const own = new Set<number>([...exact.own, ...near.own].map(({ sequence }) => sequence));
    for (const found of findings.matches) expect(found.own).toBe(own.has(found.sequence as number));
    expect(findings.matches).toHaveLength(verdict.matches.length);
  });
});
