import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCanonical,
  decodeRecord,
  entryCodec,
  MemoryStore,
  QUERY_CODES,
  QUERY_PATHS,
  type QueryResponse,
  StateMachine,
  stateKeys,
  verifyQuery,
} from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { Chain, fieldOf, hashProofVerifier, testGenesis } from './helpers.js';

const number = (n: number | bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(n));
  return bytes;
};
const ask = (
  { machine }: Pick<Chain, 'machine'>,
  path: string,
  data: Uint8Array,
  height?: number,
): QueryResponse => machine.query({ path, data, prove: true, ...(height !== undefined && { height }) });

/** Blocks 1 to 6: two entries, nothing, an engagement, nothing, a third entry. App hashes by height. */
async function example() {
  const chain = await Chain.start();
  const { author } = chain;
  const hashes = [chain.machine.info().appHash];
  const blocks: Uint8Array[][] = [
    [author.register('a', { control: 'a' })],
    [author.register('a', { control: 'b' })],
    [],
    [author.shows('a', 0), author.action('a', 0, 0, { kind: 'engage', accept: ['duplicate'] })],
    [],
    [author.register('c', { control: 'c' })],
  ];
  for (const block of blocks) hashes.push((await chain.block(block)).appHash);
  return { chain, hashes, author };
}

describe('a query', () => {
  it('reads an entry, a key or a record after any block, with a proof against its app hash and no other', async () => {
    const { chain, hashes, author } = await example();
    const tag = Buffer.from(stateKeys.tag('finance', author.claims('a').tags[0]));
    const states: (string | undefined)[] = [];
    for (const [height, hash] of hashes.entries()) {
      if (height === 0) continue;
      for (const [path, data] of [
        [QUERY_PATHS.entry, number(0)],
        [QUERY_PATHS.entry, number(2)],
        [QUERY_PATHS.state, tag],
        [QUERY_PATHS.state, Buffer.from('s/absent')],
        [QUERY_PATHS.record, number(0)],
      ] as const) {
        const request = { path, data, height, prove: true };
        const response = chain.machine.query(request);
        expect(response).toMatchObject({ name: 'ok', code: 0, height });
        expect(verifyQuery(hash, request, response)).toBe(true);
        for (const other of hashes)
          if (!Buffer.from(other).equals(hash)) expect(verifyQuery(other, request, response)).toBe(false);
        const { value } = response;
        const changed = value ? undefined : new Uint8Array(1);
        expect(verifyQuery(hash, request, { ...response, value: changed })).toBe(false);
        for (const wrong of [number(1), Buffer.from('s/counters')])
          expect(verifyQuery(hash, { ...request, data: wrong }, response)).toBe(false);
        for (const wrong of [...Object.values(QUERY_PATHS), '/other'])
          if (wrong !== path) expect(verifyQuery(hash, { ...request, path: wrong }, response)).toBe(false);
        const proof = { ...response.proof!, logSize: response.proof!.logSize + 1 };
        expect(verifyQuery(hash, request, { ...response, proof })).toBe(false);
        const unproved = chain.machine.query({ ...request, prove: false });
        expect(unproved).toEqual({ ...response, proof: undefined });
        expect(verifyQuery(hash, request, unproved)).toBe(false);
      }
      const { value } = ask(chain, QUERY_PATHS.entry, number(0), height);
      states.push(decodeCanonical(entryCodec, value!, 'an entry', 'data_corrupted').indexed.state);
    }
    expect(states).toEqual(['registered', 'registered', 'registered', 'engaged', 'engaged', 'engaged']);
    expect(decodeRecord(ask(chain, QUERY_PATHS.record, number(3)).value!)).toEqual(
      chain.machine.reader.record(3 as never),
    );
    expect(ask(chain, QUERY_PATHS.record, number(4), 0)).toMatchObject({ name: 'ok', height: 6 });
  });

  it('is answered with a code where there is no such path, value, height or form', async () => {
    const { chain } = await example();
    const name = (...question: [string, Uint8Array, number?]) => {
      const { name: result, code: found, value, proof, detail } = ask(chain, ...question);
      expect({ found, value, proof }).toEqual({
        found: QUERY_CODES[result],
        value: undefined,
        proof: undefined,
      });
      expect(detail).not.toBe('');
      return result;
    };
    expect(name('/payload', new Uint8Array(32))).toBe('unknown_path');
    expect(name('', number(0))).toBe('unknown_path');
    expect(name('toString', number(0))).toBe('unknown_path');
    for (const key of ['', 's/', 'm/meta', 'p/00', 's/\n', `s/${'k'.repeat(127)}`])
      expect(name(QUERY_PATHS.state, Buffer.from(key))).toBe('malformed');
    for (const data of [new Uint8Array(), new Uint8Array(7), new Uint8Array(9), number(2n ** 53n)]) {
      expect(name(QUERY_PATHS.entry, data)).toBe('malformed');
      expect(name(QUERY_PATHS.record, data)).toBe('malformed');
    }
    for (const height of [-1, 1.5, NaN, Infinity])
      expect(name(QUERY_PATHS.entry, number(9), height)).toBe('malformed');
    expect(name(QUERY_PATHS.record, number(5))).toBe('not_found');
    expect(name(QUERY_PATHS.record, number(1), 1)).toBe('not_found');
    expect(name(QUERY_PATHS.record, number(0), 7)).toBe('height_unavailable');
  });

  it('never throws for what is asked', async () => {
    const { chain } = await example();
    const paths = fc.oneof(fc.constantFrom(...Object.values(QUERY_PATHS)), fc.string());
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(8).map((n) => number(n)),
      fc.string().map((text) => Buffer.from(`s/${text}`)),
    );
    fc.assert(
      fc.property(
        paths,
        data,
        fc.integer({ min: -2, max: 9 }),
        fc.boolean(),
        (path, bytes, height, prove) => {
          const response = chain.machine.query({ path, data: bytes, height, prove });
          expect(response.code).toBe(QUERY_CODES[response.name]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has no answer before there is a state, and none for a state that is no longer kept', async () => {
    const machine = await StateMachine.open({
      genesis: testGenesis(),
      store: new MemoryStore(),
      verifier: hashProofVerifier,
    });
    expect(ask({ machine }, QUERY_PATHS.state, Buffer.from('s/counters')).name).toBe('height_unavailable');
    await machine.initChain();
    expect(ask({ machine }, QUERY_PATHS.state, Buffer.from('s/counters')).name).toBe('ok');

    const chain = await Chain.start();
    for (let i = 0; i < 140; i++) await chain.done(chain.author.register(`d${i}`, { control: `${i}` }));
    expect(ask(chain, QUERY_PATHS.entry, number(0), 12)).toMatchObject({ name: 'ok' });
    expect(ask(chain, QUERY_PATHS.entry, number(0), 11)).toMatchObject({ name: 'height_unavailable' });
    expect(ask(chain, QUERY_PATHS.record, number(0), 11)).toMatchObject({ name: 'height_unavailable' });
    // The record itself is there as long as the log.
    const request = { path: QUERY_PATHS.record, data: number(0), height: 11, prove: false };
    expect(chain.machine.query(request)).toMatchObject({ name: 'ok' });
  });

  it('does throw where the store is damaged', async () => {
    const { chain } = await example();
    await chain.store.write([{ key: 'r/00000000000001', value: undefined }]);
    expect(() => ask(chain, QUERY_PATHS.record, number(1))).toThrow(
      expect.objectContaining(code('data_corrupted')),
    );
  });
});

describe('the events of a block', () => {
  it('say of every included transaction what the log says, but for tags and nullifiers', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const finalized = await chain.block([
      author.register('a', { control: 'a' }),
      new Uint8Array(3),
      author.register('a', { control: 'b' }),
      author.shows('b', 1),
      author.action('b', 1, 0, { kind: 'engage', accept: ['unique'] }),
      author.action('a', 0, 0, { kind: 'supersede', successor: 1 as never }, { successor: 'b' }),
      author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 1 }]),
    ]);
    const flat = finalized.events.map((events) =>
      events.map(({ type, attributes }) => [
        type,
        Object.fromEntries(attributes.map(({ key, value }) => [key, value])),
      ]),
    );
    const entry = { purpose: 'finance', kind: '380' };
    const root = finalized.records[5]!.body;
    expect(flat).toEqual([
      [['entry.register', { index: '0', entry: '0', ...entry, label: 'unique' }]],
      [],
      [['entry.register', { index: '1', entry: '1', ...entry, label: 'duplicate' }]],
      [['entry.fingerprint', { index: '2', entry: '1', name: 'invoice/possession@1', label: 'unmatched' }]],
      [['entry.refused', { index: '3', entry: '1', state: 'registered', label: 'duplicate' }]],
      [['entry.supersede', { index: '4', entry: '0', state: 'superseded', successor: '1' }]],
      [
        [
          'members.change',
          { index: '5', 'members-root': String(root.type === 'membership' && root.membersRoot) },
        ],
      ],
    ]);
    const text = JSON.stringify(finalized.events);
    for (const control of ['a', 'b']) {
      const { tags, nullifier } = author.claims('a', { control });
      for (const secret of [...tags, nullifier]) expect(text).not.toContain(String(secret));
    }
    expect(finalized.validatorUpdates).toEqual([]);
    expect(finalized.consensusParamUpdates).toBeUndefined();
    expect((await chain.block([])).events).toEqual([]);
  });
});
