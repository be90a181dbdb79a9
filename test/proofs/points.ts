// Makes the points that an attacker would: arithmetic from @noble/curves, which checks nothing unless asked.
import { bn254 } from '@noble/curves/bn254.js';
import { BASE_FIELD_ORDER, type G1Affine, type G2Affine } from '../../src/proofs/bn254.js';
import { proofFromBytes, proofToBytes, type Groth16Proof } from '../../src/proofs/proof-encoding.js';

const { G1, G2, fields } = bn254;
type G1Point = InstanceType<typeof G1.Point>;
type G2Point = InstanceType<typeof G2.Point>;

export const toG1 = ({ x, y }: G1Affine): G1Point => G1.Point.fromAffine({ x, y });
export const fromG1 = (p: G1Point): G1Affine => p.toAffine();
export const toG2 = ({ x, y }: G2Affine): G2Point =>
  G2.Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } });
export function fromG2(p: G2Point): G2Affine {
  const { x, y } = p.toAffine();
  return { x: [x.c0, x.c1], y: [y.c0, y.c1] };
}

/** The first point of the twist with x = (n, 0), n from `start`: practically never in the subgroup. */
export function twistPoint(start = 1n): G2Point {
  const { Fp2 } = fields;
  const b = Fp2.mul({ c0: 3n, c1: 0n }, Fp2.inv({ c0: 9n, c1: 1n }));
  for (let n = start; ; n++) {
    const x = { c0: n, c1: 0n };
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      return G2.Point.fromAffine({ x, y: Fp2.sqrt(square) });
    } catch {
      continue;
    }
  }
}

/** k·P for any k, also for points outside the subgroup, whose order noble would reduce k by. */
export function times(point: G2Point, k: bigint): G2Point {
  let [sum, power] = [G2.Point.ZERO, point];
  for (let rest = k; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = sum.add(power);
    power = power.double();
  }
  return sum;
}

/** The same proof with some of its points replaced. */
export const withPoints = (
  proof: Uint8Array,
  change: (p: Groth16Proof) => Partial<Groth16Proof>,
): Uint8Array => {
  const parsed = proofFromBytes(proof);
  return proofToBytes({ ...parsed, ...change(parsed) });
};

/** The same proof with the 32-byte coordinate number `index` (0 to 7) replaced. */
export function withCoordinate(proof: Uint8Array, index: number, change: (x: bigint) => bigint): Uint8Array {
  const copy = Uint8Array.from(proof);
  const old = BigInt(`0x${Buffer.from(proof.subarray(32 * index, 32 * index + 32)).toString('hex')}`);
  copy.set(Buffer.from(change(old).toString(16).padStart(64, '0'), 'hex'), 32 * index);
  return copy;
}

/** A coordinate that still fits 32 bytes after q was added: the same residue in other bytes. */
export const plusQ = (x: bigint): bigint => x + BASE_FIELD_ORDER;

/** (k·A, B / k, C): another proof of the same statement, made without the witness. */
export const rerandomised = (proof: Uint8Array, k: bigint): Uint8Array =>
  withPoints(proof, ({ a, b }) => ({
    a: fromG1(toG1(a).multiply(k)),
    b: fromG2(toG2(b).multiply(fields.Fr.inv(k))),
  }));
