import { CountersealError } from '../../errors.js';
import type { CanonicalDocument } from '../document.js';
import type { JsonFormat, XmlFormat } from './format.js';
import { isObject, JsonNumber, type JsonObject, type JsonValue, own } from './json.js';
import { UBL_AGGREGATES, UBL_BASE, UBL_BASICS } from './ubl-elements.js';
import { UBL_FORMATS } from './ubl-formats.js';
import type { XmlElement } from './xml.js';

/** What lies in extensions belongs to other vocabularies: it is kept apart, as in XML. */
const EXTENSIONS = `${UBL_BASE}CommonExtensionComponents-2`;

/** Metadata beside the document: its namespaces `_D`, `_A`, `_B`, `_E`. */
const isMetadata = (key: string): boolean => key.startsWith('_');

interface Recognised {
  readonly format: XmlFormat;
  readonly root: XmlElement;
}

/**
 * UBL in the OASIS JSON syntax (UBL 2.x JSON Alternative Representation): an object with one document type, every
 * element an array, text in `_`, attributes beside it. It is read as the XML that it stands for.
 */
export const ublJson: JsonFormat = {
  name: 'ubl-json',
  recognises: (object) => documents(object).length > 0,
  read(object): CanonicalDocument {
    const [first, ...more] = documents(object);
    if (first === undefined) throw new CountersealError('internal', 'this object is no UBL document');
    if (more.length > 0) {
      throw new CountersealError(
        'invalid_document',
        `the file holds ${more.length + 1} documents: put each in a file of its own`,
        { field: first.root.name },
      );
    }
    return first.format.read(first.root);
  },
};

/** The document types among the properties. */
function documents(object: JsonObject): readonly Recognised[] {
  // Converters name the wrong one of UBL's namespaces here, or none; one of another vocabulary means another document.
  const declared = own(object, '_D');
  if (typeof declared === 'string' && declared !== '' && !declared.startsWith(UBL_BASE)) return [];
  return Object.keys(object)
    .filter((name) => !isMetadata(name))
    .flatMap((name) => {
      const namespace = `${UBL_BASE}${name}-2`;
      const shell: XmlElement = { namespace, name, attributes: new Map(), children: [], text: '' };
      const format = UBL_FORMATS.find((candidate) => candidate.recognises(shell));
      if (format === undefined) return [];
      return occurrences(own(object, name)).map((content) => ({
        format,
        root: { ...shell, children: childrenOf(content) },
      }));
    });
}

function occurrences(value: JsonValue | undefined): readonly JsonObject[] {
  const values: readonly JsonValue[] = Array.isArray(value)
    ? (value as readonly JsonValue[])
    : value === undefined
      ? []
      : [value];
  return values.filter(isObject);
}

function childrenOf(content: JsonObject): readonly XmlElement[] {
  return Object.keys(content)
    .filter((name) => !isMetadata(name))
    .flatMap((name) => occurrences(own(content, name)).map((value) => element(name, value)));
}

function element(name: string, content: JsonObject): XmlElement {
  const text = own(content, '_');
  if (text === undefined) {
    const namespace = name === 'UBLExtensions' ? EXTENSIONS : UBL_AGGREGATES;
    return { namespace, name, attributes: new Map(), children: childrenOf(content), text: '' };
  }
  const attributes = new Map<string, string>();
  for (const key of Object.keys(content).filter((candidate) => candidate !== '_')) {
    const value = own(content, key);
    if (typeof value === 'string') attributes.set(key, value);
  }
  return { namespace: UBL_BASICS, name, attributes, children: [], text: textOf(name, text) };
}

function textOf(name: string, value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof JsonNumber) return value.text;
  if (typeof value === 'boolean') return String(value);
  throw new CountersealError('invalid_document', `${name} must be a string, a number or a boolean`, {
    field: name,
  });
}
