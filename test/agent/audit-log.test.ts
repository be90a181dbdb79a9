import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuditLog } from '../../src/agent/audit-log.js';
import { AgentStore } from '../../src/agent/store.js';
import { CountersealError } from '../../src/errors.js';
import { code } from '../helpers/vectors.js';

const KEY = new Uint8Array(32).fill(7);

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'counterseal-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  const store = new AgentStore(join(folder, 'agent.db'), new Uint8Array(32).fill(1));
  const log = new AuditLog(path, KEY, store);
  const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n');
  const rewrite = (change: (lines: string[]) => string[]) =>
    writeFileSync(path, `${change(lines()).join('\n')}\n`);
  return { path, database: join(folder, 'agent.db'), store, log, lines, rewrite };
}

async function three() {
  const all = setUp();
  await all.log.add({ command: 'document check', file: 'ab'.repeat(32), result: 'unique' });
  await all.log.add(
    { result: 'unique', entry: 4, command: 'document register' },
    { command: 'entry engage', entry: 4, result: 'engaged' },
  );
  return all;
}

const problems = async ({ log }: { log: AuditLog }) =>
  (await log.read()).problems.map(({ line, problem }) => `${line}: ${problem.split(':')[0]}`);

describe('the audit log', () => {
  it('says who did what when, and is whole', async () => {
    const { log, path } = await three();
    const { records, problems: found } = await log.read();
    expect(found).toEqual([]);
    expect(records.map(({ number, command, entry, result }) => [number, command, entry, result])).toEqual([
      [1, 'document check', undefined, 'unique'],
      [2, 'document register', 4, 'unique'],
      [3, 'entry engage', 4, 'engaged'],
    ]);
    expect(records[0]!.user).not.toBe('');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells of a line that was changed, removed, inserted, or moved', async () => {
    const changed = await three();
    changed.rewrite((l) => l.map((line) => line.replace('"engaged"', '"settled"')));
    expect(await problems(changed)).toEqual([
      '3: was changed, or was not written by this folder',
      '4: the end is missing',
    ]);
    const removed = await three();
    removed.rewrite((l) => [l[0]!, l[2]!]);
    expect(await problems(removed)).toEqual(['2: does not follow the line before it']);
    const repeated = await three();
    repeated.rewrite((l) => [l[0]!, l[0]!, l[1]!, l[2]!]);
    expect(await problems(repeated)).toEqual(['2: does not follow the line before it']);
    const swapped = await three();
    swapped.rewrite((l) => [l[1]!, l[0]!, l[2]!]);
    expect((await problems(swapped)).length).toBe(3);
  });

  it('tells that its end, or all of it, is gone; also when it was written to since', async () => {
    const cut = await three();
    cut.rewrite((l) => l.slice(0, 2));
    expect(await problems(cut)).toEqual(['3: the end is missing']);
    await cut.log.add({ command: 'document check', result: 'unique' });
    expect(await problems(cut)).toEqual(['3: does not follow the line before it']);
    const gone = await three();
    rmSync(gone.path);
    expect(await problems(gone)).toEqual(['1: the end is missing']);
    await gone.log.add({ command: 'document check', result: 'unique' });
    expect(await problems(gone)).toEqual(['1: does not follow the line before it']);
  });

  it('tells of lines under another key, which another member could write', async () => {
    const all = await three();
    const other = new AuditLog(all.path, new Uint8Array(32).fill(8), all.store);
    expect((await other.read()).records).toEqual([]);
    expect((await other.read()).problems.length).toBe(4);
  });

  it('goes on after a process died between file and database, and in the middle of a line', async () => {
    const all = await three();
    const before = readFileSync(all.path);
    // The same file, and a database that knows three lines of it.
    const copy = await three();
    writeFileSync(copy.path, copy.lines().join('\n') + '\n');
    await appendFile(copy.path, '{"number":4,"time":"2026-');
    await copy.log.add({ command: 'entry settle', entry: 4, result: 'settled' });
    expect(await problems(copy)).toEqual([]);
    expect((await copy.log.read()).records.length).toBe(4);
    // Written and synced, and the database set back to before: those lines are taken over.
    writeFileSync(all.path, before);
    const fresh = new AuditLog(all.path, KEY, setUp().store);
    await fresh.add({ command: 'document check', result: 'unique' });
    expect(await problems({ log: fresh })).toEqual([]);
    expect((await fresh.read()).records.length).toBe(4);
  });

  it('has a line before what is done, and one of what came of it, also where that is an error', async () => {
    const { log } = setUp();
    const note = { command: 'entry settle', entry: 4 };
    const results = async () => (await log.read()).records.map(({ result }) => result);
    const act = async () => {
      expect(await results()).toEqual(['begun']);
      return Promise.resolve('settled');
    };
    expect(await log.around(note, act, (result) => ({ result }))).toBe('settled');
    const refuse = () => Promise.reject(new CountersealError('rejected', 'no'));
    await expect(log.around(note, refuse, () => ({}))).rejects.toMatchObject(code('rejected'));
    const fail = () => Promise.reject(new Error('secret'));
    await expect(log.around(note, fail, () => ({}))).rejects.toThrow('secret');
    expect(await results()).toEqual([
      ...['begun', 'settled', 'begun', 'failed: rejected', 'begun', 'failed: internal'],
    ]);
  });

  it('does nothing where it cannot be written', async () => {
    const { store, path } = setUp();
    const log = new AuditLog(join(path, 'nowhere'), KEY, store);
    let done = false;
    const act = () => Promise.resolve((done = true));
    await expect(log.around({ command: 'entry settle' }, act, () => ({}))).rejects.toMatchObject(code('io'));
    expect(done).toBe(false);
  });

  it('says of a process that was killed what it had begun', async () => {
    const { log, path, database } = setUp();
    const script = fileURLToPath(new URL('./killed-act.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, path, database], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    const { records, problems: found } = await log.read();
    expect(found).toEqual([]);
    expect(records).toMatchObject([{ number: 1, command: 'entry settle', entry: 4, result: 'begun' }]);
  });

  it('keeps order under many writers', async () => {
    const { log } = setUp();
    await Promise.all(Array.from({ length: 8 }, (_, i) => log.add({ command: 'document check', entry: i })));
    const { records, problems: found } = await log.read();
    expect(found).toEqual([]);
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
