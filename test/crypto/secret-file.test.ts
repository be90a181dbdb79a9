import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSecretFile, writeSecretFile } from '../../src/crypto/index.js';
import { code } from '../helpers/vectors.js';

describe('secret files', () => {
  it('are of mode 0600, hold nothing readable, and open with the passphrase and purpose alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-secret-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'secret.json');
    const secret = new TextEncoder().encode('a seed that nobody may read');
    await writeSecretFile(path, 'correct horse', 'vault', secret);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['secret.json']);
    const content = await readFile(path, 'utf8');
    for (const encoding of ['utf8', 'hex', 'base64'] as const)
      expect(content).not.toContain(Buffer.from(secret).toString(encoding).slice(0, 20));

    expect(await readSecretFile(path, 'correct horse', 'vault')).toEqual(secret);
    await expect(readSecretFile(path, 'wrong', 'vault')).rejects.toMatchObject(code('decryption_failed'));
    await expect(readSecretFile(path, '', 'vault')).rejects.toMatchObject(code('invalid_argument'));
    await expect(readSecretFile(path, 'correct horse', 'share')).rejects.toMatchObject(
      code('data_corrupted'),
    );
    await expect(readSecretFile(join(folder, 'none'), 'x', 'vault')).rejects.toMatchObject(code('not_found'));

    await writeFile(path, content.replace('"purpose": "vault"', '"purpose": "share"'));
    await expect(readSecretFile(path, 'correct horse', 'share')).rejects.toMatchObject(
      code('decryption_failed'),
    );
    await writeFile(path, content.replace('131072', '1073741824'));
    await expect(readSecretFile(path, 'correct horse', 'vault')).rejects.toMatchObject(
      code('data_corrupted'),
    );
    await writeFile(path, '{');
    await expect(readSecretFile(path, 'correct horse', 'vault')).rejects.toMatchObject(
      code('data_corrupted'),
    );
  });
});
