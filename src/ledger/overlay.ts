import type { Reader, Write } from './store.js';

/** Uncommitted writes over a reader: transactions of one block see each other's effects through it. */
export class Overlay implements Reader {
  private readonly changes = new Map<string, Uint8Array | undefined>();

  constructor(private readonly below: Reader) {}

  get(key: string): Uint8Array | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.below.get(key);
  }

  put(key: string, value: Uint8Array): void {
    this.changes.set(key, value);
  }

  delete(key: string): void {
    this.changes.set(key, undefined);
  }

  get isEmpty(): boolean {
    return this.changes.size === 0;
  }

  /** One write per changed key, in the order of the keys. */
  writes(): Write[] {
    return [...this.changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
  }
}
