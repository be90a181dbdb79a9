import { createHash, scryptSync } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backupMember, requestMembership, restoreMember } from '../../src/agent/index.js';
import { openVault } from '../../src/agent/home.js';
import {
  open,
  passphraseKey,
  readSecretFile,
  seal,
  writeSecretFile,
  type VaultKey,
} from '../../src/crypto/index.js';
import { plainVaultKey } from '../helpers/plain-vault-key.mjs';
import { code } from '../helpers/vectors.js';
import { genesisInput } from '../ledger/helpers.js';

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
    await writeFile(path, content.replace('"kind": "scrypt"', '"kind": "token"'));
    await expect(readSecretFile(path, 'correct horse', 'vault')).rejects.toMatchObject(
      code('failed_precondition'),
    );
    await writeFile(path, '{');
    await expect(readSecretFile(path, 'correct horse', 'vault')).rejects.toMatchObject(
      code('data_corrupted'),
    );
  });

  it('are wrapped by what scrypt makes of the passphrase at 128 MiB, and by nothing cheaper', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-secret-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'secret.json');
    const secret = new TextEncoder().encode('a seed that nobody may read');
    await writeSecretFile(path, 'correct horse', 'vault', secret);
    const { key, sealed } = JSON.parse(await readFile(path, 'utf8')) as {
      key: { salt: string; sealed: string };
      sealed: string;
    };
    const bytes = (base64: string) => Buffer.from(base64, 'base64');
    const opened = (N: number) => {
      const stretched = scryptSync('correct horse', bytes(key.salt), 32, { N, r: 8, p: 1, maxmem: 2 ** 28 });
      const dataKey = open(stretched, bytes(key.sealed), Buffer.from('counterseal data key\nvault'));
      return open(dataKey, bytes(sealed), Buffer.from('vault'));
    };
    expect(opened(2 ** 17)).toEqual(secret);
    expect(() => opened(2 ** 10)).toThrow(expect.objectContaining(code('decryption_failed')));
  });

  it('of one vault key have one salt; those of others have others, and a file that does not open lends none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-secret-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = (name: string) => join(folder, name);
    const secret = new TextEncoder().encode('a seed that nobody may read');
    const saltOf = async (name: string) =>
      (JSON.parse(await readFile(path(name), 'utf8')) as { key: { salt: string } }).key.salt;
    const first = passphraseKey('correct horse');
    for (const name of ['a', 'b']) await writeSecretFile(path(name), first, name, secret);
    expect(await saltOf('b')).toBe(await saltOf('a'));
    const second = passphraseKey('correct horse');
    expect(await readSecretFile(path('a'), second, 'a')).toEqual(secret);
    await writeSecretFile(path('c'), second, 'c', secret);
    expect(await saltOf('c')).toBe(await saltOf('a'));
    expect(await readSecretFile(path('c'), 'correct horse', 'c')).toEqual(secret);
    const wrong = passphraseKey('battery staple');
    await expect(readSecretFile(path('a'), wrong, 'a')).rejects.toMatchObject(code('decryption_failed'));
    await writeSecretFile(path('d'), wrong, 'd', secret);
    expect(await saltOf('d')).not.toBe(await saltOf('a'));
    await writeSecretFile(path('e'), 'correct horse', 'e', secret);
    expect(await saltOf('e')).not.toBe(await saltOf('a'));
  });

  it('open with another vault key, which sees data keys and purposes and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-secret-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'secret.json');
    const secret = new TextEncoder().encode('a seed that nobody may read');
    const asked: string[] = [];
    // As a token or a key service: the key that wraps stays inside.
    const token = (seed: string): VaultKey => {
      const key = createHash('sha256').update(seed).digest();
      return {
        kind: 'token',
        wrap: (dataKey, purpose) => {
          asked.push(`wrap ${purpose} ${dataKey.length}`);
          const sealed = seal(key, dataKey, Buffer.from(purpose));
          return Promise.resolve({ slot: 3, sealed: Buffer.from(sealed).toString('hex') });
        },
        unwrap: (wrapped, purpose) => {
          asked.push(`unwrap ${purpose} ${String(wrapped['slot'])}`);
          return Promise.resolve().then(() =>
            open(key, Buffer.from(String(wrapped['sealed']), 'hex'), Buffer.from(purpose)),
          );
        },
      };
    };
    await writeSecretFile(path, token('mine'), 'vault', secret);
    expect(await readSecretFile(path, token('mine'), 'vault')).toEqual(secret);
    expect(asked).toEqual(['wrap vault 32', 'unwrap vault 3']);
    await expect(readSecretFile(path, token('another'), 'vault')).rejects.toMatchObject(
      code('decryption_failed'),
    );
    await expect(readSecretFile(path, 'a passphrase', 'vault')).rejects.toMatchObject(
      code('failed_precondition'),
    );
    const first = await readFile(path, 'utf8');
    await writeSecretFile(path, token('mine'), 'vault', secret);
    expect(await readFile(path, 'utf8')).not.toBe(first);
  });

  it('open a vault of a member, and all that needs it, with another vault key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterseal-secret-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const plain = plainVaultKey;
    const genesis = JSON.stringify({ ...genesisInput('vault-net') });
    const { memberId } = await requestMembership(join(folder, 'home'), plain, 'Bank', genesis);
    const { keys } = await openVault(join(folder, 'home'), plain);
    expect(keys.memberId.toString()).toBe(memberId);
    await expect(openVault(join(folder, 'home'), 'a passphrase')).rejects.toMatchObject(
      code('failed_precondition'),
    );
    await backupMember(join(folder, 'home'), plain, join(folder, 'backup'));
    await restoreMember(join(folder, 'backup'), plain, join(folder, 'again'));
    expect((await openVault(join(folder, 'again'), plain)).keys.memberId).toBe(keys.memberId);
  });
});
