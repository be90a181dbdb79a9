import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { poissonGap, runCover, takeDue } from '../../src/agent/cover.js';
import { NO_PRIVACY_MEASURES, PrivacyConfig } from '../../src/agent/privacy.js';
import { AgentStore } from '../../src/agent/store.js';
import { DAY_MS } from '../../src/time.js';

function store(): AgentStore {
  const folder = mkdtempSync(join(tmpdir(), 'counterseal-cover-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return new AgentStore(join(folder, 'agent.db'), new Uint8Array(32).fill(1));
}
const config = (coverPerDay: number): PrivacyConfig =>
  PrivacyConfig.parse({ coverPerDay, padEvaluationsTo: 3 });
const MINUTE = 60_000;

describe('cover requests', () => {
  it('come at times of a Poisson process: exponential gaps, of the rate that was asked for', () => {
    const gaps = Array.from({ length: 20_000 }, () => poissonGap(48) / (DAY_MS / 48));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    // Six standard deviations of the mean, and of the share beyond it, which is 1/e.
    expect(Math.abs(mean - 1)).toBeLessThan(0.045);
    expect(Math.abs(gaps.filter((gap) => gap > 1).length / gaps.length - Math.exp(-1))).toBeLessThan(0.021);
    expect(gaps.every((gap) => gap > 0 && Number.isFinite(gap))).toBe(true);
  });

  it('are one schedule for all processes, without making up for what nobody sent', async () => {
    const shared = store();
    const take = (now: number) => shared.use((session) => takeDue(session, config(48), now));
    const start = 20_000 * DAY_MS;
    const { due, next } = await take(start);
    expect(due).toBe(false);
    // A second process sees the same time, and only one of the two sends.
    expect(await take(start)).toEqual({ due: false, next });
    const both = [await take(next), await take(next)];
    expect(both.map((one) => one.due)).toEqual([true, false]);
    const later = both[1]!.next;
    // Nobody was there for ten days.
    expect((await take(later + 10 * DAY_MS)).due).toBe(false);
  });

  it('never take more than half as much again as their mean of a day, however the chance falls', async () => {
    const shared = store();
    let now = 20_000 * DAY_MS;
    const taken = new Map<number, number>();
    await shared.use((session) => {
      // Due all the time: as if every gap were a minute.
      for (let i = 0; i < 3_000; i++) {
        const day = Math.floor(now / DAY_MS);
        session.putSealed('own/cover', { day, taken: taken.get(day) ?? 0, next: now });
        if (takeDue(session, config(48), now).due) taken.set(day, (taken.get(day) ?? 0) + 1);
        now += MINUTE;
      }
    });
    expect([...taken.values()]).toEqual([72, 72, 72]);
  });

  it('stop at once when told, and are none by default', async () => {
    const sent: number[] = [];
    const evaluations = { cover: () => Promise.resolve(void sent.push(1)) } as never;
    await runCover({ store: store(), evaluations }, NO_PRIVACY_MEASURES, new AbortController().signal);
    const stop = new AbortController();
    const running = runCover({ store: store(), evaluations }, config(48), stop.signal);
    stop.abort();
    await running;
    expect(sent).toEqual([]);
  });
});

describe('privacy settings', () => {
  it('are refused where they would not do what they say, or take most of the quota', () => {
    const field = (value: object) => PrivacyConfig.safeParse(value).error?.issues[0]?.path.join('.');
    expect(PrivacyConfig.parse({})).toEqual({ submitWithinMinutes: 0, padEvaluationsTo: 1, coverPerDay: 0 });
    expect(field({ coverPerDay: 1 })).toBe('padEvaluationsTo');
    expect(field({ coverPerDay: 334, padEvaluationsTo: 3 })).toBe('coverPerDay');
    expect(field({ coverPerDay: 333, padEvaluationsTo: 3 })).toBeUndefined();
    expect(field({ padEvaluationsTo: 65 })).toBe('padEvaluationsTo');
    expect(field({ submitWithinMinutes: 721 })).toBe('submitWithinMinutes');
    expect(field({ submitWithinMinutes: 0.5 })).toBe('submitWithinMinutes');
    expect(PrivacyConfig.safeParse({ submitwithin: 5 }).success).toBe(false);
  });
});
