import { parse } from 'lossless-json';
import { CountersealError } from '../../errors.js';
import { decodeUtf8 } from './charset.js';

/** A number as it is written, but for exponents: JSON.parse would round 12345678901234567890 and print 1e21 for twenty-two digits. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type JsonValue = string | boolean | null | JsonNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const JSON_MAX_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 90;
const MAX_VALUES = 500_000;

/** Writers of binary floating point print 12000000 as 1.2E7: more zeros than this no quantity has. */
const MAX_EXPONENT = 30;

/** The same number without an exponent, by moving the point; one with an absurd exponent stays as it is. */
function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]{1,9})$/.exec(text) ?? [];
  const shift = Number(exponent);
  if (exponent === '' || Math.abs(shift) > MAX_EXPONENT) return text;
  const digits = '0'.repeat(Math.max(0, 1 - whole.length - shift)) + whole + fraction;
  const point = digits.length - fraction.length + shift;
  const padded = digits.padEnd(point, '0');
  const rest = padded.slice(point);
  return sign + padded.slice(0, point).replace(/^0+(?=[0-9])/, '') + (rest === '' ? '' : `.${rest}`);
}

function malformed(message: string, cause?: unknown): CountersealError {
  return new CountersealError('invalid_document', message, {
    field: 'JSON',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The position after a string that begins at `at`, or the end of the text if it is not closed. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i + 1;
  }
  return text.length;
}

function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch (cause) {
    throw malformed(`the key ${literal.slice(0, 40)} is not a JSON string`, cause);
  }
}

/**
 * Refuses what a JSON parser accepts and two parsers read differently, or not at all: keys that occur twice (RFC 8259
 * section 4: "unpredictable"), and nesting or sizes that exhaust a recursive parser. What is not JSON is left to it.
 */
function refuseAmbiguity(text: string): void {
  const open: (Set<string> | null)[] = [];
  let values = 0;
  let keyNext = false;
  for (let i = 0; i < text.length;) {
    const character = text[i];
    if (character === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keyNext && keys) {
        const key = unescaped(text.slice(i, end));
        if (keys.has(key))
          throw malformed(
            `the key ${JSON.stringify(key.slice(0, 40))} occurs twice in one object: which one counts is not defined`,
          );
        keys.add(key);
      }
      keyNext = false;
      i = end;
      continue;
    }
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null);
      if (open.length > MAX_DEPTH) throw malformed(`the file is nested deeper than ${MAX_DEPTH} levels`);
      keyNext = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      keyNext = false;
    } else if (character === ',') {
      keyNext = open.at(-1) instanceof Set;
    }
    if (character === ',' || character === '{' || character === '[') {
      values += 1;
      if (values > MAX_VALUES) throw malformed(`the file has more than ${MAX_VALUES} values`);
    }
    i += 1;
  }
}

/**
 * Reads JSON in UTF-8, numbers as they are written.
 *
 * @throws invalid_document for what is not JSON, has a key twice, or is beyond the limits
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  if (bytes.length > JSON_MAX_BYTES)
    throw malformed(`the file is larger than ${JSON_MAX_BYTES / 1024 / 1024} MiB`);
  const text = decodeUtf8(bytes);
  refuseAmbiguity(text);
  try {
    return parse(text, undefined, {
      parseNumber: (digits) => new JsonNumber(withoutExponent(digits)),
    }) as JsonValue;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').slice(0, 160) : '';
    throw malformed(`the file is not JSON: ${why}`, cause);
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  );
}

/** A property of its own, never one of a prototype (`constructor`, `toString`). */
export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The text of a string or number; undefined for anything else and for blank strings. */
export function scalarText(value: JsonValue | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value instanceof JsonNumber ? value.text : undefined;
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
