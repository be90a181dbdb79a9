import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { writeFileDurable } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';

/**
 * JSON files under a key of the member's: whoever can write the folder and has no passphrase can neither make nor change
 * one, nor pass one file for another: `name` is bound. To set a file back to what it was goes unnoticed.
 */
export class SealedJson {
  constructor(private readonly key: Uint8Array) {}

  private text(name: string, value: unknown): string {
    const body = JSON.stringify(value);
    return `${body}\n${this.mac(name, body).toString('hex')}\n`;
  }

  private mac(name: string, body: string): Buffer {
    return createHmac('sha256', this.key).update(`${name}\n${body}`).digest();
  }

  /** Replaces a file of mode 0600. Throws `io`. */
  write(path: string, name: string, value: unknown): Promise<void> {
    return writeFileDurable(path, this.text(name, value), 0o600);
  }

  /** Writes a file that is not there yet; on disk when this returns. Throws `already_exists`, `io`. */
  async create(path: string, name: string, value: unknown): Promise<void> {
    const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
    await this.write(temporary, name, value);
    try {
      // Of several that create it at a time, in whatever process, one succeeds, and the file is whole from the first.
      await link(temporary, path);
      const folder = await open(dirname(path), 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw new CountersealError(exists ? 'already_exists' : 'io', `cannot make ${path}`, { cause });
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  /** Undefined where there is no file. Throws `data_corrupted` for what this folder did not write, `io`. */
  async read<T>(path: string, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw new CountersealError('io', `cannot read ${path}`, { cause });
    });
    if (text === undefined) return undefined;
    const [body = '', mac = ''] = text.split('\n');
    const given = Buffer.from(mac, 'hex');
    const right = this.mac(name, body);
    ensure(
      given.length === right.length && timingSafeEqual(given, right),
      'data_corrupted',
      `${path} was changed, or was not written by this folder`,
    );
    return schema.parse(JSON.parse(body));
  }
}
