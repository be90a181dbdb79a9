import { createHash } from 'node:crypto';

/**
 * Numbers that follow from a seed: SHA-256 in counter mode, the same on every machine and in every version of Node.
 * For synthetic data only; nothing secret comes of it.
 */
export class Random {
  private block = Buffer.alloc(0);
  private counter = 0;

  constructor(private readonly seed: string) {}

  /** Another stream, which does not depend on how much of this one was drawn. */
  fork(label: string): Random {
    return new Random(`${this.seed}/${label}`);
  }

  /** A whole number from 0 to `limit` - 1; `limit` is at most 2^40. */
  below(limit: number): number {
    // 48 bits: the bias of the remainder is below 2^-8 of one draw in a million million.
    return this.bytes(6).readUIntBE(0, 6) % limit;
  }

  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** Whether one of `outOf` equally likely things happens. */
  oneIn(outOf: number): boolean {
    return this.below(outOf) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** `count` different ones, in the order of the list. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = items.map((_, i) => i);
    const taken = Array.from({ length: Math.min(count, items.length) }, () =>
      left.splice(this.below(left.length), 1),
    ).flat();
    return taken.sort((a, b) => a - b).map((i) => items[i]!);
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }

  letters(count: number): string {
    return Array.from({ length: count }, () => String.fromCharCode(65 + this.below(26))).join('');
  }

  private bytes(count: number): Buffer {
    if (this.block.length < count) {
      const next = createHash('sha256').update(`${this.seed}\n${this.counter++}`).digest();
      this.block = Buffer.concat([this.block, next]);
    }
    const taken = this.block.subarray(0, count);
    this.block = this.block.subarray(count);
    return taken;
  }
}
