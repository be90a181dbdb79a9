import { concatBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import {
  AEAD_OVERHEAD,
  deriveKey,
  ed25519Sign,
  ed25519Verify,
  fieldToBytes,
  open,
  padForSeal,
  seal,
  sealedLength,
  unpad,
  type FieldElement,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { MESSAGE_MAX_BYTES, MESSAGE_MIN_BYTES } from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import { framed } from './framed.js';
import { hpkeOpen, hpkeSeal } from './hpke.js';

/** Of a text in UTF-8. */
export const MESSAGE_TEXT_MAX_BYTES = 16_384;
/** How many messages one message acknowledges; those beyond wait for the next. */
export const ACKNOWLEDGED_MAX = 64;

const id = z.hex().length(32);
const base64Text = z
  .base64()
  .refine(
    (text) => Buffer.byteLength(text, 'base64') <= MESSAGE_TEXT_MAX_BYTES,
    'longer than a message may be',
  );

/** What somebody says. Every kind is as long as any other, so that nobody else learns which it was. */
export const messageBodySchema = z.discriminatedUnion('kind', [
  /** UTF-8, base64. */
  z.strictObject({ kind: z.literal('text'), text: base64Text }),
  z.strictObject({ kind: z.literal('acknowledgement') }),
  /**
   * The promise, under the control key, to show who stands behind the entry once the other side has: see reveal.ts. No
   * identity is in it.
   */
  z.strictObject({ kind: z.literal('reveal-offer') }),
  /** The sender's card, and its TLS key's signature over this conversation. */
  z.strictObject({
    kind: z.literal('reveal'),
    card: z.string().max(16_384),
    signature: z.base64().length(88),
  }),
]);
export type MessageBody = z.infer<typeof messageBodySchema>;

const contentSchema = z.strictObject({
  /** Sequence numbers. */
  from: z.int().min(0),
  to: z.int().min(0),
  /** Random: by which it is acknowledged, and known again where it had to be sent at a second address. */
  id,
  /** The last one that the sender sent to this entry; null: none that it knows of. */
  previous: id.nullable(),
  acknowledges: z.array(id).max(ACKNOWLEDGED_MAX),
  /** X25519: where the sender's entry gets its answers. */
  mailbox: z.hex().length(64),
  /** The sender's `register` transaction, which says the control key; the log has its hash. */
  transaction: z.base64().max(12_000),
  body: messageBodySchema,
});
export type MessageContent = z.infer<typeof contentSchema>;

/** The signature is over the text as it stands, so that nothing depends on how JSON is written. */
const signedSchema = z.strictObject({ content: z.string(), signature: z.base64().length(88) });

/** What ties a ciphertext to its place. */
export interface MessageBinding {
  readonly networkId: string;
  readonly address: FieldElement;
  /** Of the possession fingerprint. */
  readonly documentKey: DocumentKey;
}

const ENC_BYTES = 32;
const HPKE_OVERHEAD = ENC_BYTES + 16;

const outerKey = ({ documentKey, networkId, address }: MessageBinding): Uint8Array =>
  deriveKey(fieldToBytes(documentKey), networkId, 'message', fieldToBytes(address));
const contextOf = ({ networkId, address }: MessageBinding) => ({
  info: framed('counterseal/message/v1/mailbox', networkId),
  additionalData: framed('counterseal-message', networkId, fieldToBytes(address)),
});
/** What the sender's control key signs: this, at this address of this network. */
const statement = ({ networkId, address }: MessageBinding, content: string): Uint8Array =>
  framed('counterseal/message/v1/control key', networkId, fieldToBytes(address), content);

/**
 * The ciphertext of a message. Outside, under the document's key, so that others see nothing at all; inside for the
 * mailbox of the recipient's entry (HPKE, which does not show whose key it was), so that other holders of the document
 * learn neither what nor who; innermost the sender's signature. Padded before it is sealed for the recipient: holders
 * learn its length no better than others. Throws `invalid_argument` for too long a text, `invalid_point`.
 */
export async function sealMessage(
  binding: MessageBinding,
  mailboxKey: Uint8Array,
  content: MessageContent,
  controlSeed: Uint8Array,
): Promise<Uint8Array> {
  const text = JSON.stringify(contentSchema.parse(content));
  const signature = Buffer.from(ed25519Sign(controlSeed, statement(binding, text))).toString('base64');
  const plaintext = Buffer.from(
    JSON.stringify({ content: text, signature } satisfies z.infer<typeof signedSchema>),
  );
  const size = sealedLength(plaintext.length + 1 + HPKE_OVERHEAD, MESSAGE_MIN_BYTES);
  ensure(size <= MESSAGE_MAX_BYTES, 'invalid_argument', 'the message is too long', 'text');
  const padded = new Uint8Array(size - AEAD_OVERHEAD - 1 - HPKE_OVERHEAD);
  padded.set(plaintext);
  padded[plaintext.length] = 0x80;
  const { enc, ciphertext } = await hpkeSeal(mailboxKey, contextOf(binding), padded);
  const inner = padForSeal(concatBytes(enc, ciphertext), MESSAGE_MIN_BYTES);
  return seal(outerKey(binding), inner, fieldToBytes(binding.address));
}

/** A message that was opened, and is not yet known to be of whom it says. */
export interface OpenedMessage {
  readonly content: MessageContent;
  readonly verify: (controlKey: Uint8Array) => boolean;
}

/** The inner ciphertext. Throws `decryption_failed` for what no holder of the document sealed for this address. */
export const openOuter = (binding: MessageBinding, body: Uint8Array): Uint8Array =>
  unpad(open(outerKey(binding), body, fieldToBytes(binding.address)));

/**
 * Opens an inner ciphertext with the key of an own mailbox. Undefined where it is for another one, or is nothing that a
 * member of this program would send.
 */
export async function openInner(
  binding: MessageBinding,
  inner: Uint8Array,
  mailboxSeed: Uint8Array,
): Promise<OpenedMessage | undefined> {
  const sealed = { enc: inner.subarray(0, ENC_BYTES), ciphertext: inner.subarray(ENC_BYTES) };
  try {
    const plaintext = unpad(await hpkeOpen(mailboxSeed, contextOf(binding), sealed));
    const { content: text, signature } = signedSchema.parse(
      JSON.parse(Buffer.from(plaintext).toString('utf8')),
    );
    const content = contentSchema.parse(JSON.parse(text));
    return {
      content,
      verify: (controlKey) =>
        ed25519Verify(controlKey, statement(binding, text), Buffer.from(signature, 'base64')),
    };
  } catch (error) {
    // It was sealed by somebody who holds the document: what does not open, or parse, is for somebody else or nobody.
    if (error instanceof CountersealError && error.code !== 'decryption_failed') throw error;
    if (error instanceof CountersealError || error instanceof z.ZodError || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}

/** The text of a body, as bytes that are UTF-8. Throws `invalid_argument` for none, too much, or what is no text. */
export function textBody(bytes: Uint8Array): MessageBody {
  ensure(bytes.length > 0, 'invalid_argument', 'the message is empty', 'text');
  ensure(
    bytes.length <= MESSAGE_TEXT_MAX_BYTES,
    'invalid_argument',
    `the message has ${bytes.length} bytes: at most ${MESSAGE_TEXT_MAX_BYTES} (16 KiB) are possible`,
    'text',
  );
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'the message is not text in UTF-8', {
      field: 'text',
      cause,
    });
  }
  return { kind: 'text', text: Buffer.from(bytes).toString('base64') };
}
