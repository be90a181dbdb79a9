import { beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/proofs/verify.js';
import { fixture, PRODUCT_V1, type Fixture } from './fixture.js';

let f: Fixture;
beforeAll(async () => {
  f = await fixture();
});

describe('verify', () => {
  it('accepts proofs', async () => {
    const { publicSignals, proof } = f.proofs[0]!;
    expect(await verify(PRODUCT_V1, publicSignals, proof, f.keys)).toBe(true);
  });
});
