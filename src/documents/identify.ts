import { CountersealError, visible } from '../errors.js';
import type { CanonicalDocument } from './document.js';
import type { Fingerprint } from './fingerprints.js';
import { decodeUtf8 } from './formats/charset.js';
import { ciiXml } from './formats/cii-xml.js';
import { countersealJson } from './formats/counterseal-json.js';
import { noKind } from './formats/credential.js';
import { dcsa } from './formats/dcsa.js';
import type { FormatName, JsonFormat, XmlFormat } from './formats/format.js';
import { gobl } from './formats/gobl.js';
import { icsXml } from './formats/ics-xml.js';
import { isObject, type JsonObject, type JsonValue, parseJson } from './formats/json.js';
import { knownOther } from './formats/known-others.js';
import { ktdde } from './formats/ktdde.js';
import { openInsurance } from './formats/open-insurance.js';
import { isPdf, unwrapPdf } from './formats/pdf.js';
import { traceability } from './formats/traceability.js';
import { tradeTrust } from './formats/tradetrust.js';
import { isFin } from './formats/swift-fin.js';
import { readSwift, swiftJson } from './formats/swift-mt.js';
import { UBL_FORMATS } from './formats/ubl-formats.js';
import { ublJson } from './formats/ubl-json.js';
import { wcoXml } from './formats/wco-xml.js';
import { parseXml, parseXmlText, type XmlElement } from './formats/xml.js';
import { kindInfo } from './kinds.js';
import { slotsIn, type SlotMask } from './slots.js';

/** Every importer. */
const XML_FORMATS: readonly XmlFormat[] = [...UBL_FORMATS, ciiXml, wcoXml, icsXml];
const JSON_FORMATS: readonly JsonFormat[] = [
  countersealJson,
  gobl,
  dcsa,
  openInsurance,
  ublJson,
  traceability,
  ktdde,
  tradeTrust,
  swiftJson,
];

/** The beginning of a name that a document gives, as it is shown: an unseen character becomes eight. */
const shown = (name: string): string => visible(name).slice(0, 120);

/** What can be read, for errors about what cannot. */
const READABLE =
  'XML of UBL, CII (Factur-X, ZUGFeRD, XRechnung), WCO declarations and ICS; JSON of UBL, GOBL, DCSA, Open Insurance ' +
  'Brasil, TradeTrust (OpenAttestation), W3C credentials (KTDDE, traceability) and Counterseal; SWIFT MT700, 710, 720, 760 and 798; PDF with an XML invoice in it; CSV and XLSX through `document scan`';

/** A document read from a file, and the format that it was in. */
export interface ReadDocument {
  readonly format: FormatName;
  readonly document: CanonicalDocument;
}

/** What makes documents equal, as strings: see {@link identifyDocument}. */
export interface Identified {
  readonly format: FormatName;
  readonly kind: number;
  /** The canonical strings whose equality is the identity: `["VAT|DE123456789", "2016|123456XX"]`. */
  readonly exact: readonly string[];
  /** Those of a probable duplicate; empty, with a warning, if the document lacks one of them. */
  readonly near: readonly string[];
  /** Those that only a holder of the document knows; empty, with a warning, if the document lacks one of them. */
  readonly possession: readonly string[];
  readonly warnings: readonly string[];
}

/** One line of the output of `document identify`. */
export type IdentifyLine =
  | ({ readonly file: string } & Identified)
  | {
      readonly file: string;
      readonly error: { readonly code: string; readonly message: string; readonly field: string | null };
    };

/**
 * Reads a document in any known format; the content says which.
 *
 * @throws unsupported_format if nothing in it is known
 * @throws invalid_document, missing_field if it is known and cannot be used
 */
export function readDocument(bytes: Uint8Array): ReadDocument {
  if (bytes.length === 0) throw new CountersealError('invalid_document', 'the file is empty');
  const start = firstCharacter(bytes);
  if (start === '<') return readXml(bytes);
  if (start === '{' || start === '[') return beginsFin(bytes) ? readFin(bytes) : readJson(bytes);
  if (isPdf(bytes))
    throw new CountersealError(
      'unsupported_format',
      'the file is a PDF: unwrapDocument takes the XML out of it',
    );
  throw new CountersealError('unsupported_format', `the file is of no format that is read: ${READABLE}`);
}

/**
 * The bytes to be read: of a PDF the XML invoice that it carries, of anything else the bytes themselves.
 *
 * @throws as {@link unwrapPdf}
 */
export function unwrapDocument(bytes: Uint8Array): Promise<Uint8Array> {
  return unwrapPdf(bytes, (content) => {
    try {
      const root = parseXml(content);
      return documentsIn(root).length > 0 || attachedDocuments(root).length > 0;
    } catch (error) {
      // Damaged XML in its place is a document that cannot be read, not the absence of one.
      if (error instanceof CountersealError) return true;
      throw error;
    }
  });
}

function readXml(bytes: Uint8Array): ReadDocument {
  const root = parseXml(bytes);
  const found = documentsIn(root);
  const all = found.length > 0 ? found : attachedDocuments(root);
  const { format, root: element } = onlyOne(all, all[0]?.root.name ?? '', () => {
    const name = root.namespace === '' ? root.name : `{${root.namespace}}${root.name}`;
    return new CountersealError(
      'unsupported_format',
      `the element ${shown(name)} is of no format that is read: ${READABLE}`,
      { field: root.name.slice(0, 100) },
    );
  });
  return { format: format.name, document: format.read(element) };
}

function readJson(bytes: Uint8Array): ReadDocument {
  const value = parseJson(bytes);
  const { format, object } = onlyOne(objectsIn(value), 'JSON', () => {
    const other = knownOther(value);
    if (other !== undefined) return noKind(other, 'JSON');
    const keys = isObject(value) ? Object.keys(value).slice(0, 5).join(', ') : 'a list';
    return new CountersealError(
      'unsupported_format',
      `the JSON (${shown(keys)}) is of no format that is read: ${READABLE}`,
      { field: 'JSON' },
    );
  });
  return { format: format.name, document: format.read(object) };
}

/** SWIFT messages begin with a brace as JSON does; what follows it no JSON has. */
function beginsFin(bytes: Uint8Array): boolean {
  return isFin(Buffer.from(bytes.subarray(0, 64)).toString('latin1').replace('\u00ef\u00bb\u00bf', ''));
}

function readFin(bytes: Uint8Array): ReadDocument {
  return { format: 'swift-mt', document: readSwift(decodeUtf8(bytes)) };
}

/** The only one found: of two, which one is meant would be the reader's choice. */
function onlyOne<T>(found: readonly T[], field: string, none: () => CountersealError): T {
  const [first, ...more] = found;
  if (first === undefined) throw none();
  if (more.length === 0) return first;
  throw new CountersealError(
    'invalid_document',
    `the file holds ${more.length + 1} documents: put each in a file of its own, so that it is clear which one is meant`,
    { field },
  );
}

/** The outermost objects that are documents: the value itself, or what lies in an envelope. */
function objectsIn(value: JsonValue): readonly { format: JsonFormat; object: JsonObject }[] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(objectsIn);
  if (!isObject(value)) return [];
  const [format, ...others] = JSON_FORMATS.filter((candidate) => candidate.recognises(value));
  if (format === undefined) return Object.values(value).flatMap(objectsIn);
  if (others.length === 0) return [{ format, object: value }];
  throw new CountersealError(
    'invalid_document',
    `the document can be read in several ways (${[format, ...others].map(({ name }) => name).join(', ')}), which need not say the same: leave it the fields of one format`,
    { field: 'JSON' },
  );
}

/** The first character that is no white space. A byte order mark and the NULs of UTF-16 can precede it. */
function firstCharacter(bytes: Uint8Array): string | undefined {
  const skipped = new Set([0, 9, 10, 13, 32, 0xef, 0xbb, 0xbf, 0xff, 0xfe]);
  const first = bytes.subarray(0, 1024).find((byte) => !skipped.has(byte));
  return first === undefined ? undefined : String.fromCharCode(first);
}

interface Recognised {
  readonly format: XmlFormat;
  readonly root: XmlElement;
}

/** The outermost elements that are documents: the root, or what lies in an envelope or an enveloping signature. */
function documentsIn(element: XmlElement): readonly Recognised[] {
  const format = XML_FORMATS.find((candidate) => candidate.recognises(element));
  if (format !== undefined) return [{ format, root: element }];
  return element.children.flatMap(documentsIn);
}

const UBL_ATTACHED_DOCUMENT = 'urn:oasis:names:specification:ubl:schema:xsd:AttachedDocument-2';

/** The documents that lie as text in a UBL AttachedDocument, the container that DIAN (Colombia) has invoices sent in. */
function attachedDocuments(root: XmlElement): readonly Recognised[] {
  if (root.namespace !== UBL_ATTACHED_DOCUMENT) return [];
  return root.children
    .filter(({ name }) => name === 'Attachment')
    .flatMap(({ children }) => children)
    .flatMap(({ children }) => children)
    .filter(({ name, text }) => name === 'Description' && text.trimStart().startsWith('<'))
    .flatMap(({ text }) => documentsIn(parseXmlText(text)));
}

/** The canonical strings of a fingerprint's slots in order, sets element by element; null if a slot is absent. */
export function fingerprintStrings(
  document: CanonicalDocument,
  fingerprint: Fingerprint,
): readonly string[] | null {
  if ((fingerprint.mask & ~document.present) !== 0) return null;
  return slotsIn(fingerprint.mask).flatMap((slot) => document.strings[slot] ?? []);
}

/** What identifies a document, as strings, and what its owner should know. */
export function identified({ format, document }: ReadDocument): Identified {
  const { row } = document;
  const warnings = [...document.warnings];
  const strings = (use: string, fingerprint: Fingerprint | null): readonly string[] => {
    if (fingerprint === null) return [];
    const found = fingerprintStrings(document, fingerprint);
    if (found !== null) return found;
    const missing = slotsIn((fingerprint.mask & ~document.present) as SlotMask).join(', ');
    warnings.push(`no ${use} identity: the ${kindInfo(document.kind).name} has no ${missing}`);
    return [];
  };
  const exact = strings('exact', row.exact);
  const near = strings('near', row.near);
  const possession = strings('possession', row.possession);
  return { format, kind: document.kind, exact, near, possession, warnings };
}

/** @throws as {@link readDocument} */
export function identifyDocument(bytes: Uint8Array): Identified {
  return identified(readDocument(bytes));
}

/** One file of a batch: a failure is a result, so that the batch goes on. */
export function identifyLine(file: string, bytes: Uint8Array): IdentifyLine {
  try {
    return { file, ...identifyDocument(bytes) };
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    return { file, error: { code: error.code, message: error.message, field: error.field ?? null } };
  }
}
