import { randomFillSync } from 'node:crypto';
import mcl from 'mcl-wasm';
import { CountersealError, ensure } from '../errors.js';
import { GROUP_ORDER, type G1Affine, type G2Affine } from './bn254.js';
import type { Groth16Proof } from './proof-encoding.js';
import type { VerificationKey } from './verification-key.js';

/** The most proofs in one multi-Miller loop: the arguments live on mcl's stack, which has less than a megabyte. */
export const BATCH_MAX = 512;

/** A proof whose form has been checked: signals canonical and of the right number, points on their curves. */
export interface Verifiable {
  readonly signals: readonly bigint[];
  readonly proof: Groth16Proof;
}

interface PreparedKey {
  readonly alpha: mcl.G1;
  readonly beta: mcl.G2;
  readonly gamma: mcl.G2;
  readonly delta: mcl.G2;
  readonly ic: readonly mcl.G1[];
}

/** One proof within a batch: its points, its coefficient z, and z·A. */
interface Term {
  readonly signals: readonly bigint[];
  readonly z: bigint;
  readonly zA: mcl.G1;
  readonly b: mcl.G2;
  readonly c: mcl.G1;
}

/** What is used of mcl below its typed surface, which offers no multi-Miller loop (20 % of a batch's time). */
interface MclModule {
  readonly _mclBn_millerLoopVec?: (result: number, g1: number, g2: number, count: number) => void;
  stackSave(): number;
  stackRestore(at: number): void;
  salloc(words: Uint32Array): number;
  sallocArray(words: readonly Uint32Array[]): number;
  copyFromHeap32(words: Uint32Array, at: number): void;
}
/** The memory behind an element of mcl. */
interface MclElement {
  readonly a_: Uint32Array;
}

// SAFETY: every string given to setStr is made here from a bigint that was range-checked: setStr itself accepts "-1",
// " 1", "007", and "0" for the identity. It checks the curve and, in G2, the subgroup (mcl's default, left alone).
function g1({ x, y }: G1Affine): mcl.G1 {
  const point = new mcl.G1();
  point.setStr(`1 ${x} ${y}`, 10);
  return point;
}
function g2({ x, y }: G2Affine): mcl.G2 {
  const point = new mcl.G2();
  point.setStr(`1 ${x[0]} ${x[1]} ${y[0]} ${y[1]}`, 10);
  return point;
}
/**
 * The point, or undefined if it is not in G2's subgroup. Whatever else mcl may throw (a trap, no memory) says nothing
 * about the proof and passes: nodes must not differ in a verdict because one of them was short of memory.
 */
function inSubgroup(point: G2Affine): mcl.G2 | undefined {
  try {
    return g2(point);
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) return undefined;
    throw error;
  }
}
function fr(x: bigint): mcl.Fr {
  const element = new mcl.Fr();
  element.setStr((x % GROUP_ORDER).toString(), 10);
  return element;
}

/** A coefficient of 128 bits from the operating system, drawn after the proof arrived; never 0, which would skip it. */
function coefficient(): bigint {
  const words = randomFillSync(new BigUint64Array(2));
  return (words[0]! << 64n) | words[1]! || coefficient();
}

/** The product of the Miller loops of the pairs, without the final exponentiation. At least one pair. */
function multiMiller(pairs: readonly (readonly [mcl.G1, mcl.G2])[]): mcl.GT {
  const { mod } = mcl as unknown as { mod: MclModule };
  const loop = mod._mclBn_millerLoopVec;
  ensure(loop, 'internal', 'this release of mcl-wasm has no millerLoopVec');
  const words = (element: unknown) => (element as MclElement).a_;
  const result = new mcl.GT();
  const stack = mod.stackSave();
  try {
    const at = mod.salloc(words(result));
    const g1s = mod.sallocArray(pairs.map(([p]) => words(p)));
    const g2s = mod.sallocArray(pairs.map(([, q]) => words(q)));
    loop(at, g1s, g2s, pairs.length);
    mod.copyFromHeap32(words(result), at);
    return result;
  } finally {
    mod.stackRestore(stack);
  }
}

/**
 * Whether the product over the terms of e(z·A, B) · e(-z·alpha, beta) · e(-z·X, gamma) · e(-z·C, delta) is 1, where
 * X = IC_0 + sum(signal_j·IC_j). For one term that is exact; for several, a set with an invalid proof passes with
 * probability 2^-128.
 */
function holds(key: PreparedKey, terms: readonly Term[]): boolean {
  const zSum = terms.reduce((sum, { z }) => sum + z, 0n);
  const inputs = key.ic.map((_, j) =>
    j === 0 ? zSum : terms.reduce((sum, { z, signals }) => sum + z * signals[j - 1]!, 0n),
  );
  const x = mcl.mulVec(key.ic as mcl.G1[], inputs.map(fr));
  const c = mcl.mulVec(
    terms.map((term) => term.c),
    terms.map((term) => fr(term.z)),
  );
  const fixed: [mcl.G1, mcl.G2][] = [
    [mcl.neg(mcl.mul(key.alpha, fr(zSum))), key.beta],
    [mcl.neg(x), key.gamma],
    [mcl.neg(c), key.delta],
  ];
  // A sum can be the identity; its pairing is 1 and it is left out, not handed to the loop.
  const pairs = [...terms.map(({ zA, b }) => [zA, b] as const), ...fixed.filter(([p]) => !p.isZero())];
  return mcl.finalExp(multiMiller(pairs)).isOne();
}

/** Marks in `valid` the terms that hold. `knownBad`: their product is known not to hold. */
function bisect(key: PreparedKey, terms: readonly Term[], valid: Set<Term>, knownBad = false): boolean {
  if (!knownBad && holds(key, terms)) {
    for (const term of terms) valid.add(term);
    return true;
  }
  if (terms.length === 1) return false;
  const half = terms.length >> 1;
  const left = bisect(key, terms.slice(0, half), valid);
  bisect(key, terms.slice(half), valid, left);
  return false;
}

const KEYS_MAX = 64;

/** Verification over BN254, the only implementation: single, batched, on the main thread or a worker. */
class PairingEngine {
  readonly #keys = new Map<string, PreparedKey>();

  /**
   * One verdict per item, each the same as if the item had been alone, whatever the batch. 1 to 512 items; all of the
   * key's number of signals, each in [0, p). Throws `invalid_argument` otherwise, `data_corrupted` for a bad key.
   */
  verify(key: VerificationKey, items: readonly Verifiable[]): boolean[] {
    ensure(
      items.length >= 1 && items.length <= BATCH_MAX,
      'invalid_argument',
      `a batch has 1 to ${BATCH_MAX} proofs`,
    );
    const prepared = this.#prepare(key);
    const terms = items.map(({ signals, proof }): Term | undefined => {
      // Before any sum: a signal s + p is another input with the same sum.
      ensure(
        signals.length === prepared.ic.length - 1 && signals.every((s) => s >= 0n && s < GROUP_ORDER),
        'invalid_argument',
        'public signals must be canonical and of the number that the key asks for',
      );
      const b = inSubgroup(proof.b);
      if (!b) return undefined;
      const z = coefficient();
      return { signals, z, zA: mcl.mul(g1(proof.a), fr(z)), b, c: g1(proof.c) };
    });
    const wellFormed = terms.filter((term) => term !== undefined);
    const valid = new Set<Term>();
    if (wellFormed.length > 0) bisect(prepared, wellFormed, valid);
    return terms.map((term) => term !== undefined && valid.has(term));
  }

  #prepare(key: VerificationKey): PreparedKey {
    const known = this.#keys.get(key.hash);
    if (known) return known;
    let prepared: PreparedKey;
    try {
      prepared = {
        alpha: g1(key.alpha),
        beta: g2(key.beta),
        gamma: g2(key.gamma),
        delta: g2(key.delta),
        ic: key.ic.map(g1),
      };
    } catch (cause) {
      throw new CountersealError('data_corrupted', 'the verification key has a point outside its group', {
        cause,
      });
    }
    // No key of mcl's own allocation is held (PrecomputedG2), so forgetting one needs no clean-up.
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
    this.#keys.set(key.hash, prepared);
    return prepared;
  }
}

let engine: Promise<PairingEngine> | undefined;

/** The engine of this thread; mcl is one instance per thread and is set up once (20 ms). */
export function pairingEngine(): Promise<PairingEngine> {
  engine ??= mcl.init(mcl.BN_SNARK1).then(() => new PairingEngine());
  return engine;
}
