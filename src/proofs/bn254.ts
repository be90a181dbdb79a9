// The field module rather than the whole layer: this file is loaded by every verification worker.
import { FIELD_ORDER } from '../crypto/field.js';

/** q: the order of BN254's base field, in which the coordinates of proofs lie. */
export const BASE_FIELD_ORDER =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** The prime order of G1, G2 and the target group; p in the protocol, the field of the circuits. */
export const GROUP_ORDER = FIELD_ORDER;

/** An element c0 + c1·i of the quadratic extension, i² = -1. */
export type Fp2 = readonly [c0: bigint, c1: bigint];
/** A point of G1 that is not the identity, affine. */
export interface G1Affine {
  readonly x: bigint;
  readonly y: bigint;
}
/** A point of the twist that is not the identity, affine. */
export interface G2Affine {
  readonly x: Fp2;
  readonly y: Fp2;
}

const q = BASE_FIELD_ORDER;
const inField = (x: bigint) => typeof x === 'bigint' && x >= 0n && x < q;
const mod = (x: bigint) => ((x % q) + q) % q;
const multiply = (a: Fp2, b: Fp2): Fp2 => [mod(a[0] * b[0] - a[1] * b[1]), mod(a[0] * b[1] + a[1] * b[0])];

/** b' = 3 / (9 + i): the constant of the twist's equation y² = x³ + b'. */
const TWIST_B: Fp2 = [
  19485874751759354771024239261021720505790618469301721065564631296452457478373n,
  266929791119991161246907387137283842545076965332900288569378510910307636690n,
];

/** The generator that every setup file of the powers of tau starts from in G2 (EIP-197). */
export const G2_GENERATOR: G2Affine = {
  x: [
    10857046999023057135944570762232829481370756359578518086990519993285655852781n,
    11559732032986387107991004021392285783925812861821192530917403151452391805634n,
  ],
  y: [
    8495653923123431417604973247489272438418190587263600148770280649306958101930n,
    4082367875863433681332203403145435568316851327593401208105741076214120093531n,
  ],
};

/**
 * Whether the coordinates are canonical (0 <= c < q: x + q names the same point in other bytes) and on the curve
 * y² = x³ + 3. (0, 0), by which some encodings mean the identity, is not on it. G1 has cofactor 1: on the curve is in
 * the group.
 */
export function isOnG1Curve({ x, y }: G1Affine): boolean {
  return inField(x) && inField(y) && mod(y * y - x * x * x - 3n) === 0n;
}

/**
 * Whether the coordinates are canonical and on the twist. That is NOT membership of G2: the twist's order is
 * (2q - r)·r. The subgroup check takes 0.7 ms and is made with the pairing (`pairing.ts`), off the main thread.
 */
export function isOnG2Twist({ x, y }: G2Affine): boolean {
  if (![...x, ...y].every(inField)) return false;
  const left = multiply(y, y);
  const right = multiply(multiply(x, x), x);
  return mod(left[0] - right[0] - TWIST_B[0]) === 0n && mod(left[1] - right[1] - TWIST_B[1]) === 0n;
}

export const equalG2 = (a: G2Affine, b: G2Affine): boolean =>
  a.x[0] === b.x[0] && a.x[1] === b.x[1] && a.y[0] === b.y[0] && a.y[1] === b.y[1];
