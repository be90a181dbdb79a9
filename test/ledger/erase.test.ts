import { describe, expect, it } from 'vitest';
import {
  auditStore,
  decodeRecord,
  encodeRecord,
  type LogIndex,
  MemoryStore,
  Overlay,
  Replica,
  type Sequence,
  type UnixMs,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { Chain, DAY, HOUR, seedOf, START } from './helpers.js';

const erase = { kind: 'erase' } as const;

async function started(): Promise<Chain> {
  const chain = await Chain.start();
  const { author } = chain;
  await chain.block(['me', 'other'].map((control) => author.register('doc', { control })));
  return chain;
}

describe('to erase a payload', () => {
  it('changes nothing else: no state, no verdict, no place among the holders of the document', async () => {
    const chain = await started();
    const { author } = chain;
    const { body } = await chain.done(author.action('me', 0, 0, erase));
    expect(body).toMatchObject({ type: 'action', action: 'erase', outcome: 'done', state: 'registered' });
    const accept = ['duplicate'] as const;
    const engaged = await chain.done(author.action('me', 0, 1, { kind: 'engage', accept }));
    expect(engaged.body).toMatchObject({ outcome: 'done', verdict: { label: 'duplicate' } });
    const late = await chain.done(author.register('doc', { control: 'late' }));
    expect(late.body).toMatchObject({
      verdict: { label: 'duplicate-engaged', matches: [{ sequence: 0 }, { sequence: 1 }] },
    });
    await auditStore(chain.store, chain.machine.reader.meta());
  });

  it('is for the holder of the entry alone, once, and in its turn', async () => {
    const chain = await started();
    const { author } = chain;
    const name = async (transaction: Uint8Array) => (await chain.one(transaction)).name;
    expect(await name(author.action('other', 0, 0, erase))).toBe('bad_signature');
    expect(await name(author.action('me', 0, 1, erase))).toBe('wrong_counter');
    expect(await name(author.action('me', 0, 0, erase))).toBe('ok');
    expect(await name(author.action('me', 0, 1, erase))).toBe('already_erased');
    expect(await name(author.action('me', 0, 0, erase))).toBe('wrong_counter');
    expect(await name(author.action('other', 1, 0, erase))).toBe('ok');
    const both = [author.register('x', { control: 'x' }), author.action('x', 2, 0, erase)];
    const { results } = await chain.block([...both, author.action('x', 2, 1, erase)]);
    expect(results.map((result) => result.name)).toEqual(['ok', 'ok', 'already_erased']);
  });

  it('cannot be done, nor prevented, through an entry that names the payload of another', async () => {
    const chain = await started();
    const { author } = chain;
    const payloadHash = author.claims('doc', { control: 'me' }).payloadHash;
    const copied = author.register('doc', { control: 'thief', payloadHash });
    expect((await chain.one(copied)).name).toBe('payload_used');
    await chain.done(author.action('me', 0, 0, erase));
    expect((await chain.one(copied)).name).toBe('payload_used');
    const shared = { payloadHash: seedOf('a payload') };
    const { results } = await chain.block(
      ['one', 'two'].map((control) => author.register('y', { control, ...shared })),
    );
    expect(results.map((result) => result.name)).toEqual(['ok', 'payload_used']);
  });

  it('is in the state that a snapshot carries, and in every copy of the log', async () => {
    const chain = await started();
    await chain.done(chain.author.action('me', 0, 0, erase));
    const leaves = await chain.machine.reader.recordsFrom(0 as LogIndex);
    const absorb = (records: readonly Uint8Array[]) => {
      const copy = new Replica(chain.machine.network, new Overlay(new MemoryStore()));
      for (const record of records) copy.absorb(record);
      return copy;
    };
    const copy = absorb(leaves);
    expect([0, 1].map((entry) => copy.isErased(entry as Sequence))).toEqual([true, false]);
    expect(copy.actions(0 as Sequence)).toBe(1);
    // A node that says it a second time, or of another state, is found out.
    const last = decodeRecord(leaves.at(-1)!);
    if (last.body.type !== 'action') throw new Error('not an action');
    const again = { ...last, index: (last.index + 1) as LogIndex };
    const lies = [
      [...leaves, encodeRecord(again)],
      [...leaves.slice(0, -1), encodeRecord({ ...last, body: { ...last.body, state: 'engaged' } })],
      [...leaves.slice(0, -1), encodeRecord({ ...last, body: { ...last.body, outcome: 'refused' } })],
    ];
    for (const lie of lies)
      expect(() => absorb(lie)).toThrow(expect.objectContaining(code('data_corrupted')));
  });

  it('is possible when the entry has lapsed or was settled: that is when nobody needs it any more', async () => {
    const chain = await started();
    const late = (START + 40 * DAY) as UnixMs;
    const validUntil = (late + HOUR) as UnixMs;
    const order = chain.author.action('me', 0, 0, erase, { validUntil });
    expect((await chain.done(order, late)).body).toMatchObject({ state: 'registered' });
    // It is as lapsed as before.
    const engage = { kind: 'engage', accept: ['unique'] } as const;
    const revived = chain.author.action('me', 0, 1, engage, { validUntil });
    expect((await chain.one(revived, late)).name).toBe('illegal_transition');
  });
});
