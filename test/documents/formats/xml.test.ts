import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../src/documents/formats/xml.js';
import { coded, utf8 } from '../helpers.js';

const parse = (xml: string) => parseXml(utf8(xml));

/** UTF-16 with a byte order mark. */
function utf16(text: string, bigEndian: boolean, mark = true): Uint8Array {
  const bytes = new Uint8Array((text.length + (mark ? 1 : 0)) * 2);
  const view = new DataView(bytes.buffer);
  const units = (mark ? '\uFEFF' : '') + text;
  for (let i = 0; i < units.length; i++) view.setUint16(i * 2, units.charCodeAt(i), !bigEndian);
  return bytes;
}

describe('XML', () => {
  it('keeps values as they stand: leading zeros, exponents, CDATA, references, text around comments', () => {
    expect(parse('<a>000123</a>').text).toBe('000123');
    expect(parse('<a>1E5</a>').text).toBe('1E5');
    expect(parse('<a x="007" y="&quot;1&quot;"/>').attributes).toEqual(
      new Map([
        ['x', '007'],
        ['y', '"1"'],
      ]),
    );
    expect(parse('<a>12<!-- no -->34<?pi?>5</a>').text).toBe('12345');
    expect(parse('<a>A &amp; B &lt;&#67;&#x44;&gt; <![CDATA[&amp;<x>]]></a>').text).toBe(
      'A & B <CD> &amp;<x>',
    );
    expect(parse('<a>&#x1F600;</a>').text).toBe('😀');
  });

  it('resolves namespaces by their name, whatever the prefixes and wherever declared', () => {
    const names = (xml: string): string[] => {
      const root = parse(xml);
      return [root, ...root.children].map(({ namespace, name }) => `${namespace}#${name}`);
    };
    const expected = ['urn:x#a', 'urn:y#b'];
    expect(names('<a xmlns="urn:x"><b xmlns="urn:y"/></a>')).toEqual(expected);
    expect(names('<p:a xmlns:p="urn:x" xmlns:q="urn:y"><q:b/></p:a>')).toEqual(expected);
    expect(names('<p:a xmlns:p="urn:x"><p:b xmlns:p="urn:y"/></p:a>')).toEqual(expected);
    expect(names('<p:a xmlns:p="urn:x"><b/></p:a>')).toEqual(['urn:x#a', '#b']);
  });

  it.each([
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['a DOCTYPE in lower case', '<!doctype a><a/>'],
    ['a DOCTYPE after a comment', '<?xml version="1.0"?><!-- c --><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['billion laughs', '<!DOCTYPE a [<!ENTITY l "l"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;">]><a>&m;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['an entity declaration inside', '<a><!ENTITY x "y"></a>'],
    ['an undeclared entity', '<a>&nbsp;</a>'],
    ['an unfinished reference', '<a>A & B</a>'],
    ['a reference to no character', '<a>&#0;</a>'],
    ['a reference to a surrogate', '<a>&#xD800;</a>'],
    ['a missing end', '<a><b></b>'],
    ['a wrong end', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>text'],
    ['text before the root', 'text<a/>'],
    ['an undeclared prefix', '<p:a/>'],
    ['an attribute twice', '<a x="1" x="2"/>'],
    ['an unquoted attribute', '<a x=1/>'],
    ['an open comment', '<a><!-- </a>'],
    ['an open CDATA', '<a><![CDATA[</a>'],
    ['a name of the runtime', '<a><__proto__>1</__proto__></a>'],
    ['nothing', ''],
    ['white space', '  \n '],
    ['depth', '<a>'.repeat(500) + '</a>'.repeat(500)],
  ])('refuses %s', (_, xml) => expect(() => parse(xml)).toThrow(coded('invalid_document', 'XML')));

  it('messages about unclosed elements stay short', () => {
    expect(() => parse('<aaaaaaaaaaaaaaaa>'.repeat(80))).toThrow(
      expect.objectContaining({
        code: 'invalid_document',
        message: expect.stringMatching(/^.{1,260}$/s) as string,
      }),
    );
  });

  it('a declaration inside a comment or CDATA is text', () => {
    expect(parse('<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE html>]]></a>').text).toBe('<!DOCTYPE html>');
  });

  it('refuses a file above the limit before decoding it', () => {
    expect(() => parseXml(new Uint8Array(32 * 1024 * 1024 + 1))).toThrow(coded('invalid_document', 'XML'));
  });

  it('reads declared and marked encodings', () => {
    const text = '<a>Grün</a>';
    expect(parseXml(utf8(`\uFEFF${text}`)).text).toBe('Grün');
    for (const bigEndian of [true, false]) {
      for (const mark of [true, false])
        expect(parseXml(utf16(`<?xml version="1.0" encoding="utf-16"?>${text}`, bigEndian, mark)).text).toBe(
          'Grün',
        );
    }
    const latin = (charset: string): Uint8Array =>
      Uint8Array.from(`<?xml version='1.0' encoding='${charset}'?>${text}`, (c) => c.charCodeAt(0));
    for (const charset of ['iso-8859-1', 'ISO-8859-15', 'windows-1252', 'ISO8859-1'])
      expect(parseXml(latin(charset)).text).toBe('Grün');
    expect(parse('<?xml version="1.0" encoding="utf-16"?><a>Grün</a>').text).toBe('Grün');
  });

  it('refuses bytes that are not of the encoding, and encodings that it does not know', () => {
    const latin = Uint8Array.from('<a>Gr\u00FCn</a>', (c) => c.charCodeAt(0));
    expect(() => parseXml(latin)).toThrow(coded('invalid_document', 'encoding'));
    for (const charset of ['utf-7', 'ebcdic-cp-us', 'UTF-32', 'x-user-defined', '../x']) {
      expect(() => parse(`<?xml version="1.0" encoding="${charset}"?><a/>`)).toThrow(
        coded('invalid_document', 'encoding'),
      );
    }
    expect(() => parseXml(Uint8Array.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c]))).toThrow(
      coded('invalid_document', 'encoding'),
    );
  });
});
