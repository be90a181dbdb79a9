import { SET_MAX } from '../../crypto/index.js';
import { CountersealError } from '../../errors.js';

/**
 * The distinct elements of a set in code-unit order.
 *
 * @throws invalid_document for more than 64
 */
export function canonicalSet(elements: Iterable<string>, field: string): readonly string[] {
  const distinct = [...new Set(elements)].sort();
  if (distinct.length <= SET_MAX) return distinct;
  throw new CountersealError(
    'invalid_document',
    `${field} has ${distinct.length} distinct elements; a set holds at most ${SET_MAX}`,
    { field },
  );
}
