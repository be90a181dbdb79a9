import { CountersealError } from '../../errors.js';
import { hiddenWarning } from './credential.js';
import { isObject, JsonNumber, type JsonObject, type JsonValue, own } from './json.js';
import { type FoundObject, objectsAt, valuesAt } from './json-path.js';

/** OpenAttestation 2 hides each value behind a random one: `cbc1ef82-2681-47ad-a4a2-c62cd6a1c8ea:string:SGCNM21566325`. */
const SALTED =
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:(string|number|boolean|null|undefined):(.*)$/is;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Whether the object is an OpenAttestation 2 document: data and the Merkle proof over it. */
export function isOpenAttestation2(object: JsonObject): boolean {
  const version = own(object, 'version');
  const signature = own(object, 'signature');
  return (
    isObject(own(object, 'data')) &&
    ((typeof version === 'string' && /openattestation\.com\/2\.[0-9]+\//.test(version)) ||
      (isObject(signature) && own(signature, 'type') === 'SHA3MerkleProof'))
  );
}

/**
 * The data of an OpenAttestation 2 document without their salts.
 *
 * @throws invalid_document for a value without salt: it is under no proof, and was put in later
 */
export function openAttestationData(object: JsonObject): FoundObject {
  const data = own(object, 'data');
  if (!isObject(data))
    throw new CountersealError('invalid_document', 'data must be an object', { field: 'data' });
  return { object: withoutSalt(data, 'data', true) as JsonObject, field: 'data' };
}

/** The same for data out of their envelope, where values may have salts or not. */
export function plainData(object: JsonObject): JsonObject {
  return withoutSalt(object, '', false) as JsonObject;
}

/** Fields that the sender removed from the data: only their hashes are left. */
export function hiddenFields(object: JsonObject): readonly string[] {
  const [privacy] = objectsAt({ object, field: '' }, 'privacy');
  return hiddenWarning(privacy === undefined ? 0 : valuesAt(privacy, 'obfuscatedData').length);
}

function withoutSalt(value: JsonValue, field: string, needed: boolean): JsonValue {
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).map((element, i) =>
      withoutSalt(element, `${field}[${i}]`, needed),
    );
  if (isObject(value)) {
    // fromEntries defines properties of its own, also one called __proto__.
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        withoutSalt(inner, field === '' ? key : `${field}.${key}`, needed),
      ]),
    );
  }
  const [, type, text = ''] = (typeof value === 'string' ? SALTED.exec(value) : null) ?? [];
  switch (type?.toLowerCase()) {
    case undefined:
      if (!needed) return value;
      throw new CountersealError(
        'invalid_document',
        `${field.slice(0, 100)} has no salt (uuid:type:value), as every value of an OpenAttestation 2 document has: it was put in afterwards`,
        { field: field.slice(0, 100) },
      );
    case 'number':
      if (NUMBER.test(text)) return new JsonNumber(text);
      throw new CountersealError(
        'invalid_document',
        `${field.slice(0, 100)} is ${JSON.stringify(text.slice(0, 40))}, which its salt says is a number`,
        { field: field.slice(0, 100) },
      );
    case 'boolean':
      return text === 'true';
    case 'null':
    case 'undefined':
      return null;
    default:
      return text;
  }
}
