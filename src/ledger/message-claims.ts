import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import { type Codec, encode, field, purposeName, u32 } from './codec.js';
import { prefixed, sha256 } from './hash.js';
import { ENCODING_VERSION } from './limits.js';
import { bindingOf } from './signed-message.js';
import type { EpochDay } from './units.js';

/**
 * A `message` without its proof (protocol section 7, "match reveal"). It names no entry: it is admitted by a proof of
 * the statement `fingerprint` for the possession fingerprint of a document, under a commitment that is on no entry and
 * with {@link messageLabel} in the place of the purpose. The tag that this gives is the message's *address*: only who
 * holds the document can make it, or knows it for one of that document.
 */
export interface MessageClaims {
  /** UN/CEFACT 1001 code, one of those that the purpose takes. */
  readonly documentKind: number;
  readonly purpose: string;
  /** Of the OPRF key. */
  readonly epoch: number;
  readonly membersRoot: FieldElement;
  /** The day of the message: an address serves on one day, so that nobody can use up a document's for ever. */
  readonly period: EpochDay;
  /** One of the day's, in an order that is a secret of the document's holders. */
  readonly slot: number;
  /** H(5, possession document key, text of the label). */
  readonly address: FieldElement;
  /** To the document, under a salt that is used for nothing else. */
  readonly commitment: FieldElement;
  /** {@link messageBodyHash} of the ciphertext. */
  readonly bodyHash: Uint8Array;
}

export const messageClaimsCodec: Codec<MessageClaims> = P.struct({
  documentKind: u32(),
  purpose: purposeName,
  epoch: u32(),
  membersRoot: field,
  period: u32<EpochDay>(),
  slot: P.U8,
  address: field,
  commitment: field,
  bodyHash: P.bytes(32) as Codec<Uint8Array>,
});

/** What stands in the place of the purpose in an address. No purpose has a `|` in its name: no tag is an address. */
export const messageLabel = ({
  purpose,
  period,
  slot,
}: Pick<MessageClaims, 'purpose' | 'period' | 'slot'>): string => `message|${purpose}|${period}|${slot}`;

/**
 * The name of a message's ciphertext. Not the SHA-256 that names an entry's: who registered an entry with somebody
 * else's message as its payload could erase that message otherwise.
 */
export const messageBodyHash = (body: Uint8Array): Uint8Array =>
  sha256(prefixed(`counterseal/message-body/v${ENCODING_VERSION}`), body);

/** The public signal that ties a message's proof to all of its claims. */
export const messageBinding = (networkId: string, claims: MessageClaims): FieldElement =>
  bindingOf('message', networkId, encode(messageClaimsCodec, claims, 'the claims'));
