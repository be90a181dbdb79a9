import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMetricsAddress, serveMetrics, type MetricsServer } from '../../src/metrics/index.js';
import { code } from '../helpers/vectors.js';

let server: MetricsServer;
let reason: string | undefined;
let collected = 0;

beforeAll(async () => {
  const registry = new Registry();
  new Gauge({
    name: 'counterseal_test',
    help: 'test',
    registers: [registry],
    async collect() {
      collected++;
      await sleep(20);
      this.set(1);
    },
  });
  server = await serveMetrics(parseMetricsAddress('0'), { registry, ready: () => reason });
});
afterAll(() => server.close());

const url = (path: string) => `http://localhost:${server.port}${path}`;

/** Sends bytes as they are; answers what came back until the server ended the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect(server.port, 'localhost');
  socket.on('error', () => undefined);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  await once(socket, 'connect');
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
const statusOf = (answer: string) => answer.split('\r\n', 1)[0];
const get = (path: string, headers = 'Host: localhost') =>
  raw(`GET ${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);

describe('where metrics are served', () => {
  it.each([
    ['9464', { host: 'localhost', port: 9464 }],
    ['0', { host: 'localhost', port: 0 }],
    ['10.0.0.7:9464', { host: '10.0.0.7', port: 9464 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
    ['node.example:80', { host: 'node.example', port: 80 }],
  ])('%s', (text, address) => {
    expect(parseMetricsAddress(text)).toEqual(address);
  });

  it.each([
    '',
    ':9464',
    'localhost',
    'localhost:',
    '65536',
    '-1',
    '::1:9464',
    'a b:1',
    '1e3',
    'http://x:1',
    '9464\n',
  ])('is not %j', (text) => {
    expect(() => parseMetricsAddress(text)).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it('is no address that is taken', async () => {
    const taken = serveMetrics(
      { host: 'localhost', port: server.port },
      {
        registry: new Registry(),
        ready: () => undefined,
      },
    );
    await expect(taken).rejects.toThrow(expect.objectContaining(code('unavailable')));
  });
});

describe('the server of metrics', () => {
  it('answers', async () => {
    const response = await fetch(url('/metrics'));
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain('\ncounterseal_test 1\n');
    expect(await (await fetch(url('/healthz'))).text()).toBe('ok\n');
    expect((await fetch(url('/readyz'))).status).toBe(200);
    reason = 'not yet';
    const unready = await fetch(url('/readyz'));
    reason = undefined;
    expect([unready.status, await unready.text()]).toEqual([503, 'not yet\n']);
    const head = await fetch(url('/metrics'), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ...['/', '/../etc/passwd', '/metrics/../../etc/passwd', '/%2e%2e/secrets.json', '/metrics/', '//metrics'],
    ...['/metrics?name=x', '/metrics%00', 'http://localhost/metrics', '*', '/secrets.json', '/admin.sock'],
  ])('has nothing at %s', async (path) => {
    expect(statusOf(await get(path))).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])('takes no %s', async (method) => {
    const answer = await raw(`${method} /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer)).toBe('HTTP/1.1 405 Method Not Allowed');
  });

  it('takes no body, announced or in chunks', async () => {
    const post = (header: string) => raw(`GET /metrics HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\nX`);
    expect(statusOf(await post('Content-Length: 1000000000'))).toContain('413');
    expect(statusOf(await post('Transfer-Encoding: chunked'))).toMatch(/ (413|400) /);
    expect(statusOf(await post('Content-Length: 5\r\nTransfer-Encoding: chunked'))).toContain('400');
  });

  it('refuses a head that is too large', async () => {
    expect(statusOf(await get(`/${'a'.repeat(20_000)}`))).toContain('431');
    expect(statusOf(await get('/metrics', `Host: localhost\r\nX: ${'a'.repeat(20_000)}`))).toContain('431');
  });

  it('ends a connection that never finishes its request', async () => {
    expect(statusOf(await raw('GET /metrics HTTP/1.1\r\nHost: loc'))).toContain('408');
  }, 15_000);

  it('answers on localhost to local names only', async () => {
    for (const host of ['localhost', `localhost:${server.port}`, '127.0.0.1', '127.0.0.1:1', '[::1]:9464'])
      expect(statusOf(await get('/healthz', `Host: ${host}`))).toContain('200');
    for (const host of ['attacker.example', 'localhost.attacker.example', '10.0.0.1', '', '127.0.0.1.nip.io'])
      expect(statusOf(await get('/metrics', `Host: ${host}`))).toContain('421');
  });

  it('collects once for all who ask at a time, and bounds how many there are', async () => {
    const before = collected;
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/metrics')));
    expect(answers.filter((answer) => answer.includes('counterseal_test 1'))).toHaveLength(20);
    expect(collected - before).toBeLessThan(10);
    const sockets: Socket[] = [];
    let ended = 0;
    for (let i = 0; i < 60; i++) {
      const socket = connect(server.port, 'localhost');
      socket.on('error', () => undefined).on('close', () => ended++);
      sockets.push(socket);
    }
    while (ended < 60 - 32) await sleep(10);
    for (const socket of sockets) socket.destroy();
    while (ended < 60) await sleep(10);
    expect((await fetch(url('/healthz'))).status).toBe(200);
  });
});
