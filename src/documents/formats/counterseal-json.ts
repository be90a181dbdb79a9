import { CountersealError } from '../../errors.js';
import type { CanonicalDocument } from '../document.js';
import { plainDocument } from './counterseal-schema.js';
import type { JsonFormat } from './format.js';
import { JsonNumber, type JsonObject, type JsonValue, own } from './json.js';
import { type FoundObject, objectsAt, valueAt } from './json-path.js';
import { canonicalPlain, PLAIN_KINDS } from './plain.js';
import type { ReferenceFields } from './slot-builder.js';

/** Counterseal's own plain JSON: every kind, one flat form. */
export const countersealJson: JsonFormat = {
  name: 'counterseal-json',
  recognises: (object) => own(object, 'counterseal') !== undefined,
  read: readPlain,
};

/** The same value with numbers as JSON.parse has them: enough for the schema; the digits stay in the original. */
function plainValue(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, inner]) => [key, plainValue(inner)]),
  );
}

function readPlain(object: JsonObject): CanonicalDocument {
  const parsed = plainDocument.safeParse(plainValue(object));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.map(String).join('.') || 'counterseal';
    throw new CountersealError(
      'invalid_document',
      `${field.slice(0, 100)}: ${(issue?.message ?? 'does not fit the schema').slice(0, 300)}`,
      { field: field.slice(0, 100) },
    );
  }
  const kind = PLAIN_KINDS.get(parsed.data.kind);
  if (kind === undefined) throw new CountersealError('internal', 'the schema admits a kind that is none');
  const doc: FoundObject = { object, field: '' };
  return canonicalPlain({
    kind,
    value: (path) => valueAt(doc, path),
    nameOf: (path) => path,
    references: objectsAt(doc, 'references').flatMap((reference): ReferenceFields[] => {
      const number = valueAt(reference, 'number');
      const other = PLAIN_KINDS.get(valueAt(reference, 'kind')?.value ?? '');
      if (number === undefined || other === undefined) return [];
      const issuer = valueAt(reference, 'issuer')?.value;
      return [
        {
          ...number,
          kind: other,
          issuer: issuer === 'issuer' || issuer === 'counterparty' ? issuer : 'unknown',
        },
      ];
    }),
    lines: objectsAt(doc, 'lines').map((line) => ({
      name: valueAt(line, 'name')?.value ?? '',
      quantity: valueAt(line, 'quantity')?.value,
      amount: valueAt(line, 'amount')?.value,
    })),
    objects: objectsAt(doc, 'objects').flatMap((entry) => {
      const id = valueAt(entry, 'id');
      return id === undefined ? [] : [{ ...id, type: valueAt(entry, 'type')?.value ?? '' }];
    }),
  });
}
