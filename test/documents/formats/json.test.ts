import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifyDocument } from '../../../src/documents/index.js';
import { isObject, JsonNumber, own, parseJson, scalarText } from '../../../src/documents/formats/json.js';
import { coded, utf8 } from '../helpers.js';

const parse = (text: string): unknown => parseJson(utf8(text));

describe('JSON', () => {
  it.each([
    ['1190.00', '1190.00'],
    ['12345678901234567890', '12345678901234567890'],
    ['0.1000000000000000055', '0.1000000000000000055'],
    ['1.2E7', '12000000'],
    ['1.19e3', '1190'],
    ['1.5e-3', '0.0015'],
    ['-12e-1', '-1.2'],
    ['0e5', '0'],
    ['1e30', `1${'0'.repeat(30)}`],
    ['1e31', '1e31'],
    ['1e999999999', '1e999999999'],
    ['1e-999999999', '1e-999999999'],
  ])('the number %s is %s', (text, expected) => expect(parse(text)).toEqual(new JsonNumber(expected)));

  it('numbers without exponents keep every digit', () =>
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(), (whole, fraction) => {
        const text = `${whole}.${fraction}`;
        expect(parse(text)).toEqual(new JsonNumber(text));
      }),
    ));

  it('reads what JSON.stringify writes', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const plain = (read: unknown): unknown =>
          read instanceof JsonNumber
            ? Number(read.text)
            : Array.isArray(read)
              ? read.map(plain)
              : isObject(read as never)
                ? Object.fromEntries(
                    Object.entries(read as object).map(([key, inner]) => [key, plain(inner)]),
                  )
                : read;
        expect(plain(parse(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    ));

  it.each([
    ['one key twice', '{"a":1,"a":2}'],
    ['one key twice with one value', '{"a":1,"a":1}'],
    ['one key twice, once escaped', '{"number":1,"\\u006eumber":2}'],
    ['one key twice, deep', '[{"x":[{"a":{},"b":1,"a":2}]}]'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":1}'],
  ])('refuses %s', (_name, text) => expect(() => parse(text)).toThrow(coded('invalid_document', 'JSON')));

  it('one key in several objects, and as a value, is no repetition', () => {
    expect(parse('[{"a":"a","b":"a"},{"a":{"a":["a","a"]}}]')).toBeDefined();
  });

  it.each([
    ['nothing', ''],
    ['half a document', '{"a":'],
    ['more after the end', '{} {}'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{/* */"a":1}'],
    ['single quotes', "{'a':1}"],
    ['a bare word', '{"a":NaN}'],
    ['a leading zero', '{"a":007}'],
    ['a plus sign', '{"a":+1}'],
    ['an unclosed string', '{"a":"b'],
    ['a control character', '{"a":"b\u0001"}'],
    ['a broken escape', '{"a":"\\u12"}'],
    ['a broken escape in a key', '{"\\q":1}'],
    ['endless nesting', '['.repeat(100_000)],
    ['nesting just too deep', `${'['.repeat(91)}${']'.repeat(91)}`],
    ['endless values', `[${'0,'.repeat(600_000)}0]`],
  ])('refuses %s', (_name, text) => expect(() => parse(text)).toThrow(coded('invalid_document')));

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(coded('invalid_document', 'encoding'));
  });

  it('names of prototypes are names like any other', () => {
    const object = parse('{"__proto__":{"number":"1"},"x":1}');
    if (!isObject(object as never)) throw new Error('an object was read');
    expect(own(object as never, 'number')).toBeUndefined();
    expect(own(object as never, 'constructor')).toBeUndefined();
    expect(own(object as never, 'toString')).toBeUndefined();
    expect(({} as { number?: string }).number).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(scalarText(own(object as never, 'x'))).toBe('1');
  });

  it.each([
    ['an unknown object', '{"hello":"world"}'],
    ['a list', '[1,2,3]'],
    ['an empty object', '{}'],
    ['prototype names', '{"__proto__":{"counterseal":1},"constructor":{"name":"x"}}'],
  ])('%s is an unknown format', (_name, text) => {
    const expected = text.includes('counterseal') ? 'invalid_document' : 'unsupported_format';
    expect(() => identifyDocument(utf8(text))).toThrow(coded(expected));
  });
});
