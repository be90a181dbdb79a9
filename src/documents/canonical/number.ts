import { CountersealError } from '../../errors.js';
import { foldLookAlikes } from './confusables.js';
import { canonicalText } from './text.js';

/** The longest document number that has a canonical form: UN/EDIFACT data element 1004, an..35. */
const NUMBER_MAX_LENGTH = 35;

/** A longer text is refused before anything is made of it: millions of characters take minutes. */
const WRITTEN_MAX_LENGTH = 2000;

/** The text form, look-alikes folded, in ASCII: what both forms of a number and all identifiers start from. */
export function asciiText(value: string, field: string): string {
  if (value.length > WRITTEN_MAX_LENGTH) {
    throw new CountersealError(
      'invalid_document',
      `${field} has ${value.length} characters, which no number or identifier has`,
      { field },
    );
  }
  const folded = foldLookAlikes(canonicalText(value, field));
  const foreign = /[^\x20-\x7E]/u.exec(folded);
  if (foreign === null) return folded;
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 80))}: the character ${JSON.stringify(foreign[0])} cannot be part of ` +
      'an identifier, which has Latin letters, digits and separators only',
    { field },
  );
}

/**
 * The number form: between two digits a run of separators is one `-` (so that `1-12` is not `11-2`), elsewhere
 * everything but A-Z and 0-9 goes; leading zeros go.
 *
 * @throws invalid_document if nothing is left, if it is longer than 35, or for a character outside ASCII
 */
export function canonicalNumber(value: string, field: string): string {
  const number = asciiText(value, field)
    .replace(/(?<=[0-9])[^A-Z0-9]+(?=[0-9])/g, '-')
    .replace(/[^A-Z0-9-]/g, '')
    // A dash that is not between digits is a separator like any other.
    .replace(/(?<![0-9])-|-(?![0-9])/g, '')
    .replace(/^0+(?=[A-Z0-9])/, '');
  return checked(number, value, field);
}

/**
 * The loose form, to meet a number that was retyped: O and 0, I, L and 1 are the same; the zeros that lead a
 * run of digits go, then the separators, then trailing letters (revisions). Collisions are expected: it is used
 * beside other fields only. Null if nothing is left.
 */
export function looseNumber(value: string, field: string): string | null {
  const digits = asciiText(value, field)
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
    .replace(/(?<![0-9])0+/g, '')
    .replace(/[^A-Z0-9]/g, '')
    .replace(/(?<=[0-9])[A-Z]+$/, '');
  return digits === '' ? null : digits.slice(0, NUMBER_MAX_LENGTH);
}

function checked(number: string, value: string, field: string): string {
  if (number === '') {
    throw new CountersealError(
      'invalid_document',
      `${field} is ${JSON.stringify(value.slice(0, 80))}: a number needs at least one letter or digit`,
      { field },
    );
  }
  if (number.length > NUMBER_MAX_LENGTH) {
    throw new CountersealError(
      'invalid_document',
      `${field} has ${number.length} characters in its canonical form; a document number has at most ${NUMBER_MAX_LENGTH}`,
      { field },
    );
  }
  return number;
}

/** An identifier of a register: A-Z and 0-9 only, separators carry no meaning. */
export function alphanumeric(value: string, field: string): string {
  return asciiText(value, field).replace(/[^A-Z0-9]/g, '');
}
