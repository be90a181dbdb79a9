import { open } from 'node:fs/promises';
import { CountersealError, ensure } from '../errors.js';

/** Reads a small text file, at most `maxBytes` of it, whatever it is. `what` says what it should be. */
export async function readTextFile(path: string, maxBytes: number, what: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new CountersealError('not_found', `cannot read ${path}`, { cause });
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1, 0);
    ensure(bytesRead <= maxBytes, 'invalid_argument', `${path} is too large to be ${what}`);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    throw new CountersealError('io', `cannot read ${path}`, { cause });
  } finally {
    await file.close();
  }
}
