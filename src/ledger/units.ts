import { ensure } from '../errors.js';
import { DAY_MS } from '../time.js';

declare const unit: unique symbol;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = number & { readonly [unit]: 'UnixMs' };
/** Whole days since 1970-01-01 (UTC). */
export type EpochDay = number & { readonly [unit]: 'EpochDay' };
/** An entry's number: 0 for the network's first. */
export type Sequence = number & { readonly [unit]: 'Sequence' };
/** A leaf's position in the log, from 0. */
export type LogIndex = number & { readonly [unit]: 'LogIndex' };
/** A block's number; 0 is the genesis. */
export type Height = number & { readonly [unit]: 'Height' };

function natural<T>(what: string): (x: number) => T {
  return (x) => {
    ensure(Number.isSafeInteger(x) && x >= 0, 'invalid_argument', `${what} must be an integer, 0 or more`);
    return x as T;
  };
}

export const unixMs = natural<UnixMs>('a time in milliseconds');
export const epochDay = natural<EpochDay>('a day');
export const sequence = natural<Sequence>('a sequence number');
export const logIndex = natural<LogIndex>('a log index');
export const height = natural<Height>('a height');

export const dayOf = (time: UnixMs): EpochDay => Math.floor(time / DAY_MS) as EpochDay;
