import { pino } from 'pino';
import { unary } from '../../src/rpc/call.js';
import { toServiceError } from '../../src/rpc/errors.js';
import {
  LedgerService,
  type StreamRecordsRequest,
  type StreamRecordsResponse,
  type SubmitTransactionRequest,
  type SubmitTransactionResponse,
} from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { LedgerClient, type RecordBatch } from '../../src/rpc/ledger-client.js';
import { RpcServer } from '../../src/rpc/transport.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { TestNetwork } from './network.js';

export interface Dishonesty {
  /** What is answered to a submission; `forward` asks the real node. */
  submit?: (
    request: SubmitTransactionRequest,
    forward: () => Promise<SubmitTransactionResponse>,
  ) => Promise<SubmitTransactionResponse>;
  /** What is answered to a reader, in the place of all that the real node has from there on. */
  records?: (batch: RecordBatch) => RecordBatch | Promise<RecordBatch>;
}

/** A node that has the real one's certificate, and says what a test wants it to. */
export class LedgerProxy {
  behaviour: Dishonesty = {};
  address = '';
  private readonly server = new RpcServer();
  private constructor(private readonly client: LedgerClient) {}

  static async start(network: TestNetwork): Promise<LedgerProxy> {
    const { genesis } = network;
    const client = new LedgerClient([`localhost:${network.ports[0]}`], genesis);
    const proxy = new LedgerProxy(client);
    const log = pino({ level: 'silent' });
    proxy.server.add(LedgerService, {
      getGenesis: unary(log, async () => ({ genesis: await client.genesis() })),
      getCheckpoint: unary(log, async () => ({ checkpoint: await client.checkpoint() })),
      submitTransaction: unary<SubmitTransactionRequest, SubmitTransactionResponse>(log, (request) => {
        const forward = () => client.submit(request.transaction, request.payload);
        return proxy.behaviour.submit?.(request, forward) ?? forward();
      }),
      streamRecords: (call: ServerWritableStream<StreamRecordsRequest, StreamRecordsResponse>) => {
        void proxy.stream(call).catch((error: unknown) => call.emit('error', toServiceError(error)));
      },
    });
    const port = await proxy.server.listen('localhost:0', {
      authority: genesis.ca,
      identity: await network.issue({ kind: 'node', id: '1' }),
      clients: 'anyone',
    });
    proxy.address = `localhost:${port}`;
    return proxy;
  }

  private async stream(
    call: ServerWritableStream<StreamRecordsRequest, StreamRecordsResponse>,
  ): Promise<void> {
    const { from, follow } = call.request;
    const stop = new AbortController();
    call.on('cancelled', () => stop.abort());
    for await (const batch of this.client.records(from, { follow, signal: stop.signal })) {
      const said = (await this.behaviour.records?.(batch)) ?? batch;
      call.write({ from: said.from, records: [...said.records], checkpoint: said.checkpoint });
    }
    call.end();
  }

  async close(): Promise<void> {
    await this.server.close(0);
    this.client.close();
  }
}
