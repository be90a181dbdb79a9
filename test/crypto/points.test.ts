import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASE,
  FIELD_ORDER,
  GENERATOR_FULL,
  IDENTITY,
  SUBGROUP_ORDER,
  assertInSubgroup,
  clearCofactor,
  coordinates,
  fieldFromBytes,
  fieldFromDecimal,
  fieldToBytes,
  multiply,
  pointFromAffine,
  pointFromBytes,
  pointToBytes,
  randomBelow,
  reduceScalar,
  scalar,
  scalarFromBytes,
} from '../../src/crypto/index.js';
import { code } from '../helpers/vectors.js';

const orderTwo = [0n, FIELD_ORDER - 1n] as const;
const scalars = fc.bigInt({ min: 0n, max: SUBGROUP_ORDER - 1n }).map((x) => scalar(x));

describe('points that arrive', () => {
  it('refuses the identity, points off the curve and coordinates not below p', () => {
    const { x, y } = coordinates(BASE);
    expect(() => pointFromAffine(0n, 1n)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => pointFromAffine(x, y + 1n)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => pointFromAffine(x + FIELD_ORDER, y)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => pointFromAffine(x, y - FIELD_ORDER)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => pointFromBytes(new Uint8Array(63))).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => pointFromBytes(new Uint8Array(64).fill(0xff))).toThrow(
      expect.objectContaining(code('invalid_point')),
    );
  });

  it('finds small-order parts', () => {
    const two = pointFromAffine(...orderTwo);
    expect(clearCofactor(two).equals(IDENTITY)).toBe(true);
    expect(() => assertInSubgroup(two)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => assertInSubgroup(BASE.add(two))).toThrow(expect.objectContaining(code('invalid_point')));
    const eighth = GENERATOR_FULL.multiply(SUBGROUP_ORDER - 1n).add(GENERATOR_FULL); // l·G0, of order 8
    expect(() => assertInSubgroup(eighth)).toThrow(expect.objectContaining(code('invalid_point')));
    expect(() => assertInSubgroup(BASE)).not.toThrow();
  });

  it('multiplies homomorphically, 0 included, and survives a round trip', () => {
    fc.assert(
      fc.property(scalars, scalars, (a, b) => {
        const sum = multiply(BASE, a).add(multiply(BASE, b));
        expect(multiply(BASE, reduceScalar(a + b)).equals(sum)).toBe(true);
        if (!sum.equals(IDENTITY)) expect(pointFromBytes(pointToBytes(sum)).equals(sum)).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(multiply(BASE, scalar(0n)).equals(IDENTITY)).toBe(true);
  });
});

describe('field elements that arrive', () => {
  it('takes canonical forms only', () => {
    expect(fieldFromBytes(fieldToBytes(fieldFromDecimal('17')))).toBe(17n);
    for (const s of ['-1', '', ' 1', '007', '1e3', '0x10', '1.0', FIELD_ORDER.toString(), '9'.repeat(78)])
      expect(() => fieldFromDecimal(s)).toThrow(expect.objectContaining(code('invalid_argument')));
    const bytes = Buffer.from(FIELD_ORDER.toString(16).padStart(64, '0'), 'hex');
    expect(() => fieldFromBytes(bytes)).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => fieldFromBytes(new Uint8Array(31))).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect(() => scalarFromBytes(Buffer.from(SUBGROUP_ORDER.toString(16).padStart(64, '0'), 'hex'))).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });

  it('draws every value below a small bound', () => {
    const seen = new Set(Array.from({ length: 500 }, () => randomBelow(5n)));
    expect([...seen].sort()).toEqual([0n, 1n, 2n, 3n, 4n]);
  });
});
