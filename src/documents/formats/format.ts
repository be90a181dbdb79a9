import type { CanonicalDocument } from '../document.js';
import type { JsonObject } from './json.js';
import type { XmlElement } from './xml.js';

/** The formats that can be read, as `identify` names them. */
export type FormatName =
  | 'ubl-xml'
  | 'ubl-json'
  | 'cii-xml'
  | 'wco-xml'
  | 'ics-xml'
  | 'gobl-json'
  | 'dcsa-json'
  | 'open-insurance-json'
  | 'tradetrust-json'
  | 'ktdde-json'
  | 'traceability-json'
  | 'swift-mt'
  | 'counterseal-json'
  | 'csv'
  | 'xlsx';

/**
 * One importer of XML. Detection is by content, never by a file's name: `recognises` says which elements are documents
 * of this format (a document can lie in a signature or an envelope), `read` makes one canonical.
 */
export interface XmlFormat {
  readonly name: FormatName;
  /** Whether this element is the root of a document of this format. */
  recognises(element: XmlElement): boolean;
  /** @throws CountersealError with the field as this format calls it */
  read(root: XmlElement): CanonicalDocument;
}

/** As {@link XmlFormat}, for objects of JSON. */
export interface JsonFormat {
  readonly name: FormatName;
  /** Whether this object is a document of this format. */
  recognises(object: JsonObject): boolean;
  /** @throws CountersealError with the field as this format calls it */
  read(object: JsonObject): CanonicalDocument;
}
