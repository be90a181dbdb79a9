import { ensure } from '../errors.js';
import {
  dayOf,
  type EpochDay,
  equalBytes,
  ERASED_RANGE,
  erasedPayloadOf,
  type Network,
  type ParsedTransaction,
  PAYLOAD_MAX_BYTES,
  PAYLOAD_MIN_BYTES,
  PAYLOAD_RANGE,
  payloadFreeKey,
  payloadKey,
  payloadsDueBefore,
  payloadDueKey,
  PAYLOADS_TO_FREE,
  sha256,
  stateKeys,
  type Store,
  type UnixMs,
  type Write,
} from '../ledger/index.js';

/** Payloads that one batch erases. */
const ERASED_PER_BATCH = 256;
const DAY_BYTES = 4;
/** More deleted payloads than these are freed by rewriting all of them at once. */
const FREED_ONE_BY_ONE = 32;

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

  /** Whether the author of the entry has had it erased. */
  isErased(hash: Uint8Array): boolean {
    return this.store.get(stateKeys.erased(hash)) !== undefined;
  }

  /**
   * The writes that keep payloads of a block, but none that was erased before. No other writes to payloads may be under
   * way.
   */
  keep(payloads: readonly RegisteredPayload[]): Write[] {
    const kept = new Map<string, Payload & { readonly lastDay: EpochDay }>();
    for (const { hash, bytes, purpose, time } of payloads) {
      if (this.isErased(hash)) continue;
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

  /** The writes that delete payloads; what they leave in the files is for {@link free}. */
  erasing(hashes: readonly Uint8Array[]): Write[] {
    return hashes.flatMap((hash) => [
      { key: payloadKey(hash), value: undefined },
      { key: payloadFreeKey(hash), value: hash },
    ]);
  }

  erase(hash: Uint8Array): Promise<void> {
    return this.store.write(this.erasing([hash]));
  }

  /**
   * Deletes what the ledger says was erased and is here all the same: after a snapshot or a backup brought it, or a
   * database was put together by hand.
   */
  async eraseErased(): Promise<void> {
    const present: Uint8Array[] = [];
    for await (const [key] of this.store.iterate(ERASED_RANGE)) {
      const hash = erasedPayloadOf(key)!;
      if (this.store.get(payloadKey(hash))) present.push(hash);
    }
    if (present.length > 0) await this.store.write(this.erasing(present));
  }

  /** The deleted payloads whose bytes may still be in the store's files. */
  async toFree(): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = [];
    for await (const [, hash] of this.store.iterate(PAYLOADS_TO_FREE)) hashes.push(hash);
    return hashes;
  }

  /**
   * Rewrites the files that hold deleted payloads. {@link freed} notes that it is done. Twice, with the deletions again
   * in between: what is still in LevelDB's memory is first written out as it is, the deleted value beside its deletion,
   * and a file of its lowest level is rewritten only where something above it overlaps.
   */
  async free(hashes: readonly Uint8Array[]): Promise<void> {
    await this.compact(hashes);
    await this.store.write(hashes.map((hash) => ({ key: payloadKey(hash), value: undefined })));
    await this.compact(hashes);
  }

  freed(hashes: readonly Uint8Array[]): Promise<void> {
    return this.store.write(hashes.map((hash) => ({ key: payloadFreeKey(hash), value: undefined })));
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
      if (lastDay !== undefined && lastDay < today) writes.push(...this.erasing([hash]));
    }
    if (writes.length > 0) await this.store.write(writes);
    return due === ERASED_PER_BATCH;
  }

  private async compact(hashes: readonly Uint8Array[]): Promise<void> {
    if (hashes.length > FREED_ONE_BY_ONE) return this.store.compact(PAYLOAD_RANGE);
    for (const hash of hashes)
      await this.store.compact({ gte: payloadKey(hash), lt: `${payloadKey(hash)}~` });
  }

  private lastDayOf(hash: Uint8Array): EpochDay | undefined {
    const value = this.store.get(payloadKey(hash));
    return value && (new DataView(value.buffer, value.byteOffset).getUint32(0) as EpochDay);
  }
}
