import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { CountersealError } from '../../errors.js';
import { decodeXmlBytes } from './charset.js';

/** An element with its namespace resolved: prefixes mean nothing. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Attributes without a namespace, by local name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, references resolved, comments left out. */
  readonly text: string;
}

/** Invoices with scanned attachments are some megabytes. */
const XML_MAX_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 90;
const MAX_ELEMENTS = 500_000;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  // Values stay strings: otherwise 000123 becomes 123 and 1E5 becomes 100000.
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Only the five predefined entities and character references exist without a DTD; they are resolved below.
  processEntities: false,
  // Apart from text, because references are not resolved inside CDATA.
  cdataPropName: '#cdata',
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
});

function malformed(message: string, cause?: unknown): CountersealError {
  return new CountersealError('invalid_document', message, {
    field: 'XML',
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Refuses every declaration (`<!DOCTYPE`, `<!ENTITY`) outside comments and CDATA: entities that expand, files and
 * addresses that are read, and defaults that change the document all need one, and no trade document does.
 */
function refuseDeclarations(xml: string): void {
  let at = 0;
  for (;;) {
    at = xml.indexOf('<', at);
    if (at < 0) return;
    const skip = (
      [
        ['<!--', '-->'],
        ['<![CDATA[', ']]>'],
        ['<?', '?>'],
      ] as const
    ).find(([open]) => xml.startsWith(open, at));
    if (skip !== undefined) {
      const end = xml.indexOf(skip[1], at + skip[0].length);
      if (end < 0) throw malformed(`the file ends inside ${skip[0]}: it is incomplete`);
      at = end + skip[1].length;
    } else if (xml[at + 1] === '!') {
      throw malformed('the file has a DOCTYPE or another declaration: remove it, trade documents need none');
    } else at += 1;
  }
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** XML 1.0 production 2: what a character reference may name. */
function isXmlCharacter(code: number): boolean {
  return (
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

function resolveReferences(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(/&([^;&]{0,32};?)/g, (whole, body: string) => {
    const name = body.endsWith(';') ? body.slice(0, -1) : '';
    const predefined = PREDEFINED.get(name);
    if (predefined !== undefined) return predefined;
    const [, hex, decimal] = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
    const code = hex !== undefined ? parseInt(hex, 16) : decimal !== undefined ? parseInt(decimal, 10) : -1;
    if (!isXmlCharacter(code))
      throw malformed(`the reference ${JSON.stringify(whole.slice(0, 20))} means nothing in this document`);
    return String.fromCodePoint(code);
  });
}

type RawNode = Record<string, unknown>;

class Builder {
  private elements = 0;

  element(raw: RawNode, tag: string, scope: ReadonlyMap<string, string>, depth: number): XmlElement {
    this.elements += 1;
    if (this.elements > MAX_ELEMENTS) throw malformed(`the file has more than ${MAX_ELEMENTS} elements`);
    if (depth > MAX_DEPTH) throw malformed(`the file is nested deeper than ${MAX_DEPTH} elements`);
    const rawAttributes = Object.entries((raw[':@'] ?? {}) as Record<string, unknown>).map(
      ([name, value]): [string, string] => [name, resolveReferences(String(value))],
    );
    const inner = new Map(scope);
    for (const [name, value] of rawAttributes) {
      if (name === 'xmlns') inner.set('', value.trim());
      else if (name.startsWith('xmlns:')) inner.set(name.slice(6), value.trim());
    }
    const { namespace, name } = this.resolve(tag, inner);
    const attributes = new Map(rawAttributes.filter(([key]) => key !== 'xmlns' && !key.includes(':')));
    const children: XmlElement[] = [];
    let text = '';
    for (const node of raw[tag] as RawNode[]) {
      const key = Object.keys(node).find((candidate) => candidate !== ':@');
      if (key === undefined) continue;
      if (key === '#text') text += resolveReferences(String(node[key]));
      else if (key === '#cdata')
        text += (node[key] as RawNode[]).map((part) => String(part['#text'] ?? '')).join('');
      else children.push(this.element(node, key, inner, depth + 1));
    }
    return { namespace, name, attributes, children, text };
  }

  private resolve(tag: string, scope: ReadonlyMap<string, string>): { namespace: string; name: string } {
    const colon = tag.indexOf(':');
    const prefix = colon < 0 ? '' : tag.slice(0, colon);
    const namespace = scope.get(prefix);
    if (namespace === undefined && prefix !== '')
      throw malformed(`the prefix ${JSON.stringify(prefix.slice(0, 40))} is not declared`);
    return { namespace: namespace ?? '', name: tag.slice(colon + 1) };
  }
}

/**
 * Reads an XML document whole: declared encodings, namespaces, character references; no DTD, no entities.
 *
 * @throws invalid_document for what is not well-formed, has a declaration, or is beyond the limits
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > XML_MAX_BYTES)
    throw malformed(`the file is larger than ${XML_MAX_BYTES / 1024 / 1024} MiB`);
  return parseXmlText(decodeXmlBytes(bytes));
}

/** As {@link parseXml}, of characters: for documents that are the text of another. */
export function parseXmlText(characters: string): XmlElement {
  const xml = characters.replace(/^\uFEFF/, '').trim();
  refuseDeclarations(xml);
  if (!xml.startsWith('<') || !xml.endsWith('>'))
    throw malformed('the file does not begin with < and end with >: it is incomplete, or no XML');
  let raw: RawNode[];
  try {
    const valid = XMLValidator.validate(xml);
    if (valid !== true)
      throw malformed(`line ${valid.err.line}: ${valid.err.msg.replace(/\s+/g, ' ').slice(0, 200)}`);
    raw = parser.parse(xml) as RawNode[];
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    throw malformed('the file is not well-formed XML', cause);
  }
  const roots = raw.flatMap((node) =>
    Object.keys(node)
      .filter((key) => !/^[:#?]/.test(key))
      .map((key) => ({ node, key })),
  );
  const [root, ...more] = roots;
  if (root === undefined || more.length > 0) throw malformed('the file needs exactly one root element');
  return new Builder().element(
    root.node,
    root.key,
    new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]),
    1,
  );
}
