/** Statements whose proofs the ledger asks to be verified. */
export const LEDGER_STATEMENTS = ['register', 'fingerprint', 'drawdown'] as const;
export type LedgerStatement = (typeof LEDGER_STATEMENTS)[number];

/** Verifies proofs; batches calls that wait at the same time. Implemented over the keys of the network's genesis. */
export interface ProofVerifier {
  /**
   * Whether a proof ({@link PROOF_BYTES} bytes) of a statement holds for the public signals, in snarkjs' order
   * (outputs first). False for anything that does not parse. Rejects only when it could not verify at all: then the
   * block stops, because a verdict must not depend on a machine's trouble.
   */
  verify(statement: LedgerStatement, publicSignals: readonly bigint[], proof: Uint8Array): Promise<boolean>;
}
