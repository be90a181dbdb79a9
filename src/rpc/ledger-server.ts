import type { ServerWritableStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import type { EmbeddedEngine } from '../engine/index.js';
import { CountersealError, ensure } from '../errors.js';
import { logIndex } from '../ledger/index.js';
import { logFailure, unary } from './call.js';
import { callerAddress } from './caller-address.js';
import { toServiceError } from './errors.js';
import {
  LedgerService,
  type GetCheckpointRequest,
  type GetCheckpointResponse,
  type GetConsistencyProofRequest,
  type GetConsistencyProofResponse,
  type GetGenesisRequest,
  type GetGenesisResponse,
  type GetPayloadRequest,
  type GetPayloadResponse,
  type GetStateSubtreeRequest,
  type GetStateSubtreeResponse,
  type GetTransactionRequest,
  type GetTransactionResponse,
  type StreamRecordsRequest,
  type StreamRecordsResponse,
  type SubmitTransactionRequest,
  type SubmitTransactionResponse,
} from './generated/counterseal/v1/ledger.js';
import type { Logger } from './logger.js';
import { RateLimit } from './rate-limit.js';
import type { RpcServer } from './transport.js';

export interface LedgerServerOptions {
  /** The genesis file, as it is. */
  readonly genesis: Uint8Array;
  readonly log: Logger;
  /** Calls per second and address, and bursts. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
}

/** Parts of the state that one address may ask for. */
const SUBTREES_PER_SECOND = 1;
const SUBTREES_PER_SECOND_OF_ALL = 4;
const SUBTREES_BURST = 20;
/** Payloads that one address, and all together, may ask for: up to 64 KiB each. */
const PAYLOADS_PER_SECOND = 20;
const PAYLOADS_BURST = 200;
const PAYLOADS_PER_SECOND_OF_ALL = 100;
const PAYLOADS_BURST_OF_ALL = 1_000;
const HASH_BYTES = 32;
/** Streams that one address may have open. */
const MAX_STREAMS_PER_CALLER = 64;

/**
 * Serves a ledger to anybody: the proof admits. Callers are told apart by address, for the rate limit alone; no
 * address is logged.
 */
export function serveLedger(server: RpcServer, engine: EmbeddedEngine, options: LedgerServerOptions): void {
  const { genesis, log, rate = { perSecond: 200, burst: 1_000 } } = options;
  const limit = new RateLimit(rate.perSecond, rate.burst);
  // Thousands of reads each, some 0.1 s: many callers together must not keep the node from its blocks either.
  const subtreeLimit = new RateLimit(SUBTREES_PER_SECOND, SUBTREES_BURST);
  const subtreesOfAll = new RateLimit(SUBTREES_PER_SECOND_OF_ALL, SUBTREES_BURST);
  const payloadLimit = new RateLimit(PAYLOADS_PER_SECOND, PAYLOADS_BURST);
  const payloadsOfAll = new RateLimit(PAYLOADS_PER_SECOND_OF_ALL, PAYLOADS_BURST_OF_ALL);
  const streams = new Map<string, number>();
  const callerOf = (call: { getPeer(): string }) => callerAddress(call.getPeer());

  server.add(LedgerService, {
    getGenesis: unary<GetGenesisRequest, GetGenesisResponse>(log, async (_request, call) => {
      limit.take(callerOf(call));
      return Promise.resolve({ genesis });
    }),
    getCheckpoint: unary<GetCheckpointRequest, GetCheckpointResponse>(log, async (_request, call) => {
      limit.take(callerOf(call));
      return Promise.resolve({ checkpoint: engine.checkpoint() });
    }),
    getConsistencyProof: unary<GetConsistencyProofRequest, GetConsistencyProofResponse>(
      log,
      async ({ from, to }, call) => {
        limit.take(callerOf(call));
        return Promise.resolve({ proof: engine.reader.consistencyProof(Number(from), Number(to)) });
      },
    ),
    getStateSubtree: unary<GetStateSubtreeRequest, GetStateSubtreeResponse>(
      log,
      async ({ prefix, newest }, call) => {
        subtreeLimit.take(callerOf(call));
        subtreesOfAll.take('all');
        return Promise.resolve(engine.stateSubtree(prefix, newest));
      },
    ),
    getPayload: unary<GetPayloadRequest, GetPayloadResponse>(log, async ({ hash }, call) => {
      payloadLimit.take(callerOf(call));
      payloadsOfAll.take('all');
      ensure(
        hash.length === HASH_BYTES,
        'invalid_argument',
        `the hash of a payload has ${HASH_BYTES} bytes`,
        'hash',
      );
      const payload = engine.payload(hash);
      ensure(
        payload,
        'not_found',
        engine.isErased(hash)
          ? 'the author of the entry has had its payload erased'
          : 'this node does not have the payload: its term is over, or it was never here',
      );
      return Promise.resolve({ payload });
    }),
    getTransaction: unary<GetTransactionRequest, GetTransactionResponse>(log, async ({ hash }, call) => {
      payloadLimit.take(callerOf(call));
      payloadsOfAll.take('all');
      ensure(
        hash.length === HASH_BYTES,
        'invalid_argument',
        `the hash of a transaction has ${HASH_BYTES} bytes`,
        'hash',
      );
      const found = engine.reader.transaction(hash);
      ensure(found, 'not_found', 'this node has no transaction with this hash in its log');
      return Promise.resolve({ transaction: found.bytes });
    }),
    submitTransaction: unary<SubmitTransactionRequest, SubmitTransactionResponse>(
      log,
      async (request, call) => {
        limit.take(callerOf(call));
        const result = await engine.submit(request.transaction, request.payload);
        if (!result.included)
          throw new CountersealError('rejected', `${result.rejection.name}: ${result.rejection.detail}`);
        return { index: BigInt(result.index), record: result.leaf };
      },
    ),
    streamRecords: (call: ServerWritableStream<StreamRecordsRequest, StreamRecordsResponse>) => {
      const caller = callerOf(call);
      const open = streams.get(caller) ?? 0;
      void (async () => {
        limit.take(caller);
        ensure(
          open < MAX_STREAMS_PER_CALLER,
          'quota_exceeded',
          'too many streams from this address are open',
        );
        streams.set(caller, open + 1);
        const stop = new AbortController();
        call.on('cancelled', () => stop.abort());
        call.on('close', () => stop.abort());
        const stopped = once(stop.signal, 'abort');
        try {
          const { from, follow } = call.request;
          ensure(
            from <= BigInt(Number.MAX_SAFE_INTEGER),
            'invalid_argument',
            'a position in the log is too large',
          );
          for await (const batch of engine.records(logIndex(Number(from)), { follow, signal: stop.signal })) {
            const more = call.write({
              from: BigInt(batch.from),
              records: [...batch.records],
              checkpoint: batch.checkpoint,
            });
            if (!more && !stop.signal.aborted) await Promise.race([once(call, 'drain'), stopped]);
            if (stop.signal.aborted) return;
          }
          call.end();
        } finally {
          const left = (streams.get(caller) ?? 1) - 1;
          if (left > 0) streams.set(caller, left);
          else streams.delete(caller);
        }
      })().catch((error: unknown) => {
        logFailure(log, call.getPath(), error);
        call.emit('error', toServiceError(error));
      });
    },
  });
}
