import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { homePaths, openHome } from '../../src/agent/index.js';
import { listEntries } from '../../src/agent/entries.js';
import { AgentStore } from '../../src/agent/store.js';
import { ACCESS, example, jsonLines, runProgram, TestNetwork, type Line } from './network.js';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a', 'bank-b']);
}, 120_000);
afterAll(() => network.stop());

const run = async (member: string, ...command: string[]): Promise<Line> => {
  const finished = await network.run(member, ...command);
  const [line] = jsonLines(finished);
  if (finished.status !== 0) throw new Error(`${command.join(' ')}: ${finished.stdout}${finished.stderr}`);
  return line!;
};
const failure = async (member: string, ...command: string[]): Promise<unknown> => {
  const finished = await network.run(member, ...command);
  expect(finished.status).toBe(1);
  return jsonLines(finished)[0]!['error'];
};
const register = (member: string, name: string) =>
  run(member, 'document', 'register', example(name), '--purpose', 'finance');
const file = (name: string) => join(network.root, name);

/** Whether any file of the node's database has a part of a payload. */
const isOnDisk = (payload: Buffer): boolean =>
  readdirSync(network.database('node')).some((name) => {
    const content = readFileSync(join(network.database('node'), name));
    return [64, 500, 900].some((at) => content.includes(payload.subarray(at, at + 32)));
  });

describe('the life of an entry', () => {
  it('a near match that may be a sibling of the day is resolved, and no alarm from then on', async () => {
    expect(await register('bank-a', 'invoice-a.ubl.xml')).toMatchObject({ sequence: 0, siblings: 0 });
    expect(await register('bank-b', 'invoice-a-renumbered.cii.xml')).toMatchObject({
      verdict: 'near-duplicate',
      siblings: 1,
    });
    expect(await run('bank-a', 'match', 'list', '--open')).toMatchObject([
      { entry: 0, other: 1, via: 'near', state: 'registered', resolution: null },
    ]);
    const reason = 'two deliveries, both notes seen';
    const resolution = { as: 'different', reason, member: 'bank-a' };
    expect(
      await run('bank-a', 'match', 'resolve', '0', '--as', 'different', '--reason', reason),
    ).toMatchObject({ entry: 0, other: 1, resolution });
    const matches = [{ sequence: 1, own: false, resolution }];
    expect(await run('bank-a', 'entry', 'show', '0')).toMatchObject({ now: { siblings: 1, matches } });
    expect(await run('bank-a', 'document', 'check', example('invoice-a.cii.xml'))).toMatchObject({
      verdict: 'near-duplicate',
      matches: [{ sequence: 0, own: true }, ...matches],
    });
    expect(jsonLines(await network.run('bank-a', 'watch', '--once'))).toEqual([]);
  }, 120_000);

  it('it is shared with one member, who reads it and nobody else does', async () => {
    await run('bank-b', 'member', 'card', '--out', file('card'));
    await run('bank-a', 'entry', 'share', '0', '--to', file('card'), '--out', file('share'));
    const { document } = await run('bank-a', 'entry', 'show', '0');
    expect(await run('bank-b', 'entry', 'open', file('share'))).toMatchObject({
      ...{ entry: 0, purpose: 'finance', state: 'registered', author: null },
      document,
    });
    expect(await failure('bank-a', 'entry', 'open', file('share'))).toMatchObject({
      code: 'permission_denied',
    });
  }, 120_000);

  it('it is superseded by a later one', async () => {
    await register('bank-a', 'invoice-b.ubl.xml');
    expect(await run('bank-a', 'entry', 'supersede', '0', '--by', '2')).toMatchObject({
      outcome: 'done',
      state: 'superseded',
    });
  }, 120_000);

  it('its payload is erased on the node, also where the node dies at once, and its receipt holds', async () => {
    const { keys } = await openHome(network.home('bank-a'), ACCESS);
    const store = new AgentStore(homePaths(network.home('bank-a')).database, keys.storeKey);
    const own = (await store.use(listEntries)).find(({ sequence }) => sequence === 0)!;
    const payload = Buffer.from(own.payload, 'base64');
    expect(isOnDisk(payload)).toBe(true);
    const erased = { entry: 0, state: 'superseded', payload: { status: 'erased' } };
    expect(await run('bank-a', 'entry', 'erase', '0')).toMatchObject(erased);
    await network.kill('node');
    await network.restart('node');
    await vi.waitFor(() => expect(isOnDisk(payload)).toBe(false), { timeout: 10_000 });
    // Once more: it is left at that.
    const payloadNow = {
      status: 'erased',
      retainUntil: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) as string,
    };
    expect(await run('bank-a', 'entry', 'erase', '0')).toMatchObject({ ...erased, payload: payloadNow });
    expect(await failure('bank-b', 'entry', 'open', file('share'))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('erased') as string,
    });
    await run('bank-a', 'receipt', 'show', '0', '--out', file('receipt'));
    const genesis = ['--genesis', network.paths.genesis];
    expect((await runProgram(['receipt', 'verify', file('receipt'), ...genesis])).status).toBe(0);
  }, 120_000);
});

describe('a document that several share', () => {
  it('is drawn from by two banks, not beyond what it states, and who asks for more is told what is left', async () => {
    const { sequence } = await register('bank-b', 'invoice-b.ubl.xml');
    const entries = { 'bank-a': '2', 'bank-b': String(sequence) };
    const draw = (bank: keyof typeof entries, ...amount: string[]) =>
      network.run(bank, 'entry', 'draw', entries[bank], ...amount);
    const { stated, left } = await run('bank-a', 'entry', 'capacity', '2');
    expect(left).toBe(stated);
    const total = BigInt((stated as string).replace(/\D/g, ''));
    const part = (n: bigint) =>
      `${(total * n) / 10000n}.${String(((total * n) / 100n) % 100n).padStart(2, '0')}`;
    // At the same time: one is faster, and the other draws from what is left then.
    const both = await Promise.all([
      draw('bank-a', '--amount', part(60n)),
      draw('bank-b', '--amount', part(30n)),
    ]);
    for (const finished of both) {
      expect(finished.status, finished.stderr).toBe(0);
      expect(jsonLines(finished)[0]).toMatchObject({ outcome: 'drawn' });
    }
    const report = await run('bank-b', 'entry', 'capacity', entries['bank-b']);
    expect((report['draws'] as Line[]).map(({ own }) => own).sort()).toEqual([false, true]);
    const tooMuch = await draw('bank-b', '--amount', part(20n));
    expect(tooMuch.status).toBe(3);
    expect(jsonLines(tooMuch)[0]).toMatchObject({ outcome: 'no-headroom', left: report['left'] });
    expect((await draw('bank-a', '--amount', '1.00', '--packages', '1')).status).toBe(2);
  }, 240_000);
});

it('the purposes of the network are there to see', async () => {
  const finished = await runProgram(['ledger', 'schema', '--genesis', network.paths.genesis, '--json']);
  const { purposes } = jsonLines(finished)[0] as { purposes: { name: string }[] };
  expect(purposes.map(({ name }) => name)).toEqual([
    'finance',
    'carry',
    'declare',
    'attest',
    'cover',
    'claim',
    'cede',
  ]);
});
