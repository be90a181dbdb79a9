import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifyLine } from '../../src/documents/index.js';
import { ERROR_CODES } from '../../src/errors.js';
import { cii, ubl, utf8 } from './helpers.js';

const BASES = [ubl({ lines: 3 }), cii({ lines: 3 }), ubl({ typeCode: '381' }, 'CreditNote')];

/** Strings that have broken parsers, and pieces of the formats themselves. */
const SNIPPETS = [
  ...[
    '<',
    '>',
    '</',
    '/>',
    '&',
    '&amp;',
    '&#0;',
    '&#x110000;',
    '&x;',
    '"',
    "'",
    '=',
    ':',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
  ],
  ...[
    '<!DOCTYPE a>',
    '<!ENTITY a "b">',
    'xmlns=""',
    'xmlns:cbc="urn:x"',
    '__proto__',
    'constructor',
    '<__proto__/>',
    '#text',
    '#cdata',
    ':@',
  ],
  ...[
    '\u0000',
    '\u200B',
    '\uFEFF',
    '\uD800',
    '\u{1F600}',
    '٣',
    'É',
    '-',
    '999999999999999999999999',
    '1e9',
    'NaN',
    '',
    ' ',
    '\n',
  ],
  ...[
    '<cbc:ID>1</cbc:ID>',
    '<ram:ID>1</ram:ID>',
    '<cac:Party/>',
    'schemeID="0088"',
    'currencyID="USD"',
    'format="101"',
    '2025-02-30',
  ],
];

type Mutation = (text: string) => string;
// Not fc.double: it draws from all doubles alike, nearly all of which are close to 0.
const at = fc.nat(999_999).map((millionth) => millionth / 1_000_000);
const place = (text: string, where: number): number => Math.floor(where * text.length);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.nat(60)).map(
    ([where, length]): Mutation =>
      (t) =>
        t.slice(0, place(t, where)) + t.slice(place(t, where) + length),
  ),
  fc.tuple(at, fc.constantFrom(...SNIPPETS)).map(
    ([where, s]): Mutation =>
      (t) =>
        t.slice(0, place(t, where)) + s + t.slice(place(t, where)),
  ),
  fc.tuple(at, at, fc.nat(200)).map(([from, to, length]): Mutation => (t) => {
    const piece = t.slice(place(t, from), place(t, from) + length);
    return t.slice(0, place(t, to)) + piece + t.slice(place(t, to));
  }),
  // The text of one element.
  fc
    .tuple(at, fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ unit: 'binary', maxLength: 40 })))
    .map(([where, value]): Mutation => (t) => {
      const open = t.indexOf('>', place(t, where));
      const close = t.indexOf('<', open);
      return open < 0 || close < 0 ? t : t.slice(0, open + 1) + value.replace(/[<&]/g, '') + t.slice(close);
    }),
  // A whole element, gone or twice.
  fc.tuple(at, fc.boolean()).map(([where, twice]): Mutation => (t) => {
    const from = t.indexOf('<', place(t, where));
    const [, tag = ''] = /^<([\w:]+)/.exec(t.slice(Math.max(from, 0), from + 100)) ?? [];
    const end = tag === '' ? -1 : t.indexOf(`</${tag}>`, from);
    if (end < 0) return t;
    const after = end + tag.length + 3;
    return t.slice(0, from) + (twice ? t.slice(from, after).repeat(2) : '') + t.slice(after);
  }),
);

/** A line that is a result or a coded error; anything else would have been thrown. */
function assertLine(bytes: Uint8Array): 'read' | 'refused' {
  const line = identifyLine('f', bytes);
  if ('error' in line) {
    expect(Object.keys(ERROR_CODES)).toContain(line.error.code);
    expect(line.error.code).not.toBe('internal');
    expect(line.error.message.length).toBeLessThan(600);
    return 'refused';
  }
  expect(line.exact.length).toBe(2);
  expect(line.exact[1]).toMatch(/^[0-9]{4}\|[A-Z0-9]+(?:-[A-Z0-9]+)*$/);
  return 'read';
}

describe('damaged and hostile files', () => {
  it('mutated documents are read or refused with a code', () => {
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...BASES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (base, mutations) => {
          seen[assertLine(utf8(mutations.reduce((text, mutate) => mutate(text), base)))] += 1;
        },
      ),
      { numRuns: 4000 },
    );
    // Both happen: otherwise the mutations would be too gentle or too rough to test anything.
    expect(seen.read).toBeGreaterThan(200);
    expect(seen.refused).toBeGreaterThan(200);
  });

  it('changed bytes are read or refused with a code', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BASES),
        fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 5 }),
        (base, changes) => {
          const bytes = utf8(base);
          for (const [where, value] of changes) bytes[Math.floor(where * (bytes.length - 1))] = value;
          assertLine(bytes);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('any prefix of a document is refused', () => {
    for (const base of BASES) {
      const bytes = utf8(base);
      for (let end = 0; end < bytes.length; end += 97) {
        expect(identifyLine('f', bytes.subarray(0, end))).toMatchObject({
          error: { code: 'invalid_document' },
        });
      }
    }
  });

  it('any bytes are read or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void assertLine(bytes)),
      { numRuns: 500 },
    );
  });
});
