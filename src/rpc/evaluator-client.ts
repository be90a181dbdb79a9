import type {
  EvaluatorClient as OprfClient,
  RoundOneRequest,
  RoundOneResponse,
  RoundTwoRequest,
  RoundTwoResponse,
} from '../oprf/index.js';
import type { Identity } from './certificates.js';
import { invoke } from './call.js';
import { EvaluatorClient } from './generated/counterseal/v1/evaluator.js';
import { CHANNEL_OPTIONS, channelCredentials } from './transport.js';

/** The longest that a call may take, whatever the caller's signal says. */
const TIMEOUT_MS = 30_000;

/** An evaluator over gRPC and mutual TLS. */
export class RemoteEvaluator implements OprfClient {
  private readonly client: EvaluatorClient;
  private readonly peer: string;

  constructor(
    readonly id: number,
    address: string,
    networkId: string,
    authority: string,
    identity: Identity,
  ) {
    const server = { networkId, kind: 'evaluator', id: String(id) } as const;
    this.client = new EvaluatorClient(
      address,
      channelCredentials(authority, server, identity),
      CHANNEL_OPTIONS,
    );
    this.peer = `evaluator ${id} (${address})`;
  }

  roundOne(request: RoundOneRequest, signal: AbortSignal): Promise<RoundOneResponse> {
    const message = { shareEpoch: request.shareEpoch, blinded: [...request.blinded] };
    return invoke(this.client.roundOne.bind(this.client), message, this.call(signal));
  }

  roundTwo(request: RoundTwoRequest, signal: AbortSignal): Promise<RoundTwoResponse> {
    const message = {
      shareEpoch: request.shareEpoch,
      quorum: [...request.quorum],
      challenges: [...request.challenges],
    };
    return invoke(this.client.roundTwo.bind(this.client), message, this.call(signal));
  }

  close(): void {
    this.client.close();
  }

  private call(signal: AbortSignal) {
    return { peer: this.peer, timeout: TIMEOUT_MS, signal };
  }
}
