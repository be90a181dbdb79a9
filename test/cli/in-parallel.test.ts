import * as fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inParallel } from '../../src/cli/documents/in-parallel.js';

/** Ends after some turns of the event loop. */
async function turns(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await turn();
}

describe('work in parallel', () => {
  it('hands all results over in the order of the items, and never works on more than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(6), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (durations, width) => {
          const items = durations.map((duration, i) => ({ duration, i }));
          const done: number[] = [];
          let now = 0;
          let most = 0;
          let ahead = 0;
          await inParallel(
            items,
            width,
            async ({ duration, i }) => {
              most = Math.max(most, ++now);
              ahead = Math.max(ahead, i - done.length);
              await turns(duration);
              now--;
              return i;
            },
            async (i) => {
              await turns(i % 2);
              done.push(i);
            },
          );
          expect(done).toEqual(items.map(({ i }) => i));
          expect(most).toBeLessThanOrEqual(width);
          expect(ahead).toBeLessThan(4 * width + 1);
        },
      ),
    );
  });

  it('begins nothing after an error, hands over what ends after all, and throws the first', async () => {
    const begun: number[] = [];
    const done: number[] = [];
    const work = async (i: number): Promise<number> => {
      begun.push(i);
      await turns(i === 1 ? 2 : 6);
      if (i === 1 || i === 4) throw new Error(`item ${i}`);
      return i;
    };
    const items = Array.from({ length: 20 }, (_, i) => i);
    const run = inParallel(items, 3, work, (i) => Promise.resolve(void done.push(i)));
    await expect(run).rejects.toThrow('item 1');
    expect(begun).toEqual([0, 1, 2]);
    expect(done).toEqual([0, 2]);
  });

  it('stops handing over where that fails', async () => {
    const done: number[] = [];
    const run = inParallel(
      [0, 1, 2, 3, 4, 5],
      2,
      (i) => Promise.resolve(i),
      (i) => {
        if (i === 2) return Promise.reject(new Error('the disk is full'));
        done.push(i);
        return Promise.resolve();
      },
    );
    await expect(run).rejects.toThrow('the disk is full');
    expect(done).toEqual([0, 1]);
  });
});
