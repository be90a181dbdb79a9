import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FieldElement, initPoseidon, MerkleTree, memberLeafOf } from '../../src/crypto/index.js';
import {
  encodeRecord,
  type MembershipChange,
  MemberRegistry,
  MemoryStore,
  networkOf,
  Overlay,
  Replica,
  type Sequence,
  stateKeys,
  type UnixMs,
} from '../../src/ledger/index.js';
import { isAcceptedRoot, nextRoots } from '../../src/ledger/members.js';
import { code } from '../helpers/vectors.js';
import { Chain, DAY, fieldOf, HOUR, START, testGenesis } from './helpers.js';

beforeAll(initPoseidon);
const id = (name: string): FieldElement => fieldOf(name);
const admit = (name: string, role = 0): MembershipChange => ({ change: 'admit', memberId: id(name), role });
const remove = (name: string, role = 0): MembershipChange => ({ change: 'remove', memberId: id(name), role });

describe('the registry', () => {
  it('has a leaf for each member in each role, in the order of the genesis', () => {
    const registry = MemberRegistry.fromGenesis(testGenesis());
    expect(Array.from({ length: registry.size }, (_, i) => registry.slot(i))).toEqual([
      { memberId: id('bank-a'), role: 0 },
      { memberId: id('bank-b'), role: 0 },
      { memberId: id('bank-b'), role: 7 },
      { memberId: id('carrier'), role: 4 },
    ]);
  });

  it('gives paths that lead from H(7, memberId, role) to the root, for exactly the members', () => {
    const registry = MemberRegistry.fromGenesis(testGenesis());
    const path = registry.path(id('bank-b'), 7);
    expect(path.siblings).toHaveLength(16);
    expect(MerkleTree.rootFrom(memberLeafOf(id('bank-b'), 7), path)).toBe(registry.root);
    expect(MerkleTree.rootFrom(memberLeafOf(id('bank-b'), 6), path)).not.toBe(registry.root);
    expect(() => registry.path(id('bank-a'), 7)).toThrow(expect.objectContaining(code('not_found')));
  });

  it('keeps everybody in place, and gives a free slot, the lowest first, to the next', () => {
    const before = MemberRegistry.fromGenesis(testGenesis());
    const without = before.with([remove('bank-a'), remove('bank-b')]);
    expect(without.path(id('carrier'), 4).index).toBe(3);
    expect(without.slot(0)).toBeUndefined();
    const after = without.with([admit('new'), admit('newer'), admit('newest')]);
    expect([
      after.path(id('new'), 0).index,
      after.path(id('newer'), 0).index,
      after.path(id('newest'), 0).index,
    ]).toEqual([0, 1, 4]);
    expect(() => without.path(id('bank-a'), 0)).toThrow(expect.objectContaining(code('not_found')));
    expect(without.with([admit('bank-a'), admit('bank-b')]).root).toBe(before.root);
  });

  it('refuses to admit who is there and to remove who is not', () => {
    const registry = MemberRegistry.fromGenesis(testGenesis());
    expect(() => registry.with([admit('bank-a')])).toThrow(expect.objectContaining(code('already_exists')));
    expect(() => registry.with([remove('bank-a', 1)])).toThrow(expect.objectContaining(code('not_found')));
    expect(() => registry.with([{ change: 'admit', memberId: 0n as FieldElement, role: 0 }])).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });

  it('is what a reader of the genesis and the log has', async () => {
    const step = fc.record({
      change: fc.constantFrom('admit' as const, 'remove' as const),
      who: fc.nat(5),
      role: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
        async (orders) => {
          const chain = await Chain.start();
          let registry = MemberRegistry.fromGenesis(testGenesis());
          let counter = 0;
          for (const order of orders) {
            const changes = order.map(({ change, who, role }) => ({
              change,
              memberId: id(`member ${who}`),
              role,
            }));
            const result = await chain.one(chain.author.membership(changes, { counter }));
            if (result.name !== 'ok') continue;
            counter++;
            const { body } = result.record;
            if (body.type !== 'membership') throw new Error('expected a membership record');
            registry = registry.with(body.changes);
            expect(registry.root).toBe(body.membersRoot);
          }
          const proof = await chain.one(chain.author.register('doc', { membersRoot: registry.root }));
          expect(proof.name).toBe('ok');
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('accepted roots', () => {
  const [a, b, c] = [id('root a'), id('root b'), id('root c')];
  const noon = (Math.floor(START / DAY) * DAY + 12 * HOUR) as UnixMs;
  const at = (ms: number): UnixMs => (noon + ms) as UnixMs;

  it('are the current one, and one of a full hour in the last day', () => {
    const history = nextRoots([{ since: at(-1), root: a }], b, at(1), false);
    // a was current at noon.
    expect(isAcceptedRoot(history, a, at(1))).toBe(true);
    expect(isAcceptedRoot(history, b, at(1))).toBe(true);
    expect(isAcceptedRoot(history, c, at(1))).toBe(false);
    expect(isAcceptedRoot(history, a, at(DAY))).toBe(true);
    expect(isAcceptedRoot(history, a, at(DAY + 1))).toBe(false);
    expect(isAcceptedRoot(history, b, at(1000 * DAY))).toBe(true);
  });

  it('are not those that came and went between two full hours', () => {
    const first = nextRoots([{ since: at(1), root: a }], b, at(HOUR - 1), false);
    expect(isAcceptedRoot(first, a, at(HOUR - 1))).toBe(false);
    // From the full hour itself on it is the next one that is current.
    const exact = nextRoots([{ since: at(1), root: a }], b, at(HOUR), false);
    expect(isAcceptedRoot(exact, a, at(HOUR))).toBe(false);
    expect(isAcceptedRoot(nextRoots([{ since: at(0), root: a }], b, at(1), false), a, at(2))).toBe(true);
  });

  it('are none of those before a removal', () => {
    const history = nextRoots([{ since: at(-1), root: a }], b, at(1), false);
    expect(nextRoots(history, c, at(2), true)).toEqual([{ since: at(2), root: c }]);
    expect(isAcceptedRoot(nextRoots(history, c, at(2), true), a, at(2))).toBe(false);
  });

  it('are few, however often members are admitted', () => {
    let history = [{ since: at(0), root: a }] as ReturnType<typeof nextRoots>;
    for (let i = 1; i < 3000; i++) history = nextRoots(history, id(`root ${i}`), at(i * 60_000), false);
    expect(history.length).toBeLessThanOrEqual(26);
  });
});

describe('a membership transaction', () => {
  it('needs exactly the threshold of administrators, each signing over this network', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const order = [admit('new')];
    const name = async (options: Parameters<typeof author.membership>[1]) =>
      (await chain.machine.finalizeBlock(chain.next([author.membership(order, options)]))).results[0]!.name;
    expect(await name({ signers: [] })).toBe('wrong_administrators');
    expect(await name({ signers: [1] })).toBe('wrong_administrators');
    expect(await name({ signers: [0, 1, 2] })).toBe('wrong_administrators');
    expect(await name({ signers: [0, 3] })).toBe('wrong_administrators');
    expect(await name({ signers: [0, 1], names: ['admin-1', 'admin-0'] })).toBe('bad_signature');
    expect(await name({ signers: [0, 1], names: ['admin-0', 'admin-0'] })).toBe('bad_signature');
    expect(await name({ validUntil: (START - 1) as UnixMs })).toBe('expired');
    expect(await name({ validUntil: (START + DAY + 1) as UnixMs })).toBe('validity_too_long');
    expect(await name({ counter: 1 })).toBe('wrong_membership_counter');
    for (const signers of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      expect(await name({ signers })).toBe('ok');
  });

  it('happens once, whole or not at all', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const bytes = author.membership([admit('new'), remove('bank-a')]);
    expect((await chain.one(bytes)).name).toBe('ok');
    expect((await chain.one(bytes)).name).toBe('wrong_membership_counter');
    const before = chain.machine.info().appHash;
    const half = author.membership([admit('newer'), remove('bank-a')], { counter: 1 });
    expect((await chain.one(half)).name).toBe('invalid_membership_change');
    expect(chain.machine.info().appHash).toEqual(before);
    expect(chain.machine.reader.stateProof(stateKeys.memberSlot(0)).value).toBeUndefined();
  });

  it('removes a member: no proof against an older root is admitted, not even in the same block', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const old = author.registry.root;
    await chain.done(author.membership([admit('new')]), START);
    // The genesis' root was current at the full hour before.
    const stale = (control: string, membersRoot = old, time = START) =>
      author.register('doc', { control, membersRoot, time });
    expect((await chain.one(stale('1'))).name).toBe('ok');
    const { results } = await chain.block([
      stale('2'),
      // Whoever else comes at the same time.
      author.membership([remove('carrier', 4), admit('newer')], { counter: 1 }),
      stale('3'),
      stale('4', author.registry.with([admit('new'), remove('carrier', 4), admit('newer')]).root),
    ]);
    expect(results.map(({ name }) => name)).toEqual(['ok', 'ok', 'unknown_members_root', 'ok']);
    expect((await chain.one(stale('5'))).name).toBe('unknown_members_root');
  });

  it('lets a proof against the root of a full hour in, and not one against a root of an instant', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const one = author.registry.with([admit('one')]);
    const two = one.with([admit('two')]);
    await chain.done(author.membership([admit('one')]));
    await chain.done(author.membership([admit('two')], { counter: 1 }));
    const name = async (root: FieldElement, time: number) => {
      const at = time as UnixMs;
      const block = chain.next([author.register('doc', { membersRoot: root, time: at })], at);
      return (await chain.machine.finalizeBlock(block)).results[0]!.name;
    };
    expect(await name(author.registry.root, START)).toBe('ok');
    expect(await name(one.root, START)).toBe('unknown_members_root');
    expect(await name(two.root, START)).toBe('ok');
    expect(await name(author.registry.root, START + 23 * HOUR)).toBe('ok');
    expect(await name(author.registry.root, START + DAY)).toBe('unknown_members_root');
    expect(chain.machine.reader.entry(0 as Sequence)).toBeUndefined();
  });
});

describe('the members at the last full hour, as a replica has them', () => {
  const network = () => networkOf(testGenesis());
  /** A ledger and a copy of it, to which membership orders come at times. */
  async function start() {
    const chain = await Chain.start();
    const copy = new Replica(await network(), new Overlay(new MemoryStore()));
    let counter = 0;
    return {
      chain,
      copy,
      async change(time: UnixMs, ...changes: ReturnType<typeof admit>[]) {
        const order = chain.author.membership(changes, { counter, validUntil: (time + 1) as UnixMs });
        const result = await chain.one(order, time);
        if (result.name !== 'ok') return;
        counter++;
        copy.absorb(encodeRecord(result.record));
      },
    };
  }
  const hour = (n: number, ms = 0): UnixMs => (Math.ceil(START / HOUR) * HOUR + n * HOUR + ms) as UnixMs;

  it('are those before whoever was admitted since, and the ledger takes proofs against their root', async () => {
    const { chain, copy, change } = await start();
    const genesis = chain.author.registry.root;
    await change(hour(0, 1), admit('one'));
    const one = copy.members.root;
    await change(hour(0, 2), admit('two'));
    for (const [time, root] of [
      [hour(0, 3), genesis],
      [hour(1, -1), genesis],
      [hour(1), copy.members.root],
    ] as const) {
      expect(copy.membersAtLastHour(time)?.root).toBe(root);
      expect(copy.acceptsMembersRoot(root, time)).toBe(true);
    }
    expect(copy.acceptsMembersRoot(one, hour(1))).toBe(false);
    expect(copy.membersAtLastHour(hour(0, 3))!.has(id('one'), 0)).toBe(false);
    expect(copy.membersAtLastHour(hour(1))!.has(id('one'), 0)).toBe(true);
  });

  it('are none where a member was removed since, or where the network is younger', async () => {
    const { copy, change } = await start();
    expect(copy.membersAtLastHour((testGenesis().time - 1) as UnixMs)).toBeUndefined();
    await change(hour(0, 1), admit('one'));
    await change(hour(0, 2), remove('one'));
    expect(copy.membersAtLastHour(hour(0, 3))).toBeUndefined();
    expect(copy.membersAtLastHour(hour(1))?.root).toBe(copy.members.root);
    // Who comes into the slot that the removal left is not taken for the one before.
    await change(hour(1, 1), admit('two'));
    expect(copy.membersAtLastHour(hour(1, 2))!.has(id('two'), 0)).toBe(false);
  });

  it('have a root that admission accepts, whatever happened', async () => {
    const step = fc.record({
      change: fc.constantFrom('admit' as const, 'admit' as const, 'remove' as const),
      who: fc.nat(3),
      pause: fc.integer({ min: 1, max: 2 * HOUR }),
    });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { chain, copy, change } = await start();
        let time = START;
        for (const { change: what, who, pause } of steps) {
          time = (time + pause) as UnixMs;
          await change(time, { change: what, memberId: id(`member ${who}`), role: 1 });
          const members = copy.membersAtLastHour(time);
          if (!members) continue;
          if (members.root !== copy.members.root) found++;
          const proof = chain.author.register('doc', { membersRoot: members.root, time });
          const { results } = await chain.machine.finalizeBlock(chain.next([proof], time));
          expect(results[0]!.name).toBe('ok');
        }
      }),
      { numRuns: 25, seed: 7 },
    );
    expect(found).toBeGreaterThan(10);
  });
});
