import { randomBytes } from 'node:crypto';
import { open as openFile, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { AEAD_KEY_BYTES, open, seal } from './aead.js';
import { vaultKeyOf, type VaultAccess } from './vault-key.js';

const SecretFile = z.strictObject({
  format: z.literal('counterseal-secret'),
  version: z.literal(2),
  purpose: z.string(),
  /** The data key, wrapped; the rest is for the vault key of this kind. */
  key: z.looseObject({ kind: z.string() }),
  sealed: z.base64(),
});

/**
 * Writes a file so that after a crash either the old or the new content is there, and once this returns the new one:
 * a temporary file, synced, renamed, its folder synced.
 */
export async function writeFileDurable(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await openFile(temporary, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (cause) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw new CountersealError('io', `cannot write ${path}`, { cause });
  }
  const folder = await openFile(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Seals `plaintext` into a file of mode 0600 that a passphrase, or another vault key, opens. `purpose` is bound: no file
 * passes for another.
 */
export async function writeSecretFile(
  path: string,
  access: VaultAccess,
  purpose: string,
  plaintext: Uint8Array,
): Promise<void> {
  const vaultKey = vaultKeyOf(access);
  const dataKey = randomBytes(AEAD_KEY_BYTES);
  const content: z.infer<typeof SecretFile> = {
    format: 'counterseal-secret',
    version: 2,
    purpose,
    key: { ...(await vaultKey.wrap(dataKey, purpose)), kind: vaultKey.kind },
    sealed: Buffer.from(seal(dataKey, plaintext, new TextEncoder().encode(purpose))).toString('base64'),
  };
  await writeFileDurable(path, `${JSON.stringify(content, null, 2)}\n`, 0o600);
}

/**
 * Opens what {@link writeSecretFile} wrote. Throws `not_found`, `data_corrupted` (no such file format),
 * `failed_precondition` (it is for another kind of vault key) or `decryption_failed` (wrong passphrase, or the file was
 * changed).
 */
export async function readSecretFile(
  path: string,
  access: VaultAccess,
  purpose: string,
): Promise<Uint8Array> {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CountersealError('not_found', `cannot read ${path}`, { cause });
  });
  let file: z.infer<typeof SecretFile>;
  try {
    file = SecretFile.parse(JSON.parse(content));
  } catch (cause) {
    throw new CountersealError('data_corrupted', `${path} is not a secret file of this program`, { cause });
  }
  ensure(file.purpose === purpose, 'data_corrupted', `${path} holds ${file.purpose}, not ${purpose}`);
  const vaultKey = vaultKeyOf(access);
  const { kind, ...wrapped } = file.key;
  ensure(
    kind === vaultKey.kind,
    'failed_precondition',
    `${path} opens with a vault key of another kind: ${kind.slice(0, 32)}`,
  );
  try {
    const dataKey = await vaultKey.unwrap(wrapped, purpose);
    return open(dataKey, Buffer.from(file.sealed, 'base64'), new TextEncoder().encode(purpose));
  } catch (cause) {
    if (!(cause instanceof CountersealError) || cause.code !== 'decryption_failed') throw cause;
    throw new CountersealError('decryption_failed', `wrong passphrase for ${path}, or the file was changed`, {
      cause,
    });
  }
}
