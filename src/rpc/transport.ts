import {
  credentials,
  Server,
  ServerCredentials,
  type ChannelCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { checkServerIdentity, createSecureContext, type SecureContext } from 'node:tls';
import { CountersealError, ensure } from '../errors.js';
import { observeCalls, type ObservedCall } from './call-observer.js';
import type { Identity } from './certificates.js';
import { HealthCheckResponse_ServingStatus, HealthService } from './generated/grpc/health/v1/health.js';
import { partyOf, type Party } from './party.js';

/** The most that a server may answer in one message: a batch of records. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
} as const;

/** Who a server must be: its certificate names this party, any of its kind where no id is given. */
export interface ExpectedServer {
  readonly networkId: string;
  readonly kind: Party['kind'];
  readonly id?: string;
}

/**
 * TLS towards a server that `authority` certified for its host name and as `server`: parties that share a host must
 * not pass for each other. With `identity`, the caller shows its own certificate too.
 */
export function channelCredentials(
  authority: string,
  server: ExpectedServer,
  identity?: Identity,
): ChannelCredentials {
  // SAFETY: a new function for each channel, so that none shares a connection with another to the same address.
  return credentials.createFromSecureContext(contextOf(authority, identity), {
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) ?? wrongParty(certificate.raw, server),
  });
}

const contexts = new WeakMap<Identity, Map<string, SecureContext>>();

/** Certificates and key as OpenSSL takes them; made once for an identity (1 ms), since requests have channels of their own. */
function contextOf(authority: string, identity: Identity | undefined): SecureContext {
  if (!identity) return createSecureContext({ ca: authority });
  let known = contexts.get(identity);
  if (!known) contexts.set(identity, (known = new Map()));
  let context = known.get(authority);
  if (!context) {
    context = createSecureContext({
      ca: authority,
      key: identity.privateKey,
      cert: identity.certificate,
    });
    known.set(authority, context);
  }
  return context;
}

const PARTIES_KEPT = 1024;
const parties = new Map<string, Party>();

/**
 * As {@link partyOf}, which takes 0.2 ms: one party shows one certificate at every call. What a certificate names follows
 * from its bytes; whether it is valid is TLS's to say each time.
 */
function knownParty(der: Uint8Array, networkId: string): Party {
  const key = `${createHash('sha256').update(der).digest('hex')} ${networkId}`;
  const known = parties.get(key);
  if (known) return known;
  const party = partyOf(der, networkId);
  if (parties.size >= PARTIES_KEPT) parties.clear();
  parties.set(key, party);
  return party;
}

function wrongParty(der: Uint8Array, { networkId, kind, id }: ExpectedServer): Error | undefined {
  try {
    const party = knownParty(der, networkId);
    ensure(
      party.kind === kind && (id === undefined || party.id === id),
      'permission_denied',
      `the server is ${party.kind} ${party.id}, not ${kind} ${id ?? ''}`,
    );
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Whose certificate the caller showed. Throws `permission_denied` without one. */
export function callerOf(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>,
  networkId: string,
): Party {
  const raw = call.getAuthContext().sslPeerCertificate?.raw;
  ensure(raw, 'permission_denied', 'a client certificate is needed');
  return knownParty(raw, networkId);
}

/**
 * The most that one request may hold: a transaction with its payload (72 KiB), a round of 64 points, a message of key
 * generation. With the streams of a connection it bounds what a caller without credentials can make a server hold.
 */
const MAX_REQUEST_BYTES = 128 * 1024;
const MAX_STREAMS_PER_CONNECTION = 64;
/** After this a caller connects anew, and what it never finished sending is forgotten. */
const CONNECTION_AGE_MS = 5 * 60_000;
const CONNECTION_GRACE_MS = 60_000;

/** A server over TLS; `clients: 'certified'` demands a certificate of the network's authority. */
export class RpcServer {
  private readonly server: Server;

  /** `observe` is told of every call that was answered. */
  constructor(observe?: (call: ObservedCall) => void) {
    this.server = new Server({
      'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
      'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
      'grpc.max_connection_age_ms': CONNECTION_AGE_MS,
      'grpc.max_connection_age_grace_ms': CONNECTION_GRACE_MS,
      ...(observe ? { interceptors: [observeCalls(observe)] } : {}),
    });
    this.server.addService(HealthService, {
      check: (_call: unknown, callback: (error: null, response: object) => void) =>
        callback(null, { status: HealthCheckResponse_ServingStatus.SERVING }),
    });
  }

  add(service: ServiceDefinition, implementation: UntypedServiceImplementation): this {
    this.server.addService(service, implementation);
    return this;
  }

  /** Listens on `host:port`; answers the port. Throws `unavailable` where the address is taken. */
  async listen(
    address: string,
    options: { authority: string; identity: Identity; clients: 'anyone' | 'certified' },
  ): Promise<number> {
    const tls = ServerCredentials.createSsl(
      Buffer.from(options.authority),
      [
        {
          private_key: Buffer.from(options.identity.privateKey),
          cert_chain: Buffer.from(options.identity.certificate),
        },
      ],
      options.clients === 'certified',
    );
    return new Promise((resolve, reject) => {
      this.server.bindAsync(address, tls, (cause, port) => {
        if (cause)
          reject(
            new CountersealError('unavailable', `cannot listen on ${address}: is another program using it?`, {
              cause,
            }),
          );
        else resolve(port);
      });
    });
  }

  /** Lets calls under way end, for `grace` milliseconds at most. */
  close(grace = 2_000): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.server.forceShutdown();
        resolve();
      }, grace);
      this.server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
