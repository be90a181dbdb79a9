import { z } from 'zod';
import { padForSeal, unpad } from '../crypto/index.js';
import type { MemberCard } from './card.js';
import { CROSSCHECK_MAX_BYTES } from './crosscheck-request.js';
import type { MemberKeys } from './keys.js';
import { openFile, recipientOf, sealFile, type SealedFileKind } from './sealed-file.js';

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

/** The answer to a request: sealed for the verifier, because it links two entries. */
const RESULT: SealedFileKind<CrosscheckContents> = {
  name: 'result of a cross-check',
  format: 'counterseal-crosscheck',
  domain: 'counterseal/crosscheck-result/v1',
  maxBytes: CROSSCHECK_MAX_BYTES,
  contents: Contents,
};

/** The content of the file for the verifier. Throws `invalid_point` for a card without a usable key. */
export function sealResult(
  networkId: string,
  card: MemberCard,
  contents: CrosscheckContents,
): Promise<string> {
  const plaintext = new TextEncoder().encode(JSON.stringify(contents));
  return sealFile(RESULT, recipientOf(networkId, card), padForSeal(plaintext));
}

/** What was sealed for this member. Throws as {@link openFile}. */
export const openResult = (
  networkId: string,
  keys: Pick<MemberKeys, 'memberId' | 'hpke'>,
  text: string,
): Promise<CrosscheckContents> => openFile(RESULT, networkId, keys, text, unpad);
