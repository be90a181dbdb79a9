import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  BASE,
  ed25519PublicKey,
  ed25519Sign,
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
  type RoundOneRequest,
  type RoundOneResponse,
  type RoundTwoAnswer,
  type RoundTwoRequest,
  type RoundTwoResponse,
} from '../../src/oprf/index.js';
import { answerMessage } from '../../src/oprf/evidence.js';
import { CountersealError, type ErrorCode } from '../../src/errors.js';

export const MEMBER = 'bank.example';
export const NETWORK = 'test-network';

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

export interface Lie {
  readonly one?: (answer: RoundOneAnswer) => RoundOneAnswer;
  readonly two?: (answer: RoundTwoAnswer) => RoundTwoAnswer;
  /** Whether it signs what it says, as a clever liar would not. Default true. */
  readonly signs?: boolean;
}

/** An evaluator in this process as a member sees it, honest or not, and what it was asked. */
export class LocalClient implements EvaluatorClient {
  readonly id: number;
  readonly ones: RoundOneRequest[] = [];
  readonly twos: RoundTwoRequest[] = [];
  #said: RoundOneAnswer[] = [];

  constructor(
    readonly evaluator: Evaluator,
    private readonly lie?: Lie,
    private readonly member = MEMBER,
  ) {
    this.id = evaluator.id;
  }

  async roundOne(request: RoundOneRequest, signal?: AbortSignal): Promise<RoundOneResponse> {
    this.ones.push(request);
    const { answers } = await this.evaluator.roundOne(this.member, request, signal);
    this.#said = answers.map(this.lie?.one ?? ((answer) => answer));
    return { answers: this.#said };
  }

  async roundTwo(request: RoundTwoRequest): Promise<RoundTwoResponse> {
    this.twos.push(request);
    const { answers } = await this.evaluator.roundTwo(this.member, request);
    if (!this.lie) return { answers };
    return {
      answers: answers.map((truth, i) => {
        const answer = this.lie!.two?.(truth) ?? truth;
        if (this.lie!.signs === false) return answer;
        const message = answerMessage({
          networkId: NETWORK,
          shareEpoch: request.shareEpoch,
          evaluatorId: this.id,
          blinded: this.ones.at(-1)!.blinded[i]!,
          evaluated: this.#said[i]!.evaluated,
          nonceBase: this.#said[i]!.nonceBase,
          nonceBlinded: this.#said[i]!.nonceBlinded,
          quorum: request.quorum,
          challenge: request.challenges[i]!.challenge,
          response: answer.response,
        });
        return { ...answer, signature: ed25519Sign(signingSeed(this.id), message) };
      }),
    };
  }
}

/** One that refuses every call. */
export const deadClient = (id: number, code: ErrorCode = 'unavailable'): EvaluatorClient => ({
  id,
  roundOne: () => Promise.reject(new CountersealError(code, 'refused')),
  roundTwo: () => Promise.reject(new CountersealError(code, 'refused')),
});

/** One that never answers, and does not listen to its signal either. */
export const silentClient = (id: number): EvaluatorClient => ({
  id,
  roundOne: () => new Promise<never>(() => undefined),
  roundTwo: () => new Promise<never>(() => undefined),
});

export async function network(threshold: number, total: number, secret = randomScalar()) {
  const keys = dealtKey(threshold, total, secret);
  const evaluators = await Promise.all(keys.map((key) => evaluatorOf(key)));
  return {
    secret,
    keys,
    evaluators,
    committee: committeeOf(keys),
    clients: evaluators.map((e) => new LocalClient(e)),
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
