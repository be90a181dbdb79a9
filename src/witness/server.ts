import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import { parseRequest, REQUEST_MAX_BYTES, SIZE_CONTENT_TYPE } from './exchange.js';
import { type Witness, WitnessConflict } from './witness.js';

/** C2SP tlog-witness; what is not in it is the server's own fault. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  permission_denied: 403,
  not_found: 404,
  failed_precondition: 409,
  invalid_proof: 422,
};

/** What is worth an operator's attention: refusals of what a log's operator did sign, and failures. */
export type WitnessReport = (message: string, details: { code: ErrorCode; note?: string }) => void;

export interface WitnessServerOptions {
  readonly host: string;
  readonly port: number;
  readonly report: WitnessReport;
  /** Told of every request that was answered: its HTTP status. */
  readonly observe?: (status: number) => void;
}

/**
 * Serves a witness over HTTP: `POST /add-checkpoint` of C2SP tlog-witness, and `GET /checkpoint/<origin>`, the last note
 * that it cosigned, for whoever wants to compare. Plain HTTP: all that passes is public and signed; a proxy can add TLS.
 */
export async function serveWitness(
  witness: Witness,
  { host, port, report, observe }: WitnessServerOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: Server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    (request, response) => {
      response.once('finish', () => observe?.(response.statusCode));
      answer(witness, request, response, report).catch(() => response.destroy());
    },
  );
  server.maxConnections = 256;
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new CountersealError('unavailable', `cannot listen on ${host}:${port}: is it in use?`, { cause });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
  report: WitnessReport,
): Promise<void> {
  const send = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
    response.writeHead(status, { 'content-type': type }).end(body);
  const { pathname } = new URL(request.url ?? '/', 'http://witness');
  const origin = /^\/checkpoint\/([a-z0-9-]{1,64})$/.exec(pathname)?.[1];
  let note: string | undefined;
  try {
    if (request.method === 'POST' && pathname === '/add-checkpoint') {
      const parsed = parseRequest(await readBody(request));
      note = parsed.checkpoint;
      send(200, `${await witness.add(parsed)}\n`);
    } else if (request.method === 'GET' && origin !== undefined) {
      const last = witness.last(origin);
      ensure(last, 'not_found', 'nothing of this log was cosigned yet');
      send(200, last);
    } else {
      send(404, 'not found\n');
    }
  } catch (error) {
    const code = error instanceof CountersealError ? error.code : 'internal';
    const status = STATUS[code] ?? 500;
    // An operator signed this, or the witness itself is in trouble.
    if (status === 409 || status === 422 || status === 500)
      report(status === 500 ? 'failed' : (error as Error).message, { code, ...(note ? { note } : {}) });
    if (error instanceof WitnessConflict) send(409, `${error.size}\n`, SIZE_CONTENT_TYPE);
    else send(status, status === 500 ? 'internal error\n' : `${(error as Error).message}\n`);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    ensure(size <= REQUEST_MAX_BYTES, 'invalid_argument', 'the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
