import { CountersealError } from '../../errors.js';

/** Charsets that XML in trade is declared in. UTF-7, UTF-32 and EBCDIC are not among them. */
const KNOWN =
  /^(?:utf-?8|us-ascii|ascii|iso-?8859-?(?:[1-9]|1[0-6])|latin-?[1-9]|windows-?125[0-8]|cp125[0-8]|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr)$/;

/** The decoder's name for what producers also call by a shorter one. */
function label(declared: string): string {
  return declared
    .replace(/^cp(125[0-8])$/, 'windows-$1')
    .replace(/^iso-?8859-?(\d+)$/, 'iso-8859-$1')
    .replace(/^windows-?(\d)/, 'windows-$1');
}

function decode(bytes: Uint8Array, charset: string): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new CountersealError(
      'invalid_document',
      `the encoding ${charset} is not supported: save the file as UTF-8`,
      {
        field: 'encoding',
        cause,
      },
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CountersealError(
      'invalid_document',
      `the file has bytes that are not ${charset}: it is damaged, or declares a wrong encoding`,
      {
        field: 'encoding',
        cause,
      },
    );
  }
}

/**
 * The characters of an XML file: by byte order mark, else by the shape of the first bytes, else by the declared
 * encoding, else UTF-8 (XML 1.0 appendix F). Bytes that are not of the encoding are an error, never replaced.
 *
 * @throws invalid_document
 */
export function decodeXmlBytes(bytes: Uint8Array): string {
  const [a = -1, b = -1, c = -1, d = -1] = bytes;
  if ((a === 0 && b === 0) || (a === 0xff && b === 0xfe && c === 0 && d === 0)) {
    throw new CountersealError(
      'invalid_document',
      'the file is in UTF-32, which is not supported: save it as UTF-8',
      {
        field: 'encoding',
      },
    );
  }
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return decode(bytes, 'utf-16le');
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return decode(bytes, 'utf-16be');
  if (a === 0xef && b === 0xbb && c === 0xbf) return decode(bytes, 'utf-8');
  const head = String.fromCharCode(...bytes.subarray(0, 256));
  const declared =
    /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(head)?.[1]?.trim().toLowerCase() ?? 'utf-8';
  // A file that says UTF-16 in one-byte characters is not UTF-16: writers that print to a string first do that.
  const charset = /^utf-?16(?:le|be)?$/.test(declared) ? 'utf-8' : declared;
  if (!KNOWN.test(charset)) {
    throw new CountersealError(
      'invalid_document',
      `the encoding ${JSON.stringify(declared.slice(0, 40))} is not supported: save the file as UTF-8`,
      { field: 'encoding' },
    );
  }
  return decode(bytes, label(charset));
}

/** The characters of a file that is always UTF-8 (JSON, RFC 8259 section 8.1), without its byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decode(bytes, 'utf-8');
}
