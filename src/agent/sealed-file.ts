import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import type { MemberCard } from './card.js';
import { framed } from './framed.js';
import { hpkeOpen, hpkeSeal } from './hpke.js';
import type { MemberKeys } from './keys.js';

/** A kind of file that is sealed for one member. Who sees one learns its kind, the network and the recipient. */
export interface SealedFileKind<T> {
  /** What a message calls it. */
  readonly name: string;
  /** In the file, and in the HPKE context. */
  readonly format: string;
  /** Of the HPKE context: the keys of one kind open no other. */
  readonly domain: string;
  readonly maxBytes: number;
  readonly contents: z.ZodType<T>;
}

const sealedFile = ({ format, maxBytes }: SealedFileKind<unknown>) =>
  z.strictObject({
    format: z.literal(format),
    version: z.literal(1),
    networkId: z.string().min(1).max(50),
    /** Member id, decimal. */
    to: z.string().max(77),
    enc: z.base64().length(44),
    ciphertext: z.base64().max(maxBytes),
  });

/** For whom a file is sealed, as its context names it. */
export interface Recipient {
  readonly networkId: string;
  /** Decimal. */
  readonly memberId: string;
  readonly hpkeKey: Uint8Array;
}

export const recipientOf = (
  networkId: string,
  { memberId, hpkeKey }: Pick<MemberCard, 'memberId' | 'hpkeKey'>,
): Recipient => ({ networkId, memberId: memberId.toString(), hpkeKey });

const contextOf = (
  { format, domain }: SealedFileKind<unknown>,
  { networkId, memberId, hpkeKey }: Recipient,
) => ({
  info: framed(domain, networkId, memberId, hpkeKey),
  additionalData: framed(format, '1', networkId, memberId),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The content of the file for its recipient. Throws `invalid_point` for one without a usable key. */
export async function sealFile<T>(
  kind: SealedFileKind<T>,
  to: Recipient,
  plaintext: Uint8Array,
): Promise<string> {
  const { enc, ciphertext } = await hpkeSeal(to.hpkeKey, contextOf(kind, to), plaintext);
  const file = {
    format: kind.format,
    version: 1,
    networkId: to.networkId,
    to: to.memberId,
    enc: base64(enc),
    ciphertext: base64(ciphertext),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * What was sealed for this member, after `unpadded` has taken away what was put around it. Throws `invalid_argument` for
 * what is no file of the kind, `permission_denied` for one of another network or for another member,
 * `decryption_failed` where it was changed.
 */
export async function openFile<T>(
  kind: SealedFileKind<T>,
  networkId: string,
  { memberId, hpke }: Pick<MemberKeys, 'memberId' | 'hpke'>,
  text: string,
  unpadded: (plaintext: Uint8Array) => Uint8Array = (plaintext) => plaintext,
): Promise<T> {
  const { name } = kind;
  const file = parseForeign(sealedFile(kind), text, kind.maxBytes, `this file is no ${name}`);
  ensure(
    file.networkId === networkId,
    'permission_denied',
    `the ${name} is of the network ${file.networkId}, not of ${networkId}`,
    'networkId',
  );
  const me = recipientOf(networkId, { memberId, hpkeKey: hpke.publicKey });
  ensure(
    file.to === me.memberId,
    'permission_denied',
    `the ${name} is for the member ${file.to}, and not for this one`,
    'to',
  );
  const opened = await hpkeOpen(hpke.privateKey, contextOf(kind, me), {
    enc: Buffer.from(file.enc, 'base64'),
    ciphertext: Buffer.from(file.ciphertext, 'base64'),
  });
  const contents = new TextDecoder().decode(unpadded(opened));
  return parseForeign(kind.contents, contents, kind.maxBytes, `the ${name} cannot be read`);
}

/** Reads JSON of somebody else's making. Throws `invalid_argument`. */
export function parseForeign<T>(schema: z.ZodType<T>, text: string, maxBytes: number, otherwise: string): T {
  ensure(text.length <= maxBytes, 'invalid_argument', otherwise);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Without the cause: it could quote what was sealed.
    throw new CountersealError('invalid_argument', otherwise);
  }
}
