import { describe, expect, it } from 'vitest';
import { Agent, type WatchEvent } from '../../src/agent/index.js';
import { agentFixture, ACCESS } from './fixture.js';

const EVENT = { entry: 0, via: 'exact' };

describe('watch', () => {
  it('delivers an event again when the process dies before it was taken', async () => {
    const { folder, register } = await agentFixture('watch-crash');
    await register('invoice', { own: true });
    await register('invoice');
    const agent = await Agent.open(folder, ACCESS);
    const seen: WatchEvent[][] = [];
    const crash = agent.watch((events) => {
      seen.push([...events]);
      return Promise.reject(new Error('killed'));
    });
    await expect(crash).rejects.toMatchObject({ message: 'killed' });
    const take = (events: readonly WatchEvent[]) => {
      seen.push([...events]);
      return Promise.resolve();
    };
    await agent.watch(take);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatchObject([{ event: 'registered-again', ...EVENT, other: 1 }]);
    expect(seen[1]).toEqual(seen[0]);
    await agent.watch(take);
    expect(seen).toHaveLength(2);
    agent.close();
  });

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
});
