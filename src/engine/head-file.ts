import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { CountersealError } from '../errors.js';
import type { Height } from '../ledger/index.js';

/** The last block that was acknowledged. */
export interface Head {
  readonly height: Height;
  /** Hexadecimal. */
  readonly appHash: string;
}

const LINE = /^(\d{16}) ([0-9a-f]{64}) ([0-9a-f]{8})\n$/;

/**
 * Remembers, outside the database, how far it was. When LevelDB recovers it silently drops the rest of a damaged
 * write-ahead log: the state is then an older one, consistent in itself, and only this tells that acknowledged blocks
 * are gone. Written after each block without a sync of its own: it may be behind the database, never ahead.
 */
export class HeadFile {
  private constructor(private readonly fd: number) {}

  static open(path: string): HeadFile {
    try {
      return new HeadFile(openSync(path, 'r+'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(path, error);
    }
    try {
      return new HeadFile(openSync(path, 'wx+'));
    } catch (error) {
      throw ioError(path, error);
    }
  }

  /** Undefined if nothing was written, or the last write was torn. */
  read(): Head | undefined {
    const [, height, appHash, checksum] = LINE.exec(readFileSync(this.fd, 'latin1')) ?? [];
    if (height === undefined || appHash === undefined) return undefined;
    const intact = checksum === checksumOf(`${height} ${appHash}`);
    return intact ? { height: Number(height) as Height, appHash } : undefined;
  }

  /** Throws `io`. */
  write({ height, appHash }: Head): void {
    const text = `${String(height).padStart(16, '0')} ${appHash}`;
    try {
      writeSync(this.fd, `${text} ${checksumOf(text)}\n`, 0, 'latin1');
    } catch (error) {
      throw ioError('the head file', error);
    }
  }

  close(): void {
    fsyncSync(this.fd);
    closeSync(this.fd);
  }
}

const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

const ioError = (path: string, cause: unknown): CountersealError =>
  new CountersealError('io', `${path} cannot be opened or written`, { cause });
