import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { CountersealError } from '../errors.js';

/** HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

export interface HpkeSealed {
  /** The ephemeral public key, 32 bytes. */
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What both sides must agree on without its being in the ciphertext. */
export interface HpkeContext {
  readonly info: Uint8Array;
  readonly additionalData: Uint8Array;
}

// WebCrypto takes views of plain buffers only.
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** Seals for an X25519 public key of 32 bytes. Throws `invalid_point` for one of small order (RFC 9180, 7.1.4). */
export async function hpkeSeal(
  publicKey: Uint8Array,
  { info, additionalData }: HpkeContext,
  plaintext: Uint8Array,
): Promise<HpkeSealed> {
  try {
    const recipientPublicKey = await suite.kem.importKey('raw', plain(publicKey), true);
    const sender = await suite.createSenderContext({ recipientPublicKey, info: plain(info) });
    const ciphertext = await sender.seal(plain(plaintext), plain(additionalData));
    return { enc: new Uint8Array(sender.enc), ciphertext: new Uint8Array(ciphertext) };
  } catch (cause) {
    throw new CountersealError('invalid_point', 'the recipient has no usable X25519 key', { cause });
  }
}

/** Undoes {@link hpkeSeal}. Throws `decryption_failed` for another key or context, or a changed text. */
export async function hpkeOpen(
  privateKey: Uint8Array,
  { info, additionalData }: HpkeContext,
  { enc, ciphertext }: HpkeSealed,
): Promise<Uint8Array> {
  try {
    const recipientKey = await suite.kem.importKey('raw', plain(privateKey), false);
    const recipient = await suite.createRecipientContext({
      recipientKey,
      enc: plain(enc),
      info: plain(info),
    });
    return new Uint8Array(await recipient.open(plain(ciphertext), plain(additionalData)));
  } catch (cause) {
    throw new CountersealError('decryption_failed', 'this was not sealed for this key, or was changed', {
      cause,
    });
  }
}
