import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { initPoseidon } from '../../src/crypto/index.js';
import {
  canonicalDocument,
  decodeDocument,
  encodeDocument,
  readDocument,
  slotsOf,
  type SlotName,
} from '../../src/documents/index.js';
import { coded, ubl, utf8 } from './helpers.js';

beforeAll(initPoseidon);

const document = readDocument(utf8(ubl())).document;

describe('the encoding of a document', () => {
  it('is pinned', () => {
    expect(new TextDecoder().decode(encodeDocument(document))).toBe(
      '{"canon":1,"kind":380,"strings":{"issuer":"VAT|DE136695976","number":"2025|R2025-0017","looseNumber":"R202517",' +
        '"counterparty":"NAME|ACHETEUR SA|","currency":"EUR","amount":"119000","issueDate":"2025-04-03",' +
        '"lines":["PART 0|1|50000","PART 1|2|50000"]}}',
    );
  });

  it('decodes to the same document and slots', () => {
    const again = decodeDocument(encodeDocument(document));
    expect(again).toMatchObject({
      kind: document.kind,
      present: document.present,
      strings: document.strings,
    });
    expect(slotsOf(again)).toEqual(slotsOf(document));
  });

  it('round-trips any document, whatever the order of its set elements', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }).filter((s) => s.isWellFormed());
    const set = fc.uniqueArray(text, { minLength: 1, maxLength: 64 });
    const strings = fc.record(
      {
        issuer: text,
        number: text,
        references: set,
        lines: set,
        currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
        amount: fc.bigInt(0n, (1n << 64n) - 1n).map(String),
        packages: fc.bigInt(0n, (1n << 32n) - 1n).map(String),
        endDate: fc.constantFrom('1970-01-01', '2025-02-28', '9999-12-31'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(strings, fc.constantFrom(380, 381, 705, 60001), (values, kind) => {
        const made = canonicalDocument(kind, values as Partial<Record<SlotName, string | string[]>>);
        const bytes = encodeDocument(made);
        expect(encodeDocument(decodeDocument(bytes))).toEqual(bytes);
        const reversed = {
          ...values,
          ...(values.lines === undefined ? {} : { lines: [...values.lines].reverse() }),
        };
        expect(
          encodeDocument(canonicalDocument(kind, reversed as Partial<Record<SlotName, string | string[]>>)),
        ).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another version', '{"canon":2,"kind":380,"strings":{}}'],
    ['no kind', '{"canon":1,"kind":384,"strings":{}}'],
    ['a broken kind', '{"canon":1,"kind":380.5,"strings":{}}'],
    ['an unknown slot', '{"canon":1,"kind":380,"strings":{"other":"x"}}'],
    ['an unknown key', '{"canon":1,"kind":380,"strings":{},"x":1}'],
    ['white space', '{"canon":1, "kind":380,"strings":{}}'],
    ['a byte order mark', '\uFEFF{"canon":1,"kind":380,"strings":{}}'],
    ['another order of keys', '{"kind":380,"canon":1,"strings":{}}'],
    ['another order of slots', '{"canon":1,"kind":380,"strings":{"number":"1","issuer":"x"}}'],
    ['an unsorted set', '{"canon":1,"kind":380,"strings":{"lines":["b","a"]}}'],
    ['an element twice', '{"canon":1,"kind":380,"strings":{"lines":["a","a"]}}'],
    ['an empty set', '{"canon":1,"kind":380,"strings":{"lines":[]}}'],
    [
      '65 elements',
      JSON.stringify({
        canon: 1,
        kind: 380,
        strings: { lines: Array.from({ length: 65 }, (_, i) => `L${i}`) },
      }),
    ],
    ['a string for a set', '{"canon":1,"kind":380,"strings":{"lines":"a"}}'],
    ['a set for a string', '{"canon":1,"kind":380,"strings":{"issuer":["a"]}}'],
    ['an empty string', '{"canon":1,"kind":380,"strings":{"issuer":""}}'],
    ['a string of 404 bytes', JSON.stringify({ canon: 1, kind: 380, strings: { issuer: 'x'.repeat(404) } })],
    ['half of a pair', '{"canon":1,"kind":380,"strings":{"issuer":"\\ud800"}}'],
    ['an amount with a leading zero', '{"canon":1,"kind":380,"strings":{"amount":"01"}}'],
    ['a negative amount', '{"canon":1,"kind":380,"strings":{"amount":"-1"}}'],
    ['an amount of 2^64', '{"canon":1,"kind":380,"strings":{"amount":"18446744073709551616"}}'],
    ['packages of 2^32', '{"canon":1,"kind":380,"strings":{"packages":"4294967296"}}'],
    ['an unknown currency', '{"canon":1,"kind":380,"strings":{"currency":"XXX"}}'],
    ['a currency in lower case', '{"canon":1,"kind":380,"strings":{"currency":"eur"}}'],
    ['another spelling of a date', '{"canon":1,"kind":380,"strings":{"issueDate":"20250403"}}'],
    ['a date that is none', '{"canon":1,"kind":380,"strings":{"issueDate":"2025-02-30"}}'],
  ])('refuses %s', (_, json) => expect(() => decodeDocument(utf8(json))).toThrow(coded('invalid_document')));

  it('refuses what is too large, and bytes that are not UTF-8', () => {
    expect(() => decodeDocument(new Uint8Array(128 * 1024 + 1))).toThrow(coded('invalid_document'));
    expect(() => decodeDocument(Uint8Array.from([0xff]))).toThrow(coded('invalid_document'));
  });

  it('403 bytes are the most that a canonical string can have', () => {
    const make = (issuer: string): unknown => slotsOf(canonicalDocument(380, { issuer }));
    expect(make('x'.repeat(403))).toHaveLength(16);
    expect(() => make('x'.repeat(404))).toThrow(coded('invalid_document', 'issuer'));
    expect(() => make('é'.repeat(202))).toThrow(coded('invalid_document', 'issuer'));
  });
});
