import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActionRecord,
  type FingerprintRecord,
  decodeRecord,
  encodeRecord,
  type Height,
  type LogIndex,
  type LogRecord,
  MemoryStore,
  networkOf,
  Overlay,
  REFUSED_ENGAGEMENTS_MAX,
  type RegisterRecord,
  Replica,
  type Sequence,
  type UnixMs,
} from '../../src/ledger/index.js';
import { Chain, DAY, fieldOf, START, testGenesis } from './helpers.js';
import { blocks, Script } from './script.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const network = await networkOf(testGenesis());
const replica = (): Replica => new Replica(network, new Overlay(new MemoryStore()));

async function everyRecord(chain: Chain): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (;;) {
    const more = await chain.machine.reader.recordsFrom(leaves.length as LogIndex);
    if (more.length === 0) return leaves;
    leaves.push(...more);
  }
}

describe('a replica of the log', () => {
  it('recomputes every verdict, the members and the root of whatever a machine did', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(blocks, async (parts) => {
        const chain = await Chain.start();
        const script = new Script(chain);
        let time = START;
        for (const part of parts) {
          time = (time + part.pause) as UnixMs;
          const finalized = await chain.block(script.transactions(part.steps, time), time);
          script.learn(finalized);
          for (const { name } of finalized.results) seen.add(name);
          for (const { body } of finalized.records)
            if (body.type === 'action') seen.add(`${body.action} ${body.outcome}`);
        }
        const copy = replica();
        for (const leaf of await everyRecord(chain)) copy.absorb(leaf);
        const meta = chain.machine.reader.meta();
        expect(copy.size).toBe(meta.logSize);
        expect(hex(copy.root)).toBe(hex(meta.logRoot));
      }),
      { numRuns: 60, seed: 1 },
    );
    // The generator reaches what it is there for.
    for (const name of [
      'ok',
      'malformed',
      'invalid_proof',
      'nullifier_used',
      'address_used',
      'wrong_counter',
      'illegal_transition',
    ])
      expect(seen).toContain(name);
    for (const name of ['engage done', 'engage refused', 'cancel done']) expect(seen).toContain(name);
  });

  it('finds out a node that says another verdict, leaves out an entry or changes the order', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    for (const control of ['a', 'b', 'c']) await chain.done(author.register('doc', { control }));
    await chain.done(author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }));
    const leaves = await everyRecord(chain);
    const absorb = (records: readonly Uint8Array[]) => () => {
      const copy = replica();
      for (const leaf of records) copy.absorb(leaf);
    };
    const damaged = expect.objectContaining({ code: 'data_corrupted' });
    expect(absorb(leaves)).not.toThrow();
    expect(absorb([leaves[0]!, leaves[2]!])).toThrow(damaged);
    expect(absorb([leaves[1]!, leaves[0]!])).toThrow(damaged);
    const change = (at: number, to: (record: LogRecord) => LogRecord): Uint8Array[] =>
      leaves.map((leaf, i) => (i === at ? encodeRecord(to(decodeRecord(leaf))) : leaf));
    const quiet = change(1, (record) => {
      if (record.body.type !== 'register') throw new Error('expected a registration');
      const none = { total: 0, registered: 0, engaged: 0, settled: 0 };
      return {
        ...record,
        body: { ...record.body, verdict: { label: 'unique', exact: none, near: none, matches: [] } },
      };
    });
    expect(absorb(quiet)).toThrow(damaged);
    const other = change(0, (record) => {
      if (record.body.type !== 'register') throw new Error('expected a registration');
      return { ...record, body: { ...record.body, tags: [fieldOf('x'), fieldOf('y')] } };
    });
    expect(absorb(other)).toThrow(damaged);
  });

  describe('of a node that lies', () => {
    const damaged = expect.objectContaining({ code: 'data_corrupted' });
    /** Other fields of a record's body. */
    type Edit = (body: LogRecord['body']) => Record<string, unknown>;

    /** Two entries, the second engaged and settled, the first refused and superseded by a third; a member. */
    async function honest(): Promise<Uint8Array[]> {
      const chain = await Chain.start();
      const { author } = chain;
      for (const control of ['a', 'b', 'c']) await chain.done(author.register('doc', { control }));
      await chain.done(author.register('bill', { control: 'd', purpose: 'carry', documentKind: 705 }));
      await chain.done(author.shows('a', 0));
      await chain.done(author.shows('b', 1));
      await chain.done(author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }));
      await chain.done(author.action('b', 1, 0, { kind: 'engage', accept: ['duplicate'] }));
      await chain.done(author.action('b', 1, 1, { kind: 'settle' }));
      const successor = 2 as Sequence;
      await chain.done(author.action('a', 0, 1, { kind: 'supersede', successor }, { successor: 'c' }));
      await chain.done(author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 1 }]));
      return everyRecord(chain);
    }

    const absorbing = (leaves: readonly Uint8Array[]) => () => {
      const copy = replica();
      for (const leaf of leaves) copy.absorb(leaf);
    };
    /** The leaves up to a changed one: what follows is not needed to find it out. */
    const changed = (
      leaves: readonly Uint8Array[],
      at: number,
      edit: Edit,
      head: Partial<LogRecord> = {},
    ) => {
      const record = decodeRecord(leaves[at]!);
      const body = { ...record.body, ...edit(record.body) } as LogRecord['body'];
      return absorbing([...leaves.slice(0, at), encodeRecord({ ...record, ...head, body })]);
    };
    const same: Edit = () => ({});

    it('finds out numbers that leave a gap or repeat, kinds that a purpose does not take, used nullifiers', async () => {
      const leaves = await honest();
      expect(absorbing(leaves)).not.toThrow();
      for (const entry of [0, 2, 3])
        expect(changed(leaves, 1, () => ({ entry: entry as Sequence }))).toThrow(damaged);
      expect(changed(leaves, 0, () => ({ entry: 1 as Sequence }))).toThrow(damaged);
      expect(changed(leaves, 3, () => ({ documentKind: 380 }))).toThrow(damaged);
      expect(changed(leaves, 3, () => ({ documentKind: 704 }))).not.toThrow();
      expect(changed(leaves, 3, () => ({ purpose: 'unheard-of' }))).toThrow(damaged);
      const first = decodeRecord(leaves[0]!).body as RegisterRecord;
      expect(changed(leaves, 3, () => ({ nullifier: first.nullifier }))).toThrow(damaged);
    });

    it('finds out actions that the state forbids, and states that they do not lead to', async () => {
      const leaves = await honest();
      const settle = leaves[8]!;
      // Not engaged yet, and settled twice.
      const renumbered = { ...decodeRecord(settle), index: 6 as LogIndex };
      expect(absorbing([...leaves.slice(0, 6), encodeRecord(renumbered)])).toThrow(damaged);
      const again = { ...decodeRecord(settle), index: 9 as LogIndex };
      expect(absorbing([...leaves.slice(0, 9), encodeRecord(again)])).toThrow(damaged);
      expect(changed(leaves, 8, () => ({ entry: 9 as Sequence }))).toThrow(damaged);
      for (const state of ['registered', 'engaged', 'released'] as const)
        expect(changed(leaves, 8, () => ({ state }))).toThrow(damaged);
      expect(changed(leaves, 8, () => ({ action: 'release', state: 'released' }))).not.toThrow();
      expect(changed(leaves, 8, () => ({ action: 'cancel', state: 'cancelled' }))).toThrow(damaged);
      // A refusal changes nothing, and only engagements are refused.
      expect(changed(leaves, 6, () => ({ state: 'engaged' }))).toThrow(damaged);
      expect(changed(leaves, 7, () => ({ state: 'registered' }))).toThrow(damaged);
      expect(changed(leaves, 8, () => ({ outcome: 'refused', state: 'engaged' }))).toThrow(damaged);
      const { verdict } = decodeRecord(leaves[7]!).body as ActionRecord;
      expect(changed(leaves, 7, () => ({ verdict: { ...verdict, label: 'unique' } }))).toThrow(damaged);
    });

    it('finds out an engagement of an entry that has lapsed, or was refused too often', async () => {
      const leaves = await honest();
      const { ttlDays } = network.purposes.get('finance')!;
      const head = (days: number) => ({ time: (START + days * DAY) as UnixMs, height: 99 as Height });
      const chain = await Chain.start();
      await chain.done(chain.author.register('alone', { control: 'a' }));
      await chain.done(chain.author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }));
      const alone = await everyRecord(chain);
      for (const at of [1, 2]) {
        expect(changed(alone, at, same, head(ttlDays))).not.toThrow();
        expect(changed(alone, at, same, head(ttlDays + 1))).toThrow(damaged);
      }
      const refusal = decodeRecord(leaves[6]!);
      const refusals = Array.from({ length: REFUSED_ENGAGEMENTS_MAX + 1 }, (_, i) =>
        encodeRecord({ ...refusal, index: (6 + i) as LogIndex }),
      );
      const before = leaves.slice(0, 6);
      expect(absorbing([...before, ...refusals.slice(0, -1)])).not.toThrow();
      expect(absorbing([...before, ...refusals])).toThrow(damaged);
    });

    it('finds out an engagement without possession, and fingerprints that an entry may not carry', async () => {
      const leaves = await honest();
      const engagement = decodeRecord(leaves[6]!);
      const early = { ...engagement, index: 4 as LogIndex };
      expect(absorbing([...leaves.slice(0, 4), encodeRecord(early)])).toThrow(damaged);
      const shown = decodeRecord(leaves[4]!).body as FingerprintRecord;
      expect(changed(leaves, 4, same)).not.toThrow();
      expect(changed(leaves, 4, () => ({ entry: 9 as Sequence }))).toThrow(damaged);
      // Of another kind of document, one that is always there, one that the purpose has not switched on.
      for (const name of ['credit-note/possession@1', 'invoice/exact@1', 'invoice/object@1'])
        expect(changed(leaves, 4, () => ({ name }))).toThrow(damaged);
      expect(changed(leaves, 4, () => ({ name: 'goods@1' }))).not.toThrow();
      // Twice, and with another verdict.
      expect(changed(leaves, 5, () => ({ entry: 0 as Sequence }))).toThrow(damaged);
      expect(changed(leaves, 5, () => ({ verdict: shown.verdict }))).toThrow(damaged);
    });

    it('finds out successors that cannot be one', async () => {
      const leaves = await honest();
      // Itself, earlier, settled, of another purpose, not there.
      for (const successor of [0, 1, 3, 9])
        expect(changed(leaves, 9, () => ({ successor: successor as Sequence }))).toThrow(damaged);
      expect(changed(leaves, 9, () => ({ entry: 2 as Sequence, successor: 0 as Sequence }))).toThrow(damaged);
    });

    it('finds out members that come twice, go without having been there or make another root', async () => {
      const leaves = await honest();
      const member = network.genesis.members[0]!;
      const change = (kind: 'admit' | 'remove', memberId: bigint) => () => ({
        changes: [{ change: kind, memberId, role: 0 }],
      });
      expect(changed(leaves, 10, change('admit', BigInt(member.memberId)))).toThrow(damaged);
      expect(changed(leaves, 10, change('remove', fieldOf('nobody')))).toThrow(damaged);
      expect(changed(leaves, 10, change('admit', fieldOf('y')))).toThrow(damaged);
    });

    it('finds out blocks that go back in time, or have two times', async () => {
      const leaves = await honest();
      const { time, height } = decodeRecord(leaves[3]!);
      const at = (changes: Partial<LogRecord>) => changed(leaves, 4, same, changes);
      expect(at({ height })).not.toThrow();
      expect(at({ height, time: (time + 1) as UnixMs })).toThrow(damaged);
      expect(at({ height: (height - 1) as Height })).toThrow(damaged);
      expect(at({ time: (time - 1) as UnixMs })).toThrow(damaged);
      expect(at({ index: 5 as LogIndex })).toThrow(damaged);
      expect(() => replica().absorb(leaves[0]!.slice(1))).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      );
    });
  });
});
