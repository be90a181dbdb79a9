import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import { type Codec, encode, field, fingerprintName, u32, u64 } from './codec.js';
import { PROOF_BYTES } from './limits.js';
import { bindingOf, signedMessage } from './signed-message.js';
import type { Sequence } from './units.js';

/** A `fingerprint` without its proof and signature: what the proof's binding commits to. */
export interface FingerprintClaims {
  readonly entry: Sequence;
  /** Full name of a fingerprint that the entry may carry: `invoice/possession@1`. */
  readonly name: string;
  /** Of the OPRF key. */
  readonly epoch: number;
  readonly membersRoot: FieldElement;
  readonly tag: FieldElement;
}

/** One fingerprint more of an entry's document (protocol section 9). Submitting it twice changes nothing. */
export interface FingerprintTransaction {
  readonly type: 'fingerprint';
  readonly claims: FingerprintClaims;
  /** {@link PROOF_BYTES}. */
  readonly proof: Uint8Array;
  /** By the entry's control key, over claims and proof. */
  readonly signature: Uint8Array;
}

const claimsCodec: Codec<FingerprintClaims> = P.struct({
  entry: u64<Sequence>(),
  name: fingerprintName,
  epoch: u32(),
  membersRoot: field,
  tag: field,
});

export const fingerprintTransactionCodec = P.struct({
  claims: claimsCodec,
  proof: P.bytes(PROOF_BYTES),
  signature: P.bytes(64),
});

/** What the entry's control key signs. */
export const fingerprintMessage = (
  networkId: string,
  claims: FingerprintClaims,
  proof: Uint8Array,
): Uint8Array => signedMessage('fingerprint', networkId, encode(claimsCodec, claims, 'the claims'), proof);

/** The public signal that ties the proof to its transaction. */
export const fingerprintBinding = (networkId: string, claims: FingerprintClaims): FieldElement =>
  bindingOf('fingerprint-binding', networkId, encode(claimsCodec, claims, 'the claims'));
