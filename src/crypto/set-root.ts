import { CountersealError } from '../errors.js';
import type { FieldElement } from './field.js';
import { MerkleTree } from './merkle-tree.js';
import { text } from './text.js';
import { atOnce, type Steps } from './work-queue.js';

export const SET_DEPTH = 6;
/** The most distinct elements that a set slot holds. */
export const SET_MAX = 2 ** SET_DEPTH;

interface SetTree {
  readonly tree: MerkleTree;
  readonly leaves: readonly FieldElement[];
}

function* treeSteps(elements: readonly string[]): Steps<SetTree> {
  const leaves: FieldElement[] = [];
  for (const element of new Set(elements)) {
    leaves.push(text(element));
    yield;
  }
  leaves.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (leaves.length === 0)
    throw new CountersealError('invalid_argument', 'an empty set has no root: its slot is absent');
  if (leaves.length > SET_MAX)
    throw new CountersealError(
      'invalid_argument',
      `a set holds at most ${SET_MAX} distinct elements; this one has ${leaves.length}`,
    );
  return { tree: MerkleTree.of(SET_DEPTH, leaves), leaves };
}

/** The tree behind {@link setRoot}: the distinct text() leaves in ascending order. */
export const setTree = (elements: readonly string[]): SetTree => atOnce(treeSteps(elements));

/** {@link setRoot} in steps. */
export function* setRootSteps(elements: readonly string[]): Steps<FieldElement> {
  return (yield* treeSteps(elements)).tree.root;
}

/**
 * The root of a set of canonical strings: depth 6, distinct leaves ascending, zero-padded (protocol section 4).
 * Throws `invalid_argument` for an empty set or more than 64 distinct elements.
 */
export const setRoot = (elements: readonly string[]): FieldElement => setTree(elements).tree.root;
