import { CountersealError } from '../../errors.js';
import { isObject, type JsonObject, type JsonValue, own, scalarText } from './json.js';
import type { Found } from './slot-builder.js';

/** An object found at a path, and the path as the format's people write it: `cargoItems[1]`. */
export interface FoundObject {
  readonly object: JsonObject;
  readonly field: string;
}

interface FoundValue {
  readonly value: JsonValue;
  readonly field: string;
}

const join = (field: string, step: string): string => (field === '' ? step : `${field}.${step}`);

function step(from: FoundValue, name: string): readonly FoundValue[] {
  if (!isObject(from.value)) return [];
  const value = own(from.value, name);
  const field = join(from.field, name);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((element, i) => ({ value: element, field: `${field}[${i}]` }));
  }
  return [{ value, field }];
}

/** The path of a field of an object, whether it is there or not. */
export const fieldAt = ({ field }: FoundObject, name: string): string => join(field, name);

/** Everything at a path such as `documentParties.issuingParty.identifyingCodes`; arrays are walked through. */
function at(from: FoundObject, path: string): readonly FoundValue[] {
  return path
    .split('.')
    .reduce<readonly FoundValue[]>(
      (found, name) => found.flatMap((value) => step(value, name)),
      [{ value: from.object, field: from.field }],
    );
}

export function objectsAt(from: FoundObject, path: string): readonly FoundObject[] {
  return at(from, path).flatMap(({ value, field }) => (isObject(value) ? [{ object: value, field }] : []));
}

/**
 * The object at a path where the format has one.
 *
 * @throws invalid_document if there are several
 */
export function objectAt(from: FoundObject, path: string): FoundObject | undefined {
  const [first, ...more] = objectsAt(from, path);
  if (more.length > 0) refuseSeveral(join(from.field, path), more.length + 1);
  return first;
}

/** The strings and numbers at a path, as they are written. */
export function valuesAt(from: FoundObject, path: string): readonly Found[] {
  return at(from, path).flatMap(({ value, field }) => {
    const text = scalarText(value);
    return text === undefined ? [] : [{ value: text, field }];
  });
}

/**
 * The string or number at a path.
 *
 * @throws invalid_document if there are several that differ, or one of another type
 */
export function valueAt(from: FoundObject, path: string): Found | undefined {
  const [first, ...more] = valuesAt(from, path);
  if (first !== undefined && more.some(({ value }) => value !== first.value))
    refuseSeveral(join(from.field, path), more.length + 1);
  if (first === undefined) {
    const other = at(from, path).find(({ value }) => typeof value !== 'string');
    if (other !== undefined) {
      throw new CountersealError('invalid_document', `${other.field} must be a string or a number`, {
        field: other.field,
      });
    }
  }
  return first;
}

/**
 * A value that a format has under several names.
 *
 * @throws invalid_document if two of them differ: people would see the one and the reader take the other
 */
export function valueAtAny(from: FoundObject, paths: readonly string[]): Found | undefined {
  const [first, ...others] = paths.flatMap((path) => valueAt(from, path) ?? []);
  const other = others.find(({ value }) => value !== first?.value);
  if (first === undefined || other === undefined) return first;
  throw new CountersealError(
    'invalid_document',
    `${first.field} is ${JSON.stringify(first.value.slice(0, 40))} and ${other.field} ${JSON.stringify(other.value.slice(0, 40))}: they must be equal`,
    { field: other.field },
  );
}

function refuseSeveral(field: string, count: number): never {
  throw new CountersealError('invalid_document', `${field} occurs ${count} times; one is allowed`, { field });
}
