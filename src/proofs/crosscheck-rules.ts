import { fieldElement, type FieldElement } from '../crypto/index.js';
import { SLOT_NAMES, slotIndex, type SlotName } from '../documents/slots.js';
import { ensure } from '../errors.js';

/** Comparisons of a slot of A with a slot of B, by their numbers in the circuit (protocol section 8). */
export const RULE_OPS = ['off', 'equal', 'at-most', 'less-than', 'within', 'at-least'] as const;
export type RuleOp = (typeof RULE_OPS)[number];

/** t is parts per million, |t| < 2^20, negative only for `at-least`. */
export type ScalarRule =
  | { readonly op: 'off' }
  /** The values are the same, numbers or not. */
  | { readonly op: 'equal'; readonly slotA: SlotName; readonly slotB: SlotName }
  /** A <= B, or A < B: both below 2^64, as they are for the two ops below. */
  | { readonly op: 'at-most' | 'less-than'; readonly slotA: SlotName; readonly slotB: SlotName }
  /** |A - B|·10^6 <= t·B. */
  | {
      readonly op: 'within';
      readonly slotA: SlotName;
      readonly slotB: SlotName;
      readonly partsPerMillion: number;
    }
  /** A·10^6 >= B·(10^6 + t). */
  | {
      readonly op: 'at-least';
      readonly slotA: SlotName;
      readonly slotB: SlotName;
      readonly partsPerMillion: number;
    };

/** Two slots that hold sets (`intersect`), or a slot and a set of which it is an element (`element`). */
export interface SetRule {
  readonly slotA: SlotName;
  readonly slotB: SlotName;
}

/** What is compared of two documents: at most eight scalar rules, and one set rule of each kind. */
export interface Rules {
  readonly scalar: readonly ScalarRule[];
  /** An element other than 0 is in the sets of both. */
  readonly intersect?: SetRule;
  /** A's slot is an element of B's set. */
  readonly element?: SetRule;
}

export const SCALAR_RULES = 8;
const TOLERANCE_LIMIT = 2 ** 20;

/** 32 bits: op 3, slotA 4, slotB 4, sign 1, magnitude 20, the least significant first. Throws `invalid_argument`. */
export function encodeScalarRule(rule: ScalarRule): FieldElement {
  if (rule.op === 'off') return 0n as FieldElement;
  const t = 'partsPerMillion' in rule ? rule.partsPerMillion : 0;
  ensure(
    Number.isSafeInteger(t) && Math.abs(t) < TOLERANCE_LIMIT && (t >= 0 || rule.op === 'at-least'),
    'invalid_argument',
    `a tolerance is a whole number of parts per million below ${TOLERANCE_LIMIT}, and negative only for "at-least"`,
    'partsPerMillion',
  );
  const code = BigInt(RULE_OPS.indexOf(rule.op));
  const [a, b] = [BigInt(slotIndex(rule.slotA)), BigInt(slotIndex(rule.slotB))];
  return fieldElement(
    code | (a << 3n) | (b << 7n) | ((t < 0 ? 1n : 0n) << 11n) | (BigInt(Math.abs(t)) << 12n),
  );
}

/** 9 bits: on 1, slotA 4, slotB 4, the least significant first; 0 for no rule. */
export const encodeSetRule = (rule: SetRule | undefined): FieldElement =>
  rule === undefined
    ? (0n as FieldElement)
    : fieldElement(1n | (BigInt(slotIndex(rule.slotA)) << 1n) | (BigInt(slotIndex(rule.slotB)) << 5n));

/** Throws `invalid_argument` for what {@link encodeScalarRule} makes of no rule. */
export function decodeScalarRule(code: bigint): ScalarRule {
  const slot = (at: bigint) => SLOT_NAMES[Number((code >> at) & 15n)]!;
  const op = RULE_OPS[Number(code & 7n)];
  ensure(op !== undefined && code < 1n << 32n, 'invalid_argument', 'no such rule');
  const magnitude = Number(code >> 12n);
  const partsPerMillion = (code >> 11n) & 1n ? -magnitude : magnitude;
  const slots = { slotA: slot(3n), slotB: slot(7n) };
  const rule: ScalarRule =
    op === 'off'
      ? { op }
      : op === 'within' || op === 'at-least'
        ? { op, ...slots, partsPerMillion }
        : { op, ...slots };
  ensure(encodeScalarRule(rule) === code, 'invalid_argument', 'a rule is not in its canonical form');
  return rule;
}

/** Throws `invalid_argument` for what {@link encodeSetRule} makes of no rule. */
export function decodeSetRule(code: bigint): SetRule | undefined {
  if (code === 0n) return undefined;
  ensure(code < 1n << 9n && (code & 1n) === 1n, 'invalid_argument', 'no such rule about sets');
  const slot = (at: bigint) => SLOT_NAMES[Number((code >> at) & 15n)]!;
  return { slotA: slot(1n), slotB: slot(5n) };
}
