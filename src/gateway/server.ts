import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { DOCUMENT_MAX_BYTES } from '../agent/index.js';
import { CountersealError } from '../errors.js';
import { describeError, type Logger } from '../rpc/logger.js';
import { RateLimit } from '../rpc/rate-limit.js';
import { placeOf } from './events.js';
import { OPEN_PATHS, openApi } from './openapi.js';
import type { Parts } from './parts.js';
import { HttpError, problemOf } from './problem.js';
import { contentType, guard, idempotencyKey, parseJson, readBody } from './request-guard.js';
import type { Route } from './route.js';
import { ROUTES } from './routes.js';
import type { User } from './users.js';

const JSON_MAX_BYTES = 512 * 1024;
const HEADER_MAX_BYTES = 16_384;
const CONNECTIONS_MAX = 256;
/** Documents that are read and worked on at a time: their bytes are in memory. */
const DOCUMENTS_MAX = 16;
/** Wrong keys a second and address, and how many at once. */
const WRONG_KEYS = { rate: 0.5, burst: 10 };
/** Less than what starts services gives one to end, before it kills it. */
const SHUTDOWN_MS = 8_000;
/** How long answers may take to leave, after that. */
const LEAVING_MS = 1_000;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** Names in the Host header that are answered to besides local ones. */
  readonly hosts?: readonly string[];
  readonly parts: Parts;
  readonly log: Logger;
  readonly version: string;
  /** How long a request may take to arrive, in milliseconds. */
  readonly requestTimeoutMs?: number;
}

/** A member's side of a network over HTTP: see {@link ROUTES}. */
export class Gateway {
  private readonly wrongKeys = new RateLimit(WRONG_KEYS.rate, WRONG_KEYS.burst);
  private readonly description: string;
  private readonly working = new Set<Promise<void>>();
  /** Of the requests that are worked on: each gives up waiting for its answer. */
  private readonly abandon = new Set<() => void>();
  private documents = 0;
  private ending = false;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly server: Server,
    private readonly options: GatewayOptions,
  ) {
    this.description = JSON.stringify(openApi(ROUTES, options.version));
  }

  /** Listens. Throws `unavailable` where the address is taken. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { host, port, requestTimeoutMs = 60_000 } = options;
    const server = createServer({
      maxHeaderSize: HEADER_MAX_BYTES,
      headersTimeout: Math.min(5_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 500,
    });
    server.maxConnections = CONNECTIONS_MAX;
    const gateway = new Gateway(server, options);
    const take = (request: IncomingMessage, response: ServerResponse) => {
      const work = gateway.serve(request, response).finally(() => gateway.working.delete(work));
      gateway.working.add(work);
    };
    server.on('request', take).on('checkContinue', take);
    server.listen(port, host);
    await once(server, 'listening').catch((cause: unknown) => {
      throw new CountersealError(
        'unavailable',
        `the gateway cannot listen on ${host}:${port}: is it in use?`,
        {
          cause,
        },
      );
    });
    return gateway;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Throws `unavailable` from when on nothing more is begun. */
  ensureOpen(): void {
    if (this.ending) throw new HttpError(503, 'unavailable', 'the gateway is ending', true);
  }

  /**
   * Takes no more requests, ends event streams, and waits for the requests under way: who is not done after a while is
   * told so.
   */
  close(waitMs = SHUTDOWN_MS): Promise<void> {
    return (this.closing ??= this.end(waitMs));
  }

  private async end(waitMs: number): Promise<void> {
    this.ending = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.options.parts.events.close();
    await within(Promise.all(this.working), waitMs);
    for (const abandon of this.abandon) abandon();
    await within(Promise.all(this.working), LEAVING_MS);
    this.server.closeAllConnections();
    await closed;
  }

  /** Waits for what a request began, until the gateway can wait no more: what it does then goes on, or is resumed. */
  private untilLate<T>(work: Promise<T>): Promise<T> {
    let abandon!: () => void;
    const late = new Promise<never>((_, reject) => {
      abandon = () =>
        reject(
          new HttpError(503, 'unavailable', 'the gateway ends, and does not know what came of this', true),
        );
    });
    this.abandon.add(abandon);
    return Promise.race([work, late]).finally(() => this.abandon.delete(abandon));
  }

  /** Answers a request, and logs it: its route, never its path, its key or what it holds. */
  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const told: { route?: string; user?: string } = {};
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    try {
      await this.answer(request, response, told);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status >= 500)
        this.options.log.error({ code: problem.code, ...describeError(error) }, 'a request failed');
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        const close = this.ending || !request.complete || (error instanceof HttpError && error.close);
        if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
        if (problem.status === 429 || problem.status === 503) response.setHeader('retry-after', '5');
        response
          .writeHead(problem.status, {
            'content-type': 'application/problem+json',
            ...(close ? { connection: 'close' } : {}),
          })
          .end(`${JSON.stringify(problem)}\n`);
      }
    }
    const ms = Math.round(performance.now() - started);
    const { method = '' } = request;
    this.options.log.info({ method, status: response.statusCode, ms, ...told }, 'request');
    // What was answered is not answered before it has left.
    if (!response.writableFinished && !response.destroyed)
      await new Promise<void>((resolve) => response.once('finish', resolve).once('close', resolve));
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    told: { route?: string; user?: string },
  ): Promise<void> {
    guard(request, this.options.hosts ?? []);
    this.ensureOpen();
    const [path = '', search = ''] = split(request.url!, '?');
    if (Object.hasOwn(OPEN_PATHS, path)) {
      told.route = path;
      if (request.method !== 'GET') throw new HttpError(405, 'invalid_argument', 'only GET', true);
      contentType(request, 'none');
      return void send(response, 200, path === '/healthz' ? '{"ok":true}' : this.description);
    }
    // Nobody without a key learns which routes there are, or has a body read.
    const user = await this.user(request);
    told.user = user.name;
    const { row, params } = find(request.method ?? '', path);
    told.route = row.path;
    if (row.scope !== 'any' && !user.scopes.includes(row.scope))
      throw new HttpError(403, 'permission_denied', `this takes the scope ${row.scope}`, !request.complete);
    const call = {
      user,
      params: parsed(row.params, params, 'the path'),
      query: parsed(row.query, queryOf(search), 'the query'),
      idempotencyKey: idempotencyKey(request, row.repeatable === true),
    };
    const { parts } = this.options;
    if (row.streams) {
      contentType(request, 'none');
      const last = request.headers['last-event-id'];
      const allowed = async () => (await parts.users.list()).some(({ id }) => id === user.id);
      return parts.events.stream(response, {
        user: user.name,
        source: row.streams(parts),
        from: last === undefined ? undefined : placeOf(String(last)),
        all: (call.query as { all?: boolean }).all === true,
        allowed,
      });
    }
    const { status, body } = await this.untilLate(
      this.withBody(request, response, row, (read) => row.handle(parts, { ...call, ...read } as never)),
    );
    const text = JSON.stringify(row.answers[status]!.parse(plain(body)));
    send(response, status, text);
  }

  private async user({ headers, socket }: IncomingMessage): Promise<User> {
    const { users } = this.options.parts;
    const user = await users.authenticate(headers.authorization);
    if (user) return user;
    try {
      this.wrongKeys.take(socket.remoteAddress ?? '');
    } catch {
      throw new HttpError(429, 'quota_exceeded', 'too many wrong keys', true);
    }
    throw new HttpError(
      401,
      'permission_denied',
      'this takes the key of a user: Authorization: Bearer',
      true,
    );
  }

  /** Reads what is posted, and works on it. */
  private async withBody<T>(
    request: IncomingMessage,
    response: ServerResponse,
    { body }: Route,
    work: (read: object) => Promise<T>,
  ): Promise<T> {
    if (body === 'none') {
      contentType(request, 'none');
      return work({});
    }
    if (body !== 'document') {
      contentType(request, 'json');
      return work({
        body: parsed(body.json, parseJson(await readBody(request, response, JSON_MAX_BYTES)), 'the body'),
      });
    }
    contentType(request, 'document');
    if (this.documents >= DOCUMENTS_MAX)
      throw new HttpError(503, 'unavailable', 'too many documents at a time: try again', true);
    this.documents++;
    try {
      const bytes = await readBody(request, response, DOCUMENT_MAX_BYTES);
      return await work({ document: await this.options.parts.read(bytes) });
    } finally {
      this.documents--;
    }
  }
}

/** Waits for work, and not longer than that. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function send(response: ServerResponse, status: number, text: string): void {
  if (!response.destroyed)
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${text}\n`);
}

function split(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The row of a path. Nothing in a path is ever decoded: no value of ours has a character that would need it. */
function find(method: string, path: string): { row: Route; params: Record<string, string> } {
  const segments = path.split('/');
  const rows = ROUTES.flatMap((row) => {
    const params: Record<string, string> = {};
    const names = row.path.split('/');
    const fits =
      names.length === segments.length &&
      names.every((name, i) => {
        if (!name.startsWith('{')) return name === segments[i];
        params[name.slice(1, -1)] = segments[i]!;
        return segments[i] !== '';
      });
    return fits ? [{ row, params }] : [];
  });
  const found = rows.find(({ row }) => row.method === method);
  if (found) return found;
  if (rows.length > 0) throw new HttpError(405, 'invalid_argument', `${method} is not for this path`, true);
  throw new HttpError(404, 'not_found', 'there is no such path: see /openapi.json', true);
}

/** Each name at most once: which of two would count, no two programs agree on. */
function queryOf(search: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(search)) {
    if (name in query) throw new HttpError(400, 'invalid_argument', 'a name is in the query twice', true);
    query[name] = value;
  }
  return { ...query };
}

/** A value as its schema has it. Throws `invalid_argument` with the field; it never quotes the value. */
function parsed(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue!.path.join('.') || (issue!.code === 'unrecognized_keys' ? issue!.keys[0]! : '');
  throw new CountersealError('invalid_argument', `${what} is not as it must be: see /openapi.json`, {
    ...(field === '' ? {} : { field: field.slice(0, 100) }),
  });
}

/** As JSON has it: what is undefined is not there, and a large integer is text. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)));
