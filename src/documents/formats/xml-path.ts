import { CountersealError } from '../../errors.js';
import type { Found } from './slot-builder.js';
import type { XmlElement } from './xml.js';

/** A value of an element, with the attributes beside it. */
export interface XmlFound extends Found {
  readonly attributes: ReadonlyMap<string, string>;
}

/** Says whether a prefix of a path means a namespace. */
export type Namespaces = Readonly<Record<string, (namespace: string) => boolean>>;

/** Finds elements by paths such as `cac:Party/cbc:EndpointID`, the prefixes being those of `namespaces`. */
export class XmlReader {
  constructor(private readonly namespaces: Namespaces) {}

  all(from: XmlElement, path: string): readonly XmlElement[] {
    let current: readonly XmlElement[] = [from];
    for (const step of path.split('/')) {
      const colon = step.indexOf(':');
      const matches = this.namespaces[step.slice(0, colon)];
      if (matches === undefined)
        throw new CountersealError('internal', `the path ${path} has an unknown prefix`);
      const name = step.slice(colon + 1);
      current = current.flatMap((element) =>
        element.children.filter((c) => c.name === name && matches(c.namespace)),
      );
    }
    return current;
  }

  /**
   * The only element at `path`.
   *
   * @throws invalid_document if there are several: which one counts would be the reader's choice, and another
   * reader's could be the other
   */
  one(from: XmlElement, path: string): XmlElement | undefined {
    const [first, ...more] = this.all(from, path);
    if (more.length > 0) {
      throw new CountersealError(
        'invalid_document',
        `${path} occurs ${more.length + 1} times; one is allowed`,
        { field: path },
      );
    }
    return first;
  }

  /** The values at `path` that are not blank. */
  values(from: XmlElement, path: string): readonly XmlFound[] {
    return this.all(from, path)
      .filter((element) => element.text.trim() !== '')
      .map((element) => ({ value: element.text.trim(), field: path, attributes: element.attributes }));
  }

  /** The only value at `path`; undefined if it is absent or blank. */
  value(from: XmlElement, path: string): XmlFound | undefined {
    const [first, ...more] = this.values(from, path);
    if (first !== undefined && more.some((other) => other.value !== first.value)) {
      throw new CountersealError('invalid_document', `${path} has several values; one is allowed`, {
        field: path,
      });
    }
    return first;
  }
}
