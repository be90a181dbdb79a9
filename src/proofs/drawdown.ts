import { fieldElement, initPoseidon, reduceField, type FieldElement } from '../crypto/index.js';
import { SLOT_COUNT } from '../documents/slots.js';
import { ensure } from '../errors.js';
import { checkDrawdown } from './drawdown-relation.js';
import { drawdownSignals, type DrawdownPublic } from './drawdown-signals.js';
import { chainOf, drawOf, headroomOf, sealRemaining, type SlotValue } from './drawdown-values.js';
import { drawdownInputs, type DrawdownWitness } from './drawdown-witness.js';
import type { CircuitInputs } from './prover.js';
import { commitmentOf } from './register-values.js';

interface OnChain {
  /** The document key of the possession fingerprint. Secret. */
  readonly key: FieldElement;
  /** text("capacity|" + purpose). */
  readonly capacity: FieldElement;
}

/** Opens a chain at what a slot of a document states. */
export interface DrawdownOpening extends OnChain {
  readonly kind: number;
  /** 16 slots; absent ones are 0. */
  readonly slots: readonly FieldElement[];
  /** Bit i is set if slot i is present. */
  readonly present: number;
  readonly salt: FieldElement;
  /** The slot that states the capacity. */
  readonly slot: number;
}

/** Draws from a chain. */
export interface DrawdownDraw extends OnChain {
  /** The head that is extended. */
  readonly wPrevious: FieldElement;
  /** What is left at that head. */
  readonly remainingPrevious: SlotValue;
  readonly x: SlotValue;
  /**
   * Uniform, and fresh for every attempt: the pad of a draw depends on it alone, so that two attempts with one blind
   * would show everybody the difference of what was left.
   */
  readonly blind: FieldElement;
}

/** A statement that holds, with its witness: ready for the prover. `witness` and `inputs` are secret. */
export interface DrawdownInstance {
  readonly public: DrawdownPublic;
  readonly witness: DrawdownWitness;
  /** The 12 public signals, in order. */
  readonly signals: readonly FieldElement[];
  /** The input of the witness program. */
  readonly inputs: CircuitInputs;
}

const ZERO = 0n as FieldElement;
const NO_DOCUMENT = { slots: Array.from({ length: SLOT_COUNT }, () => ZERO), present: ZERO, salt: ZERO };

/** What the proof shows of the chain: known before its binding is. */
export type DrawdownOutputs = Pick<DrawdownPublic, 'chain' | 'w' | 'headroom' | 'pad'>;

function outputsOf(
  { key, capacity }: OnChain,
  remaining: bigint,
  drawn: FieldElement | undefined,
): DrawdownOutputs {
  const chain = chainOf(key, capacity);
  const w = drawn ?? chain;
  return {
    chain,
    w,
    headroom: headroomOf(chain, key, w, remaining),
    pad: sealRemaining(key, w, remaining),
  };
}

/** The chain, and what the ledger is told of its first head. Throws `missing_field` where the slot is absent. */
export async function openingOutputs(opening: DrawdownOpening): Promise<DrawdownOutputs> {
  await initPoseidon();
  ensure((opening.present >> opening.slot) & 1, 'missing_field', `the document lacks slot ${opening.slot}`);
  return outputsOf(opening, opening.slots[opening.slot]!, undefined);
}

/** The draw, and what the ledger is told of the head that it makes. Throws `failed_precondition` if less is left. */
export async function drawOutputs(draw: DrawdownDraw): Promise<DrawdownOutputs> {
  await initPoseidon();
  ensure(draw.x <= draw.remainingPrevious, 'failed_precondition', 'more is to be drawn than is left');
  return outputsOf(draw, draw.remainingPrevious - draw.x, drawOf(draw.x, draw.blind));
}

/**
 * The statement and its witness. Checks that the statement holds before anybody spends time on a proof. Throws as
 * {@link openingOutputs} and {@link drawOutputs}, and `invalid_argument` with the guarantee that would be broken.
 */
export async function drawdownInstance(
  request: DrawdownOpening | DrawdownDraw,
  binding: FieldElement,
): Promise<DrawdownInstance> {
  const made =
    'slot' in request ? await openingInstance(request, binding) : await drawInstance(request, binding);
  checkDrawdown(made.public, made.witness);
  return {
    ...made,
    signals: drawdownSignals(made.public),
    inputs: drawdownInputs(made.public, made.witness),
  };
}

type Made = Pick<DrawdownInstance, 'public' | 'witness'>;

async function openingInstance(opening: DrawdownOpening, binding: FieldElement): Promise<Made> {
  const { key, capacity, kind, slots, present, salt, slot } = opening;
  const mask = fieldElement(BigInt(present));
  return {
    public: {
      ...(await openingOutputs(opening)),
      opening: true,
      commitment: commitmentOf(BigInt(kind), mask, slots, salt),
      kind,
      slot,
      capacity,
      wPrevious: ZERO,
      headroomPrevious: ZERO,
      binding,
    },
    witness: { key, x: ZERO, blind: ZERO, remainingPrevious: ZERO, slots, present: mask, salt },
  };
}

async function drawInstance(draw: DrawdownDraw, binding: FieldElement): Promise<Made> {
  const { key, capacity, wPrevious, remainingPrevious, x, blind } = draw;
  const outputs = await drawOutputs(draw);
  return {
    public: {
      ...outputs,
      opening: false,
      commitment: ZERO,
      kind: 0,
      slot: 0,
      capacity,
      wPrevious,
      headroomPrevious: headroomOf(outputs.chain, key, wPrevious, remainingPrevious),
      binding,
    },
    witness: {
      key,
      x: reduceField(x),
      blind,
      remainingPrevious: reduceField(remainingPrevious),
      ...NO_DOCUMENT,
    },
  };
}
