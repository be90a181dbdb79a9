import { describe, expect, it } from 'vitest';
import {
  fingerprintRow,
  KINDS,
  kindInfo,
  kindOfCode,
  maskOf,
  SLOT_NAMES,
  slotsIn,
  type SlotMask,
} from '../../src/documents/index.js';
import { coded } from './helpers.js';

describe('kinds', () => {
  it('map the codes of UN/CEFACT 1001 that the protocol names', () => {
    for (const code of [380, 384, 389, 393, 326, 575, 877, 387, 388]) expect(kindOfCode(code)).toBe(380);
    for (const code of [381, 261, 262, 296, 308, 396, 420, 458, 532]) expect(kindOfCode(code)).toBe(381);
    for (const code of [383, 84]) expect(kindOfCode(code)).toBe(383);
    expect(kindOfCode(325)).toBe(325);
    expect(kindOfCode(999)).toBeUndefined();
    for (const code of [105, 705, 704, 714, 710, 740, 271, 929, 830, 530, 520, 465, 635, 60001, 60002]) {
      expect(kindInfo(code).kind).toBe(code);
    }
  });

  it('a code that maps to a kind is not a kind', () => {
    expect(() => kindInfo(384)).toThrow(coded('invalid_argument', 'kind'));
  });
});

describe('fingerprints', () => {
  it('of an export and of an import of the same goods do not meet; those of waybills and bills do', () => {
    const names = (kind: number): string[] => {
      const { exact, near, possession } = fingerprintRow(kind);
      return [exact, near!, possession].map(({ name }) => name);
    };
    expect(names(830).filter((name) => names(929).includes(name))).toEqual([]);
    expect(names(705)).toEqual(names(710));
    // What links them where somebody asks for it.
    const shared = (a: number, b: number) =>
      fingerprintRow(a)
        .further.map(({ name }) => name)
        .filter((name) => fingerprintRow(b).further.some((other) => other.name === name));
    expect(shared(830, 929)).toEqual(['goods@1']);
    expect(shared(380, 705)).toEqual(['goods@1']);
  });

  const slots = (mask: number | undefined): readonly string[] => slotsIn((mask ?? 0) as SlotMask);

  it.each([
    [
      381,
      ['issuer', 'number'],
      ['issuer', 'currency', 'amount', 'issueDate'],
      ['issuer', 'number', 'currency', 'amount', 'issueDate'],
    ],
    [705, ['transport'], ['objects', 'startDate'], ['transport', 'objects', 'quantity']],
    [
      929,
      ['issuer', 'number'],
      ['transport', 'classCode', 'quantity'],
      ['issuer', 'number', 'quantity', 'packages'],
    ],
    [
      530,
      ['issuer', 'number'],
      ['objects', 'classCode'],
      ['issuer', 'number', 'amount', 'startDate', 'endDate'],
    ],
    [
      60001,
      ['issuer', 'number'],
      ['objects', 'classCode', 'startDate'],
      ['issuer', 'number', 'amount', 'startDate'],
    ],
    [60002, ['issuer', 'number'], [], ['issuer', 'number', 'references', 'quantity']],
    [
      465,
      ['issuer', 'number'],
      ['issuer', 'currency', 'amount', 'endDate'],
      ['issuer', 'number', 'currency', 'amount'],
    ],
    [
      105,
      ['issuer', 'number'],
      ['issuer', 'currency', 'amount', 'issueDate'],
      ['issuer', 'number', 'issueDate'],
    ],
  ])('kind %i has the slots of protocol section 4', (kind, exact, near, possession) => {
    const row = fingerprintRow(kind);
    expect(new Set(slots(row.exact.mask))).toEqual(new Set(exact));
    expect(new Set(slots(row.near?.mask))).toEqual(new Set(near));
    expect(new Set(slots(row.possession.mask))).toEqual(new Set(possession));
  });

  it('no two rows share the name of their own fingerprints', () => {
    const rows = new Map([...KINDS.keys()].map((kind) => [fingerprintRow(kind).row, fingerprintRow(kind)]));
    const names = [...rows.values()].flatMap((r) => [
      r.exact.name,
      r.near?.name ?? `${r.row}/none`,
      r.possession.name,
    ]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names.filter((n) => !n.endsWith('/none')))
      expect(name).toMatch(/^[a-z-]+\/(?:exact|near|possession)@1$/);
  });

  it("masks and names of slots are each other's inverse", () => {
    expect(slotsIn(maskOf(SLOT_NAMES))).toEqual(SLOT_NAMES);
    expect(maskOf(['issuer', 'number'])).toBe(3);
    expect(maskOf(['endDate'])).toBe(32768);
  });
});
