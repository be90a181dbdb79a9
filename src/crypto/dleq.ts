import { coordinates, type Point } from './babyjubjub.js';
import { DOMAIN, poseidon } from './poseidon.js';

/** The bits of the challenge (protocol section 5, step 4). */
const CHALLENGE_BITS = 128n;

/**
 * c = the low 128 bits of H(10, K, P, N, R1, R2), each point as x, y: the challenge of the proof that
 * log_G K = log_P N (Chaum and Pedersen, CRYPTO '92, made non-interactive).
 */
export function dleqChallenge(K: Point, P: Point, N: Point, R1: Point, R2: Point): bigint {
  const inputs = [K, P, N, R1, R2].flatMap((point) => {
    const { x, y } = coordinates(point);
    return [x, y];
  });
  return poseidon([DOMAIN.dleqChallenge, ...inputs]) & ((1n << CHALLENGE_BITS) - 1n);
}
