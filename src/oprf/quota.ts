import { ensure } from '../errors.js';

declare const dayBrand: unique symbol;
/** A UTC calendar date, `YYYY-MM-DD`. */
export type UtcDay = string & { readonly [dayBrand]: true };

/** The UTC date of a wall clock time in milliseconds since 1970. */
export const utcDay = (milliseconds: number): UtcDay =>
  new Date(milliseconds).toISOString().slice(0, 10) as UtcDay;

export interface Charge {
  /** Who asks, as the transport authenticated it. */
  readonly member: string;
  readonly day: UtcDay;
  /** 32 bytes for each B: the same one is charged once a day. */
  readonly requests: readonly Uint8Array[];
  /** What the member may use up in a day. */
  readonly limit: number;
}

export interface Charged {
  /** How many of the requests were new. */
  readonly charged: number;
  /** What the member has used of its day, this charge included. */
  readonly used: number;
}

/** Counts what members ask of an evaluator, which may answer only what it has durably counted before. */
export interface QuotaStore {
  /**
   * Charges all requests or none, and resolves when that will survive a crash; concurrent charges never exceed the
   * limit together. Throws `quota_exceeded` if the limit does not allow all of them, `failed_precondition` if the
   * clock went back, `io` if nothing could be written.
   */
  charge(charge: Charge): Promise<Charged>;
  /** What a member has used of a day; 0 for days gone by. */
  used(member: string, day: UtcDay): Promise<number>;
  close(): Promise<void>;
}

export function assertCharge({ member, day, requests, limit }: Charge): void {
  ensure(member.length > 0, 'invalid_argument', 'a charge must name a member');
  ensure(/^\d{4}-\d{2}-\d{2}$/.test(day), 'invalid_argument', 'a day is written YYYY-MM-DD');
  ensure(
    requests.every((request) => request.length === 32),
    'invalid_argument',
    'a request is charged by 32 bytes',
  );
  ensure(Number.isSafeInteger(limit) && limit >= 0, 'invalid_argument', 'a quota is a whole number');
}
