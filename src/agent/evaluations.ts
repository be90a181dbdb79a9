import type { FieldElement } from '../crypto/index.js';
import { ensure } from '../errors.js';
import type { Genesis } from '../ledger/index.js';
import { evaluate, type Committee, type EvaluateResult } from '../oprf/index.js';
import type { Identity } from '../rpc/certificates.js';
import { RemoteEvaluator } from '../rpc/evaluator-client.js';
import { committeeOf } from './committee.js';
import type { MemberConfig } from './home.js';
import { NO_PRIVACY_MEASURES } from './privacy.js';

/**
 * A member's requests to the evaluators. Every one goes over connections of its own, which end with it, and is padded
 * alike: else how long a connection stays would tell a registration, which goes on to prove, from a check, and either
 * from cover. A process that runs all day can keep its connections instead, which then tell of no single request.
 */
export class Evaluations {
  readonly committee: Committee;
  private kept: readonly RemoteEvaluator[] | undefined;

  /** Throws `invalid_argument` where the folder names an evaluator that the network does not have. */
  constructor(
    private readonly config: MemberConfig,
    private readonly genesis: Genesis,
    private readonly identity: Identity,
    private readonly keep = false,
  ) {
    this.committee = committeeOf(genesis);
    for (const { id } of config.evaluators)
      ensure(
        id <= genesis.oprf.total,
        'invalid_argument',
        `the network has no evaluator ${id}`,
        'evaluators',
      );
  }

  /** Fills up with dummies to `atLeast`. Throws as {@link evaluate}. */
  of(
    identities: readonly FieldElement[],
    { atLeast = 0 }: { readonly atLeast?: number } = {},
  ): Promise<EvaluateResult> {
    return this.request(identities, Math.max(0, atLeast - new Set(identities).size));
  }

  /** A request of dummies alone, of the size of a padded one. */
  async cover(): Promise<void> {
    await this.request([], 1);
  }

  private async request(identities: readonly FieldElement[], dummies: number): Promise<EvaluateResult> {
    const { padEvaluationsTo } = this.config.privacy ?? NO_PRIVACY_MEASURES;
    const clients = this.kept ?? this.connect();
    if (this.keep) this.kept = clients;
    try {
      return await evaluate(identities, this.committee, clients, { dummies, padTo: padEvaluationsTo });
    } finally {
      if (!this.keep) for (const client of clients) client.close();
    }
  }

  /** Ends the connections that were kept. */
  close(): void {
    for (const client of this.kept ?? []) client.close();
    this.kept = undefined;
  }

  private connect(): readonly RemoteEvaluator[] {
    const { networkId, ca } = this.genesis;
    return this.config.evaluators.map(
      ({ id, address }) => new RemoteEvaluator(id, address, networkId, ca, this.identity),
    );
  }
}
