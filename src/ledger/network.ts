import { initPoseidon, type Point } from '../crypto/index.js';
import { fingerprintRow } from '../documents/index.js';
import { FingerprintSignals } from './fingerprint-signals.js';
import { type Genesis, genesisHash, groupPoint, keyBytes } from './genesis.js';
import { RegisterSignals } from './register-signals.js';
import type { Purpose } from './schema.js';

/** What the rules need of the genesis, computed once. */
export interface Network {
  readonly genesis: Genesis;
  readonly hash: Uint8Array;
  readonly id: string;
  readonly epoch: number;
  readonly purposes: ReadonlyMap<string, Purpose>;
  readonly signals: RegisterSignals;
  /** K. */
  readonly oprfKey: Point;
  readonly fingerprintSignals: FingerprintSignals;
  readonly administrators: { readonly threshold: number; readonly keys: readonly Uint8Array[] };
}

/** Throws `invalid_argument` for a schema with a kind that this version's documents do not have. */
export async function networkOf(genesis: Genesis): Promise<Network> {
  await initPoseidon();
  for (const purpose of genesis.schema.purposes) for (const { kind } of purpose.kinds) fingerprintRow(kind);
  return {
    genesis,
    hash: genesisHash(genesis),
    id: genesis.networkId,
    epoch: genesis.epoch,
    purposes: new Map(genesis.schema.purposes.map((purpose) => [purpose.name, purpose])),
    signals: new RegisterSignals(genesis),
    oprfKey: groupPoint(genesis.oprf.publicKey, 'oprf.publicKey'),
    fingerprintSignals: new FingerprintSignals(genesis),
    administrators: {
      threshold: genesis.administrators.threshold,
      keys: genesis.administrators.keys.map(keyBytes),
    },
  };
}
