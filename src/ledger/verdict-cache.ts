import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * What was found out about a transaction from its bytes and the genesis alone, by the hash of all its bytes. Forgets
 * the oldest; a lost verdict costs time and never changes an outcome.
 */
export class VerdictCache<T> {
  private readonly verdicts = new Map<string, Promise<T>>();

  constructor(private readonly limit: number) {}

  /** The verdict; `decide` is called where there is none, and once for those who ask at the same time. */
  get(txHash: Uint8Array, decide: () => Promise<T>): Promise<T> {
    const key = bytesToHex(txHash);
    const known = this.verdicts.get(key);
    if (known) return known;
    const verdict = decide();
    this.verdicts.set(key, verdict);
    // What could not be decided is not remembered.
    verdict.catch(() => this.verdicts.delete(key));
    if (this.verdicts.size > this.limit) this.verdicts.delete(this.verdicts.keys().next().value!);
    return verdict;
  }
}
