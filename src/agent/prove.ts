import { CountersealError } from '../errors.js';
import type { Network, StatementName } from '../ledger/index.js';
import type { CircuitInputs, Prover } from '../proofs/index.js';

/** A statement that holds, ready for a prover. */
interface Instance {
  readonly inputs: CircuitInputs;
  readonly signals: readonly bigint[];
}

/**
 * Proves an instance of a statement in the version that the network declares. Throws as the prover does, and `internal`
 * where what it proved is another statement.
 */
export async function prove(
  prover: Prover,
  { genesis }: Pick<Network, 'genesis'>,
  id: StatementName,
  { inputs, signals }: Instance,
): Promise<Uint8Array> {
  const { proof, publicSignals } = await prover.prove(
    { id, version: genesis.statements[id].version },
    inputs,
  );
  if (publicSignals.some((signal, i) => signal !== signals[i]))
    throw new CountersealError('internal', 'the prover proved another statement');
  return proof;
}
