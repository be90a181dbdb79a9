import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  BASE,
  ed25519PublicKey,
  GENERATOR_FULL,
  multiply,
  pointFromAffine,
  randomScalar,
  SUBGROUP_ORDER,
  splitSecret,
  type Point,
  type Scalar,
} from '../../src/crypto/index.js';
import {
  Committee,
  Evaluator,
  LevelQuotaStore,
  type EvaluatorClient,
  type EvaluatorOptions,
  type KeyShare,
  type RoundOneAnswer,
  type RoundTwoAnswer,
} from '../../src/oprf/index.js';

export const MEMBER = 'bank.example';
const NETWORK = 'test-network';

export const point = ([x, y]: [string, string]): Point => pointFromAffine(BigInt(x), BigInt(y));

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'counterseal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function quotaStore(folder = temporaryFolder()): Promise<LevelQuotaStore> {
  const store = await LevelQuotaStore.open(folder);
  onTestFinished(() => store.close());
  return store;
}

/** A key shared by a dealer, for tests that are not about how it came to be. */
export function dealtKey(
  threshold: number,
  total: number,
  secret = randomScalar(),
  shareEpoch = 1,
): KeyShare[] {
  const shares = splitSecret(secret, threshold, total);
  const publicShares = shares.map(({ value }) => multiply(BASE, value));
  const groupKey = multiply(BASE, secret);
  return shares.map(({ id, value }) => ({
    networkId: NETWORK,
    shareEpoch,
    threshold,
    id,
    share: value,
    publicShares,
    groupKey,
  }));
}

export const signingSeed = (id: number) => new Uint8Array(32).fill(id);

export function committeeOf([key]: readonly KeyShare[]): Committee {
  const { networkId, shareEpoch, threshold, groupKey, publicShares } = key!;
  return new Committee({
    networkId,
    shareEpoch,
    threshold,
    groupKey,
    members: publicShares.map((publicShare, i) => ({
      id: i + 1,
      publicShare,
      signingKey: ed25519PublicKey(signingSeed(i + 1)),
    })),
  });
}

export async function evaluatorOf(
  key: KeyShare,
  options: Partial<EvaluatorOptions> = {},
): Promise<Evaluator> {
  return new Evaluator({
    key,
    signingSeed: signingSeed(key.id),
    quotas: options.quotas ?? (await quotaStore()),
    dailyQuota: () => 1_000,
    vmGeneration: () => '',
    ...options,
  });
}

/** An evaluator in this process, as a member sees it; `lie` changes what it says on the way. */
export function clientOf(
  evaluator: Evaluator,
  lie: {
    one?: (answer: RoundOneAnswer) => RoundOneAnswer;
    two?: (answer: RoundTwoAnswer) => RoundTwoAnswer;
  } = {},
): EvaluatorClient & { calls: string[] } {
  const calls: string[] = [];
  return {
    id: evaluator.id,
    calls,
    async roundOne(request, signal) {
      calls.push('one');
      const { answers } = await evaluator.roundOne(MEMBER, request, signal);
      return { answers: answers.map(lie.one ?? ((answer) => answer)) };
    },
    async roundTwo(request) {
      calls.push('two');
      const { answers } = await evaluator.roundTwo(MEMBER, request);
      return { answers: answers.map(lie.two ?? ((answer) => answer)) };
    },
  };
}

export async function network(threshold: number, total: number, secret = randomScalar()) {
  const keys = dealtKey(threshold, total, secret);
  const evaluators = await Promise.all(keys.map((key) => evaluatorOf(key)));
  return {
    secret,
    keys,
    evaluators,
    committee: committeeOf(keys),
    clients: evaluators.map((e) => clientOf(e)),
  };
}

/** l·G0: generates the eight points of small order. */
const TORSION_GENERATOR: Point = multiply(GENERATOR_FULL, (SUBGROUP_ORDER - 1n) as Scalar).add(
  GENERATOR_FULL,
);

/** The points of order 2, 4 and 8: all of small order but the identity. */
export const SMALL_ORDER_POINTS: readonly Point[] = [1, 2, 3, 4, 5, 6, 7].map((i) =>
  Array.from({ length: i - 1 }).reduce<Point>((sum) => sum.add(TORSION_GENERATOR), TORSION_GENERATOR),
);
