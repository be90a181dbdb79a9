import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BASE_FIELD_ORDER } from '../../src/proofs/bn254.js';
import {
  KeyRegistry,
  packageKeys,
  requireSetup,
  requireVerificationKey,
  statementName,
} from '../../src/proofs/keys.js';
import { pairingEngine } from '../../src/proofs/pairing.js';
import { proofFromBytes } from '../../src/proofs/proof-encoding.js';
import { parseVerificationKey } from '../../src/proofs/verification-key.js';
import { fixture, PRODUCT_V1, PRODUCT_V2, PRODUCT_V3, type Fixture } from './fixture.js';
import { fromG2, twistPoint } from './points.js';

let f: Fixture;
let folder: string;
let root: string;
beforeAll(async () => {
  f = await fixture();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterseal-test-'));
  root = join(folder, 'keys');
  cpSync(f.root, root, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(root, 'product/v1', name);
const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
type Json = Record<string, unknown>;
const readJson = (name: string) => JSON.parse(readFileSync(at(name), 'utf8')) as Json;
const changeManifest = (change: (m: Json) => Json) =>
  writeFileSync(at('manifest.json'), JSON.stringify(change(readJson('manifest.json'))));

describe('KeyRegistry', () => {
  it('loads keys whose hashes are those of the manifest', async () => {
    const key = await new KeyRegistry(root).load(PRODUCT_V1);
    expect(key).toMatchObject({
      statement: PRODUCT_V1,
      setup: 'development',
      publicSignals: ['product', 'square', 'binding'],
    });
    expect(key.verificationKey.ic).toHaveLength(4);
    const hash = createHash('sha256')
      .update(readFileSync(at('verification.json')))
      .digest('hex');
    expect(key.verificationKey.hash).toBe(hash);
    expect(await new KeyRegistry(root).provingFiles(PRODUCT_V1)).toEqual({
      zkey: at('proving.zkey'),
      witness: at('witness.wasm'),
    });
  });

  it.each(['proving.zkey', 'witness.wasm'])('refuses to prove with a %s that was changed', async (name) => {
    appendFileSync(at(name), ' ');
    const keys = new KeyRegistry(root);
    await expect(keys.provingFiles(PRODUCT_V1)).rejects.toMatchObject({ code: 'data_corrupted' });
    await expect(keys.load(PRODUCT_V1)).resolves.toMatchObject({ statement: PRODUCT_V1 });
    // A failure is not remembered: the file can be mended.
    cpSync(join(f.root, 'product/v1', name), at(name));
    await expect(keys.provingFiles(PRODUCT_V1)).resolves.toMatchObject({ zkey: at('proving.zkey') });
  });

  it('refuses a verification key that was changed, though it means the same', async () => {
    appendFileSync(at('verification.json'), '\n');
    await expect(new KeyRegistry(root).load(PRODUCT_V1)).rejects.toMatchObject({ code: 'data_corrupted' });
  });

  it.each<[string, (m: Json) => Json]>([
    ['of another statement', (m) => ({ ...m, statement: 'sum' })],
    ['of another version', (m) => ({ ...m, version: 2 })],
    ['without a hash', (m) => ({ ...m, verificationKey: { file: 'verification.json' } })],
    [
      'with a file elsewhere',
      (m) => ({ ...m, zkey: { ...(m['zkey'] as Json), file: '../v2/proving.zkey' } }),
    ],
    ['with a hidden file', (m) => ({ ...m, zkey: { ...(m['zkey'] as Json), file: '..' } })],
    ['with an unknown setup', (m) => ({ ...m, setup: 'trusted' })],
    ['with a signal too few', (m) => ({ ...m, publicSignals: ['product', 'square'] })],
    ['with another count of signals', (m) => ({ ...m, r1cs: { ...(m['r1cs'] as Json), publicSignals: 4 } })],
  ])('refuses a manifest %s', async (_, change) => {
    changeManifest(change);
    await expect(new KeyRegistry(root).load(PRODUCT_V1)).rejects.toMatchObject({ code: 'data_corrupted' });
  });

  it('refuses a manifest that is not JSON, and a folder without one', async () => {
    writeFileSync(at('manifest.json'), '{');
    await expect(new KeyRegistry(root).load(PRODUCT_V1)).rejects.toMatchObject({ code: 'data_corrupted' });
    rmSync(at('manifest.json'));
    await expect(new KeyRegistry(root).load(PRODUCT_V1)).rejects.toMatchObject({ code: 'not_found' });
    await expect(new KeyRegistry(root).provingFiles(PRODUCT_V1)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['../product', 1],
    ['product/v1', 1],
    ['', 1],
    ['product', 0],
    ['product', 1.5],
    ['product', Number.NaN],
    ['product', '1'],
    [['product'], 1],
  ])('refuses %j version %j as a statement', (id, version) => {
    const statement = { id, version } as unknown as typeof PRODUCT_V1;
    expect(() => new KeyRegistry(root).load(statement)).toThrow(code('invalid_argument'));
  });

  it('checks every key of the package', async () => {
    const ids = readdirSync(packageKeys.root);
    expect(ids).toContain('register');
    for (const id of ids)
      for (const name of readdirSync(join(packageKeys.root, id))) {
        const statement = { id, version: Number(name.slice(1)) };
        const key = await packageKeys.load(statement);
        await packageKeys.provingFiles(statement);
        // Also of the points: what is not in its group is refused when the key is first used.
        const item = { signals: key.publicSignals.map(() => 0n), proof: proofFromBytes(f.proofs[0]!.proof) };
        expect((await pairingEngine()).verify(key.verificationKey, [item]), statementName(statement)).toEqual(
          [false],
        );
      }
  });
});

describe('a network that declares', () => {
  const load = (statement: typeof PRODUCT_V1) => new KeyRegistry(root).load(statement);

  it('development accepts any key', async () => {
    for (const statement of [PRODUCT_V1, PRODUCT_V2, PRODUCT_V3])
      requireSetup(await load(statement), 'development');
  });

  it('production accepts keys of a ceremony only', async () => {
    requireSetup(await load(PRODUCT_V2), 'production');
    const development = await load(PRODUCT_V1);
    expect(() => requireSetup(development, 'production')).toThrow(code('failed_precondition'));
  });

  it('production refuses keys without a second phase, whatever their manifest says', async () => {
    const key = await load(PRODUCT_V3);
    expect(key.setup).toBe('ceremony');
    expect(() => requireSetup(key, 'production')).toThrow(code('failed_precondition'));
    // Delta = gamma is as bad when both are some other point.
    const good = await load(PRODUCT_V2);
    const { delta } = good.verificationKey;
    const same = { ...good, verificationKey: { ...good.verificationKey, gamma: delta } };
    expect(() => requireSetup(same, 'production')).toThrow(code('failed_precondition'));
  });

  it('a verification key by its hash accepts no other', async () => {
    const [one, two] = [await load(PRODUCT_V1), await load(PRODUCT_V2)];
    requireVerificationKey(one, one.verificationKey.hash);
    expect(() => requireVerificationKey(one, two.verificationKey.hash)).toThrow(code('failed_precondition'));
  });
});

describe('parseVerificationKey', () => {
  const parse = (change: (vk: Json) => unknown) => () =>
    parseVerificationKey(Buffer.from(JSON.stringify(change(structuredClone(f.verificationKey) as Json))));
  const ic = (vk: Json) => vk['IC'] as string[][];
  const stray = () => fromG2(twistPoint());

  it('reads what snarkjs writes', () => {
    expect(parse((vk) => vk)().ic).toHaveLength(4);
  });

  it.each<[string, (vk: Json) => unknown]>([
    ['nothing', () => null],
    ['another protocol', (vk) => ({ ...vk, protocol: 'plonk' })],
    ['another curve', (vk) => ({ ...vk, curve: 'bls12381' })],
    ['an IC point too few', (vk) => ({ ...vk, IC: ic(vk).slice(1) })],
    ['an IC point too many', (vk) => ({ ...vk, IC: [...ic(vk), ic(vk)[0]] })],
    ['an IC point at infinity: an unbound signal', (vk) => ({ ...vk, IC: ic(vk).with(1, ['0', '1', '0']) })],
    ['an IC point off the curve', (vk) => ({ ...vk, IC: ic(vk).with(1, ['1', '3', '1']) })],
    [
      'a coordinate that is not canonical',
      (vk) => ({
        ...vk,
        vk_alpha_1: [
          String(BASE_FIELD_ORDER + BigInt((vk['vk_alpha_1'] as string[])[0]!)),
          (vk['vk_alpha_1'] as string[])[1],
          '1',
        ],
      }),
    ],
    [
      'a G2 point off the twist',
      (vk) => ({ ...vk, vk_beta_2: [stray().y.map(String), stray().x.map(String), ['1', '0']] }),
    ],
  ])('refuses %s', (_, change) => {
    expect(parse(change)).toThrow(code('data_corrupted'));
  });

  it('refuses what is not JSON or not UTF-8', () => {
    for (const bytes of [Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22])])
      expect(() => parseVerificationKey(bytes)).toThrow(code('data_corrupted'));
  });
});
