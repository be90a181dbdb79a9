import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CountersealError, ensure, ERROR_CODES, type ErrorCode } from '../errors.js';

/**
 * A running service's socket for whoever administers it: a Unix domain socket of mode 0600 in its folder, so that only
 * the account that runs the service, and root, can connect. HTTP is spoken on it.
 */
export const adminSocketPath = (home: string): string => join(home, 'admin.sock');

/** Of a socket's path, what every system takes. */
const PATH_MAX_BYTES = 103;
const CONNECTIONS_MAX = 8;
const ANSWER_MAX_BYTES = 65_536;
const ANSWER_MS = 10_000;

export interface AdminHandlers {
  /** What `GET /status` answers: numbers and short texts, nothing secret. */
  status(): object;
  /** The bytes of a backup; `keys`: with the folder's files of keys, sealed as they are. */
  backup(options: { readonly keys: boolean }): AsyncIterable<Uint8Array>;
}

export interface AdminServer {
  close(): Promise<void>;
}

/** Whether a folder's path is short enough for a socket in it. */
export const fitsSocket = (home: string): boolean =>
  Buffer.byteLength(adminSocketPath(home)) <= PATH_MAX_BYTES;

/**
 * Serves a folder's socket. A socket that a killed process left is replaced: the caller holds the lock of the folder's
 * database, so no other process serves it. Throws `failed_precondition` where something else is in its place.
 */
export async function serveAdmin(home: string, handlers: AdminHandlers): Promise<AdminServer> {
  const path = adminSocketPath(home);
  const there = await lstat(path).catch(() => undefined);
  if (there) {
    ensure(there.isSocket(), 'failed_precondition', `${path} is not a socket: see what it is, and remove it`);
    await unlink(path);
  }
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    void answer(handlers, request, response).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  // The socket is bound within this call: nobody can connect before it has its mode.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause) =>
      reject(new CountersealError('io', `the socket ${path} cannot be made`, { cause })),
    );
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handlers: AdminHandlers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Nothing that is asked for comes with a body.
  request.resume();
  const { method, url } = request;
  try {
    if (method === 'GET' && url === '/status') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(handlers.status()));
    } else if (method === 'POST' && (url === '/backup' || url === '/backup?keys')) {
      const source = handlers.backup({ keys: url.endsWith('?keys') });
      const iterator = source[Symbol.asyncIterator]();
      // The first part tells whether there will be any: until then an error can be answered.
      const first = await iterator.next();
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      await pipeline(Readable.from(after(first, iterator)), response);
    } else {
      response.writeHead(404).end();
    }
  } catch (error) {
    if (response.headersSent) throw error;
    const code = error instanceof CountersealError ? error.code : 'internal';
    const message = error instanceof CountersealError ? error.message : 'internal error';
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }));
  }
}

async function* after<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let item = first; !item.done; item = await rest.next()) yield item.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * Asks the service of a folder. Answers undefined where none runs; throws what it answered, `permission_denied` where
 * the socket is another account's.
 */
export async function askAdmin(
  home: string,
  method: 'GET' | 'POST',
  path: string,
): Promise<IncomingMessage | undefined> {
  const response = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
    // A connection of its own: one kept from before may be to a service that has ended since.
    const request = httpRequest({ socketPath: adminSocketPath(home), method, path, agent: false }, resolve);
    // A status is at hand; before a backup begins the service reads its whole ledger.
    if (method === 'GET')
      request.setTimeout(ANSWER_MS, () => {
        reject(new CountersealError('unavailable', `the service of ${home} runs and does not answer`));
        request.destroy();
      });
    request.once('error', (cause: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED', 'EINVAL', 'ENAMETOOLONG'].includes(cause.code ?? '')) resolve(undefined);
      else
        reject(
          new CountersealError(
            cause.code === 'EACCES' ? 'permission_denied' : 'io',
            `${adminSocketPath(home)} cannot be used: run this under the account of the service`,
            { cause },
          ),
        );
    });
    request.end();
  });
  if (!response || response.statusCode === 200) return response;
  const { code, message } = await readJson(response);
  throw new CountersealError(
    typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal',
    typeof message === 'string' ? message : 'the service answered with an unexpected error',
  );
}

/** The JSON object of an answer, empty for what is none. */
export async function readJson(response: AsyncIterable<unknown>): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of response) if (text.length < ANSWER_MAX_BYTES) text += String(chunk);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
