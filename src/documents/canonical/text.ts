import { CountersealError } from '../../errors.js';

/**
 * Characters that can be in a string without being seen: controls other than white space, format characters
 * (zero-width, bidirectional, soft hyphen), private use, lone surrogates, everything that Unicode calls
 * default-ignorable (variation selectors, fillers), and the blank Braille pattern. Unassigned code points are
 * among them so that two runtimes with different versions of Unicode can differ in what they refuse, never in
 * the form of what they accept.
 */
const HIDDEN =
  /(?![\t\n\v\f\r\u0085])\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}|\p{Cn}|\p{Default_Ignorable_Code_Point}|\u2800/u;

/** Every dash, the minus sign and the hyphen bullet: NFKC unifies none of them. */
const DASHES = /[\p{Pd}\u2212\u2043]/gu;

/** Line ends and tabs, besides everything that Unicode calls a separator. */
const WHITE_SPACE = /[\s\p{Z}\u0085]+/gu;

/** Refuses characters that a reader cannot see: two strings that look equal must be equal. */
export function assertVisible(value: string, field: string): void {
  const hidden = HIDDEN.exec(value);
  if (hidden === null) return;
  const code = (hidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw new CountersealError(
    'invalid_document',
    `${field} holds the invisible character U+${code} in ${JSON.stringify(value.slice(0, 80))}: remove it`,
    { field },
  );
}

/**
 * The text form: no invisible characters, NFKC, every dash as `-`, upper case without locale, runs of white
 * space as one space, trimmed. The empty string stays empty.
 *
 * @throws invalid_document naming `field` for an invisible character
 */
export function canonicalText(value: string, field: string): string {
  assertVisible(value, field);
  // Upper case can undo NFKC and NFKC can yield lower case again: repeat until nothing changes, which takes at
  // most three rounds for any character of Unicode.
  let current = value;
  for (let round = 0; round < 4; round++) {
    const next = current.normalize('NFKC').replace(DASHES, '-').toUpperCase();
    if (next === current) break;
    current = next;
  }
  return current.replace(WHITE_SPACE, ' ').trim();
}

const encoder = new TextEncoder();

/** Length in UTF-8. */
export function utf8Length(value: string): number {
  return encoder.encode(value).length;
}

/**
 * The longest prefix of whole code points that fits `maxBytes` of UTF-8, without trailing space. For names and
 * descriptions, which have no limit in their formats: two that agree in the prefix count as the same name.
 */
export function cutToBytes(value: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of value) {
    bytes += encoder.encode(character).length;
    if (bytes > maxBytes) return value.slice(0, end).trimEnd();
    end += character.length;
  }
  return value;
}
