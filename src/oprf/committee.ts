import {
  assertInSubgroup,
  IDENTITY,
  isStrongEd25519Key,
  lagrangeAtZero,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { ensure } from '../errors.js';

/** The most parties that may hold a share. */
export const MAX_PARTIES = 255;

export interface CommitteeMember {
  /** From 1: where the sharing polynomial is evaluated. */
  readonly id: number;
  /** K_i = k_i·G. */
  readonly publicShare: Point;
  /** The 32-byte Ed25519 key under which it signs its answers. */
  readonly signingKey: Uint8Array;
}

export interface CommitteeParameters {
  readonly networkId: string;
  /** Grows by one with each resharing; the group key stays. */
  readonly shareEpoch: number;
  /** How many evaluators it takes, 2 to n. */
  readonly threshold: number;
  /** K = k·G. */
  readonly groupKey: Point;
  /** Evaluators 1 to n, in this order. */
  readonly members: readonly CommitteeMember[];
}

/** The public side of a threshold key, checked: what a member must know of the committee that it asks. */
export class Committee implements CommitteeParameters {
  readonly networkId: string;
  readonly shareEpoch: number;
  readonly threshold: number;
  readonly groupKey: Point;
  readonly members: readonly CommitteeMember[];

  /**
   * Throws `invalid_argument` for numbers out of range, ids other than 1 to n, weak signing keys and public shares
   * that do not make up the group key; `invalid_point` for a key outside the subgroup.
   */
  constructor({ networkId, shareEpoch, threshold, groupKey, members }: CommitteeParameters) {
    assertNetworkId(networkId);
    assertShareEpoch(shareEpoch);
    members.forEach(({ id, signingKey }, index) => {
      ensure(id === index + 1, 'invalid_argument', 'the committee must list evaluators 1 to n in order');
      ensure(isStrongEd25519Key(signingKey), 'invalid_argument', `evaluator ${id} has no usable signing key`);
    });
    assertSharing(
      threshold,
      groupKey,
      members.map((member) => member.publicShare),
    );
    this.networkId = networkId;
    this.shareEpoch = shareEpoch;
    this.threshold = threshold;
    // A table for K: every request multiplies it three times.
    this.groupKey = groupKey.precompute(6);
    this.members = [...members];
  }

  /** Throws `invalid_argument` for an id outside the committee. */
  member(id: number): CommitteeMember {
    const member = this.members[id - 1];
    ensure(member, 'invalid_argument', `the committee has no evaluator ${id}`);
    return member;
  }
}

export function assertNetworkId(networkId: string): void {
  ensure(
    /^[\x21-\x7e]{1,64}$/.test(networkId),
    'invalid_argument',
    'a network id is 1 to 64 visible ASCII characters',
  );
}

/** A share epoch travels as 32 bits. */
export function assertShareEpoch(epoch: number): void {
  ensure(
    Number.isInteger(epoch) && epoch >= 0 && epoch < 2 ** 32,
    'invalid_argument',
    'a share epoch is a whole number below 2^32',
  );
}

/** 2 <= t <= n <= {@link MAX_PARTIES}. One-of-n is refused: every holder would then have the key itself. */
export function assertThreshold(threshold: number, total: number): void {
  ensure(
    Number.isInteger(threshold) && Number.isInteger(total) && threshold >= 2 && threshold <= total,
    'invalid_argument',
    'a threshold must be at least 2 and at most the number of parties',
  );
  ensure(total <= MAX_PARTIES, 'invalid_argument', `there can be at most ${MAX_PARTIES} parties`);
}

/**
 * That K and every K_i lie in the subgroup, none is the identity, and all lie on one polynomial of degree t - 1 in
 * the exponent: K and the first t - 1 shares determine it, so each further share is held against those.
 */
export function assertSharing(threshold: number, groupKey: Point, publicShares: readonly Point[]): void {
  assertThreshold(threshold, publicShares.length);
  for (const point of [groupKey, ...publicShares]) {
    ensure(!point.is0(), 'invalid_point', 'a public key or share is the identity');
    assertInSubgroup(point, 'a public key or share');
  }
  const firstIds = Array.from({ length: threshold - 1 }, (_, i) => i + 1);
  for (let id = threshold; id <= publicShares.length; id++) {
    const ids = [...firstIds, id];
    const sum = ids.reduce(
      (acc, i) => acc.add(publicShares[i - 1]!.multiplyUnsafe(lagrangeAtZero(ids, i))),
      IDENTITY,
    );
    ensure(sum.equals(groupKey), 'invalid_argument', `public share ${id} does not belong to the group key`);
  }
}

/**
 * lambda_i of each evaluator of a quorum. Throws `invalid_argument` unless the quorum is `threshold` distinct ids
 * from 1 to `total`, ascending: one quorum has one encoding, because it is signed.
 */
export function quorumWeights(
  quorum: readonly number[],
  threshold: number,
  total: number,
): Map<number, Scalar> {
  ensure(
    quorum.length === threshold &&
      quorum.every((id, i) => Number.isInteger(id) && id > (quorum[i - 1] ?? 0) && id <= total),
    'invalid_argument',
    `a quorum must be ${threshold} distinct ids from 1 to ${total}, ascending`,
    'quorum',
  );
  return new Map(quorum.map((id) => [id, lagrangeAtZero(quorum, id)]));
}
