import type { Level } from 'level';
import type { KeyRange, Store, Write } from '../ledger/index.js';
import { levelError, openChecked, openLevel, sealChecked } from '../storage/index.js';

/** What LevelDB has beside the interface that all of its kin share. */
interface Compactable {
  compactRange(start: string, end: string): Promise<void>;
}

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
    return new LevelStore(await openLevel<Uint8Array>(directory, 'view'));
  }

  get(key: string): Uint8Array | undefined {
    let value: Uint8Array | undefined;
    try {
      value = this.db.getSync(key);
    } catch (error) {
      throw levelError(error, `${key} cannot be read`);
    }
    return value && openChecked(key, value);
  }

  async *iterate({ gte, lt, limit = -1 }: KeyRange): AsyncIterable<readonly [string, Uint8Array]> {
    try {
      for await (const [key, value] of this.db.iterator({ gte, lt, limit }))
        yield [key, openChecked(key, value)];
    } catch (error) {
      throw levelError(error, `the keys from ${gte} on cannot be read`);
    }
  }

  async write(batch: readonly Write[]): Promise<void> {
    // The last write to a key counts, as it does in LevelDB.
    const operations = batch.map(({ key, value }) =>
      value === undefined
        ? { type: 'del' as const, key }
        : { type: 'put' as const, key, value: sealChecked(key, value) },
    );
    try {
      await this.db.batch(operations, { sync: true });
    } catch (error) {
      throw levelError(error, 'a batch cannot be written');
    }
  }

  async compact({ gte, lt }: Pick<KeyRange, 'gte' | 'lt'>): Promise<void> {
    try {
      await (this.db as unknown as Compactable).compactRange(gte, lt);
    } catch (error) {
      throw levelError(error, `the keys from ${gte} on cannot be compacted`);
    }
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}
