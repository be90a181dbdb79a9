import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CountersealError, type ErrorCode } from '../../src/errors.js';
import type { Evaluator } from '../../src/oprf/index.js';
import { unary } from '../../src/rpc/call.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { RemoteEvaluator } from '../../src/rpc/evaluator-client.js';
import { serveEvaluator } from '../../src/rpc/evaluator-server.js';
import { LedgerService } from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { RpcServer } from '../../src/rpc/transport.js';

const NETWORK = 'servers';
const log = pino({ level: 'silent' });
const atEnd: (() => unknown)[] = [];
let authority: Identity;
beforeAll(async () => {
  authority = await createAuthority(NETWORK);
});
afterAll(async () => {
  for (const end of atEnd.reverse()) await end();
});
const issue = (kind: 'node' | 'member' | 'evaluator', id: string) =>
  issueIdentity(authority, NETWORK, { kind, id }, { hosts: ['localhost'] });
async function listen(server: RpcServer, kind: 'node' | 'evaluator'): Promise<string> {
  const port = await server.listen('localhost:0', {
    authority: authority.certificate,
    identity: await issue(kind, '1'),
    clients: kind === 'node' ? 'anyone' : 'certified',
  });
  atEnd.push(() => server.close(0));
  return `localhost:${port}`;
}

describe('a ledger client with two nodes', () => {
  const calls = { first: 0, second: 0 };
  let trouble: ErrorCode = 'io';
  let addresses: string[];
  beforeAll(async () => {
    const node = (name: keyof typeof calls, answer: () => Promise<{ checkpoint: string }>) => {
      const never = unary<never, never>(log, () =>
        Promise.reject(new CountersealError('internal', 'not asked')),
      );
      const server = new RpcServer().add(LedgerService, {
        ...Object.fromEntries(Object.keys(LedgerService).map((method) => [method, never])),
        getCheckpoint: unary(log, () => {
          calls[name]++;
          return answer();
        }),
        submitTransaction: unary(log, async () => {
          calls[name]++;
          await answer();
          return { index: 7n, record: Buffer.from('record') };
        }),
      });
      return listen(server, 'node');
    };
    addresses = [
      await node('first', () => Promise.reject(new CountersealError(trouble, 'trouble'))),
      await node('second', () => Promise.resolve({ checkpoint: 'of the second' })),
    ];
  });
  const client = () => {
    const made = new LedgerClient(addresses, { networkId: NETWORK, ca: authority.certificate });
    atEnd.push(() => made.close());
    return made;
  };

  it.each<ErrorCode>(['io', 'quota_exceeded', 'unavailable', 'internal'])(
    'asks the second where the first is in trouble: %s',
    async (code) => {
      trouble = code;
      expect(await client().checkpoint()).toBe('of the second');
      expect(await client().submit(new Uint8Array(), new Uint8Array())).toMatchObject({ index: 7n });
    },
  );

  it.each<ErrorCode>(['rejected', 'invalid_argument', 'already_exists', 'data_corrupted', 'not_found'])(
    'takes the first at its word: %s',
    async (code) => {
      trouble = code;
      const before = calls.second;
      await expect(client().checkpoint()).rejects.toMatchObject({ code });
      await expect(client().submit(new Uint8Array(), new Uint8Array())).rejects.toMatchObject({ code });
      expect(calls.second).toBe(before);
    },
  );

  it('says what the last one said where all are in trouble', async () => {
    trouble = 'io';
    const both = new LedgerClient([addresses[0]!, addresses[0]!], {
      networkId: NETWORK,
      ca: authority.certificate,
    });
    atEnd.push(() => both.close());
    const before = calls.first;
    await expect(both.checkpoint()).rejects.toMatchObject({ code: 'io' });
    expect(calls.first).toBe(before + 2);
  });
});

describe('an evaluator', () => {
  it('answers eight calls of one member at once, and tells it of the ninth; others are not affected', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const waiting = { a: 0, b: 0 };
    const evaluator = {
      roundOne: async (who: 'a' | 'b') => {
        waiting[who]++;
        await released;
        return { answers: [] };
      },
    } as unknown as Evaluator;
    const server = new RpcServer();
    serveEvaluator(server, evaluator, NETWORK, log, { perSecond: 1e6, burst: 1e6 });
    const address = await listen(server, 'evaluator');
    const [a, b] = await Promise.all(
      ['a', 'b'].map(async (id) => {
        const identity = await issue('member', id);
        const client = new RemoteEvaluator(1, address, NETWORK, authority.certificate, identity);
        atEnd.push(() => client.close());
        return client;
      }),
    );
    const signal = new AbortController().signal;
    const ask = (client: RemoteEvaluator) =>
      client.roundOne({ shareEpoch: 1, blinded: [new Uint8Array(64)] }, signal);
    const eight = Array.from({ length: 8 }, () => ask(a!));
    while (waiting.a < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 3; i++) await expect(ask(a!)).rejects.toMatchObject({ code: 'quota_exceeded' });
    const other = ask(b!);
    while (waiting.b < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    expect(await Promise.all([...eight, other])).toHaveLength(9);
    // And eight again, once they were answered.
    expect(await Promise.all(Array.from({ length: 8 }, () => ask(a!)))).toHaveLength(8);
    expect(waiting).toEqual({ a: 16, b: 1 });
  });
});

describe('a service', () => {
  const script = `
    const { untilStopped } = await import(${JSON.stringify(new URL('../../dist/cli/service.js', import.meta.url).href)});
    const stopped = untilStopped();
    setInterval(() => undefined, 1e6);
    console.log('ready');
    await stopped;
    console.log('stopped');
    process.exit(0);`;
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends in an orderly way at %s', async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const closed = once(child, 'close');
    expect((await lines.next()).value).toBe('ready');
    child.kill(signal);
    expect((await lines.next()).value).toBe('stopped');
    expect(await closed).toEqual([0, null]);
  });
});
