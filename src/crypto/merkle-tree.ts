import { CountersealError } from '../errors.js';
import type { FieldElement } from './field.js';
import { poseidon } from './poseidon.js';

/** The siblings of a leaf from the bottom up, and the leaf's index, whose bits say on which side each lies. */
export interface MerklePath {
  readonly siblings: readonly FieldElement[];
  readonly index: number;
}

const ZERO = 0n as FieldElement;
const emptyNodes: FieldElement[] = [ZERO];
/** The root of an empty tree of a depth. */
function emptyNode(depth: number): FieldElement {
  for (let d = emptyNodes.length; d <= depth; d++)
    emptyNodes.push(poseidon([emptyNodes[d - 1]!, emptyNodes[d - 1]!]));
  return emptyNodes[depth]!;
}

/** A Poseidon tree of fixed depth over leaves padded with zeros; nodes are H(left, right) (protocol section 3). */
export class MerkleTree {
  private constructor(
    readonly depth: number,
    /** From the leaves up; what is beyond a level's end is an empty subtree. */
    private readonly levels: readonly (readonly FieldElement[])[],
  ) {}

  static of(depth: number, leaves: readonly FieldElement[]): MerkleTree {
    if (leaves.length > 2 ** depth)
      throw new CountersealError(
        'invalid_argument',
        `a tree of depth ${depth} holds at most ${2 ** depth} leaves`,
      );
    const levels = [leaves];
    for (let d = 0; d < depth; d++) {
      const below = levels[d]!;
      const above: FieldElement[] = [];
      for (let i = 0; i < below.length; i += 2)
        above.push(poseidon([below[i]!, below[i + 1] ?? emptyNode(d)]));
      levels.push(above);
    }
    return new MerkleTree(depth, levels);
  }

  get root(): FieldElement {
    return this.levels[this.depth]![0] ?? emptyNode(this.depth);
  }

  path(index: number): MerklePath {
    if (!Number.isInteger(index) || index < 0 || index >= this.levels[0]!.length)
      throw new CountersealError('invalid_argument', 'no such leaf in the tree');
    const siblings: FieldElement[] = [];
    for (let d = 0, i = index; d < this.depth; d++, i >>= 1)
      siblings.push(this.levels[d]![i ^ 1] ?? emptyNode(d));
    return { siblings, index };
  }

  /** The root that a leaf and its path lead to. */
  static rootFrom(leaf: FieldElement, path: MerklePath): FieldElement {
    return path.siblings.reduce(
      (node, sibling, d) => ((path.index >> d) & 1 ? poseidon([sibling, node]) : poseidon([node, sibling])),
      leaf,
    );
  }
}
