import { Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import { equalBytes, messageBodyHash, sha256, type SubtreeNode } from '../ledger/index.js';
import { invoke } from './call.js';
import { fromServiceError } from './errors.js';
import { LedgerClient as GrpcClient, type StreamRecordsResponse } from './generated/counterseal/v1/ledger.js';
import { CHANNEL_OPTIONS, channelCredentials } from './transport.js';

const READ_TIMEOUT_MS = 10_000;
/** How long a stream that is not followed may be silent. */
const SILENCE_MS = 10_000;
/** Longer than a node takes to verify all that its queue holds. */
const SUBMIT_TIMEOUT_MS = 60_000;

/** Records of the log in order, and the checkpoint of a log that ends with them. */
export interface RecordBatch {
  readonly from: bigint;
  readonly records: readonly Uint8Array[];
  /** Empty while more records of the same checkpoint follow. */
  readonly checkpoint: string;
}

/** The nodes of a ledger over gRPC and TLS, without a client certificate: the next one is asked where one fails. */
export class LedgerClient {
  private readonly nodes: { address: string; client: GrpcClient }[];

  constructor(addresses: readonly string[], { networkId, ca }: { networkId: string; ca: string }) {
    const server = { networkId, kind: 'node' } as const;
    this.nodes = addresses.map((address) => ({
      address,
      client: new GrpcClient(address, channelCredentials(ca, server), CHANNEL_OPTIONS),
    }));
  }

  /**
   * Submits a transaction; answers its place in the log and its record when it is durable. Throws the node's refusal.
   * Submitting again what was accepted answers the same, so that whoever got no answer can ask again.
   */
  async submit(transaction: Uint8Array, payload: Uint8Array): Promise<{ index: bigint; record: Uint8Array }> {
    return this.firstToAnswer(SUBMIT_TIMEOUT_MS, (client, options) =>
      invoke(client.submitTransaction.bind(client), { transaction, payload }, options),
    );
  }

  async genesis(): Promise<Uint8Array> {
    const { genesis } = await this.firstToAnswer(READ_TIMEOUT_MS, (client, options) =>
      invoke(client.getGenesis.bind(client), {}, options),
    );
    return genesis;
  }

  async checkpoint(): Promise<string> {
    const { checkpoint } = await this.firstToAnswer(READ_TIMEOUT_MS, (client, options) =>
      invoke(client.getCheckpoint.bind(client), {}, options),
    );
    return checkpoint;
  }

  /**
   * What time it is at a node, to a second: HTTP's `Date`, which every answer bears. Undefined from one that does not
   * say. Only as honest as the node: for telling a user that one of two clocks is wrong.
   */
  async clock(): Promise<number | undefined> {
    let date: string | undefined;
    await this.firstToAnswer(READ_TIMEOUT_MS, (client, options) =>
      invoke(
        client.getCheckpoint.bind(client),
        {},
        { ...options, onMetadata: (metadata) => (date = metadata.get('date')[0]?.toString()) },
      ),
    );
    const time = Date.parse(date ?? '');
    return Number.isNaN(time) ? undefined : time;
  }

  /** That the log of `from` records is the beginning of the log of `to`. */
  async consistencyProof(from: bigint, to: bigint): Promise<Uint8Array[]> {
    const { proof } = await this.firstToAnswer(READ_TIMEOUT_MS, (client, options) =>
      invoke(client.getConsistencyProof.bind(client), { from, to }, options),
    );
    return proof;
  }

  /** A part of the state tree, and the checkpoint that signs it; `newest`: though no witness cosigned it. */
  async stateSubtree(prefix: string, newest = false): Promise<{ checkpoint: string; nodes: SubtreeNode[] }> {
    return this.firstToAnswer(READ_TIMEOUT_MS, (client, options) =>
      invoke(client.getStateSubtree.bind(client), { prefix, newest }, options),
    );
  }

  /**
   * The ciphertext of a hash, from the first node that has it. Throws `not_found` where every node answers that it was
   * erased, or never there; where one of them does not answer, what is wrong with that one.
   */
  payload(hash: Uint8Array): Promise<Uint8Array> {
    return this.byHash(
      hash,
      'payload',
      async (client, options) => (await invoke(client.getPayload.bind(client), { hash }, options)).payload,
    );
  }

  /** The ciphertext of a message, by the name that its record has. Throws as {@link payload} does. */
  messageBody(name: Uint8Array): Promise<Uint8Array> {
    return this.byHash(
      name,
      'message',
      async (client, options) =>
        (await invoke(client.getPayload.bind(client), { hash: name }, options)).payload,
      messageBodyHash,
    );
  }

  /** The transaction of a hash that is in the log. Throws as {@link payload} does. */
  transaction(hash: Uint8Array): Promise<Uint8Array> {
    return this.byHash(
      hash,
      'transaction',
      async (client, options) =>
        (await invoke(client.getTransaction.bind(client), { hash }, options)).transaction,
    );
  }

  private async byHash(
    hash: Uint8Array,
    what: string,
    ask: (client: GrpcClient, options: { peer: string; timeout: number }) => Promise<Uint8Array>,
    nameOf: (content: Uint8Array) => Uint8Array = (content) => sha256(content),
  ): Promise<Uint8Array> {
    let missing: CountersealError | undefined;
    let trouble: CountersealError | undefined;
    for (const { address, client } of this.nodes) {
      try {
        const content = await ask(client, { peer: `node ${address}`, timeout: READ_TIMEOUT_MS });
        ensure(
          equalBytes(nameOf(content), hash),
          'data_corrupted',
          `node ${address} sent another ${what} than was asked for: it is not to be trusted`,
        );
        return content;
      } catch (error) {
        if (!(error instanceof CountersealError) || error.code === 'invalid_argument') throw error;
        if (error.code === 'not_found') missing = error;
        else trouble ??= error;
      }
    }
    throw trouble ?? missing!;
  }

  /**
   * The records from `from` on, in batches; with `follow` it goes on until `signal` aborts. Throws `unavailable` where
   * no node answers, or the stream breaks: the caller asks again from where it is.
   */
  async *records(
    from: bigint,
    options: { follow?: boolean; signal?: AbortSignal } = {},
  ): AsyncGenerator<RecordBatch> {
    let last: unknown;
    for (const { address, client } of this.nodes) {
      const stream = client.streamRecords({ from, follow: options.follow ?? false }, new Metadata());
      let answered = false;
      // A node that hangs must not keep its caller from the next one. What the caller does meanwhile does not count.
      const silence = () =>
        options.follow && answered ? undefined : setTimeout(() => stream.cancel(), SILENCE_MS);
      let timer = silence();
      try {
        for await (const message of cancellable(stream, options.signal)) {
          clearTimeout(timer);
          answered = true;
          yield message;
          timer = silence();
        }
        return;
      } catch (error) {
        if (options.signal?.aborted) return;
        last = error instanceof CountersealError ? error : fromServiceError(error as ServiceError, address);
        if (answered || !asksAnother(last)) throw last;
      } finally {
        clearTimeout(timer);
      }
    }
    throw last;
  }

  close(): void {
    for (const { client } of this.nodes) client.close();
  }

  private async firstToAnswer<T>(
    timeout: number,
    call: (client: GrpcClient, options: { peer: string; timeout: number }) => Promise<T>,
  ): Promise<T> {
    let last: unknown;
    for (const { address, client } of this.nodes) {
      try {
        return await call(client, { peer: `node ${address}`, timeout });
      } catch (error) {
        last = error;
        if (!asksAnother(error)) throw error;
      }
    }
    throw last;
  }
}

/** Trouble of one node. A refusal is an answer: another node would refuse too. */
const TROUBLE: readonly ErrorCode[] = ['unavailable', 'io', 'quota_exceeded', 'internal'];
const asksAnother = (error: unknown): boolean =>
  error instanceof CountersealError && TROUBLE.includes(error.code);

async function* cancellable(
  stream: ClientReadableStream<StreamRecordsResponse>,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamRecordsResponse> {
  const abort = () => stream.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted) return;
    yield* stream as AsyncIterable<StreamRecordsResponse>;
  } finally {
    signal?.removeEventListener('abort', abort);
    stream.cancel();
  }
}
