import { packageKeys, type KeyRegistry } from './keys.js';
import type { Prover } from './prover.js';
import { RapidsnarkProver } from './rapidsnark-prover.js';
import { SnarkjsProver } from './snarkjs-prover.js';

/** rapidsnark if `COUNTERSEAL_RAPIDSNARK` names its `prover` program, else snarkjs, which needs nothing. */
export function defaultProver(keys: KeyRegistry = packageKeys): Prover {
  const program = process.env['COUNTERSEAL_RAPIDSNARK'];
  return program ? new RapidsnarkProver({ program, keys }) : new SnarkjsProver({ keys });
}
