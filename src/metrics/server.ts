import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { CountersealError } from '../errors.js';
import type { MetricsAddress } from './address.js';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const HEADER_MAX_BYTES = 8_192;
/** A connection that neither sends nor takes anything for so long is ended. */
const SILENCE_MS = 10_000;

/**
 * Serves `/metrics` in Prometheus' text format; `/healthz`, which answers 200 while the process does; and `/readyz`:
 * 200, or 503 with why not. Plain HTTP without authentication: for localhost, or a network that the operator trusts.
 * Throws `unavailable` where the address is taken.
 */
export async function serveMetrics(
  { host, port }: MetricsAddress,
  { registry, ready }: { readonly registry: Registry; readonly ready: () => string | undefined },
): Promise<MetricsServer> {
  // However many ask at a time, it is collected once.
  let collecting: Promise<string> | undefined;
  const collect = () => (collecting ??= registry.metrics().finally(() => (collecting = undefined)));

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: string, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          ...headers,
        })
        .end(request.method === 'HEAD' ? undefined : `${body}\n`);
    if (
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0
    )
      return void send(413, 'no request here has a body', { connection: 'close' });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void send(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
    if (isLoopback(request.socket.localAddress) && !isLocalName(request.headers.host))
      return void send(421, 'this address serves this machine alone');
    switch (request.url) {
      case '/metrics':
        return void send(200, await collect(), { 'content-type': registry.contentType });
      case '/healthz':
        return void send(200, 'ok');
      case '/readyz': {
        const reason = ready();
        return void send(reason === undefined ? 200 : 503, reason ?? 'ok');
      }
      default:
        return void send(404, 'there are /metrics, /healthz and /readyz');
    }
  };

  const server = createServer(
    {
      maxHeaderSize: HEADER_MAX_BYTES,
      headersTimeout: 2_000,
      requestTimeout: SILENCE_MS,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 500,
    },
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(SILENCE_MS);
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new CountersealError('unavailable', `metrics cannot be served on ${host}:${port}: is it in use?`, {
      cause,
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && /^(::1|(::ffff:)?127\.)/.test(address);

/**
 * A web page whose name was made to resolve to this machine (DNS rebinding) still sends its own name: what is served on
 * localhost answers to local names only.
 */
function isLocalName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || (isIP(name) !== 0 && isLoopback(name));
}
