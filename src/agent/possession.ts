import { possessionTagOf, type Sequence } from '../ledger/index.js';
import { defaultProver } from '../proofs/index.js';
import { showFingerprint, type CarryParts } from './carry.js';
import { isOwn } from './entries.js';
import type { Proving } from './registering.js';

const POSSESSION = { name: 'possession' } as const;

/**
 * Has an own entry that is to be engaged or drawn from show possession of its document, where the copy of the log does
 * not know it to have: by a prover of its own unless there is `proving`. Answers whether it had to. Throws as
 * {@link showFingerprint}.
 */
export async function ensurePossession(
  parts: CarryParts,
  sequence: number,
  proving?: Proving,
): Promise<boolean> {
  const { store, copy } = parts;
  const shown = await store.use((session) => {
    const self = isOwn(session, sequence) && copy.replica(session).entry(sequence as Sequence);
    // Whose entry it is, and what it may do, is for the order to say.
    return !self || possessionTagOf(self) !== undefined || self.state !== 'registered';
  });
  if (shown) return false;
  if (proving) {
    await showFingerprint(parts, sequence, POSSESSION, proving);
    return true;
  }
  const prover = defaultProver();
  try {
    await showFingerprint(parts, sequence, POSSESSION, { prover, onProgress: () => undefined });
  } finally {
    await prover.close();
  }
  return true;
}
