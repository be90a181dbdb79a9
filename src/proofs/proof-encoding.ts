import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { isOnG1Curve, isOnG2Twist, type G1Affine, type G2Affine } from './bn254.js';

/**
 * Bytes of a proof: A.x A.y | B.x.c0 B.x.c1 B.y.c0 B.y.c1 | C.x C.y, each 32 bytes, big-endian, below q. There is one
 * encoding of a point, so two different byte strings are two different proofs; but anybody can re-randomise a proof
 * into others of the same statement: bytes of a proof are never an identity nor a cache key on their own.
 */
export const PROOF_LENGTH = 256;

/** A Groth16 proof whose points are on their curves. B's subgroup is checked with the pairing. */
export interface Groth16Proof {
  readonly a: G1Affine;
  readonly b: G2Affine;
  readonly c: G1Affine;
}

/** Throws `invalid_proof` naming what is wrong: a coordinate >= q, a point off its curve, the identity. */
function checked(proof: Groth16Proof): Groth16Proof {
  ensure(isOnG1Curve(proof.a), 'invalid_proof', 'point A of the proof is not a point of G1');
  ensure(isOnG2Twist(proof.b), 'invalid_proof', 'point B of the proof is not a point of the twist');
  ensure(isOnG1Curve(proof.c), 'invalid_proof', 'point C of the proof is not a point of G1');
  return proof;
}

/** Parses the 256 bytes; throws `invalid_proof`. */
export function proofFromBytes(bytes: Uint8Array): Groth16Proof {
  ensure(
    bytes instanceof Uint8Array && bytes.length === PROOF_LENGTH,
    'invalid_proof',
    `a proof has ${PROOF_LENGTH} bytes`,
  );
  const at = (i: number) => bytesToNumberBE(bytes.subarray(32 * i, 32 * (i + 1)));
  return checked({
    a: { x: at(0), y: at(1) },
    b: { x: [at(2), at(3)], y: [at(4), at(5)] },
    c: { x: at(6), y: at(7) },
  });
}

export function proofToBytes({ a, b, c }: Groth16Proof): Uint8Array {
  const coordinates = [a.x, a.y, ...b.x, ...b.y, c.x, c.y];
  const bytes = new Uint8Array(PROOF_LENGTH);
  coordinates.forEach((x, i) => bytes.set(numberToBytesBE(x, 32), 32 * i));
  return bytes;
}

/** A non-negative integer in its one decimal form: no sign, space, leading zero, exponent. */
export const canonicalDecimal = z
  .string()
  .max(78)
  .regex(/^(0|[1-9][0-9]*)$/)
  .transform((s) => BigInt(s));

const one = z.literal('1');
const zero = z.literal('0');
/** A point as snarkjs writes it: projective, always with z = 1; the identity has z = 0 and is refused here. */
export const snarkjsG1 = z
  .tuple([canonicalDecimal, canonicalDecimal, one])
  .transform(([x, y]): G1Affine => ({ x, y }));
const fp2 = z.tuple([canonicalDecimal, canonicalDecimal]);
export const snarkjsG2 = z
  .tuple([fp2, fp2, z.tuple([one, zero])])
  .transform(([x, y]): G2Affine => ({ x, y }));

const snarkjsProof = z
  .object({
    pi_a: snarkjsG1,
    pi_b: snarkjsG2,
    pi_c: snarkjsG1,
    protocol: z.literal('groth16'),
    // rapidsnark's older releases leave it out.
    curve: z.literal('bn128').optional(),
  })
  .strict();

/** The proof object of snarkjs and rapidsnark. */
export interface SnarkjsProof {
  pi_a: [string, string, string];
  pi_b: [[string, string], [string, string], [string, string]];
  pi_c: [string, string, string];
  protocol: 'groth16';
  curve: 'bn128';
}

/** Parses a prover's output; throws `invalid_proof`. */
export function proofFromSnarkjs(object: unknown): Groth16Proof {
  const parsed = snarkjsProof.safeParse(object);
  if (!parsed.success)
    throw new CountersealError('invalid_proof', 'not a Groth16 proof object over bn128 with finite points');
  const { pi_a, pi_b, pi_c } = parsed.data;
  return checked({ a: pi_a, b: pi_b, c: pi_c });
}

export function proofToSnarkjs({ a, b, c }: Groth16Proof): SnarkjsProof {
  const pair = ([c0, c1]: readonly [bigint, bigint]): [string, string] => [String(c0), String(c1)];
  return {
    pi_a: [String(a.x), String(a.y), '1'],
    pi_b: [pair(b.x), pair(b.y), ['1', '0']],
    pi_c: [String(c.x), String(c.y), '1'],
    protocol: 'groth16',
    curve: 'bn128',
  };
}
