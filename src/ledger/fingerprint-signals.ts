import type { FieldElement, Point } from '../crypto/index.js';
import { fingerprintSignals } from '../proofs/fingerprint-signals.js';
import { fingerprintBinding, type FingerprintClaims } from './fingerprint-transaction.js';
import { type Genesis, groupPoint } from './genesis.js';
import type { CarriedFingerprint } from './schema.js';
import type { Entry } from './state-values.js';
import { textOf } from './text-of.js';

/** What a proof of a network's `fingerprint` transactions must hold for, whatever its author says. */
export interface FingerprintRules {
  readonly entry: Pick<Entry, 'commitment' | 'nullifier'> & {
    readonly indexed: { readonly documentKind: number };
  };
  readonly fingerprint: CarriedFingerprint;
  readonly roleMask: number;
}

/** The public signals of a network's `fingerprint` transactions. Needs `initPoseidon()`. */
export class FingerprintSignals {
  private readonly networkId: string;
  readonly oprfKey: Point;

  constructor(genesis: Genesis) {
    this.networkId = genesis.networkId;
    this.oprfKey = groupPoint(genesis.oprf.publicKey, 'oprf.publicKey');
  }

  /** In snarkjs' order. */
  of(claims: FingerprintClaims, { entry, fingerprint, roleMask }: FingerprintRules): readonly FieldElement[] {
    return fingerprintSignals({
      tag: claims.tag,
      commitment: entry.commitment,
      kind: entry.indexed.documentKind,
      purpose: textOf(fingerprint.scope),
      fingerprintId: textOf(fingerprint.name),
      mask: fingerprint.mask,
      ofElement: fingerprint.ofElement,
      oprfKey: this.oprfKey,
      membersRoot: claims.membersRoot,
      roleMask,
      convergent: fingerprint.convergent,
      nullifier: entry.nullifier,
      binding: fingerprintBinding(this.networkId, claims),
    });
  }
}
