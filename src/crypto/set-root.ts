import { CountersealError } from '../errors.js';
import type { FieldElement } from './field.js';
import { MerkleTree } from './merkle-tree.js';
import { text } from './text.js';

export const SET_DEPTH = 6;
/** The most distinct elements that a set slot holds. */
export const SET_MAX = 2 ** SET_DEPTH;

/** The tree behind {@link setRoot}: the distinct text() leaves in ascending order. */
export function setTree(elements: readonly string[]): { tree: MerkleTree; leaves: FieldElement[] } {
  const leaves = [...new Set(elements)].map(text).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (leaves.length === 0)
    throw new CountersealError('invalid_argument', 'an empty set has no root: its slot is absent');
  if (leaves.length > SET_MAX)
    throw new CountersealError(
      'invalid_argument',
      `a set holds at most ${SET_MAX} distinct elements; this one has ${leaves.length}`,
    );
  return { tree: MerkleTree.of(SET_DEPTH, leaves), leaves };
}

/**
 * The root of a set of canonical strings: depth 6, distinct leaves ascending, zero-padded (protocol section 4).
 * Throws `invalid_argument` for an empty set or more than 64 distinct elements.
 */
export const setRoot = (elements: readonly string[]): FieldElement => setTree(elements).tree.root;
