import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { describe, expect, it } from 'vitest';
import { LevelQuotaStore, utcDay, type UtcDay } from '../../src/oprf/index.js';
import { code } from '../helpers/vectors.js';
import { quotaStore, temporaryFolder } from './helpers.js';

const request = (i: number) => new Uint8Array(createHash('sha256').update(String(i)).digest());
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => request(from + i));
const day = (s: string) => s as UtcDay;
const charge = (requests: Uint8Array[], changed: object = {}) => ({
  member: 'm',
  day: day('2025-03-01'),
  limit: 10,
  requests,
  ...changed,
});

describe('utcDay', () => {
  it('is the date at Greenwich', () => {
    expect(utcDay(Date.parse('2024-12-31T23:59:59.999Z'))).toBe('2024-12-31');
    expect(utcDay(Date.parse('2025-01-01T00:30:00+01:00'))).toBe('2024-12-31');
  });
});

describe('LevelQuotaStore', () => {
  it('charges each request once, up to the limit, all or nothing', async () => {
    const store = await quotaStore();
    expect(await store.charge(charge([...range(0, 4), request(0)]))).toEqual({ charged: 4, used: 4 });
    expect(await store.charge(charge(range(2, 6)))).toEqual({ charged: 2, used: 6 });
    await expect(store.charge(charge(range(5, 11)))).rejects.toMatchObject(code('quota_exceeded'));
    expect(await store.used('m', day('2025-03-01'))).toBe(6);
    expect(await store.charge(charge(range(0, 10)))).toEqual({ charged: 4, used: 10 });
    expect(await store.charge(charge(range(0, 10)))).toEqual({ charged: 0, used: 10 });
    expect(await store.charge(charge(range(0, 10), { member: 'other' }))).toEqual({ charged: 10, used: 10 });
  });

  it('never grants more than the limit to callers at the same time, and counts one request of theirs once', async () => {
    const store = await quotaStore();
    const results = await Promise.allSettled([
      ...Array.from({ length: 30 }, (_, i) => store.charge(charge([request(i)]))),
      ...Array.from({ length: 30 }, () => store.charge(charge([request(0)]))),
    ]);
    const granted = results.slice(0, 30).filter(({ status }) => status === 'fulfilled');
    expect(granted.length).toBe(10);
    expect(results.slice(30).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await store.used('m', day('2025-03-01'))).toBe(10);
  });

  it('does not mix members whose names look like keys', async () => {
    const store = await quotaStore();
    await store.charge(charge(range(0, 3), { member: 'a!b' }));
    await store.charge(charge(range(0, 1), { member: 'a' }));
    expect(await store.used('a', day('2025-03-01'))).toBe(1);
    expect(await store.used('a!b', day('2025-03-01'))).toBe(3);
  });

  it('starts each day anew, keeps it over a restart, and prunes the days before', async () => {
    const folder = temporaryFolder();
    const first = await LevelQuotaStore.open(folder);
    await first.charge(charge(range(0, 5)));
    await first.close();
    const second = await LevelQuotaStore.open(folder);
    expect(await second.used('m', day('2025-03-01'))).toBe(5);
    expect(await second.charge(charge(range(0, 2), { day: '2025-03-02' }))).toEqual({ charged: 2, used: 2 });
    await second.close();
    const db = new Level(folder);
    const kept = await db.keys().all();
    await db.close();
    expect(kept.filter((key) => key.includes('2025-03-01'))).toEqual([]);
    expect(kept.filter((key) => key.includes('2025-03-02')).length).toBe(3);
  });

  it('gives nobody a day twice when the clock goes back', async () => {
    const folder = temporaryFolder();
    const store = await LevelQuotaStore.open(folder);
    await store.charge(charge(range(0, 6), { day: '2025-03-02' }));
    // Over midnight: charged to the day that it came from.
    expect(await store.charge(charge(range(6, 10)))).toEqual({ charged: 4, used: 10 });
    await expect(store.charge(charge([request(99)]))).rejects.toMatchObject(code('quota_exceeded'));
    await expect(store.charge(charge([request(0)], { day: '2025-02-28' }))).rejects.toMatchObject(
      code('failed_precondition'),
    );
    await store.close();
    const again = await quotaStore(folder);
    await expect(again.charge(charge([request(0)], { day: '2025-02-28' }))).rejects.toMatchObject(
      code('failed_precondition'),
    );
  });

  it('refuses charges that are malformed, and any after it was closed', async () => {
    const store = await quotaStore();
    for (const changed of [{ member: '' }, { day: '2025-3-1' }, { limit: -1 }, { limit: 1.5 }])
      await expect(store.charge(charge([request(0)], changed))).rejects.toMatchObject(
        code('invalid_argument'),
      );
    await expect(store.charge(charge([new Uint8Array(31)]))).rejects.toMatchObject(code('invalid_argument'));
    const closed = await LevelQuotaStore.open(temporaryFolder());
    await closed.close();
    await expect(closed.charge(charge([request(0)]))).rejects.toMatchObject(code('unavailable'));
  });

  it('does not open a folder that is open, or is none, or is damaged', async () => {
    const folder = temporaryFolder();
    await quotaStore(folder);
    await expect(LevelQuotaStore.open(folder)).rejects.toMatchObject(code('failed_precondition'));
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(LevelQuotaStore.open(file)).rejects.toMatchObject(code('io'));
    const damaged = temporaryFolder();
    const db = new Level(damaged);
    await db.put('latest', 'yesterday');
    await db.close();
    await expect(LevelQuotaStore.open(damaged)).rejects.toMatchObject(code('data_corrupted'));
  });

  it('loses nothing that it acknowledged when the process is killed', async () => {
    const script = fileURLToPath(new URL('./fixtures/charge-forever.mjs', import.meta.url));
    const built = fileURLToPath(new URL('../../dist/oprf/level-quota-store.js', import.meta.url));
    expect(existsSync(built), 'run `npm run build` first').toBe(true);
    const folder = temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const today = `2025-03-0${round + 1}`;
      const child = spawn(process.execPath, [script, folder, today], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close');
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
        if (printed.length > 400) child.kill('SIGKILL');
      });
      expect((await closed)[1]).toBe('SIGKILL');
      const acknowledged = printed.slice(0, printed.lastIndexOf('\n')).split('\n').map(Number);
      expect(acknowledged.length).toBeGreaterThan(50);

      const store = await LevelQuotaStore.open(folder);
      const used = await store.used('m', day(today));
      expect(used).toBeGreaterThanOrEqual(acknowledged.length);
      // All of them are on record: to charge them again costs nothing.
      const again = await store.charge(charge(acknowledged.map(request), { day: today, limit: used }));
      expect(again).toEqual({ charged: 0, used });
      await store.close();
    }
  });
});
