import { ensure } from '../errors.js';
import {
  equalBytes,
  type ParsedTransaction,
  payloadKey,
  sha256,
  type Store,
  type Write,
} from '../ledger/index.js';

/** The ciphertexts of entries: padded to a power of two, so their length says little. */
export const PAYLOAD_MIN_BYTES = 1024;
export const PAYLOAD_MAX_BYTES = 65_536;

/**
 * The write that keeps the payload of a transaction. Throws `invalid_argument` unless it is the one that the
 * transaction names, a power of two within the limits; a transaction that registers nothing has none.
 */
export function payloadWrites({ tx }: ParsedTransaction, payload: Uint8Array | undefined): Write[] {
  if (tx.type !== 'register') {
    ensure(!payload?.length, 'invalid_argument', 'only a register transaction has a payload', 'payload');
    return [];
  }
  ensure(payload?.length, 'invalid_argument', 'a register transaction comes with its payload', 'payload');
  ensure(
    payload.length >= PAYLOAD_MIN_BYTES &&
      payload.length <= PAYLOAD_MAX_BYTES &&
      (payload.length & (payload.length - 1)) === 0,
    'invalid_argument',
    `a payload is padded to a power of two from ${PAYLOAD_MIN_BYTES} to ${PAYLOAD_MAX_BYTES} bytes`,
    'payload',
  );
  ensure(
    equalBytes(sha256(payload), tx.claims.payloadHash),
    'invalid_argument',
    'the payload is not the one that the transaction names',
    'payload',
  );
  return [{ key: payloadKey(tx.claims.payloadHash), value: payload }];
}

/** The payload of a hash, or undefined: never stored here, or erased. */
export const readPayload = (store: Store, hash: Uint8Array): Uint8Array | undefined =>
  store.get(payloadKey(hash));

export const erasePayload = (store: Store, hash: Uint8Array): Promise<void> =>
  store.write([{ key: payloadKey(hash), value: undefined }]);
