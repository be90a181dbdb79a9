import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNumber, looseNumber } from '../../../src/documents/canonical/number.js';
import { canonicalText, cutToBytes, utf8Length } from '../../../src/documents/canonical/text.js';
import { CountersealError } from '../../../src/errors.js';
import { coded } from '../helpers.js';

/** The form, or undefined where the value is refused; any other exception fails the test. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_document') return undefined;
    throw error;
  }
}

describe('the text form', () => {
  it.each([
    ['  Müller\t&\n Söhne  ', 'MÜLLER & SÖHNE'],
    ['ＡＢＣ　１２', 'ABC 12'],
    ['a–b—c−d‐e‑f', 'A-B-C-D-E-F'],
    ['Straße', 'STRASSE'],
    ['ﬁn', 'FIN'],
    ['e\u0301', 'É'],
    ['', ''],
  ])('%j is %j', (value, form) => expect(canonicalText(value, 'f')).toBe(form));

  it.each([
    '\u200B',
    '\u200D',
    '\u202E',
    '\u2066',
    '\uFEFF',
    '\u00AD',
    '\u034F',
    '\uFE0F',
    '\u3164',
    '\u2800',
    '\u0000',
    '\uE000',
    '\uD800',
  ])('refuses the invisible %j and names the field', (hidden) =>
    expect(() => canonicalText(`INV${hidden}1`, 'cbc:ID')).toThrow(coded('invalid_document', 'cbc:ID')),
  );

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const form = attempt(() => canonicalText(value, 'f'));
        if (form !== undefined) expect(canonicalText(form, 'f')).toBe(form);
      }),
      { numRuns: 3000 },
    );
  });

  it('every character of the basic plane reaches a fixed point', () => {
    for (let code = 0; code < 0x10000; code++) {
      const form = attempt(() => canonicalText(String.fromCharCode(code), 'f'));
      if (form !== undefined && canonicalText(form, 'f') !== form) expect.fail(`U+${code.toString(16)}`);
    }
  });

  it('cuts names at whole code points', () => {
    expect(cutToBytes('ABC', 3)).toBe('ABC');
    expect(cutToBytes('中文公司', 7)).toBe('中文');
    expect(cutToBytes('AB CD', 3)).toBe('AB');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(50), (s, n) => utf8Length(cutToBytes(s, n)) <= n),
    );
  });
});

describe('the number form', () => {
  it.each([
    ['1-12', '1-12'],
    ['11-2', '11-2'],
    ['0000123456', '123456'],
    ['INV-2025/0017', 'INV2025-0017'],
    ['inv 2025 - 0017', 'INV2025-0017'],
    ['9314110911/00/M/00/N', '9314110911-00M00N'],
    ['00.123.456.7-2018-1', '0-123-456-7-2018-1'],
    ['000', '0'],
    ['№ 17', 'NO17'],
    ['１２３', '123'],
    ['Ｒ–２', 'R2'],
    ['IΝV-О1', 'INVO1'],
  ])('%j is %j', (value, form) => expect(canonicalNumber(value, 'f')).toBe(form));

  it.each(['', ' ', '--', 'INV\u200B1', 'RÉ-1', 'счёт 5', '٣', '½', 'A'.repeat(36), 'ԁ1', '你好'])(
    'refuses %j',
    (value) => expect(() => canonicalNumber(value, 'cbc:ID')).toThrow(coded('invalid_document', 'cbc:ID')),
  );

  const parts = fc.array(fc.stringMatching(/^[A-Z0-9]{1,6}$/), { minLength: 1, maxLength: 4 });
  const separator = fc.stringMatching(/^[ ./_#:-]{1,3}$/);

  it('is idempotent, and never has two dashes, or one beside a letter', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(parts, separator).map(([p, s]) => p.join(s)),
        ),
        (value) => {
          const form = attempt(() => canonicalNumber(value, 'f'));
          if (form === undefined) return;
          expect(canonicalNumber(form, 'f')).toBe(form);
          expect(form).toMatch(/^[A-Z0-9]+(?:-[A-Z0-9]+)*$/);
          expect(form).not.toMatch(/[A-Z]-|-[A-Z]/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('does not see which separator, case, width, or leading zeros', () => {
    fc.assert(
      fc.property(parts, separator, separator, fc.nat(5), (p, one, other, zeros) => {
        const form = attempt(() => canonicalNumber(p.join(one), 'f'));
        if (form === undefined) return;
        const wide = [...p.join(other).toLowerCase()].map((c) =>
          /[a-z0-9]/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c,
        );
        expect(canonicalNumber(` ${'0'.repeat(zeros)}${wide.join('')} `, 'f')).toBe(form);
      }),
      { numRuns: 1000 },
    );
  });

  it('sees where between digits the separators stand', () => {
    const digits = fc.array(fc.stringMatching(/^[1-9][0-9]{0,3}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        expect(canonicalNumber(a.join('-'), 'f') === canonicalNumber(b.join('/'), 'f')).toBe(
          a.join('-') === b.join('-'),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the loose number', () => {
  it.each([
    ['INV-2025/0017', '1NV202517'],
    ['INV 2025-17 B', '1NV202517'],
    ['lNV-2O25/17', '1NV202517'],
    ['A-01', 'A1'],
    ['000', null],
    ['ABC', 'ABC'],
  ])('%j is %j', (value, form) => expect(looseNumber(value, 'f')).toBe(form));

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z0-9 ./-]{1,20}$/), (value) => {
        const form = attempt(() => looseNumber(value, 'f'));
        if (typeof form === 'string') expect(looseNumber(form, 'f')).toBe(form);
      }),
      { numRuns: 1000 },
    );
  });
});
