import { BASE, multiply, scalar, type Point, type Scalar } from '../crypto/index.js';
import { ensure } from '../errors.js';
import { assertNetworkId, assertShareEpoch, assertSharing } from './committee.js';

/** One party's side of a threshold key, as key generation leaves it. */
export interface KeyShare {
  readonly networkId: string;
  readonly shareEpoch: number;
  readonly threshold: number;
  /** From 1. */
  readonly id: number;
  /** k_i. Secret. */
  readonly share: Scalar;
  /** K_1 to K_n. */
  readonly publicShares: readonly Point[];
  /** K. */
  readonly groupKey: Point;
}

/** Throws `invalid_argument` or `invalid_point` unless the share fits its public shares, and those the group key. */
export function assertKeyShare(key: KeyShare): void {
  assertNetworkId(key.networkId);
  assertShareEpoch(key.shareEpoch);
  assertSharing(key.threshold, key.groupKey, key.publicShares);
  ensure(
    key.publicShares[key.id - 1]?.equals(multiply(BASE, scalar(key.share))),
    'invalid_argument',
    'the share does not fit its public share',
  );
}
