import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { identifyDocument, unwrapDocument } from '../../../src/documents/index.js';
import { pdf } from '../files.js';
import { cii, coded, ubl, utf8 } from '../helpers.js';

const invoice = utf8(cii());
const identify = async (bytes: Uint8Array) => identifyDocument(await unwrapDocument(bytes));

describe('invoices in PDF', () => {
  it('the XML is found by its content, beside other files and under any name', async () => {
    const expected = identifyDocument(invoice).exact;
    expect((await identify(pdf([['factur-x.xml', invoice]]))).exact).toEqual(expected);
    const others = pdf([
      ['notes.txt', utf8('hello')],
      ['style.xml', utf8('<style/>')],
      ['zzz.bin', invoice],
    ]);
    expect((await identify(others)).exact).toEqual(expected);
    const twice = pdf([
      ['factur-x.xml', invoice],
      ['copy.xml', invoice],
    ]);
    expect((await identify(twice)).exact).toEqual(expected);
  });

  it('other bytes are left alone', async () => {
    expect(await unwrapDocument(invoice)).toBe(invoice);
    const source = pdf([['factur-x.xml', invoice]]);
    const before = Buffer.from(source).toString('latin1');
    await unwrapDocument(source);
    expect(Buffer.from(source).toString('latin1')).toBe(before);
  });

  const encryption =
    '/Encrypt << /Filter /Standard /V 1 /R 2 /O (01234567890123456789012345678901) /U (01234567890123456789012345678901) /P -4 >> /ID [(a) (b)]';
  it.each([
    ['no attachment', pdf([]), 'unsupported_format'],
    ['only a text', pdf([['a.txt', utf8('hello')]]), 'unsupported_format'],
    ['XML of another kind', pdf([['a.xml', utf8('<x/>')]]), 'unsupported_format'],
    [
      'two invoices',
      pdf([
        ['a.xml', invoice],
        ['b.xml', utf8(ubl({ number: 'X' }))],
      ]),
      'invalid_document',
    ],
    ['half an invoice', pdf([['factur-x.xml', invoice.subarray(0, 300)]]), 'invalid_document'],
    ['encryption', pdf([['factur-x.xml', invoice]], encryption), 'invalid_document'],
    ['nothing but its mark', utf8('%PDF-1.7\n'), 'invalid_document'],
    ['a cut end', pdf([['factur-x.xml', invoice]]).subarray(0, 250), 'invalid_document'],
    [
      'a stream without end',
      pdf([['factur-x.xml', Buffer.alloc(70 * 1024 * 1024, 0x20)]]),
      'invalid_document',
    ],
    [
      'too many files',
      pdf(Array.from({ length: 21 }, (_, i) => [`${i}.txt`, utf8('x')] as const)),
      'invalid_document',
    ],
  ] as const)('refuses a PDF with %s', async (_name, bytes, code) =>
    expect(identify(bytes)).rejects.toThrow(coded(code)),
  );

  it('a PDF that was not unwrapped says so', () => {
    expect(() => identifyDocument(pdf([['factur-x.xml', invoice]]))).toThrow(coded('unsupported_format'));
  });

  it('an example invoice keeps its identity in a PDF', async () => {
    const file = new URL('../../../examples/documents/invoice-a.cii.xml', import.meta.url);
    const bytes = readFileSync(file);
    expect(await identify(pdf([['factur-x.xml', bytes]]))).toEqual(identifyDocument(bytes));
  });
});
