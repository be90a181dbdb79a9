import { ensure } from '../errors.js';
import type { KeyRange, Store, Write } from './store.js';

/** Keeps everything in memory: for tests, dry runs and readers that start afresh every time. */
export class MemoryStore implements Store {
  private readonly values = new Map<string, Uint8Array>();
  private closed = false;

  get(key: string): Uint8Array | undefined {
    this.ensureOpen();
    const value = this.values.get(key);
    return value && copy(value);
  }

  async *iterate({ gte, lt, limit = Infinity }: KeyRange): AsyncIterable<readonly [string, Uint8Array]> {
    this.ensureOpen();
    const found = [...this.values].filter(([key]) => key >= gte && key < lt);
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of found.slice(0, limit)) yield [key, copy(value)];
  }

  write(batch: readonly Write[]): Promise<void> {
    this.ensureOpen();
    for (const { key, value } of batch) {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, copy(value));
    }
    return Promise.resolve();
  }

  compact(): Promise<void> {
    this.ensureOpen();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private ensureOpen(): void {
    ensure(!this.closed, 'failed_precondition', 'the store is closed');
  }
}

// Not slice(), which shares memory where the array is a Buffer.
const copy = (value: Uint8Array): Uint8Array => new Uint8Array(value);
