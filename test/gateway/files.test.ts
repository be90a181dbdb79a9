import fc from 'fast-check';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FourEyes, type Order } from '../../src/gateway/four-eyes.js';
import { SealedJson } from '../../src/gateway/sealed-json.js';
import { GatewayUsers, type User } from '../../src/gateway/users.js';

const KEY = new Uint8Array(32).fill(7);
const folder = () => mkdtempSync(join(tmpdir(), 'counterseal-gateway-'));
const usersIn = (home: string, key = KEY) => new GatewayUsers(home, new SealedJson(key));
const bearer = (key: string) => `Bearer ${key}`;

describe('users of a gateway', () => {
  it('are known by their keys, of which only hashes are on disk, in a file for its owner alone', async () => {
    const home = folder();
    const users = usersIn(home);
    const alice = await users.add('alice', ['check', 'register', 'check']);
    const bob = await users.add('bob', ['approve']);
    expect(alice).toMatch(/^csg_[A-Za-z0-9_-]{43}$/);
    expect(await users.authenticate(bearer(alice))).toMatchObject({
      name: 'alice',
      scopes: ['check', 'register'],
    });
    expect(await users.authenticate(bearer(bob))).toMatchObject({ name: 'bob' });
    const path = join(home, 'gateway-users.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const key of [alice, bob])
      for (const part of [key, key.slice(4), Buffer.from(key.slice(4), 'base64url').toString('hex')])
        expect(readFileSync(path, 'utf8')).not.toContain(part);
    for (const wrong of [
      ...[undefined, '', alice, `Basic ${alice}`, bearer(`${alice}A`), bearer(alice.slice(0, -1))],
      ...[bearer(`csg_${'A'.repeat(43)}`), `${bearer(alice)} ${bob}`, bearer(alice.toUpperCase())],
    ])
      expect(await users.authenticate(wrong)).toBeUndefined();
    await expect(users.add('alice', ['check'])).rejects.toMatchObject({ code: 'already_exists' });
    for (const name of ['', 'Alice', '../x', 'a b', 'a\n', `a${'b'.repeat(32)}`, '-a'])
      await expect(users.add(name, ['check'])).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('are nobody from the moment at which another process removes them', async () => {
    const home = folder();
    const serving = usersIn(home);
    const key = await usersIn(home).add('alice', ['check']);
    expect(await serving.authenticate(bearer(key))).toMatchObject({ name: 'alice' });
    await usersIn(home).remove('alice');
    expect(await serving.authenticate(bearer(key))).toBeUndefined();
    await expect(serving.remove('alice')).rejects.toMatchObject({ code: 'not_found' });
    const again = await usersIn(home).add('alice', ['check']);
    expect(await serving.authenticate(bearer(key))).toBeUndefined();
    expect(await serving.authenticate(bearer(again))).toMatchObject({ name: 'alice' });
  });

  it('do not come back when two commands change them at a time', async () => {
    const home = folder();
    await usersIn(home).add('mallory', ['check']);
    await Promise.all([
      usersIn(home).add('alice', ['check']),
      usersIn(home).remove('mallory'),
      usersIn(home).add('bob', ['check']),
    ]);
    const names = (await usersIn(home).list()).map(({ name }) => name);
    expect(names.sort()).toEqual(['alice', 'bob']);
  });

  it('are not made by who can write the folder and has no passphrase', async () => {
    const home = folder();
    const path = join(home, 'gateway-users.json');
    await usersIn(home).add('alice', ['check']);
    const right = readFileSync(path, 'utf8');
    const foreign = folder();
    await usersIn(foreign, new Uint8Array(32).fill(8)).add('mallory', ['approve']);
    const other = new SealedJson(KEY);
    await other.write(join(home, 'other.json'), 'order 1 request', []);
    for (const changed of [
      right.replace('"check"', '"approve"'),
      readFileSync(join(foreign, 'gateway-users.json'), 'utf8'),
      readFileSync(join(home, 'other.json'), 'utf8'),
      right.split('\n')[0]!,
      '[]',
      '',
    ]) {
      writeFileSync(path, changed);
      await expect(usersIn(home).list()).rejects.toMatchObject({ code: 'data_corrupted' });
    }
  });
});

const user = (id: number, name = `user-${id}`): User => ({
  ...{ id: String(id).repeat(32), name, scopes: ['engage', 'approve'] },
  ...{ keyHash: '0'.repeat(64), addedAt: '2026-01-01T00:00:00.000Z' },
});
const known = () => Promise.resolve(true);
const describeError = (error: unknown) => ({ why: (error as { code: string }).code });

describe('orders that take two people', () => {
  const open = (home: string, now: () => number = Date.now) =>
    FourEyes.open(home, new SealedJson(KEY), { validMs: 1_000, now });

  it('property: nobody decides on an own order, and each is carried out at most once', async () => {
    type Step =
      | { do: 'request'; by: number }
      | { do: 'approve' | 'reject'; by: number; order: number; dies: boolean; fails: boolean }
      | { do: 'restart' }
      | { do: 'wait'; ms: number };
    const by = fc.integer({ min: 0, max: 2 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ do: fc.constant('request' as const), by }),
      fc.record({
        do: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
        ...{ by, order: fc.nat(4), dies: fc.boolean(), fails: fc.boolean() },
      }),
      fc.constant({ do: 'restart' as const }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const home = folder();
        let now = 1_000_000;
        let eyes = await open(home, () => now);
        const model: { id: string; by: number; until: number; state: string; runs: number }[] = [];
        for (const each of steps) {
          if (each.do === 'wait') now += each.ms;
          else if (each.do === 'restart') eyes = await open(home, () => now);
          else if (each.do === 'request') {
            const { id } = await eyes.request(user(each.by), 'engage', { entry: model.length });
            model.push({ id, by: each.by, until: now + 1_000, state: 'pending', runs: 0 });
          } else {
            const order = model[each.order];
            if (!order) continue;
            const pending = order.state === 'pending' && now < order.until;
            const may = pending && order.by !== each.by;
            let began = false;
            const execute = () => {
              order.runs++;
              began = true;
              // A process that dies never says what came of it.
              if (each.dies) return new Promise<never>(() => undefined);
              return each.fails
                ? Promise.reject(Object.assign(new Error(), { code: 'rejected' }))
                : Promise.resolve({});
            };
            const decided =
              each.do === 'reject'
                ? eyes.reject(order.id, user(each.by))
                : eyes.approve(order.id, user(each.by), known, execute, describeError);
            if (!may) {
              await expect(decided).rejects.toMatchObject({
                code: order.by === each.by ? 'permission_denied' : 'failed_precondition',
              });
            } else if (each.do === 'approve' && each.dies) {
              while (!began) await new Promise(setImmediate);
              eyes = await open(home, () => now);
              order.state = 'interrupted';
            } else {
              order.state = each.do === 'reject' ? 'rejected' : each.fails ? 'failed' : 'done';
              expect((await decided).state).toBe(order.state);
            }
          }
          for (const { id, state, until, runs } of model) {
            const shown = state === 'pending' && now >= until ? 'expired' : state;
            expect((await eyes.get(id)).state).toBe(shown);
            expect(runs).toBe(['done', 'failed', 'interrupted'].includes(state) ? 1 : 0);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are carried out once where two processes, and many people, approve at the same time', async () => {
    const home = folder();
    const eyes = await Promise.all([open(home), open(home)]);
    const { id } = await eyes[0].request(user(0), 'engage', { entry: 1 });
    let runs = 0;
    const execute = () => Promise.resolve({ run: ++runs });
    const settled = await Promise.allSettled(
      [1, 2, 3, 4, 5, 6, 7, 8].map((by) =>
        eyes[by % 2]!.approve(id, user(by), known, execute, describeError),
      ),
    );
    expect(runs).toBe(1);
    const done = settled.filter((one) => one.status === 'fulfilled');
    expect(done.map(({ value }) => value.state)).toEqual(['done']);
    for (const one of settled)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'failed_precondition' });
    expect((await eyes[1].get(id)).state).toBe('done');
    // A rejection comes too late as well.
    await expect(eyes[1].reject(id, user(9))).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('are not approved by whoever was removed and added again, nor for who may not ask any more', async () => {
    const home = folder();
    const eyes = await open(home);
    const { id } = await eyes.request(user(1, 'alice'), 'engage', { entry: 1 });
    const execute = () => Promise.reject(new Error('not to be called'));
    await expect(eyes.approve(id, user(2, 'alice'), known, execute, describeError)).rejects.toMatchObject({
      code: 'permission_denied',
    });
    await expect(
      eyes.approve(id, user(3, 'bob'), () => Promise.resolve(false), execute, describeError),
    ).rejects.toMatchObject({ code: 'failed_precondition' });
    expect((await eyes.get(id)).state).toBe('pending');
  });

  it('are not changed on disk, nor named by what is no id', async () => {
    const home = folder();
    const eyes = await open(home);
    const orders: Order[] = [];
    for (const entry of [1, 2]) orders.push(await eyes.request(user(1), 'engage', { entry }));
    const at = (id: string) => join(home, 'gateway-orders', `${id}.request.json`);
    const [first, second] = orders.map(({ id }) => id) as [string, string];
    const right = readFileSync(at(first), 'utf8');
    for (const changed of [right.replace('"entry":1', '"entry":9'), readFileSync(at(second), 'utf8')]) {
      writeFileSync(at(first), changed);
      await expect(eyes.get(first)).rejects.toMatchObject({ code: 'data_corrupted' });
    }
    writeFileSync(at(first), right);
    expect((await eyes.get(first)).parameters).toEqual({ entry: 1 });
    for (const id of ['', '..', '../../x', first.toUpperCase() + 'A', `${first}.request`, '0'.repeat(32)])
      await expect(eyes.get(id)).rejects.toMatchObject({ code: 'not_found' });
    expect(statSync(at(first)).mode & 0o777).toBe(0o600);
  });

  it('are forgotten a month after they ended', async () => {
    const home = folder();
    const eyes = await open(home, () => 0);
    const { id } = await eyes.request(user(1), 'engage', { entry: 1 });
    await eyes.reject(id, user(2));
    const month = 31 * 24 * 3_600_000;
    expect(await (await open(home, () => month)).list()).toEqual([]);
    expect(await readdir(join(home, 'gateway-orders'))).toEqual([]);
  });
});
