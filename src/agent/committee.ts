import { fieldFromDecimal, pointFromAffine } from '../crypto/index.js';
import { ensure } from '../errors.js';
import type { Genesis } from '../ledger/index.js';
import { Committee } from '../oprf/index.js';
import { RemoteEvaluator } from '../rpc/evaluator-client.js';
import type { Identity } from '../rpc/certificates.js';
import type { MemberConfig } from './home.js';

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

/** Connections to the evaluators, as the member's folder says where they listen. */
export function connectEvaluators(
  config: MemberConfig,
  genesis: Genesis,
  identity: Identity,
): RemoteEvaluator[] {
  return config.evaluators.map(({ id, address }) => {
    ensure(id <= genesis.oprf.total, 'invalid_argument', `the network has no evaluator ${id}`, 'evaluators');
    return new RemoteEvaluator(id, address, genesis.networkId, genesis.ca, identity);
  });
}
