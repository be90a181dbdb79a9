import { possessionTagOf, type Sequence } from '../ledger/index.js';
import { defaultProver } from '../proofs/index.js';
import { showFingerprint, type CarryParts } from './carry.js';
import { isOwn } from './entries.js';
import type { Proving } from './registering.js';

const POSSESSION = { name: 'possession' } as const;

/**
 * Has an own entry that is to be engaged show possession of its document, where it has not: by a prover of its own unless
 * there is `proving`. Throws as {@link showFingerprint}.
 */
export async function ensurePossession(
  parts: CarryParts,
  sequence: number,
  proving?: Proving,
): Promise<void> {
  const { store, copy } = parts;
  await copy.sync();
  const shown = await store.use((session) => {
    const self = isOwn(session, sequence) && copy.replica(session).entry(sequence as Sequence);
    // Whose entry it is, and what it may do, is for the action to say.
    return !self || possessionTagOf(self) !== undefined || self.state !== 'registered';
  });
  if (shown) return;
  if (proving) {
    await showFingerprint(parts, sequence, POSSESSION, proving);
    return;
  }
  const prover = defaultProver();
  try {
    await showFingerprint(parts, sequence, POSSESSION, { prover, onProgress: () => undefined });
  } finally {
    await prover.close();
  }
}
