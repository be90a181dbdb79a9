import { utf8ToBytes } from '@noble/hashes/utils.js';
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
import { sha256 } from './hash.js';
import { applyFingerprint, checkFingerprint } from './fingerprint-admission.js';
import { PROOF_CACHE_MAX } from './limits.js';
import { checkDraw, checkOpenCapacity } from './capacity-execution.js';
import { applyMessage, checkMessage } from './message-execution.js';
import { messageSignals } from './message-signals.js';
import type { RecordBody } from './log-record.js';
import type { Network } from './network.js';
import type { Overlay } from './overlay.js';
import type { LedgerStatement, ProofVerifier } from './proof-verifier.js';
import { reject, type Rejection } from './results.js';
import { roleMaskOf } from './schema.js';
import type { RegisterTransaction, Transaction } from './transactions.js';
import { type CacheUses, VerdictCache } from './verdict-cache.js';

/** Writes the effect of an admitted transaction and says what it was. */
export type Effect = (view: Overlay, position: Position) => RecordBody;

/** A proof on which a transaction depends. */
export interface ProofClaim {
  readonly statement: LedgerStatement;
  readonly signals: readonly bigint[];
  readonly proof: Uint8Array;
}

/** A transaction that may enter if its proofs hold. */
export interface Candidate {
  readonly proofs: readonly ProofClaim[];
  readonly effect: Effect;
}

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
    const candidate = await this.checkAllButProofs(scene, parsed, authentic);
    if (isRejection(candidate)) return candidate;
    if (!authentic && !(await this.verifyProofs(parsed, candidate)))
      return reject('invalid_proof', 'the proof does not hold for this transaction on this network');
    return candidate.effect;
  }

  /**
   * Starts verifying, all at once so that they make batches, the proofs of those that would be admitted as things
   * stand. Which these are changes no outcome: what is left out is verified when its turn comes.
   */
  async prefetchProofs(scene: Scene, transactions: readonly ParsedTransaction[]): Promise<void> {
    await Promise.all(
      transactions.map(async (parsed) => {
        if (!carriesProof(parsed.tx)) return;
        const candidate = await this.checkAllButProofs(scene, parsed, false);
        if (!isRejection(candidate)) await this.verifyProofs(parsed, candidate);
      }),
    );
  }

  private async checkAllButProofs(
    scene: Scene,
    parsed: ParsedTransaction,
    authentic: boolean,
  ): Promise<Rejection | Candidate> {
    const { tx } = parsed;
    switch (tx.type) {
      case 'register': {
        const rejection =
          (authentic ? undefined : await this.checkSignature(parsed, tx)) ?? checkRegister(scene, tx);
        if (rejection) return rejection;
        const { claims, proof } = tx;
        const purpose = this.network.purposes.get(claims.purpose)!;
        const rules = { roleMask: roleMaskOf(purpose, claims.documentKind)!, quota: purpose.quota };
        return {
          proofs: [{ statement: 'register', signals: this.network.signals.of(claims, rules), proof }],
          effect: (view, position) => applyRegister(view, purpose, tx, position),
        };
      }
      case 'action': {
        const subject = checkAction(scene, tx);
        return isRejection(subject)
          ? subject
          : { proofs: [], effect: (view, position) => applyAction(view, subject, tx, position) };
      }
      case 'fingerprint': {
        const subject = checkFingerprint(scene, tx);
        if (isRejection(subject)) return subject;
        const signals = this.network.fingerprintSignals.of(tx.claims, subject);
        return {
          proofs: [{ statement: 'fingerprint', signals, proof: tx.proof }],
          effect: (view, position) => applyFingerprint(view, subject, tx, position),
        };
      }
      case 'membership': {
        const registries = checkMembership(scene, tx);
        return isRejection(registries)
          ? registries
          : { proofs: [], effect: (view, position) => applyMembership(view, registries, tx, position) };
      }
      case 'message': {
        const terms = checkMessage(scene, tx);
        if (isRejection(terms)) return terms;
        const signals = messageSignals(this.network, tx.claims, terms.roleMask);
        return {
          proofs: [{ statement: 'fingerprint', signals, proof: tx.proof }],
          effect: (view) => applyMessage(view, tx),
        };
      }
      case 'open-capacity':
        return checkOpenCapacity(scene, tx);
      case 'draw':
        return checkDraw(scene, tx);
    }
  }

  private checkSignature(
    { hash }: ParsedTransaction,
    tx: RegisterTransaction,
  ): Promise<Rejection | undefined> {
    return this.signatures.get(hash, () => Promise.resolve(checkRegisterSignature(this.network, tx)));
  }

  private async verifyProofs({ hash }: ParsedTransaction, { proofs }: Candidate): Promise<boolean> {
    const verdicts = await Promise.all(
      // What the proof is to hold for may also follow from the state that the transaction meets, so that is in the key.
      proofs.map(({ statement, signals, proof }) =>
        this.proofs.get(sha256(hash, utf8ToBytes(`${statement}/${signals.join(',')}`)), () =>
          this.verifier.verify(statement, signals, proof),
        ),
      ),
    );
    return verdicts.every((holds) => holds);
  }
}

const carriesProof = ({ type }: Transaction): boolean => type !== 'action' && type !== 'membership';
