import { Level } from 'level';
import { crc32 } from 'node:zlib';
import { CountersealError, type ErrorCode } from '../errors.js';
import type { KeyRange, Store, Write } from '../ledger/index.js';

const CHECKSUM_BYTES = 4;

/**
 * A store in a LevelDB directory. A write is one batch with `sync`, so it survives kill -9 and power loss. LevelDB
 * does not check what it reads from its tables: every value carries a CRC-32 of its key and itself, and one that does
 * not agree is `data_corrupted`.
 */
export class LevelStore implements Store {
  private constructor(private readonly db: Level<string, Uint8Array>) {}

  /**
   * Opens or makes the directory. Throws `failed_precondition` while another process has it open, `data_corrupted`
   * for a damaged database, `io` where it cannot be read or written.
   */
  static async open(directory: string): Promise<LevelStore> {
    const db = new Level<string, Uint8Array>(directory, { keyEncoding: 'utf8', valueEncoding: 'view' });
    try {
      await db.open();
    } catch (error) {
      throw levelError(error, `the database ${directory} cannot be opened`);
    }
    return new LevelStore(db);
  }

  get(key: string): Uint8Array | undefined {
    let value: Uint8Array | undefined;
    try {
      value = this.db.getSync(key);
    } catch (error) {
      throw levelError(error, `${key} cannot be read`);
    }
    return value && unseal(key, value);
  }

  async *iterate({ gte, lt, limit = -1 }: KeyRange): AsyncIterable<readonly [string, Uint8Array]> {
    try {
      for await (const [key, value] of this.db.iterator({ gte, lt, limit })) yield [key, unseal(key, value)];
    } catch (error) {
      throw levelError(error, `the keys from ${gte} on cannot be read`);
    }
  }

  async write(batch: readonly Write[]): Promise<void> {
    // The last write to a key counts, as it does in LevelDB.
    const operations = batch.map(({ key, value }) =>
      value === undefined
        ? { type: 'del' as const, key }
        : { type: 'put' as const, key, value: seal(key, value) },
    );
    try {
      await this.db.batch(operations, { sync: true });
    } catch (error) {
      throw levelError(error, 'a batch cannot be written');
    }
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}

const checksum = (key: string, value: Uint8Array): number => crc32(value, crc32(key));

function seal(key: string, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM_BYTES + value.length);
  new DataView(sealed.buffer).setUint32(0, checksum(key, value));
  sealed.set(value, CHECKSUM_BYTES);
  return sealed;
}

function unseal(key: string, sealed: Uint8Array): Uint8Array {
  // A plain view: what leaves the store does not depend on the driver.
  const length = Math.max(0, sealed.length - CHECKSUM_BYTES);
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset + sealed.length - length, length);
  const intact =
    sealed.length >= CHECKSUM_BYTES &&
    new DataView(sealed.buffer, sealed.byteOffset).getUint32(0) === checksum(key, value);
  if (!intact)
    throw new CountersealError('data_corrupted', `the stored value of ${key} is damaged: restore a backup`);
  return value;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  LEVEL_CORRUPTION: 'data_corrupted',
  LEVEL_LOCKED: 'failed_precondition',
  LEVEL_DATABASE_NOT_OPEN: 'failed_precondition',
};

/** LevelDB's errors by their codes; what fails to open says why in its cause. */
function levelError(error: unknown, what: string): CountersealError {
  if (error instanceof CountersealError) return error;
  const outer = error as { code?: string; message?: string; cause?: { code?: string; message?: string } };
  const { code = '', message = String(error) } = outer.cause ?? outer;
  const why = code === 'LEVEL_LOCKED' ? 'another process has it open' : message;
  return new CountersealError(CODES[code] ?? 'io', `${what}: ${why}`, { cause: error });
}
