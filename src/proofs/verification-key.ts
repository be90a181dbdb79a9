import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { isOnG1Curve, isOnG2Twist, type G1Affine, type G2Affine } from './bn254.js';
import { snarkjsG1, snarkjsG2 } from './proof-encoding.js';

/** A Groth16 verification key. `ic` has one point more than there are public signals. */
export interface VerificationKey {
  /** Lower-case hex SHA-256 of the file's bytes: what a genesis pins and verdicts are cached under. */
  readonly hash: string;
  readonly alpha: G1Affine;
  readonly beta: G2Affine;
  readonly gamma: G2Affine;
  readonly delta: G2Affine;
  readonly ic: readonly G1Affine[];
}

const file = z.object({
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
  nPublic: z.int().min(1).max(1024),
  vk_alpha_1: snarkjsG1,
  vk_beta_2: snarkjsG2,
  vk_gamma_2: snarkjsG2,
  vk_delta_2: snarkjsG2,
  // vk_alphabeta_12 is redundant: the pairing is computed from alpha and beta, never read.
  vk_alphabeta_12: z.unknown().optional(),
  IC: z.array(snarkjsG1).max(1025),
});

/**
 * Parses snarkjs's `verification.json`; throws `data_corrupted`. An IC point at infinity is refused too: it would mean a
 * public signal that the proof does not bind.
 */
export function parseVerificationKey(bytes: Uint8Array): VerificationKey {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CountersealError('data_corrupted', 'the verification key is not JSON', { cause });
  }
  const parsed = file.safeParse(json);
  if (!parsed.success)
    throw new CountersealError('data_corrupted', 'the verification key is not a Groth16 key over bn128', {
      cause: parsed.error,
    });
  const vk = parsed.data;
  ensure(
    vk.IC.length === vk.nPublic + 1,
    'data_corrupted',
    'the verification key must have nPublic + 1 IC points',
  );
  ensure(
    [vk.vk_alpha_1, ...vk.IC].every(isOnG1Curve) &&
      [vk.vk_beta_2, vk.vk_gamma_2, vk.vk_delta_2].every(isOnG2Twist),
    'data_corrupted',
    'the verification key has a point that is not on its curve',
  );
  return {
    hash: createHash('sha256').update(bytes).digest('hex'),
    alpha: vk.vk_alpha_1,
    beta: vk.vk_beta_2,
    gamma: vk.vk_gamma_2,
    delta: vk.vk_delta_2,
    ic: vk.IC,
  };
}
