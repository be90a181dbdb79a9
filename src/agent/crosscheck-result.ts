import { z } from 'zod';
import { padForSeal, unpad } from '../crypto/index.js';
import { ensure } from '../errors.js';
import type { MemberCard } from './card.js';
import { CROSSCHECK_MAX_BYTES, parseText } from './crosscheck-request.js';
import { framed } from './framed.js';
import { hpkeOpen, hpkeSeal } from './hpke.js';
import type { MemberKeys } from './keys.js';

/**
 * The answer to a request: sealed for the verifier, because it links two entries. Who sees the file learns the network
 * and the verifier.
 */
const Result = z.strictObject({
  format: z.literal('counterseal-crosscheck'),
  version: z.literal(1),
  networkId: z.string().min(1).max(50),
  /** Member id, decimal. */
  to: z.string().max(77),
  enc: z.base64().length(44),
  ciphertext: z.base64().max(CROSSCHECK_MAX_BYTES),
});

const transaction = z.base64().max(12_000);
const mask = z.int().min(0).max(1023);

/** Of the 17 public signals the verifier computes 15 by itself: only what the circuit outputs is said here. */
const Contents = z.strictObject({
  entries: z.tuple([z.int().min(0), z.int().min(0).nullable()]),
  /** The `register` transactions: the verifier's own log names their hashes, so it asks no node for them. */
  transactions: z.tuple([transaction, transaction.nullable()]),
  pass: mask,
  comparable: mask,
  /** 256 bytes. */
  proof: z.base64().length(344),
});
export type CrosscheckContents = z.infer<typeof Contents>;

interface Recipient {
  readonly networkId: string;
  readonly memberId: string;
  readonly hpkeKey: Uint8Array;
}

const contextOf = ({ networkId, memberId, hpkeKey }: Recipient) => ({
  info: framed('counterseal/crosscheck-result/v1', networkId, memberId, hpkeKey),
  additionalData: framed('counterseal-crosscheck', '1', networkId, memberId),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The content of the file for the verifier. Throws `invalid_point` for a card without a usable key. */
export async function sealResult(
  networkId: string,
  card: MemberCard,
  contents: CrosscheckContents,
): Promise<string> {
  const to = { networkId, memberId: card.memberId.toString(), hpkeKey: card.hpkeKey };
  const plaintext = new TextEncoder().encode(JSON.stringify(contents));
  const { enc, ciphertext } = await hpkeSeal(card.hpkeKey, contextOf(to), padForSeal(plaintext));
  const result: z.infer<typeof Result> = {
    format: 'counterseal-crosscheck',
    version: 1,
    networkId,
    to: to.memberId,
    enc: base64(enc),
    ciphertext: base64(ciphertext),
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}

/**
 * What was sealed for this member. Throws `invalid_argument` for what is no result, `permission_denied` for one of another
 * network or for another member, `decryption_failed` where it was changed.
 */
export async function openResult(
  networkId: string,
  { memberId, hpke }: Pick<MemberKeys, 'memberId' | 'hpke'>,
  text: string,
): Promise<CrosscheckContents> {
  const result = parseText(Result, text, 'this file is no result of a cross-check');
  ensure(
    result.networkId === networkId,
    'permission_denied',
    `the result is of the network ${result.networkId}, not of ${networkId}`,
    'networkId',
  );
  const me = { networkId, memberId: memberId.toString(), hpkeKey: hpke.publicKey };
  ensure(
    result.to === me.memberId,
    'permission_denied',
    `the result is for the member ${result.to}, and not for this one`,
    'to',
  );
  const opened = await hpkeOpen(hpke.privateKey, contextOf(me), {
    enc: Buffer.from(result.enc, 'base64'),
    ciphertext: Buffer.from(result.ciphertext, 'base64'),
  });
  return parseText(Contents, new TextDecoder().decode(unpad(opened)), 'the result cannot be read');
}
