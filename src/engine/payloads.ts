import { ensure } from '../errors.js';
import {
  dayOf,
  type EpochDay,
  equalBytes,
  ERASED_RANGE,
  erasedPayloadOf,
  MESSAGE_MAX_BYTES,
  MESSAGE_MIN_BYTES,
  messageBodyHash,
  messageRetainDays,
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
  type RecordBody,
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

/** A payload whose transaction is in the log. */
export interface IncludedPayload extends Payload, PayloadTerm {}

/** For how long, and from when on, a payload is kept. */
export interface PayloadTerm {
  readonly retainDays: number;
  readonly time: UnixMs;
}

/** How transactions of a type name their payload, and how long it is. */
interface PayloadForm {
  readonly name: Uint8Array;
  readonly nameOf: (bytes: Uint8Array) => Uint8Array;
  readonly min: number;
  readonly max: number;
}

function formOf(tx: ParsedTransaction['tx']): PayloadForm | undefined {
  switch (tx.type) {
    case 'register':
      return {
        name: tx.claims.payloadHash,
        nameOf: (bytes) => sha256(bytes),
        min: PAYLOAD_MIN_BYTES,
        max: PAYLOAD_MAX_BYTES,
      };
    case 'message':
      return {
        name: tx.claims.bodyHash,
        nameOf: messageBodyHash,
        min: MESSAGE_MIN_BYTES,
        max: MESSAGE_MAX_BYTES,
      };
    default:
      return undefined;
  }
}

/**
 * The payload of a transaction: each that registers or is a message has one, and no other. Throws `invalid_argument`
 * unless it is the one that the transaction names, a power of two within the limits.
 */
export function payloadOf({ tx }: ParsedTransaction, payload: Uint8Array | undefined): Payload | undefined {
  const form = formOf(tx);
  if (!form) {
    ensure(!payload?.length, 'invalid_argument', `a ${tx.type} transaction has no payload`, 'payload');
    return undefined;
  }
  const { name, nameOf, min, max } = form;
  ensure(payload?.length, 'invalid_argument', `a ${tx.type} transaction comes with its payload`, 'payload');
  ensure(
    payload.length >= min && payload.length <= max && (payload.length & (payload.length - 1)) === 0,
    'invalid_argument',
    `its payload is padded to a power of two from ${min} to ${max} bytes`,
    'payload',
  );
  const bytes = new Uint8Array(payload);
  ensure(
    equalBytes(nameOf(bytes), name),
    'invalid_argument',
    'the payload is not the one that the transaction names',
    'payload',
  );
  return { hash: name, bytes };
}

/** The term of the payload that a record's transaction came with; undefined where it came with none. */
export function retainDaysOf(
  { genesis, purposes }: Pick<Network, 'genesis' | 'purposes'>,
  body: RecordBody,
): number | undefined {
  switch (body.type) {
    case 'register':
      return purposes.get(body.purpose)!.retainDays;
    case 'message':
      return messageRetainDays(genesis.schema);
    default:
      return undefined;
  }
}

/**
 * The payloads of a node, beside consensus: each with the last day on which it is kept, which is the latest that any
 * entry asks for. Somebody who registers another's ciphertext under a purpose with a shorter term shortens nothing.
 */
export class Payloads {
  constructor(private readonly store: Store) {}

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
  keep(payloads: readonly IncludedPayload[]): Write[] {
    const kept = new Map<string, Payload & { readonly lastDay: EpochDay }>();
    for (const { hash, bytes, retainDays, time } of payloads) {
      if (this.isErased(hash)) continue;
      const key = payloadKey(hash);
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
