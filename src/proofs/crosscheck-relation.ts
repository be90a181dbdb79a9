import { MerkleTree, SET_DEPTH, SET_MAX, type FieldElement } from '../crypto/index.js';
import { SLOT_COUNT, slotIndex, type SlotName } from '../documents/slots.js';
import { ensure } from '../errors.js';
import { SCALAR_RULES, type Rules, type ScalarRule, type SetRule } from './crosscheck-rules.js';
import type { CrosscheckPublic } from './crosscheck-signals.js';
import type { CrosscheckWitness } from './crosscheck-witness.js';
import { opensCommitment } from './document-relation.js';
import { broken, ensureUnbroken } from './guarantees.js';

/** The guarantees of the statement, numbered as in circuits/README.md. C5 holds of every canonical binding. */
export const CROSSCHECK_GUARANTEES = {
  C1: 'the commitments open to the documents, whose absent slots are 0',
  C2: 'the rules that pass, and those that can be compared, are those that the two documents give',
  C3: 'what is ordered is a number below 2^64',
  C4: 'an element that is shown is in the sets that the rule names, and is not 0',
} as const;

export type CrosscheckGuarantee = keyof typeof CROSSCHECK_GUARANTEES;

const UNIT = 1_000_000n;
const NUMBER_LIMIT = 1n << 64n;

/** A document as rules see it. Absent slots are 0. */
export interface ComparedDocument {
  readonly slots: readonly FieldElement[];
  readonly present: bigint;
}

const valueOf = ({ slots }: ComparedDocument, slot: SlotName): FieldElement => slots[slotIndex(slot)]!;
const hasSlot = ({ present }: ComparedDocument, slot: SlotName): boolean =>
  ((present >> BigInt(slotIndex(slot))) & 1n) === 1n;

/** Whether both documents have the slots of a rule. */
const comparableBy = (rule: ScalarRule, a: ComparedDocument, b: ComparedDocument): boolean =>
  rule.op !== 'off' && hasSlot(a, rule.slotA) && hasSlot(b, rule.slotB);

/** Whether a rule holds of two documents that have its slots. */
function holdsBy(rule: ScalarRule, documentA: ComparedDocument, documentB: ComparedDocument): boolean {
  if (rule.op === 'off') return false;
  const a: bigint = valueOf(documentA, rule.slotA);
  const b: bigint = valueOf(documentB, rule.slotB);
  switch (rule.op) {
    case 'equal':
      return a === b;
    case 'at-most':
      return a <= b;
    case 'less-than':
      return a < b;
    case 'within':
      return (a < b ? b - a : a - b) * UNIT <= BigInt(rule.partsPerMillion) * b;
    case 'at-least':
      return a * UNIT >= b * (UNIT + BigInt(rule.partsPerMillion));
  }
}

const isOrdered = (rule: ScalarRule): rule is Exclude<ScalarRule, { op: 'off' | 'equal' }> =>
  rule.op !== 'off' && rule.op !== 'equal';

/** The masks that a proof outputs, with the set rules that are shown. */
export function crosscheckMasks(
  rules: Rules,
  a: ComparedDocument,
  b: ComparedDocument,
  shown: { readonly intersect: boolean; readonly element: boolean },
): { pass: number; comparable: number } {
  let [pass, comparable] = [0, 0];
  rules.scalar.forEach((rule, i) => {
    if (!comparableBy(rule, a, b)) return;
    comparable |= 1 << i;
    if (holdsBy(rule, a, b)) pass |= 1 << i;
  });
  const set = (rule: SetRule | undefined, bit: number, isShown: boolean) => {
    if (rule && hasSlot(a, rule.slotA) && hasSlot(b, rule.slotB)) comparable |= bit;
    if (isShown) pass |= bit;
  };
  set(rules.intersect, 1 << SCALAR_RULES, shown.intersect);
  set(rules.element, 2 << SCALAR_RULES, shown.element);
  return { pass, comparable };
}

function isShown(
  p: CrosscheckPublic,
  w: CrosscheckWitness,
  [a, b]: readonly [ComparedDocument, ComparedDocument],
) {
  if (w.shown.some((bit) => bit > 1n) || w.elementIndex.some((index) => index >= SET_MAX)) return false;
  const inSet = (root: FieldElement, leaf: FieldElement, i: number) =>
    leaf !== 0n &&
    MerkleTree.rootFrom(leaf, { siblings: w.elementSiblings[i]!, index: Number(w.elementIndex[i]) }) === root;
  const { intersect, element } = p.rules;
  const comparable = (rule: SetRule | undefined): rule is SetRule =>
    rule !== undefined && hasSlot(a, rule.slotA) && hasSlot(b, rule.slotB);
  return (
    (w.shown[0] === 0n ||
      (comparable(intersect) &&
        inSet(valueOf(a, intersect.slotA), w.element, 0) &&
        inSet(valueOf(b, intersect.slotB), w.element, 1))) &&
    (w.shown[1] === 0n ||
      (comparable(element) && inSet(valueOf(b, element.slotB), valueOf(a, element.slotA), 2)))
  );
}

/**
 * The relation that the circuit proves, in the clear (protocol section 8): the guarantees that do not hold, so none
 * for a true statement. `initPoseidon` first. Throws `invalid_argument` for a witness without the circuit's shape.
 */
export function brokenCrosscheckGuarantees(p: CrosscheckPublic, w: CrosscheckWitness): CrosscheckGuarantee[] {
  ensure(
    w.slots.every((slots) => slots.length === SLOT_COUNT) &&
      w.elementIndex.length === 3 &&
      w.elementSiblings.length === 3 &&
      w.elementSiblings.every((siblings) => siblings.length === SET_DEPTH),
    'invalid_argument',
    'a witness of crosscheck has 16 slots on both sides and three paths of 6 levels',
  );
  const documents = [0, 1].map((i) => ({
    slots: w.slots[i]!,
    present: w.present[i]! as bigint,
    salt: w.salt[i]!,
  })) as unknown as readonly [
    ComparedDocument & { salt: FieldElement },
    ComparedDocument & { salt: FieldElement },
  ];
  const [a, b] = documents;
  const ordered = p.rules.scalar.filter(isOrdered);
  const masks = crosscheckMasks(p.rules, a, b, { intersect: w.shown[0] === 1n, element: w.shown[1] === 1n });
  const holds: Record<CrosscheckGuarantee, boolean> = {
    C1: documents.every((document, i) => opensCommitment(p.commitment[i]!, p.kind[i]!, document)),
    C2: masks.pass === p.pass && masks.comparable === p.comparable,
    C3: ordered.every(
      ({ slotA, slotB }) => valueOf(a, slotA) < NUMBER_LIMIT && valueOf(b, slotB) < NUMBER_LIMIT,
    ),
    C4: isShown(p, w, documents),
  };
  return broken(holds);
}

/** Throws `invalid_argument`, naming the guarantee, unless the witness satisfies the statement. Throws as above. */
export function checkCrosscheck(p: CrosscheckPublic, w: CrosscheckWitness): void {
  ensureUnbroken(CROSSCHECK_GUARANTEES, brokenCrosscheckGuarantees(p, w));
}
