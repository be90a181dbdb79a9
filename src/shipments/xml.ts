/** An element: a name, attributes, and text or children; undefined children are left out. */
export interface Xml {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: string | readonly (Xml | undefined)[];
}

export const xml = (name: string, content: Xml['content'], attributes?: Xml['attributes']): Xml => ({
  name,
  content,
  ...(attributes === undefined ? {} : { attributes }),
});

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function write({ name, attributes = {}, content }: Xml, indent: string): string {
  const open = `${indent}<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(value)}"`)
    .join('')}>`;
  if (typeof content === 'string') return `${open}${escaped(content)}</${name}>\n`;
  const children = content.filter((child) => child !== undefined).map((child) => write(child, `${indent}  `));
  return `${open}\n${children.join('')}${indent}</${name}>\n`;
}

const NOTICE = '<!-- Synthetic document. Every party, number and address in it is invented. -->';

/** A file of one element. */
export const xmlFile = (root: Xml): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${NOTICE}\n${write(root, '')}`;
