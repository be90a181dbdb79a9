import {
  LEDGER_STATEMENTS,
  type Genesis,
  type LedgerStatement,
  type ProofVerifier,
} from '../ledger/index.js';
import {
  BatchVerifier,
  type BatchVerifierOptions,
  loadDeclared,
  packageKeys,
  type KeyRegistry,
  type Statement,
} from '../proofs/index.js';

/** The verifier of a network's proofs: batches on worker threads, under the keys that its genesis names. */
export class NetworkProofVerifier implements ProofVerifier {
  private constructor(
    private readonly statements: Readonly<Record<LedgerStatement, Statement>>,
    private readonly verifier: BatchVerifier,
  ) {}

  /**
   * Throws `failed_precondition` where the keys at hand are not the genesis', or not of the setup that it demands;
   * `not_found` where there are none for the version that it names.
   */
  static async open(
    genesis: Genesis,
    keys: KeyRegistry = packageKeys,
    options: Pick<BatchVerifierOptions, 'onBatch'> = {},
  ): Promise<NetworkProofVerifier> {
    const statements = await Promise.all(
      LEDGER_STATEMENTS.map(async (id) => {
        const { statement } = await loadDeclared(id, genesis.statements[id], genesis.setup, keys);
        return [id, statement] as const;
      }),
    );
    return new NetworkProofVerifier(
      Object.fromEntries(statements) as Record<LedgerStatement, Statement>,
      new BatchVerifier({ ...options, keys }),
    );
  }

  /** Proofs waiting for a worker. */
  get queued(): number {
    return this.verifier.queued;
  }

  verify(statement: LedgerStatement, publicSignals: readonly bigint[], proof: Uint8Array): Promise<boolean> {
    return this.verifier.verify(this.statements[statement], publicSignals, proof);
  }

  close(): Promise<void> {
    return this.verifier.close();
  }
}
