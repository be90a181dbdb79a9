import { CountersealError } from '../errors.js';
import { GROUP_ORDER } from './bn254.js';
import { packageKeys, type KeyRegistry, type Statement } from './keys.js';
import { pairingEngine, type Verifiable } from './pairing.js';
import { proofFromBytes } from './proof-encoding.js';
import type { VerificationKey } from './verification-key.js';

/** Verifies proofs of any statement that it has keys for. */
export interface Verifier {
  /**
   * Whether `proof` (256 bytes) proves `statement` for `publicSignals`. Whatever is malformed (length, a coordinate or
   * signal that is not canonical, the number of signals, a point outside its group) is false, the same on every node.
   * Throws only for what says nothing about the proof: `not_found` (no keys for the statement), `data_corrupted`,
   * `unavailable`.
   */
  verify(statement: Statement, publicSignals: readonly bigint[], proof: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

/** The form of a proof, without a pairing (0.05 ms): undefined if it cannot be valid. */
export function verifiable(
  key: VerificationKey,
  publicSignals: readonly bigint[],
  proof: Uint8Array,
): Verifiable | undefined {
  if (!Array.isArray(publicSignals) || publicSignals.length !== key.ic.length - 1) return undefined;
  // A copy without holes, and before anything is summed: s and s + p are two inputs with one sum, which would be a
  // second, equally valid transaction.
  const signals: unknown[] = [...publicSignals];
  if (!signals.every((s) => typeof s === 'bigint' && s >= 0n && s < GROUP_ORDER)) return undefined;
  try {
    return { signals: signals as bigint[], proof: proofFromBytes(proof) };
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_proof') return undefined;
    throw error;
  }
}

/** Verifies one proof on this thread (5 ms): see `Verifier`. Servers use `BatchVerifier`, whose verdicts are the same. */
export async function verify(
  statement: Statement,
  publicSignals: readonly bigint[],
  proof: Uint8Array,
  keys: KeyRegistry = packageKeys,
): Promise<boolean> {
  const { verificationKey } = await keys.load(statement);
  const item = verifiable(verificationKey, publicSignals, proof);
  if (!item) return false;
  return (await pairingEngine()).verify(verificationKey, [item])[0] === true;
}
