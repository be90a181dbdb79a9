import { bytesToNumberBE, concatBytes } from '@noble/curves/utils.js';
import {
  deriveKey,
  ed25519PublicKey,
  fieldToBytes,
  memberIdOf,
  nullifierOf,
  reduceField,
  x25519PublicKey,
  type FieldElement,
} from '../crypto/index.js';

/** A field element from a seed: 512 bits reduced modulo p, so that the bias is below 2^-256. */
function deriveField(seed: Uint8Array, ...info: (string | Uint8Array)[]): FieldElement {
  return reduceField(
    bytesToNumberBE(concatBytes(deriveKey(seed, ...info, 'high'), deriveKey(seed, ...info, 'low'))),
  );
}

/** What only an entry's author has; all of it follows from the seed and the nullifier, so the seed restores it. */
export interface EntryKeys {
  /** The commitment's salt under the owner policy. */
  readonly salt: FieldElement;
  /** Ed25519 seed and key that engage, settle, release, cancel and supersede the entry. */
  readonly controlSeed: Uint8Array;
  readonly controlKey: Uint8Array;
  /** X25519 key pair of the entry's mailbox. */
  readonly mailboxSeed: Uint8Array;
  readonly mailboxKey: Uint8Array;
}

/** A member's keys on one network, from its 32-byte seed. */
export class MemberKeys {
  /** sk of statement `register`. Whoever has it can link this member's entries. */
  readonly secret: FieldElement;
  /** H(6, sk). */
  readonly memberId: FieldElement;
  /** Encrypts the agent's own records on disk. */
  readonly storeKey: Uint8Array;
  /** Authenticates the lines of the audit log. */
  readonly auditKey: Uint8Array;
  /** Authenticates the users of the gateway, and what two of them agree on. */
  readonly gatewayKey: Uint8Array;

  /** X25519 key pair for HPKE: what is shared with this member is sealed for it. */
  readonly hpke: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array };

  constructor(
    private readonly seed: Uint8Array,
    private readonly networkId: string,
  ) {
    this.secret = deriveField(seed, 'counterseal member secret', networkId);
    this.memberId = memberIdOf(this.secret);
    this.storeKey = deriveKey(seed, 'counterseal agent store', networkId);
    const privateKey = deriveKey(seed, 'counterseal hpke key', networkId);
    this.hpke = { privateKey, publicKey: x25519PublicKey(privateKey) };
    this.auditKey = deriveKey(seed, 'counterseal audit log', networkId);
    this.gatewayKey = deriveKey(seed, 'counterseal gateway', networkId);
  }

  /** R5: H(8, sk, period, index). */
  nullifier(period: number, index: number): FieldElement {
    return nullifierOf(this.secret, period, index);
  }

  entry(nullifier: FieldElement): EntryKeys {
    const derive = (purpose: string) => [purpose, this.networkId, fieldToBytes(nullifier)] as const;
    const controlSeed = deriveKey(this.seed, ...derive('counterseal control key'));
    const mailboxSeed = deriveKey(this.seed, ...derive('counterseal mailbox key'));
    return {
      salt: deriveField(this.seed, ...derive('counterseal salt')),
      controlSeed,
      controlKey: ed25519PublicKey(controlSeed),
      mailboxSeed,
      mailboxKey: x25519PublicKey(mailboxSeed),
    };
  }
}
