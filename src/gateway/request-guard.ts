import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { HttpError } from './problem.js';

const isLoopback = (address: string): boolean => /^(::1$|(::ffff:)?127\.)/.test(address);

/** Headers of which a second one would be read by one program and the first by another. */
const ONCE = ['host', 'authorization', 'content-type', 'content-length', 'last-event-id', 'idempotency-key'];

/**
 * Refuses what no program of this machine sends: a web page's requests, by the browser's own headers (Origin,
 * Sec-Fetch-Site, Cookie), also under a name that was made to resolve here (DNS rebinding: the page's name is then the
 * Host); and what different programs read differently. `hosts` are names that are answered to besides local ones.
 */
export function guard(request: IncomingMessage, hosts: readonly string[]): void {
  const seen = new Set<string>();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase();
    if (ONCE.includes(name) && seen.has(name))
      throw new HttpError(400, 'invalid_argument', `there is more than one header ${name}`, true);
    seen.add(name);
  }
  const { host = '', origin, cookie } = request.headers;
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (!(name === 'localhost' || (isIP(name) !== 0 && isLoopback(name)) || hosts.includes(name)))
    throw new HttpError(421, 'permission_denied', 'the gateway is not known by the name in Host', true);
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined || cookie !== undefined || (site !== undefined && site !== 'none'))
    throw new HttpError(403, 'permission_denied', 'the gateway answers programs, and no web pages', true);
  if (!request.url!.startsWith('/') || request.httpVersionMajor !== 1)
    throw new HttpError(400, 'invalid_argument', 'the request names no path', true);
}

/** How deep lists and objects of a body may lie in one another: ours lie in five or so. */
const JSON_DEPTH_MAX = 64;
const [QUOTE, BACKSLASH, OPEN, CLOSE] = ['"', '\\', '[{', ']}'] as const;

/** Reads a body as JSON. Throws `invalid_argument`, also for what is so deep that whoever walks through it falls. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (depthOf(text) <= JSON_DEPTH_MAX) return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError(400, 'invalid_argument', 'the body is not JSON');
  }
  throw new HttpError(400, 'invalid_argument', `the body is deeper than ${JSON_DEPTH_MAX} lists and objects`);
}

/** Of JSON; of anything else, some number. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (inString) {
      if (character === BACKSLASH) i++;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (OPEN.includes(character)) deepest = Math.max(deepest, ++depth);
    else if (CLOSE.includes(character)) depth--;
  }
  return deepest;
}

export const IDEMPOTENCY_KEY = /^[!-~]{1,200}$/;

/** The key under which a request may come again. Throws where it is none, or the request takes none. */
export function idempotencyKey({ headers }: IncomingMessage, repeatable: boolean): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (!repeatable)
    throw new HttpError(
      400,
      'invalid_argument',
      'this request takes no Idempotency-Key: see /openapi.json',
      true,
    );
  if (!IDEMPOTENCY_KEY.test(String(key)))
    throw new HttpError(
      400,
      'invalid_argument',
      'an Idempotency-Key has 1 to 200 letters, digits or signs',
      true,
    );
  return String(key);
}

/** Throws where a body is there, or is none of a content type that is taken. */
export function contentType(request: IncomingMessage, wanted: 'none' | 'json' | 'document'): void {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  const hasBody = chunked !== undefined || (length !== undefined && length !== '0');
  if (request.headers['content-encoding'] !== undefined)
    throw new HttpError(415, 'unsupported_format', 'bodies are not compressed', true);
  if (wanted === 'none') {
    if (hasBody) throw new HttpError(400, 'invalid_argument', 'this request has no body', true);
    return;
  }
  if (!hasBody) throw new HttpError(400, 'invalid_argument', 'the body is missing', true);
  if (wanted === 'json' && !/^application\/json(; *charset="?utf-8"?)?$/i.test(type ?? ''))
    throw new HttpError(415, 'unsupported_format', 'the body must be application/json', true);
  if (wanted === 'document' && /^(multipart\/|application\/x-www-form-urlencoded)/i.test(type ?? ''))
    throw new HttpError(415, 'unsupported_format', 'a document is the body itself, not a form', true);
}

/** Reads a body; refuses it, and the rest of the connection, as soon as it is larger than it may be. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  const tooLarge = () =>
    new HttpError(413, 'invalid_argument', `the body is larger than ${maxBytes} bytes`, true);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge();
  if (request.headers.expect !== undefined) response.writeContinue();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, 'invalid_argument', 'the body ended before its end', true);
  }
  return Buffer.concat(chunks);
}
