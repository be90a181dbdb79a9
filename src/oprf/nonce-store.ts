import { randomBytes } from 'node:crypto';
import type { Scalar } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { HANDLE_BYTES } from './messages.js';

/** How long a nonce waits for its challenge, on each of both clocks. */
export const NONCE_LIFETIME_MS = 30_000;

/** Both in milliseconds. */
export interface Clock {
  /** Since 1970; may step. */
  wall(): number;
  /** Since any moment; never steps, but may stand still while the machine sleeps. */
  monotonic(): number;
}

export const SYSTEM_CLOCK: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/** d_i and all that it is bound to. Never leaves the process. */
export interface PendingNonce {
  readonly member: string;
  readonly shareEpoch: number;
  readonly nonce: Scalar;
  /** B' as it came, and what was answered to it. */
  readonly blinded: Uint8Array;
  readonly evaluated: Uint8Array;
  readonly nonceBase: Uint8Array;
  readonly nonceBlinded: Uint8Array;
}

interface Entry extends PendingNonce {
  readonly wall: number;
  readonly monotonic: number;
}

export interface NonceLimits {
  /** How many nonces may wait for one member's challenges. */
  readonly perMember: number;
  /** How many in all: about 1.5 kB of memory each. */
  readonly total: number;
}

/** The pending nonces of an evaluator: in memory, used once, short-lived, bounded. */
export class NonceStore {
  /** In order of creation, so that the expired ones come first. */
  readonly #entries = new Map<string, Entry>();
  /** How many nonces each member has here, or room reserved for. */
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: NonceLimits,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Sets room aside. Throws `unavailable` if there is none: the member has to finish or wait. */
  reserve(member: string, count: number): void {
    this.#expire();
    const waiting = this.#counts.get(member) ?? 0;
    if (waiting + count > this.limits.perMember)
      throw new CountersealError(
        'unavailable',
        `${waiting} requests of this member wait for their second round; ${this.limits.perMember} may: finish those, or wait ${NONCE_LIFETIME_MS / 1000} s`,
      );
    if (this.#total + count > this.limits.total)
      throw new CountersealError('unavailable', 'too many requests wait for their second round: retry later');
    this.#count(member, count);
  }

  /** Gives back room that {@link reserve} set aside and {@link add} did not use. */
  release(member: string, count: number): void {
    this.#count(member, -count);
  }

  /** Keeps a nonce in room that was reserved; returns its handle. */
  add(pending: PendingNonce): Uint8Array {
    const handle = randomBytes(HANDLE_BYTES);
    const entry = { ...pending, wall: this.clock.wall(), monotonic: this.clock.monotonic() };
    this.#entries.set(handle.toString('hex'), entry);
    return new Uint8Array(handle);
  }

  /**
   * Removes a nonce and returns it: whatever happens next, nobody gets it again. Throws `not_found` for one that is
   * unknown, used, expired, of an earlier epoch or another member's, without saying which; a stranger's attempt does
   * not remove it.
   */
  take(member: string, shareEpoch: number, handle: Uint8Array): PendingNonce {
    const key = Buffer.from(handle).toString('hex');
    const entry = this.#entries.get(key);
    if (entry?.member === member) {
      this.#remove(key, entry);
      if (entry.shareEpoch === shareEpoch && !this.#expired(entry)) return entry;
    }
    throw new CountersealError('not_found', 'no such request waits for its second round: start again');
  }

  /** Forgets a nonce that was added and will not be used. */
  discard(handle: Uint8Array): void {
    const key = Buffer.from(handle).toString('hex');
    const entry = this.#entries.get(key);
    if (entry) this.#remove(key, entry);
  }

  /** Forgets all; room reserved for calls under way stays theirs. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#remove(key, entry);
  }

  #expired({ wall, monotonic }: Entry): boolean {
    const byWall = this.clock.wall() - wall;
    const byMonotonic = this.clock.monotonic() - monotonic;
    // A wall clock that went back says nothing of how long it was.
    return byWall < 0 || byWall > NONCE_LIFETIME_MS || byMonotonic > NONCE_LIFETIME_MS;
  }

  #expire(): void {
    for (const [key, entry] of this.#entries) {
      if (!this.#expired(entry)) return;
      this.#remove(key, entry);
    }
  }

  #remove(key: string, { member }: Entry): void {
    this.#entries.delete(key);
    this.#count(member, -1);
  }

  #count(member: string, change: number): void {
    this.#total += change;
    const count = (this.#counts.get(member) ?? 0) + change;
    if (count > 0) this.#counts.set(member, count);
    else this.#counts.delete(member);
  }
}
