import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey, ed25519Sign } from '../../src/crypto/index.js';
import {
  addSignatureLine,
  type Checkpoint,
  checkpointOf,
  type Height,
  type NoteSigner,
  openCheckpoint,
  signCheckpoint,
  type UnixMs,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { seedOf, START, testGenesis } from './helpers.js';

const signerOf = (who: string, name = 'test-net'): NoteSigner => ({
  name,
  publicKey: ed25519PublicKey(seedOf(who)),
  sign: (message) => ed25519Sign(seedOf(who), message),
});
const operator = signerOf('operator');
const checkpoint: Checkpoint = {
  origin: 'test-net',
  size: 42,
  root: seedOf('root'),
  stateRoot: seedOf('state'),
  height: 7 as Height,
  time: START,
};
const note = signCheckpoint(checkpoint, operator);

describe('a checkpoint', () => {
  it('is a signed note as C2SP has it', () => {
    const [origin, size, root, state, block, empty, signature] = note.split('\n');
    expect([origin, size, empty]).toEqual(['test-net', '42', '']);
    expect(root).toBe(Buffer.from(checkpoint.root).toString('base64'));
    expect(state).toBe(`state ${Buffer.from(checkpoint.stateRoot).toString('base64')}`);
    expect(block).toBe(`block 7 ${START}`);
    const [dash, name, encoded] = signature!.split(' ');
    expect([dash, name]).toEqual(['\u2014', 'test-net']);
    const id = createHash('sha256')
      .update('test-net\n')
      .update(Uint8Array.of(1))
      .update(operator.publicKey)
      .digest()
      .subarray(0, 4);
    expect(Buffer.from(encoded!, 'base64').subarray(0, 4)).toEqual(id);
    expect(note.endsWith('\n')).toBe(true);
  });

  it('is read back where an operator of the genesis signed it', () => {
    expect(checkpointOf(testGenesis(), note)).toEqual(checkpoint);
    expect(() => checkpointOf(testGenesis('other-net'), note)).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
  });

  it('has room for other signers, who count only if they are known', () => {
    const witness = signerOf('witness', 'witness.example');
    const line = signCheckpoint(checkpoint, witness).trimEnd().split('\n').at(-1)!;
    const cosigned = addSignatureLine(note, line);
    expect(checkpointOf(testGenesis(), cosigned)).toEqual(checkpoint);
    expect(openCheckpoint(cosigned, 'test-net', [operator, witness], 2)).toEqual(checkpoint);
    expect(() => openCheckpoint(cosigned, 'test-net', [operator], 2)).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
    // The same signature twice is one signer.
    const twice = addSignatureLine(note, note.trimEnd().split('\n').at(-1)!);
    expect(() => openCheckpoint(twice, 'test-net', [operator, witness], 2)).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
    expect(() => addSignatureLine(note, 'no signature\n\u2014 x y')).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });

  it('is refused when signed by somebody else, or for another origin', () => {
    expect(() => checkpointOf(testGenesis(), signCheckpoint(checkpoint, signerOf('mallory')))).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
    const foreign = signCheckpoint({ ...checkpoint, origin: 'other-net' }, operator);
    expect(() => checkpointOf(testGenesis(), foreign)).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect(() => openCheckpoint(note, 'test-net', [operator], 0)).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
  });

  it.each([
    ['a further line', (body: string) => `${body}more\n`],
    ['no block', (body: string) => body.replace(/^block .*\n/m, '')],
    ['a leading zero', (body: string) => body.replace('\n42\n', '\n042\n')],
    ['a size that is no number', (body: string) => body.replace('\n42\n', '\n-1\n')],
    ['a size that is too large', (body: string) => body.replace('\n42\n', '\n9999999999999999\n')],
    ['a short root', (body: string) => body.replace(/\n[^\n]{44}\n/, '\nAAAA\n')],
    ['loose base64', (body: string) => body.replace(/=\nstate/, '\nstate')],
  ])('is refused with %s, though it is signed', (_, change) => {
    const body = change(note.slice(0, note.indexOf('\n\n') + 1));
    const id = Buffer.from(note.trimEnd().split(' ').at(-1)!, 'base64').subarray(0, 4);
    const signature = Buffer.concat([id, operator.sign(Buffer.from(body))]).toString('base64');
    expect(() => checkpointOf(testGenesis(), `${body}\n\u2014 test-net ${signature}\n`)).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });

  it('is refused when any character is changed', () => {
    fc.assert(
      fc.property(
        fc.nat(note.length - 1),
        fc.constantFrom('A', 'b', '0', '9', ' ', '\n', '\u2014'),
        (at, character) => {
          if (note[at] === character) return;
          const changed = note.slice(0, at) + character + note.slice(at + 1);
          expect(() => checkpointOf(testGenesis(), changed)).toThrow(
            expect.objectContaining({
              code: expect.stringMatching(/^(invalid_argument|permission_denied)$/) as string,
            }),
          );
        },
      ),
    );
    expect(() => checkpointOf(testGenesis(), '')).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() => checkpointOf(testGenesis(), 'x'.repeat(20_000))).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect(checkpoint.time satisfies UnixMs).toBe(START);
  });
});
