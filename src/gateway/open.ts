import { defaultProver, type Prover } from '../proofs/index.js';
import type { Logger } from '../rpc/logger.js';
import { DocumentReader } from './document-reader.js';
import { EventHub } from './events.js';
import { FourEyes } from './four-eyes.js';
import type { GatewayAgent } from './parts.js';
import { SealedJson } from './sealed-json.js';
import { Gateway, type GatewayOptions } from './server.js';
import { GatewayUsers } from './users.js';

export interface OpenOptions extends Pick<
  GatewayOptions,
  'host' | 'port' | 'hosts' | 'version' | 'requestTimeoutMs'
> {
  /** The member's folder, and the key under which the gateway keeps its files there. */
  readonly home: string;
  readonly key: Uint8Array;
  readonly log: Logger;
  /** How long an order waits for its approval, in milliseconds. */
  readonly validMs?: number;
  readonly prover?: Prover;
  /** How long it waits, when it ends, for what it has begun, in milliseconds. */
  readonly endWithinMs?: number;
}

/** A gateway that runs. */
export interface RunningGateway {
  readonly port: number;
  /** The one prover of the process. */
  readonly prover: () => Prover;
  /** To be called when the copy of the ledger grew. */
  readonly notify: () => Promise<void>;
  /** Begins nothing more, answers what was begun, and ends the prover; also when called twice. */
  close(): Promise<void>;
}

/** Starts the gateway of an agent. Throws `unavailable` where the address is taken, `data_corrupted`. */
export async function openGateway(
  agent: GatewayAgent,
  { home, key, log, validMs, endWithinMs, prover: given, ...where }: OpenOptions,
): Promise<RunningGateway> {
  const files = new SealedJson(key);
  const users = new GatewayUsers(home, files);
  // What was changed is found out before anybody is let in.
  await users.list();
  const orders = await FourEyes.open(home, files, validMs === undefined ? {} : { validMs });
  const events = new EventHub();
  const reader = new DocumentReader();
  let prover = given;
  let turn: Promise<unknown> = Promise.resolve();
  const gateway: Gateway = await Gateway.start({
    ...where,
    log,
    parts: {
      agent,
      users,
      orders,
      events,
      read: (bytes) => reader.read(bytes),
      prover: () => (prover ??= defaultProver()),
      inTurn: <T>(work: () => Promise<T>): Promise<T> => {
        const done = turn.then(() => {
          gateway.ensureOpen();
          return work();
        });
        turn = done.catch(() => undefined);
        return done;
      },
    },
  });
  return {
    port: gateway.port,
    prover: () => (prover ??= defaultProver()),
    notify: () => Promise.resolve(events.notify()),
    close: async () => {
      await gateway.close(endWithinMs);
      await reader.close();
      await prover?.close();
    },
  };
}
