import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CountersealError, ensure } from '../errors.js';

const FILE = 'MARK';
const LINE = /^(\d{16}) ([0-9a-f]{8})\n$/;
const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/**
 * Remembers, in a file beside LevelDB's own, how many batches were acknowledged. When LevelDB recovers it silently
 * drops the rest of a damaged write-ahead log, and does not miss one that was deleted: the content is then an older
 * one, consistent in itself, and only this tells. Written after each batch without a sync of its own: it may be behind
 * the database, never ahead.
 */
export class HighWaterMark {
  private closed = false;

  private constructor(
    private readonly fd: number,
    private readonly directory: string,
  ) {}

  /** Of a database that is open, so that nobody else writes it. Throws `io`. */
  static open(directory: string): HighWaterMark {
    const path = join(directory, FILE);
    try {
      return new HighWaterMark(openSync(path, 'r+'), directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(path, error);
    }
    try {
      return new HighWaterMark(openSync(path, 'wx+'), directory);
    } catch (error) {
      throw ioError(path, error);
    }
  }

  /** Throws `data_corrupted` where the database has fewer batches than were acknowledged. */
  check(batches: number): void {
    const [, count, checksum] = LINE.exec(readFileSync(this.fd, 'latin1')) ?? [];
    // Never written, or torn by a crash: then it says nothing.
    if (count === undefined || checksum !== checksumOf(count)) return;
    ensure(
      Number(count) <= batches,
      'data_corrupted',
      `the database ${this.directory} has lost the last of what was written to it (${batches} of ${Number(count)} batches are there): restore a backup`,
    );
  }

  /** Throws `io`. */
  write(batches: number): void {
    const text = String(batches).padStart(16, '0');
    try {
      writeSync(this.fd, `${text} ${checksumOf(text)}\n`, 0, 'latin1');
    } catch (error) {
      throw ioError(join(this.directory, FILE), error);
    }
  }

  close(): void {
    if (!this.closed) closeSync(this.fd);
    this.closed = true;
  }
}

const ioError = (path: string, cause: unknown): CountersealError =>
  new CountersealError(
    'io',
    `${path} cannot be opened or written: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    { cause },
  );
