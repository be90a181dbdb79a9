import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Agent } from '../../src/agent/index.js';
import {
  openGateway,
  SealedJson,
  GatewayUsers,
  Scope,
  type RunningGateway,
} from '../../src/gateway/index.js';
import { openApi } from '../../src/gateway/openapi.js';
import { ROUTES } from '../../src/gateway/routes.js';
import { createLogger } from '../../src/rpc/logger.js';
import { AgentNetwork, witnessProver } from '../agent/network-fixture.js';

const invoice = readFileSync(
  fileURLToPath(new URL('../../examples/documents/invoice-a.ubl.xml', import.meta.url)),
);
const sameInvoice = readFileSync(
  fileURLToPath(new URL('../../examples/documents/invoice-a.cii.xml', import.meta.url)),
);
const SCOPES = Scope.options.filter((scope) => scope !== 'approve');

let network: AgentNetwork;
let agent: Agent;
let other: Agent;
let gateway: RunningGateway;
let users: GatewayUsers;
const keys: Record<'alice' | 'bob' | 'nobody', string> = { alice: '', bob: '', nobody: '' };
const logged: string[] = [];
const stop = new AbortController();
let following: Promise<void>;

beforeAll(async () => {
  network = await AgentNetwork.start('gateway-test', ['bank-a', 'bank-b']);
  agent = await network.agent('bank-a');
  other = await network.agent('bank-b');
  const { gatewayKey } = agent.home.keys;
  users = new GatewayUsers(network.home('bank-a'), new SealedJson(gatewayKey));
  keys.alice = await users.add('alice', [...SCOPES, 'approve']);
  keys.bob = await users.add('bob', ['approve']);
  keys.nobody = await users.add('nobody', []);
  const log = createLogger('gateway', {
    level: 'info',
    destination: { write: (line: string) => void logged.push(line) },
  });
  gateway = await openGateway(agent, {
    ...{ home: network.home('bank-a'), key: gatewayKey, log, version: '0.0.0' },
    ...{ host: 'localhost', port: 0, prover: witnessProver(), requestTimeoutMs: 2_000 },
  });
  following = agent.follow(gateway.notify, stop.signal);
});
afterAll(async () => {
  stop.abort();
  await following;
  await gateway?.close();
  await network?.stop();
});

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: never;
}

/** What the OpenAPI document says that an answer looks like. */
const description = openApi(ROUTES, '0.0.0') as {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>
  >;
  components: { schemas: Record<string, object> };
};
const schemas = new Map<object, z.ZodType>();
function described(method: string, path: string, status: number, type: string): z.ZodType {
  const route = ROUTES.find(
    (row) =>
      row.method === method &&
      new RegExp(`^${row.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?')[0]!),
  );
  const documented = route?.path ?? path;
  const responses = description.paths[documented]?.[method.toLowerCase()]?.responses;
  const { content } = responses?.[status] ?? responses?.['default'] ?? PROBLEM;
  const { schema } = content[type]!;
  const known = schemas.get(schema);
  if (known) return known;
  const whole = JSON.parse(
    JSON.stringify({ ...schema, $defs: description.components.schemas }).replaceAll(
      '#/components/schemas/',
      '#/$defs/',
    ),
  ) as Parameters<typeof z.fromJSONSchema>[0];
  const made = z.fromJSONSchema(whole);
  schemas.set(schema, made);
  return made;
}
const PROBLEM: { content: Record<string, { schema: object }> } = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Asks, and holds the answer to the OpenAPI document. */
async function ask(
  method: string,
  path: string,
  options: {
    key?: string;
    body?: Uint8Array | string | object;
    headers?: Record<string, string>;
    port?: number;
  } = {},
): Promise<Answered> {
  const { key = keys.alice, body, headers = {}, port = gateway.port } = options;
  const bytes =
    body === undefined || body instanceof Uint8Array || typeof body === 'string'
      ? body
      : JSON.stringify(body);
  const sent = httpRequest({
    ...{ host: 'localhost', port, method, path, agent: false },
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body !== undefined && bytes !== body ? { 'content-type': 'application/json' } : {}),
      ...(bytes === undefined ? {} : { 'content-length': Buffer.byteLength(bytes) }),
      ...headers,
    },
  });
  sent.end(bytes);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const status = response.statusCode!;
  const value = JSON.parse(text) as never;
  const type = String(response.headers['content-type']);
  expect(type).toBe(status < 400 ? 'application/json' : 'application/problem+json');
  if (path.startsWith('/')) {
    const held = described(method, path, status, type).safeParse(value);
    expect(held.error?.issues, `${method} ${path} ${status}`).toBeUndefined();
  }
  expect(response.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(response.headers['access-control-allow-origin']).toBeUndefined();
  return { status, headers: response.headers, body: value };
}

/** Sends bytes as they are; answers all that came back until the connection ended. */
async function raw(...parts: (string | number)[]): Promise<string> {
  const socket = connect(gateway.port, 'localhost');
  let got = '';
  socket.setEncoding('utf8').on('data', (text: string) => (got += text));
  socket.on('error', () => undefined);
  for (const part of parts) {
    if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part));
    else if (!socket.destroyed) socket.write(part);
  }
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 8_000).unref())]);
  expect(socket.closed).toBe(true);
  return got;
}
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
const head = (method: string, path: string, ...more: string[]) =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${keys.alice}`,
    ...more,
    '',
    '',
  ].join('\r\n');

/** Of a time before there were keys. */
const headAt = (...parts: Parameters<typeof head>) => head(...parts).replace('Bearer ', 'Bearer KEY');

/** The events of a stream, until so many have come. */
async function events(
  count: number,
  lastId?: string,
  path = '/v1/events',
): Promise<{ id: string; data: { index: number; event: string } }[]> {
  const sent = httpRequest({
    ...{ host: 'localhost', port: gateway.port, path, agent: false },
    headers: {
      authorization: `Bearer ${keys.alice}`,
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
  });
  sent.on('error', () => undefined).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  let text = '';
  const found: { id: string; data: { index: number; event: string } }[] = [];
  response.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => {
      text += String(chunk);
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const [, id, event, data] = /^id: (.+)\nevent: (.+)\ndata: (.+)$/.exec(block) ?? [];
        if (id === undefined) continue;
        const value = JSON.parse(data!) as { index: number; event: string };
        expect(value.event).toBe(event);
        described('GET', path, 200, 'text/event-stream').parse(value);
        found.push({ id, data: value });
      }
      if (found.length >= count) resolve();
    });
  });
  sent.destroy();
  return found;
}

describe('who may do what', () => {
  const filled = (path: string) =>
    path.replace('{entry}', '0').replace('{other}', '1').replace('{order}', '0'.repeat(32));

  it.each(ROUTES.map(({ method, path, scope }) => [method, path, scope] as const))(
    '%s %s takes a key, and the scope %s',
    async (method, path, scope) => {
      const none = await ask(method, filled(path), { key: '' });
      // Wrong keys are limited: both refuse.
      expect([401, 429]).toContain(none.status);
      expect(none.body).toMatchObject({ code: none.status === 401 ? 'permission_denied' : 'quota_exceeded' });
      if (scope === 'any') return;
      expect(await ask(method, filled(path), { key: keys.nobody })).toMatchObject({
        ...{ status: 403, body: { code: 'permission_denied', detail: `this takes the scope ${scope}` } },
      });
    },
  );

  it('says nothing of paths to who has no key, and lets nobody guess for long', async () => {
    const wrong = `csg_${'A'.repeat(43)}`;
    const statuses = new Set<number>();
    for (let i = 0; i < 15; i++) statuses.add((await ask('GET', `/v1/x${i}`, { key: wrong })).status);
    expect([...statuses].at(-1)).toBe(429);
    // Who has a key is not kept out by somebody else's guesses.
    expect((await ask('GET', '/v1/entries')).status).toBe(200);
  });

  it('ends with the user', async () => {
    const key = await users.add('carol', ['read']);
    expect((await ask('GET', '/v1/entries', { key })).status).toBe(200);
    const stream = await fetch(`http://localhost:${gateway.port}/v1/events`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(stream.status).toBe(200);
    await users.remove('carol');
    await gateway.notify();
    // Ends, instead of going on with what comes.
    expect(await stream.text()).not.toContain('data:');
    expect([401, 429]).toContain((await ask('GET', '/v1/entries', { key })).status);
  });
});

describe('requests that no honest program sends', () => {
  it.each([
    ['a name that was made to resolve here', { host: 'evil.example' }, 421],
    ['a name that begins as ours', { host: 'localhost.evil.example' }, 421],
    ['an address of another machine', { host: '192.0.2.1:80' }, 421],
    ['a web page', { origin: 'https://evil.example' }, 403],
    ['a page of this machine', { origin: 'http://localhost:3000' }, 403],
    ['no origin, of a page all the same', { origin: 'null' }, 403],
    ['a page without Origin', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a browser with a cookie', { cookie: 'a=b' }, 403],
  ])('%s', async (_, headers, status) => {
    expect(await ask('GET', '/v1/entries', { headers })).toMatchObject({
      ...{ status, body: { code: 'permission_denied' } },
    });
    expect((await ask('GET', '/openapi.json', { headers })).status).toBe(status);
  });

  it.each([
    [
      'both lengths',
      headAt('POST', '/v1/check', 'Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    ],
    ['two lengths', headAt('POST', '/v1/check', 'Content-Length: 4', 'Content-Length: 5') + 'abcde'],
    ['a length that is none', headAt('POST', '/v1/check', 'Content-Length: +4') + 'abcd'],
    ['an encoding that is none', headAt('POST', '/v1/check', 'Transfer-Encoding: xchunked') + '0\r\n\r\n'],
    ['a space before the colon', headAt('POST', '/v1/check', 'Content-Length : 4') + 'abcd'],
    ['a folded header', headAt('GET', '/v1/entries', 'X-A: b', ' c')],
    ['bare line feeds', headAt('GET', '/v1/entries').replaceAll('\r\n', '\n')],
    ['two hosts', headAt('GET', '/v1/entries', 'Host: localhost')],
    ['two keys', headAt('GET', '/v1/entries', 'Authorization: Bearer x')],
    ['no host', headAt('GET', '/v1/entries').replace('Host: localhost\r\n', '')],
    [
      'a chunk of no size',
      headAt('POST', '/v1/check', 'Transfer-Encoding: chunked') + 'zz\r\nabc\r\n0\r\n\r\n',
    ],
    ['another server', headAt('GET', 'http://localhost/v1/entries')],
    [
      'a compressed body',
      headAt('POST', '/v1/check', 'Content-Encoding: gzip', 'Content-Length: 2') + 'ab',
      415,
    ],
    ['a body of a GET', headAt('GET', '/v1/entries', 'Content-Length: 2') + 'ab'],
    ['a header without end', headAt('GET', '/v1/entries', `X-A: ${'a'.repeat(20_000)}`), 431],
  ])('%s', async (_, before, status = 400) => {
    const text = before.replace('KEY', keys.alice);
    // What follows on the connection must not be taken for a second request.
    const answered = await raw(text + head('GET', '/v1/card'));
    expect(statusOf(answered)).toBe(status);
    expect(answered.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('a path that leads elsewhere', async () => {
    for (const path of [
      ...['/v1/../v1/entries', '/v1/entries/../../etc/passwd', '/v1/entries/%2e%2e%2fx', '//v1/entries'],
      ...['/v1/entries/', '/v1//entries', '/V1/entries', '/v1/entries%00', '/v1/orders/..%2f..%2fx/approve'],
    ]) {
      const { status, body } = await ask('GET', path);
      expect([400, 404, 405]).toContain(status);
      expect(body).toMatchObject({ code: status === 404 ? 'not_found' : 'invalid_argument' });
    }
    for (const path of [
      '/v1/entries/-1',
      '/v1/entries/1e3',
      '/v1/entries/0x1',
      '/v1/entries/9999999999999999',
    ])
      expect(await ask('GET', path)).toMatchObject({
        status: 400,
        body: { code: 'invalid_argument', field: 'entry' },
      });
    expect((await ask('DELETE', '/v1/entries')).status).toBe(405);
    expect(await ask('GET', '/v1/matches?open=true&open=false')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/v1/matches?__proto__=x')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/v1/matches?closed=true')).toMatchObject({
      status: 400,
      body: { field: 'closed' },
    });
  });

  it('bodies that are too large, announced or not, or never end', async () => {
    const limit = 16 * 1024 * 1024;
    const announced = await raw(head('POST', '/v1/check', `Content-Length: ${limit + 1}`));
    expect(statusOf(announced)).toBe(413);
    const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
    const streamed = await raw(
      head('POST', '/v1/check', 'Transfer-Encoding: chunked'),
      ...Array.from({ length: 18 }, () => chunk),
    );
    expect([413, NaN]).toContain(statusOf(streamed));
    expect(streamed).not.toContain(' 200 ');
    // Nobody without a key has a body read.
    const keyless = head('POST', '/v1/check', `Content-Length: ${limit}`).replace(/Authorization.*\r\n/, '');
    expect([401, 429]).toContain(statusOf(await raw(keyless)));
    // Too slow: the header, and the body.
    expect(statusOf(await raw('GET /v1/entries HTTP/1.1\r\nHost: local', 200))).toBe(408);
    expect(statusOf(await raw(head('POST', '/v1/check', 'Content-Length: 1000'), 'a', 300, 'b'))).toBe(408);
    const json = 'x'.repeat(600 * 1024);
    expect((await ask('POST', '/v1/entries/0/engage', { body: { accept: [json] } })).status).toBe(413);
  });

  it('bodies that are not what they must be', async () => {
    const json = { 'content-type': 'application/json' };
    for (const body of [
      '{',
      '',
      '[]',
      'null',
      '{"accept":["unique"],"accept2":1}',
      '{"accept":[]}',
      '{"accept":["all"]}',
      Buffer.from([0x7b, 0xff, 0x7d]),
    ])
      expect(await ask('POST', '/v1/entries/0/engage', { body, headers: json })).toMatchObject({
        ...{ status: 400, body: { code: 'invalid_argument' } },
      });
    expect(await ask('POST', '/v1/entries/0/engage', { body: '{}' })).toMatchObject({ status: 415 });
    const form = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await ask('POST', '/v1/check', { body: invoice, headers: form })).toMatchObject({ status: 415 });
    expect(await ask('POST', '/v1/check', { body: 'no document' })).toMatchObject({
      ...{ status: 415, body: { code: 'unsupported_format' } },
    });
    expect(await ask('POST', '/v1/check', { body: invoice.subarray(0, 900) })).toMatchObject({
      ...{ status: 422, body: { code: 'invalid_document' } },
    });
    expect(await ask('POST', '/v1/check?purpose=nothing', { body: invoice })).toMatchObject({ status: 404 });
  });

  it('bodies in which whoever walks through them falls', async () => {
    const headers = { 'content-type': 'application/json' };
    const deep = (depth: number) =>
      `{"receipt":{"format":"counterseal-receipt","a\\"[":"[[{","b":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    for (const depth of [63, 1_000, 100_000])
      expect(await ask('POST', '/v1/receipts/verify', { body: deep(depth), headers })).toMatchObject({
        ...{ status: 400, body: { code: 'invalid_argument' } },
      });
    const { body } = await ask('POST', '/v1/receipts/verify', { body: deep(63), headers });
    expect(body).toMatchObject({ detail: 'the body is deeper than 64 lists and objects' });
    expect((await ask('POST', '/v1/receipts/verify', { body: deep(62), headers })).body).not.toMatchObject({
      detail: 'the body is deeper than 64 lists and objects',
    });
  });

  it('an Idempotency-Key that is none, or where it would mean nothing', async () => {
    const body = { accept: ['unique'] };
    for (const key of ['', 'a b', 'a'.repeat(201), '\u00e9'])
      expect(
        await ask('POST', '/v1/entries/0/engage', { body, headers: { 'idempotency-key': key } }),
      ).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
    expect(
      await ask('POST', '/v1/check', { body: invoice, headers: { 'idempotency-key': 'a' } }),
    ).toMatchObject({ status: 400 });
    const twice = head('POST', '/v1/entries/0/settle', 'Idempotency-Key: a', 'Idempotency-Key: b');
    expect(statusOf(await raw(twice))).toBe(400);
  });
});

describe('a member over HTTP', () => {
  it('checks, registers once, engages with four eyes, and hears of others', async () => {
    const checked = await ask('POST', '/v1/check', { body: invoice });
    expect(checked).toMatchObject({ status: 200, body: { verdict: 'unique', document: { kind: 380 } } });
    // The same document twice at a time, in two formats: one entry.
    const both = await Promise.all(
      [invoice, sameInvoice].map((body) => ask('POST', '/v1/entries?purpose=finance', { body })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
    for (const { body } of both) expect(body).toMatchObject({ sequence: 0, verdict: 'unique' });
    expect(await ask('GET', '/v1/entries')).toMatchObject({ body: [{ entry: 0, state: 'registered' }] });
    expect(await ask('GET', '/v1/entries/0')).toMatchObject({ body: { now: { verdict: 'unique' } } });
    expect(await ask('GET', '/v1/entries/7')).toMatchObject({ status: 404, body: { field: 'entry' } });

    const asked = await ask('POST', '/v1/entries/0/engage', { body: { accept: ['unique'] } });
    expect(asked).toMatchObject({ status: 202, body: { state: 'pending', requestedBy: { name: 'alice' } } });
    const { id } = asked.body as { id: string };
    expect(await ask('POST', `/v1/orders/${id}/approve`)).toMatchObject({
      ...{ status: 403, body: { code: 'permission_denied' } },
    });
    expect(await ask('GET', `/v1/orders/${id}`, { key: keys.nobody })).toMatchObject({ status: 404 });
    expect(await ask('GET', '/v1/orders', { key: keys.nobody })).toMatchObject({ status: 200, body: [] });
    expect(await ask('GET', '/v1/orders?open=true', { key: keys.bob })).toMatchObject({ body: [{ id }] });
    const twice = await Promise.all(
      [0, 1].map(() => ask('POST', `/v1/orders/${id}/approve`, { key: keys.bob })),
    );
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await ask('GET', `/v1/orders/${id}`)).toMatchObject({
      body: { state: 'done', decision: { by: { name: 'bob' } }, outcome: { result: { state: 'engaged' } } },
    });

    const withdrawn = await ask('POST', '/v1/entries/0/cancel', { body: { reason: 'withdrawn' } });
    expect(withdrawn).toMatchObject({ status: 409, body: { code: 'rejected' } });
    const settle = (await ask('POST', '/v1/entries/0/settle')).body as { id: string };
    expect(await ask('POST', `/v1/orders/${settle.id}/reject`, { key: keys.bob })).toMatchObject({
      body: { state: 'rejected' },
    });
    expect(await ask('POST', `/v1/orders/${settle.id}/approve`, { key: keys.bob })).toMatchObject({
      status: 409,
    });

    const { document, fileHash } = await (await import('../../src/agent/index.js')).parseDocument(invoice);
    await other.register(document, fileHash, 'finance', witnessProver());
    const all = await events(2);
    expect(all.map(({ data }) => data.event)).toEqual(['own-acted', 'registered-again']);
    expect(await events(1, all[0]!.id)).toEqual([all[1]]);
    // A stream that is at the end hears what comes.
    const next = events(1, all[1]!.id);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.cancel(1);
    expect(await next).toMatchObject([{ data: { event: 'other-acted', other: 1, state: 'cancelled' } }]);
    expect(await ask('GET', '/v1/events', { headers: { 'last-event-id': 'x' } })).toMatchObject({
      status: 400,
    });

    expect(await ask('GET', '/v1/matches?entry=0')).toMatchObject({ body: [{ other: 1, resolution: null }] });
    expect((await ask('POST', '/v1/check', { body: sameInvoice })).body).toMatchObject({
      matches: [
        { sequence: 0, own: true },
        { sequence: 1, via: 'exact', possession: 'unknown' },
      ],
    });
    expect((await ask('GET', '/v1/entries/0')).body).toMatchObject({
      now: { matches: [{ sequence: 1 }] },
      fingerprints: [{ label: 'unmatched' }],
    });
    const resolved = await ask('POST', '/v1/matches/0/resolve', {
      body: { as: 'same', reason: 'seen both' },
    });
    expect(resolved).toMatchObject({ body: { resolution: { user: 'gateway/alice', as: 'same' } } });

    const shared = await ask('POST', '/v1/entries/0/share', { body: { card: other.card(), named: false } });
    const { id: share } = shared.body as { id: string };
    const opened = await ask('POST', `/v1/orders/${share}/approve`, { key: keys.bob });
    const { outcome } = opened.body as { outcome: { result: { share: string } } };
    expect((await other.openShared(outcome.result.share)).entry).toBe(0);

    const receipt = (await ask('GET', '/v1/entries/0/receipt')).body;
    expect(await ask('POST', '/v1/receipts/verify', { body: { receipt } })).toMatchObject({
      body: { entry: 0, firstHolder: 0 },
    });
    expect((await ask('POST', '/v1/entries/0/release')).body).toMatchObject({ state: 'released' });

    const { records, problems } = await agent.readAudit();
    expect(problems).toEqual([]);
    expect(
      records.map(({ command, user, approvedBy, result }) => [command, user, approvedBy, result]),
    ).toEqual(
      expect.arrayContaining([
        ['document check', 'gateway/alice', undefined, 'unique'],
        ['entry engage', 'gateway/alice', 'gateway/bob', 'engaged'],
        ['entry settle', 'gateway/alice', undefined, 'rejected by gateway/bob'],
      ]),
    );
  });

  it('shows fingerprints, draws and reveals itself with four eyes, and hears of mail', async () => {
    const bytes = readFileSync(
      fileURLToPath(new URL('../../examples/documents/invoice-b.ubl.xml', import.meta.url)),
    );
    const { document, fileHash } = await (await import('../../src/agent/index.js')).parseDocument(bytes);
    const registered = await ask('POST', '/v1/entries?purpose=finance', { body: bytes });
    const { sequence: own } = registered.body as { sequence: number };
    const proving = { prover: witnessProver(), onProgress: () => undefined };
    const { sequence: theirs } = await other.register(document, fileHash, 'finance', proving.prover);
    const approved = async (path: string, body?: object) => {
      const asked = await ask('POST', path, body === undefined ? {} : { body });
      expect(asked).toMatchObject({ status: 202, body: { state: 'pending' } });
      const { id } = asked.body as { id: string };
      expect((await ask('POST', `/v1/orders/${id}/approve`)).status).toBe(403);
      const done = await ask('POST', `/v1/orders/${id}/approve`, { key: keys.bob });
      return (done.body as { outcome: object }).outcome;
    };

    const fingerprints = `/v1/entries/${own}/fingerprints`;
    expect(await ask('POST', fingerprints, { body: { name: 'possession' } })).toMatchObject({
      ...{ status: 200, body: [{ sequence: own, label: 'unmatched' }] },
    });
    expect(await ask('POST', fingerprints, { body: { name: 'possession' } })).toMatchObject({
      body: [{ existed: true }],
    });
    expect(await ask('POST', fingerprints, { body: { name: 'nothing' } })).toMatchObject({
      ...{ status: 400, body: { code: 'invalid_argument', field: 'name' } },
    });
    const before = (await agent.eventsAfter()).events.length;
    await other.showFingerprint(theirs, { name: 'possession' }, proving);
    // An event of another kind goes through the stream, and is as the description says.
    const heard = await events(before + 1, undefined, '/v1/events?all=true');
    expect(heard.at(-1)!.data).toMatchObject({ event: 'fingerprint-shared', entry: own, other: theirs });

    const draw = `/v1/entries/${own}/draw`;
    const ten = { slot: 'amount', value: '10.00' };
    for (const [body, status, code] of [
      [{ ...ten, slot: 'packages' }, 400, 'invalid_argument'],
      [{ ...ten, value: '0' }, 400, 'invalid_argument'],
      [{ ...ten, value: '-10' }, 400, 'invalid_argument'],
      [{ ...ten, value: '10.00 USD' }, 400, 'invalid_argument'],
      [{ ...ten, entry: 0 }, 400, 'invalid_argument'],
    ] as const)
      expect(await ask('POST', draw, { body })).toMatchObject({ status, body: { code } });
    expect(await ask('GET', `/v1/entries/${own}/capacity`)).toMatchObject({ body: { status: 'not-open' } });
    // Two of the same amount at a time are two draws.
    const drawn = await Promise.all([approved(draw, ten), approved(draw, ten)]);
    expect(drawn).toMatchObject([
      { outcome: 'done', result: { outcome: 'drawn', asked: '10.00 EUR' } },
      { outcome: 'done', result: { outcome: 'drawn', asked: '10.00 EUR' } },
    ]);
    const { body: left } = await ask('GET', `/v1/entries/${own}/capacity`);
    expect(left).toMatchObject({
      status: 'open',
      draws: [{ own: true, drawn: '10.00 EUR' }, { units: '1000' }],
    });

    const between = `/v1/matches/${own}/with/${theirs}`;
    expect(await ask('POST', `${between}/messages`, { body: { text: '\ud800' } })).toMatchObject({
      ...{ status: 400, body: { field: 'text' } },
    });
    expect(await ask('POST', `${between}/messages`, { body: { text: 'Yours?' } })).toMatchObject({
      ...{ status: 200, body: { direction: 'sent', kind: 'text' } },
    });
    await other.message(theirs, own, Buffer.from('Ours.'), proving);
    await other.reveal(theirs, own, { showCard: false }, proving);
    const mail = await events(2, undefined, '/v1/mail');
    expect(mail).toMatchObject([
      { data: { event: 'message', kind: 'text', entry: own, other: theirs } },
      { data: { event: 'reveal-requested' } },
    ]);
    expect(new Set(mail.map(({ id }) => id)).size).toBe(2);
    expect(await events(1, mail[0]!.id, '/v1/mail')).toEqual([mail[1]]);
    // The card does not leave by the way that takes one user.
    expect(await ask('POST', `${between}/reveal-offer`)).toMatchObject({
      ...{ status: 403, body: { code: 'permission_denied', field: 'showCard' } },
    });
    expect((await other.conversation(theirs, own)).reveal.other).toBeNull();
    expect(await approved(`${between}/reveal`)).toMatchObject({ result: { kind: 'reveal' } });
    expect((await other.conversation(theirs, own)).reveal.other).not.toBeNull();
    const next = events(1, mail[1]!.id, '/v1/mail');
    await other.reveal(theirs, own, { showCard: true }, proving);
    expect(await next).toMatchObject([
      { data: { event: 'revealed', memberId: expect.any(String) as string } },
    ]);
    expect((await ask('GET', between)).body).toMatchObject({
      messages: [{ text: 'Yours?', acknowledged: true }, { text: 'Ours.' }, {}, {}, {}],
      reveal: { shown: true, offered: { own: false, other: true } },
    });

    const notes = (await agent.readAudit()).records.map(({ command, user, approvedBy, entry, result }) => [
      ...[command, user, approvedBy, entry, result],
    ]);
    const [alice, bob] = ['gateway/alice', 'gateway/bob'];
    expect(notes).toEqual(
      expect.arrayContaining([
        ['entry fingerprint', alice, undefined, own, 'possession: unmatched'],
        ['entry draw', alice, bob, own, 'drawn'],
        ['match message', alice, undefined, own, `${theirs}: text`],
        ['match reveal', alice, bob, own, `${theirs}: reveal`],
      ]),
    );
  });

  it('asks for cross-checks, and takes no others for answers', async () => {
    expect(await ask('POST', '/v1/compare', { body: invoice })).toMatchObject({
      ...{ status: 404, body: { code: 'not_found' } },
    });
    const rules = { rules: 'policy/ends-before@1', subjects: [0], values: { endDate: '2026-01-01' } };
    for (const [path, body, status, code] of [
      ['requests', { ...rules, rules: 'nothing@1' }, 404, 'not_found'],
      ['requests', rules, 400, 'invalid_argument'],
      ['requests', { ...rules, values: { nothing: 'x' } }, 400, 'invalid_argument'],
      ['results', { request: '{}', a: { from: 'own', entry: 0 } }, 400, 'invalid_argument'],
      ['results', { request: '{}', a: { from: 'file', path: '/etc/passwd' } }, 400, 'invalid_argument'],
      [
        'results',
        { request: '{}', a: { from: 'document', document: 'bm9uZQ==' } },
        415,
        'unsupported_format',
      ],
      ['verify', { request: '{}', result: '{}' }, 400, 'invalid_argument'],
    ] as const)
      expect(await ask('POST', `/v1/crosschecks/${path}`, { body })).toMatchObject({
        status,
        body: { code },
      });
  });

  it('takes an order once, however often it is asked for with one key', async () => {
    const engage = (key: string, accept: string[], who = keys.alice) =>
      ask('POST', '/v1/entries/0/engage', {
        ...{ key: who, body: { accept }, headers: { 'idempotency-key': key } },
      });
    const same = await Promise.all([1, 2, 3].map(() => engage('one', ['unique'])));
    const [{ id }] = same.map(({ body }) => body as { id: string }) as [{ id: string }];
    for (const answer of same) expect(answer).toMatchObject({ status: 202, body: { id, state: 'pending' } });
    expect(await engage('one', ['duplicate'])).toMatchObject({
      ...{ status: 409, body: { code: 'already_exists', field: 'Idempotency-Key' } },
    });
    const carol = await users.add('carol', ['engage', 'read']);
    const other = await engage('one', ['unique'], carol);
    expect(other).toMatchObject({ status: 202, body: { requestedBy: { name: 'carol' } } });
    expect((other.body as { id: string }).id).not.toBe(id);
    await ask('POST', `/v1/orders/${id}/reject`, { key: keys.bob });
    // What became of it, and no second one.
    expect(await engage('one', ['unique'])).toMatchObject({ status: 202, body: { id, state: 'rejected' } });
    await users.remove('carol');
  });

  it('is described', async () => {
    const { body } = await ask('GET', '/openapi.json', { key: '' });
    expect(body).toEqual(JSON.parse(JSON.stringify(description)));
    const listed = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(listed.sort()).toEqual([...served, 'GET /healthz', 'GET /openapi.json'].sort());
    const ids = Object.values(description.paths).flatMap((methods) =>
      Object.values(methods).map((row) => (row as unknown as { operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, ref] of JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      expect(description.components.schemas).toHaveProperty(ref!);
  });

  it('logs no key, document, number or path', () => {
    const text = logged.join('');
    expect(text).toContain('"route":"/v1/entries/{entry}/engage"');
    expect(text).toContain('"user":"alice"');
    for (const secret of [...Object.values(keys), '/v1/entries/0', '/v1/x1', 'invoice', 'purpose='])
      expect(text).not.toContain(secret);
  });
});

describe('a gateway that is busy, and ends', () => {
  const example = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../../examples/documents/${name}`, import.meta.url)));
  const order = example('order.gobl.json');
  const numbered = (number: string) =>
    Buffer.from(String(invoice).replace(/<cbc:ID>[^<]+</, `<cbc:ID>${number}<`));

  /** One whose proofs wait until they are let go. */
  async function slow(endWithinMs: number) {
    let release!: () => void;
    let began!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const proving = new Promise<void>((resolve) => (began = resolve));
    const prover = witnessProver(() => {
      began();
      return held;
    });
    const opened = await openGateway(agent, {
      ...{ home: network.home('bank-a'), key: agent.home.keys.gatewayKey, version: '0.0.0', prover },
      ...{ host: 'localhost', port: 0, hosts: ['api.example.com'], endWithinMs },
      log: createLogger('gateway', { level: 'silent' }),
    });
    return { ...opened, release, proving };
  }

  /** An engagement that one user asks for and bob approves: begun, and waiting for its turn. */
  async function approvedEngagement(port: number, key: string) {
    const asked = await ask('POST', '/v1/entries/0/engage', { port, key, body: { accept: ['unique'] } });
    const { id } = asked.body as { id: string };
    const approved = ask('POST', `/v1/orders/${id}/approve`, { port, key: keys.bob });
    for (let state = ''; state !== 'running';)
      ({ state } = (await ask('GET', `/v1/orders/${id}`, { port, key: keys.bob })).body as { state: string });
    return { approved };
  }

  it('answers what it has begun and begins nothing more, and serves others until then', async () => {
    const { port, release, proving, close } = await slow(20_000);
    const carol = await users.add('carol', ['engage', 'read']);
    const began = ask('POST', '/v1/entries?purpose=finance', { port, body: order });
    await proving;
    const waits = ask('POST', '/v1/entries?purpose=finance', { port, body: numbered('GW-1') });
    // Approved while both may, and carried out, were it now, by people of whom one may not.
    const { approved } = await approvedEngagement(port, carol);
    const stream = await fetch(`http://localhost:${port}/v1/events`, {
      headers: { authorization: `Bearer ${carol}` },
    });
    expect((await ask('GET', '/healthz', { port, key: '' })).status).toBe(200);
    expect((await ask('POST', '/v1/check', { port, body: invoice })).status).toBe(200);

    const closed = close();
    expect(await stream.text()).toMatch(/: the gateway is ending\nretry: 5000\n\n$/);
    await expect(ask('GET', '/healthz', { port, key: '' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    release();
    expect(await began).toMatchObject({ status: 201, body: { verdict: 'unique' } });
    expect(await waits).toMatchObject({
      ...{ status: 503, headers: { 'retry-after': '5', connection: 'close' }, body: { code: 'unavailable' } },
    });
    expect(await approved).toMatchObject({
      body: { state: 'failed', outcome: { result: { problem: { code: 'unavailable' } } } },
    });
    await users.remove('carol');
    await closed;
    await close();
  });

  it('carries out no order of somebody who was removed while it waited for its turn', async () => {
    const { port, release, proving, close } = await slow(20_000);
    const carol = await users.add('carol', ['engage', 'read']);
    const began = ask('POST', '/v1/entries?purpose=finance', { port, body: numbered('GW-1') });
    await proving;
    const { approved } = await approvedEngagement(port, carol);
    await users.remove('carol');
    release();
    expect((await began).status).toBe(201);
    expect(await approved).toMatchObject({
      body: { state: 'failed', outcome: { result: { problem: { code: 'failed_precondition' } } } },
    });
    await close();
  });

  it('tells who cannot be answered in time, and loses nothing of it', async () => {
    const { port, release, proving, close } = await slow(50);
    const body = numbered('GW-2');
    const began = ask('POST', '/v1/entries?purpose=finance', { port, body });
    await proving;
    const closed = close();
    expect(await began).toMatchObject({
      ...{ status: 503, headers: { 'retry-after': '5' }, body: { code: 'unavailable' } },
    });
    await closed;
    release();
    // By another gateway of the folder, whatever the first one made of it.
    expect([200, 201]).toContain((await ask('POST', '/v1/entries?purpose=finance', { body })).status);
  });

  it('answers to its names, and to no others', async () => {
    const { port, close } = await slow(0);
    for (const [host, status] of [
      ...[
        `localhost:${port}`,
        'LOCALHOST',
        '127.0.0.1',
        '[::1]:1',
        'api.example.com',
        'API.example.com:443',
      ].map((name) => [name, 200] as const),
      ...['example.com', 'x.api.example.com', 'api.example.com.evil.example', 'api.example.com.'].map(
        (name) => [name, 421] as const,
      ),
      ...['[::1234]', '0.0.0.0', '127.0.0.1.evil.example', 'localhost@evil.example', 'localhost:x'].map(
        (name) => [name, 421] as const,
      ),
    ])
      expect([host, (await ask('GET', '/v1/card', { port, headers: { host } })).status]).toEqual([
        host,
        status,
      ]);
    await close();
  });

  it('lets a user listen so many times, also all at once', async () => {
    const { port, close } = await slow(0);
    const streams = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`http://localhost:${port}/v1/events`, { headers: { authorization: `Bearer ${keys.alice}` } }),
      ),
    );
    const statuses = streams.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(8).fill(200), ...Array<number>(12).fill(429)]);
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
    await close();
  });
});
