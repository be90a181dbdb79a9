import { randomBytes } from 'node:crypto';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { buildPoseidonReference } from 'circomlibjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  IDENTITY,
  MerkleTree,
  combineShares,
  deriveKey,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  fieldElement,
  initPoseidon,
  interpolateAtZero,
  isStrongEd25519Key,
  lagrangeAtZero,
  multiply,
  open,
  padForSeal,
  poseidon,
  randomScalar,
  seal,
  scalar,
  sealedLength,
  setRoot,
  splitSecret,
  text,
  unpad,
  x25519PublicKey,
  FIELD_ORDER,
} from '../../src/crypto/index.js';
import { code } from '../helpers/vectors.js';

beforeAll(initPoseidon);

describe('poseidon, text and sets', () => {
  it('refuses what is no field element and what has no text', () => {
    expect(() => poseidon([FIELD_ORDER])).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => poseidon([])).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => poseidon(Array<bigint>(17).fill(0n))).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    for (const s of ['', 'x'.repeat(404), '\ud800'])
      expect(() => text(s)).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(text('x'.repeat(403))).not.toBe(text('x'.repeat(402)));
  });

  it("is circomlib's, of each arity, by the implementation that optimises nothing", async () => {
    const reference = await buildPoseidonReference();
    for (let arity = 1; arity <= 16; arity++) {
      const random = Array.from({ length: arity }, () => bytesToNumberLE(randomBytes(40)) % FIELD_ORDER);
      for (const inputs of [random, random.map(() => 0n), random.map(() => FIELD_ORDER - 1n)])
        expect(poseidon(inputs)).toBe(reference.F.toObject(reference(inputs)));
    }
  });

  it('takes a set as a set', () => {
    const element = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.uniqueArray(element, { minLength: 1, maxLength: 10 }), (elements) => {
        expect(setRoot([...elements, ...elements].reverse())).toBe(setRoot(elements));
      }),
      { numRuns: 20 },
    );
    expect(() => setRoot([])).toThrow(expect.objectContaining(code('invalid_argument')));
    const many = Array.from({ length: 65 }, (_, i) => `E${i}`);
    expect(() => setRoot(many)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it('finds each leaf of a tree by its path, and nothing else', () => {
    const leaves = [3n, 1n, 4n, 1n, 5n].map(fieldElement);
    const tree = MerkleTree.of(16, leaves);
    leaves.forEach((leaf, i) => expect(MerkleTree.rootFrom(leaf, tree.path(i))).toBe(tree.root));
    expect(MerkleTree.rootFrom(fieldElement(9n), tree.path(0))).not.toBe(tree.root);
    expect(() => tree.path(5)).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => MerkleTree.of(1, leaves)).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(MerkleTree.of(2, []).root).toBe(poseidon([poseidon([0n, 0n]), poseidon([0n, 0n])]));
  });
});

describe('shamir', () => {
  it('any t shares make the secret, t - 1 do not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 3 }), (t, more) => {
        const secret = randomScalar();
        const shares = splitSecret(secret, t, t + more).sort(() => Math.random() - 0.5);
        expect(combineShares(shares.slice(0, t))).toBe(secret);
        expect(combineShares(shares.slice(0, t - 1))).not.toBe(secret);
      }),
      { numRuns: 20 },
    );
  });

  it('interpolates in the exponent as with the coefficients modulo l, for any ids', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(ids, (quorum) => {
        const points = new Map(quorum.map((id) => [id, multiply(BASE, randomScalar())]));
        const sum = quorum.reduce(
          (acc, id) => acc.add(multiply(points.get(id)!, lagrangeAtZero(quorum, id))),
          IDENTITY,
        );
        expect(interpolateAtZero(points).equals(sum)).toBe(true);
      }),
      { numRuns: 20 },
    );
    const every = new Map(Array.from({ length: 255 }, (_, i) => [i + 1, multiply(BASE, scalar(5n))]));
    expect(interpolateAtZero(every).equals(multiply(BASE, scalar(5n)))).toBe(true);
  });

  it('refuses a threshold of one and shares named twice', () => {
    expect(() => splitSecret(randomScalar(), 1, 3)).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    const [a] = splitSecret(randomScalar(), 2, 3);
    expect(() => combineShares([a!, a!])).toThrow(expect.objectContaining(code('invalid_argument')));
  });
});

describe('aead', () => {
  const key = deriveKey(new Uint8Array(32), 'a');
  const data = new TextEncoder().encode('data');

  it('opens what it sealed and nothing that was changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(), (plain, at) => {
        const sealed = seal(key, padForSeal(plain), data);
        expect(Number.isInteger(Math.log2(sealed.length))).toBe(true);
        expect(sealed).toHaveLength(sealedLength(plain.length));
        expect([...unpad(open(key, sealed, data))]).toEqual([...plain]);
        sealed[at % sealed.length]! ^= 1;
        expect(() => open(key, sealed, data)).toThrow(expect.objectContaining(code('decryption_failed')));
      }),
      { numRuns: 50 },
    );
    const sealed = seal(key, data, data);
    expect(() => open(key, sealed, key)).toThrow(expect.objectContaining(code('decryption_failed')));
    expect(() => open(key, new Uint8Array(39), data)).toThrow(
      expect.objectContaining(code('decryption_failed')),
    );
    expect(() => unpad(new Uint8Array(10))).toThrow(expect.objectContaining(code('decryption_failed')));
  });

  it('derives other keys for other parts, however they are cut', () => {
    const secret = new Uint8Array(32).fill(7);
    expect(deriveKey(secret, 'ab', 'c')).not.toEqual(deriveKey(secret, 'a', 'bc'));
    expect(deriveKey(secret, 'a')).not.toEqual(deriveKey(secret, 'a', ''));
  });
});

describe('public keys', () => {
  it('are those that another implementation derives, and seeds have 32 bytes', () => {
    for (let i = 0; i < 20; i++) {
      const seed = randomBytes(32);
      expect(ed25519PublicKey(seed)).toEqual(ed25519.getPublicKey(seed));
      expect(x25519PublicKey(seed)).toEqual(x25519.getPublicKey(seed));
    }
    for (const derive of [ed25519PublicKey, x25519PublicKey])
      expect(() => derive(new Uint8Array(31))).toThrow(expect.objectContaining(code('invalid_argument')));
  });
});

describe('ed25519', () => {
  it('verifies the vector of RFC 8032, section 7.1, test 2', () => {
    const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
    const publicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
    const signature =
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
    expect(Buffer.from(ed25519PublicKey(seed)).toString('hex')).toBe(publicKey);
    expect(Buffer.from(ed25519Sign(seed, new Uint8Array([0x72]))).toString('hex')).toBe(signature);
    const verify = (message: number[], s = signature) =>
      ed25519Verify(Buffer.from(publicKey, 'hex'), new Uint8Array(message), Buffer.from(s, 'hex'));
    expect(verify([0x72])).toBe(true);
    expect(verify([0x73])).toBe(false);
    expect(verify([0x72], signature.slice(2))).toBe(false);
  });

  it('refuses keys of small order and malformed ones', () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    expect(isStrongEd25519Key(identity)).toBe(false);
    expect(isStrongEd25519Key(new Uint8Array(32))).toBe(false);
    expect(isStrongEd25519Key(new Uint8Array(31))).toBe(false);
    expect(isStrongEd25519Key(new Uint8Array(32).fill(0xff))).toBe(false);
    expect(ed25519Verify(identity, new Uint8Array(1), new Uint8Array(64))).toBe(false);
  });

  it('refuses a signature whose s is not reduced', () => {
    const seed = new Uint8Array(32).fill(9);
    const message = new Uint8Array([1]);
    const signature = ed25519Sign(seed, message);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = order;
    for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i]!) << BigInt(8 * i);
    const other = signature.slice();
    for (let i = 0; i < 32; i++) other[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(ed25519Verify(ed25519PublicKey(seed), message, signature)).toBe(true);
    expect(ed25519Verify(ed25519PublicKey(seed), message, other)).toBe(false);
  });
});
