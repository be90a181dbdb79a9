import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auditStore,
  MemoryStore,
  type ProofVerifier,
  StateMachine,
  type UnixMs,
} from '../../src/ledger/index.js';
import { Chain, DAY, fieldOf, hashProofVerifier, START, testGenesis } from './helpers.js';
import { blocks, Script } from './script.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('two machines', () => {
  it('that are fed the same blocks agree on everything, whatever the other calls, caches and restarts between', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.infiniteStream(fc.nat(3)), async (parts, whim) => {
        const chain = await Chain.start();
        const script = new Script(chain);
        const store = new MemoryStore();
        const open = () => StateMachine.open({ genesis: testGenesis(), store, verifier: hashProofVerifier });
        let other = await open();
        await other.initChain();
        expect(hex(other.info().appHash)).toBe(hex(chain.machine.info().appHash));
        let time = START;
        for (const part of parts) {
          time = (time + part.pause) as UnixMs;
          const block = chain.next(script.transactions(part.steps, time), time);
          // One machine checks, proposes and executes twice; the other starts afresh now and then.
          if (whim.next().value === 0) other = await open();
          if (whim.next().value === 0) {
            for (const bytes of block.transactions)
              await chain.machine.checkTx(bytes, { type: 'new', now: time });
            await chain.machine.prepareProposal(block);
            await chain.machine.finalizeBlock(block);
          }
          const finalized = await chain.machine.finalizeBlock(block);
          const same = await other.finalizeBlock(block);
          expect(hex(same.appHash)).toBe(hex(finalized.appHash));
          expect(same.results).toEqual(finalized.results);
          expect(same.writes).toEqual(finalized.writes);
          await chain.machine.commit(finalized);
          await other.commit(same);
          script.learn(finalized);
          expect(hex(chain.machine.info().appHash)).toBe(hex(finalized.appHash));
          // Nothing valid, nothing changed.
          if (finalized.records.length === 0) expect(finalized.writes).toHaveLength(1);
        }
        await auditStore(store, other.reader.meta());
        const reopened = await open();
        expect(reopened.info()).toEqual(chain.machine.info());
      }),
      { numRuns: 40 },
    );
  });

  it('that disagree on one proof disagree on the app hash', async () => {
    const strict = await Chain.start();
    const lax: ProofVerifier = { verify: () => Promise.resolve(true) };
    const careless = await Chain.start({ verifier: lax });
    const wrong = strict.author.sign(
      strict.author.claims('doc', { control: 'me' }),
      'me',
      new Uint8Array(256),
    );
    expect((await strict.block([wrong])).appHash).not.toEqual((await careless.block([wrong])).appHash);
  });
});

describe('an app hash', () => {
  it('is another one after any effect: another document, key, state or member', async () => {
    const { author } = await Chain.start();
    const histories: Uint8Array[][] = [
      [],
      [author.register('a', { control: 'k' })],
      [author.register('b', { control: 'k' })],
      [author.register('a', { control: 'l' })],
      [
        author.register('a', { control: 'k' }),
        author.shows('k', 0),
        author.action('k', 0, 0, { kind: 'engage', accept: ['unique'] }),
      ],
      [
        author.register('a', { control: 'k' }),
        author.shows('k', 0),
        author.action('k', 0, 0, { kind: 'engage', accept: ['duplicate'] }),
      ],
      [
        author.register('a', { control: 'k' }),
        author.action('k', 0, 0, { kind: 'cancel', reason: 'withdrawn' }),
      ],
      [author.register('a', { control: 'k' }), author.shows('k', 0)],
      [author.register('a', { control: 'k' }), author.shows('k', 0, { name: 'goods@1' })],
      [author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 1 }])],
      [author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 2 }])],
    ];
    const hashes = await Promise.all(
      histories.map(async (transactions) => {
        const chain = await Chain.start();
        return hex((await chain.block(transactions)).appHash);
      }),
    );
    expect(new Set(hashes).size).toBe(histories.length);
  });
});

describe('the state', () => {
  it('forgets the nullifiers that no block can admit any more, and only those', async () => {
    const chain = await Chain.start();
    const { author, store } = chain;
    const nullifiers = async (): Promise<number> => {
      let count = 0;
      for await (const [key] of store.iterate({ gte: 's/nullifier/', lt: 's/nullifier0' })) if (key) count++;
      return count;
    };
    const at = (days: number): UnixMs => (START + days * DAY) as UnixMs;
    const register = (control: string, day: number, period = day) =>
      chain.one(author.register('doc', { control, time: at(period) }), at(day));
    await register('a', 0);
    await register('b', 1);
    // Yesterday's period is still admitted, so yesterday's nullifiers are still known.
    expect(await nullifiers()).toBe(2);
    expect((await register('a', 1, 0)).name).toBe('nullifier_used');
    await chain.block([], at(2));
    expect(await nullifiers()).toBe(2);
    await register('c', 2);
    expect(await nullifiers()).toBe(2);
    expect((await register('a', 2, 0)).name).toBe('period_out_of_window');
    expect((await register('b', 2, 1)).name).toBe('nullifier_used');
    await auditStore(store, chain.machine.reader.meta());
  });

  it('keeps a bounded number of old tree nodes', async () => {
    const chain = await Chain.start();
    for (let i = 0; i < 300; i++)
      await chain.block([chain.author.register(`doc ${i}`, { control: `k${i}` })]);
    let nodes = 0;
    for await (const [key] of chain.store.iterate({ gte: 'o/', lt: 'o0' })) if (key) nodes++;
    // 128 versions of a few paths each.
    expect(nodes).toBeLessThan(128 * 40);
    const { reader } = chain.machine;
    const key = 's/counters' as never;
    expect(reader.stateProof(key, 300 - 127).value).toBeDefined();
    expect(() => reader.stateProof(key, 100)).toThrow(expect.objectContaining({ code: 'not_found' }));
    await auditStore(chain.store, reader.meta());
  });
});
