import { coordinates, type FieldElement } from '../crypto/index.js';
import { fingerprintRow } from '../documents/index.js';
import { type Genesis, groupPoint } from './genesis.js';
import { textOf } from './text-of.js';
import { registerBinding, type RegisterClaims } from './transactions.js';

/** The one mask other than 0 that a kind may skip, or undefined where its near fingerprint is never skipped. */
export function skippableMask(kind: number): number | undefined {
  const { near, nearAlwaysPresent } = fingerprintRow(kind);
  return near && !nearAlwaysPresent ? near.mask : undefined;
}

/** Where a row has no near fingerprint, and where it is skipped, the exact one stands in both places. */
export const usesNear = (claims: RegisterClaims): boolean =>
  claims.skippedMask === 0 && fingerprintRow(claims.documentKind).near !== null;

/** What the statement `register` says about a transaction that the network's rules fix rather than its author. */
export interface RegisterRules {
  readonly roleMask: number;
  readonly quota: number;
}

/** The public signals that a proof of a network's `register` transactions must hold for. Needs `initPoseidon()`. */
export class RegisterSignals {
  private readonly networkId: string;
  private readonly oprfKey: { readonly x: FieldElement; readonly y: FieldElement };
  private readonly auditorKey: { readonly x: FieldElement; readonly y: FieldElement };

  constructor(genesis: Genesis) {
    this.networkId = genesis.networkId;
    this.oprfKey = coordinates(groupPoint(genesis.oprf.publicKey, 'oprf.publicKey'));
    this.auditorKey = coordinates(groupPoint(genesis.auditors.publicKey, 'auditors.publicKey'));
  }

  /** In snarkjs' order: outputs, then public inputs (protocol section 6). */
  of(claims: RegisterClaims, rules: RegisterRules): readonly bigint[] {
    const { exact, near } = fingerprintRow(claims.documentKind);
    const second = near && usesNear(claims) ? near : exact;
    return [
      claims.commitment,
      ...claims.tags,
      claims.nullifier,
      claims.escrowPoint.x,
      claims.escrowPoint.y,
      ...claims.escrow,
      claims.membersRoot,
      BigInt(rules.roleMask),
      BigInt(claims.skippedMask),
      this.oprfKey.x,
      this.oprfKey.y,
      BigInt(claims.documentKind),
      textOf(claims.purpose),
      textOf(exact.name),
      textOf(second.name),
      BigInt(exact.mask),
      BigInt(second.mask),
      BigInt(claims.period),
      BigInt(rules.quota),
      this.auditorKey.x,
      this.auditorKey.y,
      registerBinding(this.networkId, claims),
    ];
  }
}
