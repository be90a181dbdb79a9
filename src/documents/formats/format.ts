import type { CanonicalDocument } from '../document.js';
import type { XmlElement } from './xml.js';

/** The formats that can be read, as `identify` names them. */
export type FormatName = 'ubl-xml' | 'cii-xml';

/** What a file's content is before anything is known of its vocabulary. */
export type Content = { readonly type: 'xml'; readonly root: XmlElement };

/**
 * One importer. Detection is by content, never by a file's name: `find` returns the elements of the content that are
 * documents of this format (a document can lie in a signature or an envelope), `read` makes one canonical.
 */
export interface XmlFormat {
  readonly name: FormatName;
  /** Whether this element is the root of a document of this format. */
  recognises(element: XmlElement): boolean;
  /** @throws CountersealError with the field as this format calls it */
  read(root: XmlElement): CanonicalDocument;
}
