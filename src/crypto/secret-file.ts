import { randomBytes, scrypt } from 'node:crypto';
import { open as openFile, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { open, seal } from './aead.js';

const scryptAsync = promisify<Buffer, Buffer, number, object, Buffer>(scrypt);

/** scrypt (RFC 7914) at 128 MiB and some 0.4 s: OWASP's first choice for it. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;

const SecretFile = z.strictObject({
  format: z.literal('counterseal-secret'),
  version: z.literal(1),
  purpose: z.string(),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    // Bounds, so that a changed file cannot make its reader take all memory.
    N: z.union([z.literal(2 ** 17), z.literal(2 ** 18)]),
    r: z.literal(8),
    p: z.literal(1),
    salt: z.base64(),
  }),
  sealed: z.base64(),
});

async function keyOf(
  passphrase: string,
  kdf: { N: number; r: number; p: number },
  salt: Uint8Array,
): Promise<Uint8Array> {
  ensure(passphrase.length > 0, 'invalid_argument', 'the passphrase is empty');
  // NFKC, so that one passphrase typed on two keyboards is one.
  return scryptAsync(Buffer.from(passphrase.normalize('NFKC')), Buffer.from(salt), 32, {
    N: kdf.N,
    r: kdf.r,
    p: kdf.p,
    maxmem: 256 * kdf.N * kdf.r,
  });
}

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

/** Seals `plaintext` under a passphrase into a file of mode 0600. `purpose` is bound: no file passes for another. */
export async function writeSecretFile(
  path: string,
  passphrase: string,
  purpose: string,
  plaintext: Uint8Array,
): Promise<void> {
  const salt = randomBytes(16);
  const key = await keyOf(passphrase, COST, salt);
  const content: z.infer<typeof SecretFile> = {
    format: 'counterseal-secret',
    version: 1,
    purpose,
    kdf: { name: 'scrypt', ...COST, salt: salt.toString('base64') },
    sealed: Buffer.from(seal(key, plaintext, new TextEncoder().encode(purpose))).toString('base64'),
  };
  await writeFileDurable(path, `${JSON.stringify(content, null, 2)}\n`, 0o600);
}

/**
 * Opens what {@link writeSecretFile} wrote. Throws `not_found`, `data_corrupted` (no such file format) or
 * `decryption_failed` (wrong passphrase, or the file was changed).
 */
export async function readSecretFile(path: string, passphrase: string, purpose: string): Promise<Uint8Array> {
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
  const key = await keyOf(passphrase, file.kdf, Buffer.from(file.kdf.salt, 'base64'));
  try {
    return open(key, Buffer.from(file.sealed, 'base64'), new TextEncoder().encode(purpose));
  } catch (cause) {
    throw new CountersealError('decryption_failed', `wrong passphrase for ${path}, or the file was changed`, {
      cause,
    });
  }
}
