import { describe, expect, it } from 'vitest';
import { atOnce, inTurns, type Steps, WorkQueue } from '../../src/crypto/work-queue.js';
import { loopTurns } from '../helpers/loop-turns.js';

const busy = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('WorkQueue', () => {
  it('runs in order, gives results and errors to their callers, and goes on after both', async () => {
    const queue = new WorkQueue();
    const order: number[] = [];
    const results = await Promise.allSettled([
      queue.run(() => order.push(1)),
      queue.run(() => {
        order.push(2);
        throw new RangeError('two');
      }),
      queue.run(() => order.push(3)),
    ]);
    expect(order).toEqual([1, 2, 3]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await queue.run(() => 4)).toBe(4);
  });

  it('lets batches take turns', async () => {
    const queue = new WorkQueue();
    const order: string[] = [];
    const batch = async (name: string) => {
      for (let i = 0; i < 3; i++) await queue.run(() => order.push(name));
    };
    await Promise.all([batch('a'), batch('b')]);
    expect(order.join('')).toBe('ababab');
  });

  it('lets the event loop go on between pieces, however many callers there are', async () => {
    const queue = new WorkQueue();
    const seen: number[] = [];
    let done = 0;
    const watch = setInterval(() => seen.push(done), 0);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        queue.run(() => {
          busy(5);
          done++;
        }),
      ),
    );
    clearInterval(watch);
    // Somebody looked in between at least every few pieces: all 20 in one turn would be seen only at the end.
    expect(new Set(seen.filter((n) => n > 0 && n < 20)).size).toBeGreaterThan(4);
  });
});

describe('work in steps', () => {
  function* counting(to: number, pause = 0): Steps<number> {
    for (let i = 1; i < to; i++) {
      busy(pause);
      yield;
    }
    return to;
  }

  it('is the same at once and in turns', async () => {
    for (const to of [1, 2, 50]) {
      expect(atOnce(counting(to))).toBe(to);
      expect(await inTurns(counting(to))).toBe(to);
    }
    // eslint-disable-next-line require-yield
    const failing = function* (): Steps<never> {
      throw new RangeError('no');
    };
    await expect(inTurns(failing())).rejects.toThrow(RangeError);
  });

  it('of many at a time lets the event loop go on after each turn, and not after a turn of each', async () => {
    const turns = await loopTurns(() =>
      Promise.all(Array.from({ length: 16 }, () => inTurns(counting(9, 2)))),
    );
    // 256 ms in all; were each let have a turn of its own, all would be over after two of the loop.
    expect(turns).toBeGreaterThan(16);
  });
});
