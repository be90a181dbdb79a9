import { ensure } from '../errors.js';
import {
  dayOf,
  type EpochDay,
  equalBytes,
  type Network,
  type ParsedTransaction,
  PAYLOAD_MAX_BYTES,
  PAYLOAD_MIN_BYTES,
  payloadKey,
  payloadsDueBefore,
  payloadDueKey,
  sha256,
  type Store,
  type UnixMs,
  type Write,
} from '../ledger/index.js';

/** Payloads that one batch erases. */
const ERASED_PER_BATCH = 256;
const DAY_BYTES = 4;

/** The ciphertext that a transaction comes with. */
export interface Payload {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A payload of an entry that has been registered. */
export interface RegisteredPayload extends Payload {
  readonly purpose: string;
  readonly time: UnixMs;
}

/**
 * The payload of a transaction, which registers exactly where it has one. Throws `invalid_argument` unless it is the
 * one that the transaction names, a power of two within the limits.
 */
export function payloadOf({ tx }: ParsedTransaction, payload: Uint8Array | undefined): Payload | undefined {
  if (tx.type !== 'register') {
    ensure(!payload?.length, 'invalid_argument', 'only a register transaction has a payload', 'payload');
    return undefined;
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
  const bytes = new Uint8Array(payload);
  ensure(
    equalBytes(sha256(bytes), tx.claims.payloadHash),
    'invalid_argument',
    'the payload is not the one that the transaction names',
    'payload',
  );
  return { hash: tx.claims.payloadHash, bytes };
}

/**
 * The payloads of a node, beside consensus: each with the last day on which it is kept, which is the latest that any
 * entry asks for. Somebody who registers another's ciphertext under a purpose with a shorter term shortens nothing.
 */
export class Payloads {
  constructor(
    private readonly store: Store,
    private readonly network: Pick<Network, 'purposes'>,
  ) {}

  /** The payload of a hash, or undefined: never stored here, or erased. */
  read(hash: Uint8Array): Uint8Array | undefined {
    return this.store.get(payloadKey(hash))?.subarray(DAY_BYTES);
  }

  /** The writes that keep payloads of a block. No other writes to payloads may be under way. */
  keep(payloads: readonly RegisteredPayload[]): Write[] {
    const kept = new Map<string, Payload & { readonly lastDay: EpochDay }>();
    for (const { hash, bytes, purpose, time } of payloads) {
      const key = payloadKey(hash);
      const { retainDays } = this.network.purposes.get(purpose)!;
      const asked = dayOf(time) + retainDays;
      const lastDay = Math.max(asked, kept.get(key)?.lastDay ?? this.lastDayOf(hash) ?? 0) as EpochDay;
      kept.set(key, { hash, bytes, lastDay });
    }
    return [...kept].flatMap(([key, { hash, bytes, lastDay }]) => {
      const value = Buffer.alloc(DAY_BYTES + bytes.length);
      value.writeUInt32BE(lastDay);
      value.set(bytes, DAY_BYTES);
      return [
        { key, value },
        { key: payloadDueKey(lastDay, hash), value: hash },
      ];
    });
  }

  erase(hash: Uint8Array): Promise<void> {
    return this.store.write([{ key: payloadKey(hash), value: undefined }]);
  }

  /**
   * Erases some of the payloads whose last day is over. Returns whether there were as many as one batch takes: then
   * there may be more.
   */
  async eraseExpired(now: UnixMs): Promise<boolean> {
    const today = dayOf(now);
    const writes: Write[] = [];
    let due = 0;
    for await (const [key, hash] of this.store.iterate({
      ...payloadsDueBefore(today),
      limit: ERASED_PER_BATCH,
    })) {
      due++;
      writes.push({ key, value: undefined });
      // A later entry may have asked for a longer term.
      const lastDay = this.lastDayOf(hash);
      if (lastDay !== undefined && lastDay < today) writes.push({ key: payloadKey(hash), value: undefined });
    }
    if (writes.length > 0) await this.store.write(writes);
    return due === ERASED_PER_BATCH;
  }

  private lastDayOf(hash: Uint8Array): EpochDay | undefined {
    const value = this.store.get(payloadKey(hash));
    return value && (new DataView(value.buffer, value.byteOffset).getUint32(0) as EpochDay);
  }
}
