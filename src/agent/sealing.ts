import { concatBytes } from '@noble/hashes/utils.js';
import {
  deriveKey,
  fieldToBytes,
  open,
  padForSeal,
  seal,
  unpad,
  type FieldElement,
} from '../crypto/index.js';

/** What binds a ciphertext to its entry. */
export interface EntryBinding {
  readonly networkId: string;
  readonly nullifier: FieldElement;
  readonly commitment: FieldElement;
  /** The entry's one-time Ed25519 key, 32 bytes. */
  readonly controlKey: Uint8Array;
}

const additionalData = ({ commitment, controlKey }: EntryBinding) =>
  concatBytes(fieldToBytes(commitment), controlKey);

const payloadKey = (salt: FieldElement, { networkId, nullifier }: EntryBinding) =>
  deriveKey(fieldToBytes(salt), networkId, 'payload', fieldToBytes(nullifier));

const noticeKey = (exactKey: FieldElement, { networkId, nullifier }: EntryBinding) =>
  deriveKey(fieldToBytes(exactKey), networkId, 'notice', fieldToBytes(nullifier));

/** The payload of an entry (protocol section 7): the encoded document under the salt, a power of two bytes long. */
export function sealPayload(document: Uint8Array, salt: FieldElement, entry: EntryBinding): Uint8Array {
  return seal(payloadKey(salt, entry), padForSeal(document), additionalData(entry));
}

/**
 * The encoded document in a payload. Throws `decryption_failed`. The caller recomputes the commitment from it, or
 * refuses it: the author may have sealed something else than it committed to.
 */
export function openPayload(payload: Uint8Array, salt: FieldElement, entry: EntryBinding): Uint8Array {
  return unpad(open(payloadKey(salt, entry), payload, additionalData(entry)));
}

/** The notice of an entry: its mailbox key (X25519), for whoever has the document key of the exact fingerprint. */
export function sealNotice(mailboxKey: Uint8Array, exactKey: FieldElement, entry: EntryBinding): Uint8Array {
  return seal(noticeKey(exactKey, entry), mailboxKey, additionalData(entry));
}

/** The mailbox key in a notice. Throws `decryption_failed`. */
export function openNotice(notice: Uint8Array, exactKey: FieldElement, entry: EntryBinding): Uint8Array {
  return open(noticeKey(exactKey, entry), notice, additionalData(entry));
}
