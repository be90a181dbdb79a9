import { Metadata, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { connect, type TLSSocket } from 'node:tls';
import { CountersealError } from '../errors.js';
import type { Identity } from './certificates.js';
import { partyOf } from './party.js';
import { fromServiceError } from './errors.js';
import { HealthClient } from './generated/grpc/health/v1/health.js';
import { CHANNEL_OPTIONS, channelCredentials, type ExpectedServer } from './transport.js';

export interface ProbeOptions {
  readonly authority: string;
  readonly server: ExpectedServer;
  /** Evaluators answer callers with a certificate only. */
  readonly identity?: Identity | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Asks a server whether it serves; answers how many milliseconds that took. Throws `unavailable` where it does not
 * answer, or not as itself, `permission_denied` where it refuses this caller.
 */
export async function probe(
  address: string,
  { authority, server, identity, timeout }: ProbeOptions,
): Promise<number> {
  const client = new HealthClient(address, channelCredentials(authority, server, identity), CHANNEL_OPTIONS);
  const started = performance.now();
  try {
    await new Promise<void>((resolve, reject) => {
      client.check(
        { service: '' },
        new Metadata(),
        { deadline: Date.now() + timeout },
        (error: ServiceError | null) =>
          // A server without this service answers too.
          error && error.code !== grpcStatus.UNIMPLEMENTED
            ? reject(fromServiceError(error, address))
            : resolve(),
      );
    });
    return performance.now() - started;
  } finally {
    client.close();
  }
}

/** Who a server is, as its certificate says. */
export interface ServerIdentity {
  readonly expires: Date;
}

/**
 * Makes a TLS connection and looks at who answers, to say more than that something is wrong. Throws `unavailable` where
 * nothing does, `permission_denied` where its certificate is not of the network's authority, has expired, is for
 * another host name or of another party.
 */
export async function identifyServer(
  address: string,
  { authority, server, timeout }: ProbeOptions,
): Promise<ServerIdentity> {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({
    host: bare,
    port: Number(port),
    ca: authority,
    servername: /^[\d.]+$|:/.test(bare) ? '' : bare,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  try {
    await connected(socket, address, timeout);
    const certificate = socket.getPeerX509Certificate();
    const wrong = (why: string) =>
      new CountersealError('permission_denied', `${address} answers with a certificate that ${why}`);
    if (!certificate) throw wrong('cannot be read');
    const expires = new Date(certificate.validTo);
    if (expires.getTime() < Date.now()) throw wrong(`expired on ${expires.toISOString().slice(0, 10)}`);
    if (!socket.authorized)
      throw wrong(
        String(socket.authorizationError).includes('ALTNAME')
          ? `is not for the host name ${bare}`
          : "the network's authority did not issue",
      );
    const party = partyOf(certificate.raw, server.networkId);
    if (party.kind !== server.kind || (server.id !== undefined && party.id !== server.id))
      throw wrong(`is that of ${party.kind} ${party.id}, not of ${server.kind} ${server.id ?? ''}`.trim());
    return { expires };
  } finally {
    socket.destroy();
  }
}

function connected(socket: TLSSocket, address: string, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (why: string, cause?: unknown) =>
      reject(new CountersealError('unavailable', `${address}: ${why}`, { cause }));
    socket.setTimeout(timeout, () =>
      failed('no answer in time: is the address right, and no firewall between?'),
    );
    socket.once('secureConnect', resolve);
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED') failed('nothing listens there: is it running?', cause);
      else if (cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN')
        failed('the name is not known', cause);
      else failed('no TLS connection can be made', cause);
    });
  });
}
