import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  type LogIndex,
  type LogRecord,
  MemoryStore,
  networkOf,
  Overlay,
  Replica,
  type UnixMs,
} from '../../src/ledger/index.js';
import { Chain, fieldOf, START, testGenesis } from './helpers.js';
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
});
