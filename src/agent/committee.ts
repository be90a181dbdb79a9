import { fieldFromDecimal, pointFromAffine } from '../crypto/index.js';
import type { Genesis } from '../ledger/index.js';
import { Committee } from '../oprf/index.js';

const point = ([x, y]: readonly [string, string]) =>
  pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y));

/** The OPRF committee that a genesis names. */
export function committeeOf({ networkId, epoch, oprf }: Genesis): Committee {
  return new Committee({
    networkId,
    shareEpoch: epoch,
    threshold: oprf.threshold,
    groupKey: point(oprf.publicKey),
    members: oprf.evaluators.map(({ id, signingKey }) => ({
      id,
      publicShare: point(oprf.publicShares[id - 1]!),
      signingKey: Buffer.from(signingKey, 'hex'),
    })),
  });
}
