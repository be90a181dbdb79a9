import {
  fieldElement,
  initPoseidon,
  SET_DEPTH,
  setTree,
  text,
  type FieldElement,
  type MerklePath,
} from '../crypto/index.js';
import { slotIndex } from '../documents/slots.js';
import { checkCrosscheck, crosscheckMasks } from './crosscheck-relation.js';
import type { Rules } from './crosscheck-rules.js';
import { crosscheckSignals, type CrosscheckPublic } from './crosscheck-signals.js';
import { crosscheckInputs, type CrosscheckWitness } from './crosscheck-witness.js';
import type { CircuitInputs } from './prover.js';
import { commitmentOf, mapPair, type Pair } from './register-values.js';

/** One side: a document with the salt of its commitment. */
export interface CrosscheckSide {
  readonly kind: number;
  /** 16 slots; absent ones are 0. */
  readonly slots: readonly FieldElement[];
  /** Bit i is set if slot i is present. */
  readonly present: number;
  readonly salt: FieldElement;
  /** The canonical strings of the sets that rules name, by slot index. */
  readonly sets: ReadonlyMap<number, readonly string[]>;
}

/** All that goes into a proof of `crosscheck` but the binding: A, B and the rules between them. */
export interface CrosscheckRequest {
  readonly sides: Pair<CrosscheckSide>;
  readonly rules: Rules;
}

/** A statement that holds, with its witness: ready for the prover. `witness` and `inputs` are secret. */
export interface CrosscheckInstance {
  readonly public: CrosscheckPublic;
  readonly witness: CrosscheckWitness;
  /** The 17 public signals, in order. */
  readonly signals: readonly FieldElement[];
  /** The input of the witness program. */
  readonly inputs: CircuitInputs;
}

const NO_PATH: MerklePath = {
  index: 0,
  siblings: Array.from({ length: SET_DEPTH }, () => 0n as FieldElement),
};

interface Found {
  readonly value: FieldElement;
  readonly paths: readonly MerklePath[];
}

/** The path of a leaf in the tree of a set, or undefined where it is not in it. */
function pathIn(strings: readonly string[] | undefined, leaf: FieldElement): MerklePath | undefined {
  if (strings === undefined || strings.length === 0) return undefined;
  const { tree, leaves } = setTree(strings);
  const index = leaves.indexOf(leaf);
  return index < 0 ? undefined : tree.path(index);
}

function commonElement([a, b]: Pair<CrosscheckSide>, rules: Rules): Found | undefined {
  if (!rules.intersect) return undefined;
  const [ofA, ofB] = [
    a.sets.get(slotIndex(rules.intersect.slotA)),
    b.sets.get(slotIndex(rules.intersect.slotB)),
  ];
  const common = ofA?.find((string) => ofB?.includes(string));
  if (common === undefined) return undefined;
  const value = text(common);
  return { value, paths: [pathIn(ofA, value)!, pathIn(ofB, value)!] };
}

function containedSlot([a, b]: Pair<CrosscheckSide>, rules: Rules): Found | undefined {
  if (!rules.element) return undefined;
  const value = a.slots[slotIndex(rules.element.slotA)]!;
  const path = pathIn(b.sets.get(slotIndex(rules.element.slotB)), value);
  return path && { value, paths: [path] };
}

/**
 * The statement and its witness: which rules pass, which can be compared, and the set rules that hold shown to hold.
 * Throws `invalid_argument` with the guarantee that would be broken, such as for a text where a rule orders numbers.
 */
export async function crosscheckInstance(
  { sides, rules }: CrosscheckRequest,
  binding: FieldElement,
): Promise<CrosscheckInstance> {
  await initPoseidon();
  const [common, contained] = [commonElement(sides, rules), containedSlot(sides, rules)];
  const [a, b] = mapPair(sides, ({ slots, present }) => ({ slots, present: BigInt(present) }));
  const statement: CrosscheckPublic = {
    ...crosscheckMasks(rules, a, b, { intersect: common !== undefined, element: contained !== undefined }),
    commitment: mapPair(sides, ({ kind, present, slots, salt }) =>
      commitmentOf(BigInt(kind), BigInt(present), slots, salt),
    ),
    kind: mapPair(sides, ({ kind }) => kind),
    rules,
    binding,
  };
  const paths = [common?.paths[0], common?.paths[1], contained?.paths[0]].map((path) => path ?? NO_PATH);
  const flag = (found: Found | undefined) => (found ? 1n : 0n) as FieldElement;
  const witness: CrosscheckWitness = {
    slots: mapPair(sides, ({ slots }) => slots),
    present: mapPair(sides, ({ present }) => fieldElement(BigInt(present))),
    salt: mapPair(sides, ({ salt }) => salt),
    shown: [flag(common), flag(contained)],
    element: common?.value ?? (0n as FieldElement),
    elementSiblings: paths.map(({ siblings }) => siblings),
    elementIndex: paths.map(({ index }) => fieldElement(BigInt(index))),
  };
  checkCrosscheck(statement, witness);
  return {
    public: statement,
    witness,
    signals: crosscheckSignals(statement),
    inputs: crosscheckInputs(statement, witness),
  };
}
