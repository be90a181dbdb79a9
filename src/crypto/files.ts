import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { CountersealError } from '../errors.js';
import { readSecretFile, writeFileDurable, writeSecretFile } from './secret-file.js';
import type { VaultAccess } from './vault-key.js';

/** Reads a text file; throws `not_found` with a hint. */
export async function readText(path: string, hint: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CountersealError('not_found', `cannot read ${path}: ${hint}`, { cause });
  });
}

/** Parses a file's JSON; throws `data_corrupted` without quoting what it holds: it can be a secret. */
export function parseFile<T>(schema: z.ZodType<T>, content: string, path: string): T {
  try {
    return schema.parse(JSON.parse(content));
  } catch {
    throw new CountersealError('data_corrupted', `${path} is damaged or of another version`);
  }
}

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileDurable(path, `${JSON.stringify(value, null, 2)}\n`);

/** A JSON value sealed: see {@link writeSecretFile}. */
export const writeSecretJson = (
  path: string,
  access: VaultAccess,
  purpose: string,
  value: unknown,
): Promise<void> => writeSecretFile(path, access, purpose, new TextEncoder().encode(JSON.stringify(value)));

export async function readSecretJson<T>(
  schema: z.ZodType<T>,
  path: string,
  access: VaultAccess,
  purpose: string,
): Promise<T> {
  const plain = await readSecretFile(path, access, purpose);
  return parseFile(schema, new TextDecoder().decode(plain), path);
}
