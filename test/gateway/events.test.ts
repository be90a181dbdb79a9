import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EventHub, type EventSource } from '../../src/gateway/events.js';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Events without end, of ten kilobytes each; counts the pages that were asked for. */
function endless() {
  const pages = { count: 0 };
  const source: EventSource = (place) => {
    pages.count++;
    const index = (place?.index ?? 0) + 1;
    const event = {
      ...{ event: 'own-acted' as const, index, time: 'x'.repeat(10_000), entry: 0, ordered: true },
      ...{ action: 'engage', outcome: 'done' as const, state: 'engaged' as const },
    };
    return Promise.resolve({ events: [event], next: { index }, end: { index } });
  };
  return { pages, source };
}

async function listening(hub: EventHub, source: EventSource) {
  const server = createServer((_, response) => {
    const stream = {
      user: 'alice',
      source,
      from: undefined,
      all: true,
      allowed: () => Promise.resolve(true),
    };
    void hub.stream(response, stream);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return async (): Promise<IncomingMessage> => {
    const sent = request({ host: 'localhost', port: (server.address() as AddressInfo).port, agent: false });
    sent.on('error', () => undefined).end();
    closers.push(() => sent.destroy());
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    return response;
  };
}

describe('a stream of events', () => {
  it('reads no further for who takes nothing, cuts it off, and goes on for others', async () => {
    const { pages, source } = endless();
    const stuck = await (await listening(new EventHub(300), source))();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const read = pages.count;
    await new Promise((resolve) => setTimeout(resolve, 100));
    // As many as there is room for on the way, and no more.
    expect(pages.count).toBe(read);
    const hub = new EventHub(300);
    const other = await (await listening(hub, endless().source))();
    let events = 0;
    await new Promise<void>((resolve) =>
      other.on('data', (chunk: Buffer) => {
        events += String(chunk).split('\nevent: ').length - 1;
        if (events > 50) resolve();
      }),
    );
    hub.close();
    stuck.resume();
    const [error] = (await once(stuck, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(pages.count).toBe(read);
  });
});
