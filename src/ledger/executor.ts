import {
  checkAction,
  checkMembership,
  checkRegister,
  checkRegisterSignature,
  isRejection,
  type ParsedTransaction,
  type Scene,
} from './admission.js';
import { applyAction, applyMembership, applyRegister, type Position } from './apply.js';
import { PROOF_CACHE_MAX } from './limits.js';
import type { RecordBody } from './log-record.js';
import type { Network } from './network.js';
import type { Overlay } from './overlay.js';
import type { ProofVerifier } from './proof-verifier.js';
import { reject, type Rejection } from './results.js';
import { roleMaskOf } from './schema.js';
import type { RegisterTransaction } from './transactions.js';
import { type CacheUses, VerdictCache } from './verdict-cache.js';

/** Writes the effect of an admitted transaction and says what it was. */
export type Effect = (view: Overlay, position: Position) => RecordBody;

/** Decides on transactions: all checks in their order, with the verdicts on signatures and proofs remembered. */
export class Executor {
  private readonly signatures = new VerdictCache<Rejection | undefined>(PROOF_CACHE_MAX);
  private readonly proofs = new VerdictCache<boolean>(PROOF_CACHE_MAX);

  constructor(
    private readonly network: Network,
    private readonly verifier: ProofVerifier,
  ) {}

  /** Of the verdicts on proofs. */
  get proofCache(): CacheUses {
    return this.proofs.uses;
  }

  /**
   * Whether a transaction may enter, and what it then does. `authentic` skips its signature and proof, which were
   * verified when it was new. Rejects only where a proof could not be verified at all.
   */
  async admit(scene: Scene, parsed: ParsedTransaction, authentic = false): Promise<Rejection | Effect> {
    const { tx } = parsed;
    switch (tx.type) {
      case 'register': {
        const rejection = await this.checkRegisterButProof(scene, parsed, tx, authentic);
        if (rejection) return rejection;
        if (!authentic && !(await this.verifyProof(parsed, tx)))
          return reject('invalid_proof', 'the proof does not hold for this transaction on this network');
        const purpose = this.network.purposes.get(tx.claims.purpose)!;
        return (view, position) => applyRegister(view, purpose, tx, position);
      }
      case 'action': {
        const subject = checkAction(scene, tx);
        return isRejection(subject) ? subject : (view, position) => applyAction(view, subject, tx, position);
      }
      case 'membership': {
        const registries = checkMembership(scene, tx);
        return isRejection(registries)
          ? registries
          : (view, position) => applyMembership(view, registries, tx, position);
      }
    }
  }

  /**
   * Starts verifying, all at once so that they make batches, the proofs of those that would be admitted as things
   * stand. Which these are changes no outcome: what is left out is verified when its turn comes.
   */
  async prefetchProofs(scene: Scene, transactions: readonly ParsedTransaction[]): Promise<void> {
    await Promise.all(
      transactions.map(async (parsed) => {
        const { tx } = parsed;
        if (tx.type !== 'register' || (await this.checkRegisterButProof(scene, parsed, tx, false))) return;
        await this.verifyProof(parsed, tx);
      }),
    );
  }

  private async checkRegisterButProof(
    scene: Scene,
    { hash }: ParsedTransaction,
    tx: RegisterTransaction,
    authentic: boolean,
  ): Promise<Rejection | undefined> {
    if (!authentic) {
      const rejection = await this.signatures.get(hash, () =>
        Promise.resolve(checkRegisterSignature(this.network, tx)),
      );
      if (rejection) return rejection;
    }
    return checkRegister(scene, tx);
  }

  private verifyProof({ hash }: ParsedTransaction, { claims, proof }: RegisterTransaction): Promise<boolean> {
    return this.proofs.get(hash, () => {
      const purpose = this.network.purposes.get(claims.purpose)!;
      const rules = { roleMask: roleMaskOf(purpose, claims.documentKind)!, quota: purpose.quota };
      return this.verifier.verify('register', this.network.signals.of(claims, rules), proof);
    });
  }
}
