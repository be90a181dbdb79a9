import { bytesToHex } from '@noble/hashes/utils.js';

export interface CacheUses {
  readonly hits: number;
  readonly misses: number;
}

/**
 * What was found out about a transaction from its bytes, the genesis, and what else is in the key: of a proof, the
 * statement and its public signals. Forgets the oldest; a lost verdict costs time and never changes an outcome.
 */
export class VerdictCache<T> {
  private readonly verdicts = new Map<string, Promise<T>>();
  private hits = 0;
  private misses = 0;

  constructor(private readonly limit: number) {}

  /** How often a verdict was there, and how often not. */
  get uses(): CacheUses {
    return { hits: this.hits, misses: this.misses };
  }

  /** The verdict; `decide` is called where there is none, and once for those who ask at the same time. */
  get(txHash: Uint8Array, decide: () => Promise<T>): Promise<T> {
    const key = bytesToHex(txHash);
    const known = this.verdicts.get(key);
    if (known) {
      this.hits++;
      return known;
    }
    this.misses++;
    const verdict = decide();
    this.verdicts.set(key, verdict);
    // What could not be decided is not remembered.
    verdict.catch(() => this.verdicts.delete(key));
    if (this.verdicts.size > this.limit) this.verdicts.delete(this.verdicts.keys().next().value!);
    return verdict;
  }
}
