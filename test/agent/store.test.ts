import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listEntries, reserveIndex } from '../../src/agent/entries.js';
import { AgentStore } from '../../src/agent/store.js';
import { openChecked, sealChecked } from '../../src/storage/index.js';
import { agentFixture } from './fixture.js';

const KEY = new Uint8Array(32).fill(7);
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterseal-store-'));
  path = join(folder, 'agent.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an agent's store", () => {
  it('writes all that a piece of work put, or nothing where it throws', async () => {
    const store = new AgentStore(path, KEY);
    await store.use((session) => session.putSealed('own/thing/a', 1));
    const failed = store.use((session) => {
      session.putSealed('own/thing/a', 2);
      session.putSealed('own/thing/b', 2);
      session.view.put('public', new Uint8Array(1));
      throw new RangeError('no');
    });
    await expect(failed).rejects.toBeInstanceOf(RangeError);
    await store.use((session) => {
      expect(session.getSealed('own/thing/a')).toBe(1);
      expect(session.hasSealed('own/thing/b')).toBe(false);
      expect(session.view.get('public')).toBeUndefined();
    });
  });

  it('keeps neither values nor names of own records readable, and none passes for another', async () => {
    await new AgentStore(path, KEY).use((session) => {
      session.putSealed('own/entry/123456789', 'secret words');
      session.putSealed('own/entry/2', 'other words');
    });
    const db = new Level<string, Uint8Array>(path, { valueEncoding: 'view' });
    const all = await db.iterator().all();
    const text = Buffer.concat(all.flatMap(([key, value]) => [Buffer.from(key), value])).toString('latin1');
    expect(text).toContain('own/entry/');
    expect(text).not.toMatch(/123456789|words/);
    const [[first, value], [second]] = all as [[string, Uint8Array], [string, Uint8Array]];
    // Under its checksum too, as somebody would who writes the file on purpose.
    await db.put(second, sealChecked(second, openChecked(first, value)));
    await db.close();
    const store = new AgentStore(path, KEY);
    const moved = store.use((session) => session.listSealed('own/entry/'));
    await expect(moved).rejects.toMatchObject({ code: 'decryption_failed' });
    expect(first).not.toBe(second);
  });

  it('opens under its own key only', async () => {
    await new AgentStore(path, KEY).use((session) => session.putSealed('own/entry/1', 1));
    const stranger = new AgentStore(path, new Uint8Array(32).fill(8));
    await stranger.use((session) => expect(session.hasSealed('own/entry/1')).toBe(false));
    await expect(stranger.use((session) => session.listSealed('own/entry/'))).rejects.toMatchObject({
      code: 'decryption_failed',
    });
  });

  it('waits for another process that holds it', async () => {
    const script = fileURLToPath(new URL('./hold-store.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const order: string[] = [];
    const used = new AgentStore(path, KEY).use((session) => {
      order.push('used');
      return session.getSealed<number>('own/thing/child');
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push('released');
    child.stdin.end();
    expect(await used).toBe(42);
    expect(order).toEqual(['released', 'used']);
  });

  it('gives every index once, whoever asks at the same time, and no more than the quota', async () => {
    const stores = [1, 2, 3].map(() => new AgentStore(path, KEY));
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        stores[i % 3]!.use((session) => reserveIndex(session, 20_000, 10)),
      ),
    );
    expect(taken.filter((index) => index !== undefined).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    // Another day begins at 0 again.
    expect(await stores[0]!.use((session) => reserveIndex(session, 20_001, 10))).toBe(0);
  });
});

describe('the copy of the ledger', () => {
  it('settles own entries from the log, and only by the transaction that was prepared', async () => {
    const { store, copy, register } = await agentFixture('settle');
    await register('theirs');
    const entry = await register('mine', { own: true });
    // The same nullifier in another transaction: somebody with the same seed was faster.
    const other = await register('lost', { control: 'lost' });
    await store.use((session) =>
      session.putSealed(`own/entry/${other.nullifier}`, { ...other, transaction: entry.transaction }),
    );
    await copy.sync();
    const entries = await store.use(listEntries);
    expect(new Map(entries.map(({ nullifier, sequence }) => [nullifier, sequence]))).toEqual(
      new Map([
        [entry.nullifier, 1],
        [other.nullifier, undefined],
      ]),
    );
  });
});
