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
    const findings = findingsOf(380, verdict, { exact: exact.own, near: near.own });
    expect(findings.verdict).toBe(example.member);
    expect(findings.exact).toEqual(counts(states(exact.others)));
    expect(findings.near).toEqual(counts(states(near.others)));
    const own = new Set<number>([...exact.own, ...near.own].map(({ sequence }) => sequence));
    for (const found of findings.matches) expect(found.own).toBe(own.has(found.sequence as number));
    expect(findings.matches).toHaveLength(verdict.matches.length);
  });

  it('counts near matches that may be siblings of the same day, for kinds whose near tag says so', () => {
    const states: EntryState[] = ['registered', 'engaged', 'cancelled', 'lapsed'];
    const others = states.map((state, i) => match(i, state));
    const own = match(9, 'registered');
    const verdict: Verdict = {
      label: 'near-duplicate',
      exact: counts(['settled']),
      near: counts([...states, 'registered', 'settled']),
      matches: [
        ...[...others, own].map((one) => ({ ...one, via: 'near' as const })),
        { ...match(10, 'settled'), via: 'exact' },
      ],
    };
    const siblings = (kind: number) => findingsOf(kind, verdict, { exact: [], near: [own] }).siblings;
    // Invoice and order; bill of lading, policy and cession have other near tags, or none.
    expect([380, 381, 105].map(siblings)).toEqual([2, 2, 2]);
    expect([705, 530, 60002].map(siblings)).toEqual([0, 0, 0]);
    // Where a popular tag's matches are not all listed, the counts say that there are more.
    const many = { ...verdict, near: { total: 500, registered: 400, engaged: 1, settled: 0 } };
    expect(findingsOf(380, many, { exact: [], near: [] }).siblings).toBe(400);
  });
});
