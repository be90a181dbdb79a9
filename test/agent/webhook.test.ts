import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../src/agent/index.js';
import {
  parseWebhookSecret,
  parseWebhookUrl,
  signWebhook,
  Webhook,
  type WebhookOptions,
} from '../../src/agent/webhook.js';
import { code } from '../helpers/vectors.js';

const KEY = Buffer.alloc(32, 7);
const SECRET = parseWebhookSecret(`whsec_${KEY.toString('base64')}\n`);
const EVENT: WatchEvent = {
  ...{ index: 5, time: '2025-03-03T10:30:00.000Z', entry: 1, other: 2 },
  ...{ event: 'registered-again', via: 'exact', verdict: 'duplicate' },
};

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver that answers as it is told, one answer for each call, the last for all others. */
async function receiver(...answers: RequestListener[]): Promise<{ url: URL; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      answers[Math.min(calls.length, answers.length) - 1]!(request, response);
    })();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: parseWebhookUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`), calls };
}
const answer =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('whatever');
const silence: RequestListener = () => undefined;
const hangUp: RequestListener = (request) => request.socket.destroy();

const webhook = (url: URL, options: Partial<WebhookOptions> = {}) =>
  new Webhook({ url, secret: SECRET, networkId: 'net', pauseMinMs: 1, timeoutMs: 200, ...options });

describe('a webhook', () => {
  it('posts an event as JSON, signed over its id, time and body', async () => {
    const { url, calls } = await receiver(answer(204));
    await webhook(url).deliver(EVENT);
    const [{ headers, body }] = calls as [Call];
    expect(JSON.parse(body)).toEqual({
      ...{ type: 'registered-again', timestamp: EVENT.time, network: 'net', data: EVENT },
    });
    expect(headers['content-type']).toBe('application/json');
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
    const expected = createHmac('sha256', KEY).update(`${String(id)}.${String(timestamp)}.${body}`);
    expect(signature).toBe(`v1,${expected.digest('base64')}`);
  });

  it('tries again after every kind of failure, with the id that it had, until it is taken', async () => {
    const { url, calls } = await receiver(
      answer(500),
      answer(302, { location: 'http://127.0.0.1:1/' }),
      answer(404),
      hangUp,
      silence,
      answer(200),
    );
    const troubles: string[] = [];
    await webhook(url, { onTrouble: (why) => troubles.push(why) }).deliver(EVENT);
    expect(troubles).toEqual([
      'the receiver answered 500',
      'the receiver answered 302',
      'the receiver answered 404',
      'the receiver cannot be reached',
      'the receiver did not answer in time',
    ]);
    expect(calls).toHaveLength(6);
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    // Another process, later: the same event; another event is another one.
    await webhook(url).deliver({ ...EVENT, resolved: 'different' } as WatchEvent);
    await webhook(url).deliver({ ...EVENT, other: 3 } as WatchEvent);
    const ids = calls.map(({ headers }) => headers['webhook-id']);
    expect(ids[6]).toBe(ids[0]);
    expect(ids[7]).not.toBe(ids[0]);
  });

  it('is not led elsewhere: neither call nor signature goes where a redirect points', async () => {
    const elsewhere = await receiver(answer(200));
    const { url, calls } = await receiver(
      ...[301, 302, 303, 307, 308].map((status) => answer(status, { location: elsewhere.url.href })),
      answer(200),
    );
    await webhook(url).deliver(EVENT);
    expect(calls).toHaveLength(6);
    expect(elsewhere.calls).toEqual([]);
  });

  it('has a time of its own for each try, and a signature that holds for that one alone', async () => {
    const { url, calls } = await receiver(answer(429, { 'retry-after': '1' }), answer(200));
    await webhook(url).deliver(EVENT);
    const [first, second] = calls.map(({ headers }) => headers) as [IncomingHttpHeaders, IncomingHttpHeaders];
    const time = ({ 'webhook-timestamp': at }: IncomingHttpHeaders) => String(at);
    expect(Number(time(second))).toBeGreaterThan(Number(time(first)));
    const { body } = calls[0]!;
    const signed = (at: string) => signWebhook(SECRET, String(first['webhook-id']), at, body);
    expect(first['webhook-signature']).toBe(signed(time(first)));
    // An old call sent again by somebody else is as old as it says.
    expect(first['webhook-signature']).not.toBe(signed(time(second)));
  });

  it('waits longer each time, and as long as it is asked to', async () => {
    const { url } = await receiver(answer(503));
    const pauses: number[] = [];
    const patient = webhook(url, { tries: 6, pauseMinMs: 8, onTrouble: (_, pause) => pauses.push(pause) });
    await expect(patient.deliver(EVENT)).rejects.toMatchObject(code('unavailable'));
    expect(pauses).toHaveLength(5);
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(4 * 2 ** i);
      expect(pause).toBeLessThanOrEqual(8 * 2 ** i + 1);
    }
    const busy = await receiver(answer(429, { 'retry-after': '1' }), answer(200));
    pauses.length = 0;
    await webhook(busy.url, { onTrouble: (_, pause) => pauses.push(pause) }).deliver(EVENT);
    expect(pauses).toEqual([1_000]);
  });

  it('ends when it is told to, and says that the event was not delivered', async () => {
    const { url } = await receiver(answer(500));
    const stop = new AbortController();
    const delivering = webhook(url, {
      pauseMinMs: 60_000,
      signal: stop.signal,
      onTrouble: () => stop.abort(),
    }).deliver(EVENT);
    await expect(delivering).rejects.toMatchObject(code('unavailable'));
  });

  it.each([
    'ftp://example.org/',
    'http://example.org/',
    'http://localhost.example.org/',
    'http://127.0.0.1.example.org/',
    'https://user:password@example.org/',
    'not a url',
  ])('does not go to %s', (url) => {
    expect(() => parseWebhookUrl(url)).toThrowError(
      expect.objectContaining({ ...code('invalid_argument'), field: 'webhook' }),
    );
  });

  it('goes to this computer, or over TLS', () => {
    for (const url of [
      'https://example.org/hook?x=1',
      'http://localhost:80/',
      'http://[::1]/',
      'http://127.0.0.1/',
    ])
      expect(parseWebhookUrl(url).href).toContain('/');
  });

  it('has a secret that cannot be guessed, and says nothing of one that is wrong', () => {
    expect(Buffer.from(SECRET)).toEqual(KEY);
    for (const wrong of [
      '',
      'secret',
      'whsec_',
      `whsec_${Buffer.alloc(23).toString('base64')}`,
      'whsec_****',
    ])
      try {
        parseWebhookSecret(wrong);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject(code('invalid_argument'));
        if (wrong.length > 6) expect(String(error)).not.toContain(wrong.slice(6));
      }
  });
});
