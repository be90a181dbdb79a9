import { MemberKeys } from '../agent/keys.js';
import {
  BASE,
  coordinates,
  ed25519PublicKey,
  ed25519Sign,
  initPoseidon,
  multiply,
  reduceScalar,
  splitSecret,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import {
  defaultSchema,
  networkOf,
  parseGenesis,
  sha256,
  type Network,
  type NoteSigner,
  type UnixMs,
} from '../ledger/index.js';
import type { EvaluatorClient } from '../oprf/index.js';
import { Committee, Evaluator, type QuotaStore } from '../oprf/index.js';
import { CROSSCHECK, declare, DRAWDOWN, FINGERPRINT, REGISTER } from '../proofs/index.js';

const NETWORK_ID = 'bench';
/** 2025-03-03T10:30:00Z: a fixed time, so that proofs made once stay within their period. */
export const BENCH_TIME = Date.UTC(2025, 2, 3, 10, 30) as UnixMs;

const seedOf = (name: string): Uint8Array => sha256(Buffer.from(`counterseal bench ${name}`));
const secretOf = (name: string): Scalar =>
  reduceScalar(BigInt(`0x${Buffer.from(seedOf(name)).toString('hex')}`));
const decimal = (point: Point): [string, string] => {
  const { x, y } = coordinates(point);
  return [x.toString(), y.toString()];
};

/** A network whose secrets are known, the same in every run: for measuring, and for nothing else. */
export interface SyntheticNetwork {
  readonly network: Network;
  readonly member: MemberKeys;
  /** k. */
  readonly oprfSecret: Scalar;
  readonly signer: NoteSigner;
  /** Two of its three evaluators must answer. */
  readonly committee: Committee;
  /** The evaluators, in this process. */
  evaluators(quotas: QuotaStore): Evaluator[];
}

export async function syntheticNetwork(): Promise<SyntheticNetwork> {
  await initPoseidon();
  const member = new MemberKeys(seedOf('member'), NETWORK_ID);
  const oprfSecret = secretOf('oprf');
  const shares = splitSecret(oprfSecret, 2, 3);
  const publicShares = shares.map(({ value }) => multiply(BASE, value));
  const auditors = secretOf('auditors');
  const signingSeeds = [1, 2, 3].map((id) => seedOf(`evaluator ${id}`));
  const publicHex = (seed: Uint8Array) => Buffer.from(ed25519PublicKey(seed)).toString('hex');
  const genesis = parseGenesis({
    version: 1,
    networkId: NETWORK_ID,
    time: BENCH_TIME - 3_600_000,
    setup: 'development',
    schema: defaultSchema(),
    epoch: 1,
    oprf: {
      threshold: 2,
      total: 3,
      publicKey: decimal(multiply(BASE, oprfSecret)),
      publicShares: publicShares.map(decimal),
      evaluators: signingSeeds.map((seed, i) => ({
        id: i + 1,
        name: `evaluator ${i + 1}`,
        address: `localhost:${i + 1}`,
        signingKey: publicHex(seed),
      })),
    },
    auditors: {
      threshold: 2,
      total: 3,
      publicKey: decimal(multiply(BASE, auditors)),
      publicShares: splitSecret(auditors, 2, 3).map(({ value }) => decimal(multiply(BASE, value))),
    },
    administrators: { threshold: 1, keys: [publicHex(seedOf('administrator'))] },
    members: [{ memberId: member.memberId.toString(), roles: ['bank'] }],
    statements: await declare([REGISTER, FINGERPRINT, CROSSCHECK, DRAWDOWN]),
    operators: [{ name: 'node', address: 'localhost:4', checkpointKey: publicHex(seedOf('operator')) }],
    ca: 'none',
  });
  const groupKey = multiply(BASE, oprfSecret);
  const committee = new Committee({
    networkId: NETWORK_ID,
    shareEpoch: 1,
    threshold: 2,
    groupKey,
    members: signingSeeds.map((seed, i) => ({
      id: i + 1,
      publicShare: publicShares[i]!,
      signingKey: ed25519PublicKey(seed),
    })),
  });
  return {
    network: await networkOf(genesis),
    member,
    oprfSecret,
    signer: {
      name: NETWORK_ID,
      publicKey: ed25519PublicKey(seedOf('operator')),
      sign: (message) => ed25519Sign(seedOf('operator'), message),
    },
    committee,
    evaluators: (quotas) =>
      shares.map(
        ({ id, value }) =>
          new Evaluator({
            key: {
              networkId: NETWORK_ID,
              shareEpoch: 1,
              threshold: 2,
              id,
              share: value,
              publicShares,
              groupKey,
            },
            signingSeed: signingSeeds[id - 1]!,
            quotas,
            dailyQuota: () => Number.MAX_SAFE_INTEGER,
          }),
      ),
  };
}

/** An evaluator of this process as a member reaches it, without a network between them. */
export const localClient = (evaluator: Evaluator): EvaluatorClient => ({
  id: evaluator.id,
  roundOne: (request, signal) => evaluator.roundOne('member', request, signal),
  roundTwo: (request) => evaluator.roundTwo('member', request),
});
