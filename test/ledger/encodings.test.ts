import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_ORDER } from '../../src/crypto/index.js';
import { CountersealError } from '../../src/errors.js';
import {
  decodeRecord,
  decodeTransaction,
  encodeRecord,
  encodeTransaction,
  registerBinding,
  type Transaction,
  TRANSACTION_MAX_BYTES,
  transactionHash,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { claims, logRecords, transactions } from './arbitraries.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Decodes, or says with undefined that the bytes were refused with `invalid_argument`; anything else fails. */
function tryDecode<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'invalid_argument') return undefined;
    throw error;
  }
}

/** Bytes that differ from others in one place, or are cut, or longer. */
const mutations = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), to: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), to: fc.nat(255) }),
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }),
);
function mutate(
  bytes: Uint8Array,
  mutation: { kind: string; at: number; bit?: number; to?: number },
): Uint8Array {
  const at = mutation.at % bytes.length;
  const before = bytes.slice(0, at);
  const after = bytes.slice(at + 1);
  switch (mutation.kind) {
    case 'flip':
      return Uint8Array.from([...before, bytes[at]! ^ (1 << mutation.bit!), ...after]);
    case 'set':
      return Uint8Array.from([...before, mutation.to!, ...after]);
    case 'cut':
      return before;
    case 'insert':
      return Uint8Array.from([...before, mutation.to!, bytes[at]!, ...after]);
    default:
      return Uint8Array.from([...before, ...after]);
  }
}

describe.each([
  [
    'transactions',
    transactions as fc.Arbitrary<unknown>,
    encodeTransaction as (x: never) => Uint8Array,
    decodeTransaction as (bytes: Uint8Array) => unknown,
  ],
  [
    'log records',
    logRecords as fc.Arbitrary<unknown>,
    encodeRecord as (x: never) => Uint8Array,
    decodeRecord as (bytes: Uint8Array) => unknown,
  ],
])('%s', (_, arbitrary, encode, decode) => {
  it('decode to what was encoded', () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decode(encode(value as never))).toEqual(value);
      }),
    );
  });

  it('have one encoding: changed bytes are refused, or are another value', () => {
    fc.assert(
      fc.property(arbitrary, mutations, (value, mutation) => {
        const bytes = encode(value as never);
        const changed = mutate(bytes, mutation);
        if (hex(changed) === hex(bytes)) return;
        const other = tryDecode(decode, changed);
        if (other === undefined) return;
        expect(hex(encode(other as never))).toBe(hex(changed));
        expect(other).not.toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('are not found in arbitrary bytes by accident, and nothing but invalid_argument comes of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
        const value = tryDecode(decode, bytes);
        if (value !== undefined) expect(hex(encode(value as never))).toBe(hex(bytes));
      }),
    );
  });
});

const example = fc.sample(
  transactions.filter((tx) => tx.type === 'register'),
  { numRuns: 1, seed: 7 },
)[0]!;

describe('transactions', () => {
  it('fit into the largest size, the longest of each kind', () => {
    const longest: Transaction = {
      type: 'membership',
      order: {
        counter: 1,
        validUntil: 1 as never,
        changes: Array.from({ length: 64 }, () => ({
          change: 'admit' as const,
          memberId: 1n as never,
          role: 1,
        })),
      },
      signatures: Array.from({ length: 32 }, (_, administrator) => ({
        administrator,
        signature: new Uint8Array(64),
      })),
    };
    expect(encodeTransaction(longest).length).toBeLessThanOrEqual(TRANSACTION_MAX_BYTES);
    expect(encodeTransaction(example).length).toBeLessThan(1200);
  });

  it('hold no field element from p on, in any place', () => {
    const bytes = encodeTransaction(example);
    const tooLarge = Buffer.from(FIELD_ORDER.toString(16).padStart(64, '0'), 'hex');
    if (example.type !== 'register') throw new Error('expected a register transaction');
    const { claims: c } = example;
    const elements = [
      c.membersRoot,
      c.commitment,
      ...c.tags,
      c.nullifier,
      c.escrowPoint.x,
      c.escrowPoint.y,
      ...c.escrow,
    ];
    for (const element of elements) {
      const at = Buffer.from(bytes).indexOf(Buffer.from(element.toString(16).padStart(64, '0'), 'hex'));
      expect(at).toBeGreaterThan(0);
      const changed = Buffer.from(bytes);
      tooLarge.copy(changed, at);
      expect(() => decodeTransaction(changed)).toThrow(expect.objectContaining(code('invalid_argument')));
      expect(() =>
        encodeTransaction({ ...example, claims: { ...c, commitment: FIELD_ORDER as never } }),
      ).toThrow(expect.objectContaining(code('invalid_argument')));
    }
  });

  it.each([
    ['another version', [0, 2]],
    ['an unknown kind', [1, 4]],
  ])('are refused with %s', (_, [at, value]) => {
    const bytes = encodeTransaction(example);
    bytes[at!] = value!;
    expect(() => decodeTransaction(bytes)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it.each([
    ['an engagement that accepts nothing', { kind: 'engage', accept: [] }, 1],
    ['an engagement that accepts a label twice', { kind: 'engage', accept: ['unique', 'unique'] }, 1],
    ['an unknown reason', { kind: 'cancel', reason: 'bored' }, 1],
    ['an unknown action', { kind: 'explode' }, 1],
    ['a second signature', { kind: 'settle' }, 2],
    ['no signature of the successor', { kind: 'supersede', successor: 1 }, 1],
  ])('cannot be written with %s', (_, action, signatures) => {
    const tx = {
      type: 'action',
      order: { entry: 0, counter: 0, validUntil: 0, action },
      signatures: Array.from({ length: signatures }, () => new Uint8Array(64)),
    } as unknown as Transaction;
    expect(() => encodeTransaction(tx)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it('have accept bits of the six labels alone', () => {
    const tx = {
      type: 'action',
      order: { entry: 0, counter: 0, validUntil: 0, action: { kind: 'engage', accept: ['unique'] } },
      signatures: [new Uint8Array(64)],
    } as unknown as Transaction;
    const bytes = encodeTransaction(tx);
    const at = bytes.length - 64 - 1 - 1;
    expect(bytes[at]).toBe(0b100000);
    bytes[at] = 0b1100000;
    expect(() => decodeTransaction(bytes)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it('have a hash over all their bytes, and a binding over network and claims alone', () => {
    fc.assert(
      fc.property(claims, claims, (a, b) => {
        const same =
          hex(encodeTransaction({ ...example, claims: a } as Transaction)) ===
          hex(encodeTransaction({ ...example, claims: b } as Transaction));
        expect(registerBinding('net', a) === registerBinding('net', b)).toBe(same);
        expect(registerBinding('net', a)).not.toBe(registerBinding('net2', a));
        expect(registerBinding('net', a)).toBeLessThan(1n << 248n);
      }),
    );
    const other = encodeTransaction({ ...example, proof: new Uint8Array(256) } as Transaction);
    expect(hex(transactionHash(other))).not.toBe(hex(transactionHash(encodeTransaction(example))));
  });
});
