import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circomVersion, ROOT, sha256OfFile, sourceHashes } from '../../scripts/circuits.mjs';
import { CROSSCHECK, CROSSCHECK_SIGNAL_COUNT } from '../../src/proofs/crosscheck-signals.js';
import { DRAWDOWN, DRAWDOWN_SIGNAL_COUNT } from '../../src/proofs/drawdown-signals.js';
import { FINGERPRINT, FINGERPRINT_SIGNAL_COUNT } from '../../src/proofs/fingerprint-signals.js';
import { manifestSchema } from '../../src/proofs/manifest.js';
import { REGISTER, REGISTER_SIGNAL_COUNT } from '../../src/proofs/register-signals.js';

// The fast part of `npm run keys -- --check`, which also recompiles.

const KEYS = join(ROOT, 'keys');
/** A 2^15 powers-of-tau file, in which snarkjs needs a constraint more for each public signal and the constant 1. */
const CONSTRAINT_LIMIT = 2 ** 15 - 1;

const newestVersions = readdirSync(KEYS).map((statement) => {
  const versions = readdirSync(join(KEYS, statement)).map((folder) => Number(folder.replace(/^v/, '')));
  return [statement, Math.max(...versions)] as const;
});

describe.each(newestVersions)('the keys of %s, version %i', (statement, version) => {
  const folder = join(KEYS, statement, `v${version}`);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));

  it('belong to the sources and to the compiler', () => {
    expect(manifest).toMatchObject({ statement, version });
    expect(sourceHashes(`circuits/main/${statement}.circom`)).toEqual(manifest.sources);
    expect(manifest.circom).toEqual({
      version: circomVersion(),
      flags: ['--r1cs', '--wasm', '--sym', '--O2'],
    });
  });

  it('are the files of the manifest', async () => {
    for (const { file, sha256 } of [manifest.zkey, manifest.verificationKey, manifest.witness])
      expect(await sha256OfFile(join(folder, file)), file).toBe(sha256);
    expect(readdirSync(folder).sort()).toEqual(
      ['manifest.json', manifest.zkey.file, manifest.verificationKey.file, manifest.witness.file].sort(),
    );
  });

  it('fit a powers-of-tau file of 2^15, and have every public signal once', () => {
    const { constraints, publicSignals } = manifest.r1cs;
    expect(constraints + publicSignals).toBeLessThanOrEqual(CONSTRAINT_LIMIT);
    expect(new Set(manifest.publicSignals).size).toBe(publicSignals);
    const readme = readFileSync(join(ROOT, 'circuits/README.md'), 'utf8');
    expect(readme).toContain(`${constraints.toLocaleString('en-US')} constraints`);
  });
});

describe('every statement', () => {
  it('has a main circuit of four lines and keys', () => {
    for (const file of readdirSync(join(ROOT, 'circuits/main'))) {
      const text = readFileSync(join(ROOT, 'circuits/main', file), 'utf8');
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
      expect(existsSync(join(KEYS, file.replace('.circom', ''))), file).toBe(true);
    }
  });

  it.each([
    [REGISTER, REGISTER_SIGNAL_COUNT],
    [FINGERPRINT, FINGERPRINT_SIGNAL_COUNT],
    [CROSSCHECK, CROSSCHECK_SIGNAL_COUNT],
    [DRAWDOWN, DRAWDOWN_SIGNAL_COUNT],
  ])('is known to the code by the version and the signals of its keys', ({ id, version }, count) => {
    const manifest = manifestSchema.parse(
      JSON.parse(readFileSync(join(KEYS, id, `v${version}`, 'manifest.json'), 'utf8')),
    );
    expect(manifest.publicSignals).toHaveLength(count);
  });
});
