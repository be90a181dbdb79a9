import { expect } from 'vitest';
import type { Witness } from './constraint-system.js';

/** What a lie of a prover breaks. */
export interface Outcome<Guarantee> {
  /** Of the circuit, by the names of its templates. */
  readonly places: readonly string[];
  /** Of the native relation. */
  readonly guarantees: readonly Guarantee[];
  readonly witness: Witness;
}

/** What is to become of lies, which `outcome` puts to a circuit and to its native relation. */
export const judging = <Lie, Guarantee, Instance>(
  outcome: (lie: Lie, of?: Instance) => Promise<Outcome<Guarantee>>,
) => ({
  /** The places that are broken, all of them, with a guarantee that the native relation finds broken too. */
  async expectRefused(lie: Lie, guarantee: Guarantee, places: string[], of?: Instance): Promise<void> {
    const found = await outcome(lie, of);
    expect(found.places).toEqual(places);
    expect(found.guarantees).toContain(guarantee);
  },

  async expectAccepted(lie: Lie, of?: Instance): Promise<Witness> {
    const found = await outcome(lie, of);
    expect(found.places).toEqual([]);
    expect(found.guarantees).toEqual([]);
    return found.witness;
  },
});
