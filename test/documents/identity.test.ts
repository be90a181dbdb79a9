import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fieldElement, initPoseidon, text } from '../../src/crypto/index.js';
import {
  commitment,
  fingerprintRow,
  identity,
  requiredSlots,
  slotsHash,
  type SlotMask,
} from '../../src/documents/index.js';
import { coded } from './helpers.js';

interface Vector {
  kind: string;
  slots: string[];
  present: string;
  salt: string;
  slotsHash: string;
  commitment: string;
  fingerprints: { name: string; mask: string; fingerprintId: string; identity: string }[];
}
const vector = JSON.parse(
  readFileSync(new URL('../vectors/register.json', import.meta.url), 'utf8'),
) as Vector;
const slots = vector.slots.map((slot) => fieldElement(BigInt(slot)));

beforeAll(initPoseidon);

describe('commitment and identity', () => {
  it('reproduce the register vector', () => {
    expect(slotsHash(slots).toString()).toBe(vector.slotsHash);
    expect(
      commitment(
        Number(vector.kind),
        Number(vector.present),
        slots,
        fieldElement(BigInt(vector.salt)),
      ).toString(),
    ).toBe(vector.commitment);
    expect(vector.fingerprints).toHaveLength(2);
    for (const { name, mask, fingerprintId, identity: expected } of vector.fingerprints) {
      expect(text(name).toString()).toBe(fingerprintId);
      expect(identity(name, Number(mask), slots).toString()).toBe(expected);
    }
  });

  it('the row of invoices has the names and masks of the vector', () => {
    const { exact, near, possession } = fingerprintRow(380);
    expect([exact, near].map((f) => [f?.name, String(f?.mask)])).toEqual(
      vector.fingerprints.map(({ name, mask }) => [name, mask]),
    );
    expect(possession).toEqual({ name: 'invoice/possession@1', mask: 227 });
  });

  it('refuse an absent slot that is not 0, a wrong number of slots, an unknown kind', () => {
    const salt = fieldElement(1n);
    expect(() => commitment(380, 1, slots, salt)).toThrow(coded('invalid_argument'));
    expect(() => commitment(380, 65535, slots.slice(1), salt)).toThrow(coded('invalid_argument'));
    expect(() => commitment(384, Number(vector.present), slots, salt)).toThrow(
      coded('invalid_argument', 'kind'),
    );
    expect(() => commitment(380, 65536, slots, salt)).toThrow(coded('invalid_argument', 'present'));
    expect(() => identity('invoice/exact@1', -1, slots)).toThrow(coded('invalid_argument', 'mask'));
  });

  it('names the slots that a fingerprint lacks', () => {
    const { possession } = fingerprintRow(380);
    expect(() => requiredSlots(possession, 3 as SlotMask)).toThrow(coded('missing_field', 'currency'));
    expect(() => requiredSlots(possession, 227 as SlotMask)).not.toThrow();
  });
});
