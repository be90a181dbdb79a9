import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent, type WatchEvent } from '../../src/agent/index.js';
import { agentFixture, ACCESS, PASSPHRASE } from './fixture.js';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');

const EVENT = { entry: 0, via: 'exact' };

describe('watch', () => {
  it('knows own entries by what the log says, also before whoever submitted them has had an answer', async () => {
    const { folder, register } = await agentFixture('watch-own');
    await register('invoice', { own: true });
    const agent = await Agent.open(folder, ACCESS);
    const seen: WatchEvent[] = [];
    const take = (events: readonly WatchEvent[]) => {
      seen.push(...events);
      return Promise.resolve();
    };
    // A second own entry of the same document: its record comes before its answer.
    await register('invoice', { own: true });
    await agent.watch(take);
    expect(seen).toEqual([]);
    expect((await agent.entries()).map(({ entry }) => entry.sequence)).toEqual([0, 1]);
    agent.close();
  });

  it('goes on through what comes, and ends when it is told to', async () => {
    const { folder, register, engine, author } = await agentFixture('watch-follow');
    await register('invoice', { own: true, control: 'mine' });
    const agent = await Agent.open(folder, ACCESS);
    const stop = new AbortController();
    const seen: WatchEvent[] = [];
    const enough = (count: number) =>
      new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (seen.length < count) return;
          clearInterval(timer);
          resolve();
        }, 10);
      });
    const watching = agent.watch((events) => {
      seen.push(...events);
      return Promise.resolve();
    }, stop.signal);
    await register('invoice', { control: 'theirs' });
    await enough(1);
    await engine.submit(author.shows('theirs', 1));
    await engine.submit(author.shows('mine', 0));
    await engine.submit(author.action('theirs', 1, 0, { kind: 'engage', accept: ['duplicate'] }));
    await engine.submit(author.action('mine', 0, 0, { kind: 'engage', accept: ['unique'] }));
    await engine.submit(author.action('theirs', 1, 1, { kind: 'release' }));
    await register('another');
    await enough(4);
    stop.abort();
    await watching;
    expect(seen).toMatchObject([
      { event: 'registered-again', ...EVENT, other: 1, verdict: 'duplicate' },
      { event: 'other-acted', ...EVENT, other: 1, action: 'engage', outcome: 'done', state: 'engaged' },
      {
        event: 'own-acted',
        ordered: false,
        entry: 0,
        action: 'engage',
        outcome: 'refused',
        state: 'registered',
      },
      { event: 'other-acted', ...EVENT, other: 1, action: 'release', outcome: 'done', state: 'released' },
    ]);
    agent.close();
  });

  it('that is killed between a webhook\u2019s call and its own mark calls again, with the same id, and goes on in order', async () => {
    const { folder, register } = await agentFixture('watch-killed');
    await register('invoice', { own: true });
    await register('invoice');
    await register('invoice');
    const calls: { id: unknown; other: unknown }[] = [];
    let take: () => boolean = () => true;
    const receiver = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { other: number } };
        calls.push({ id: request.headers['webhook-id'], other: data.other });
        if (take()) response.end();
      })();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void receiver.close());
    await once(receiver, 'listening');
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    writeFileSync(join(folder, 'hook.secret'), secret);
    writeFileSync(join(folder, 'passphrase'), PASSPHRASE);
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const watch = async (onStart: (child: ReturnType<typeof spawn>) => void = () => undefined) => {
      const files = [
        '--webhook-secret-file',
        join(folder, 'hook.secret'),
        '--passphrase-file',
        join(folder, 'passphrase'),
      ];
      const child = spawn(process.execPath, [
        CLI,
        'watch',
        '--once',
        '--home',
        folder,
        '--webhook',
        url,
        ...files,
      ]);
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => output.push(chunk));
      onStart(child);
      const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
      expect(Buffer.concat(output).toString()).not.toContain(secret.slice(6));
      return signal ?? status;
    };
    // The receiver has the first event, and the process never learns it.
    const killed = watch((child) => (take = () => !child.kill('SIGKILL')));
    expect(await killed).toBe('SIGKILL');
    take = () => true;
    expect(await watch()).toBe(0);
    const agent = await Agent.open(folder, ACCESS);
    await agent.watch(() => Promise.reject(new Error('there is nothing new')));
    agent.close();
    expect(calls.map(({ other }) => other)).toEqual([1, 1, 2]);
    expect(calls[1]!.id).toBe(calls[0]!.id);
    expect(calls[2]!.id).not.toBe(calls[0]!.id);
  }, 60_000);
});
