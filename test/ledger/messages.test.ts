import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeRecord,
  encodeTransaction,
  type EpochDay,
  type LogIndex,
  MemoryStore,
  messageBinding,
  type MessageClaims,
  messageLabel,
  networkOf,
  Overlay,
  parseGenesis,
  Replica,
  type ResultName,
  sha256,
  stateKeys,
  type UnixMs,
} from '../../src/ledger/index.js';
import { dayOf } from '../../src/ledger/units.js';
import { messageClaims } from './arbitraries.js';
import { Chain, DAY, fieldOf, genesisInput, START, testGenesis } from './helpers.js';

const later = (ms: number): UnixMs => (START + ms) as UnixMs;

describe('a message', () => {
  it('is refused for what the network does not have, another day, and members that are not accepted', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const day = dayOf(START);
    const name = async (changes: Partial<MessageClaims>, time = START): Promise<ResultName> => {
      const bytes = author.message('doc', changes);
      const checked = await chain.machine.checkTx(bytes, { type: 'new', now: time });
      const { results } = await chain.machine.finalizeBlock(chain.next([bytes], time));
      expect(results[0]!.code).toBe(checked?.code ?? 0);
      return results[0]!.name;
    };
    expect(await name({})).toBe('ok');
    expect(await name({ purpose: 'unheard-of' })).toBe('unknown_purpose');
    expect(await name({ documentKind: 60001 })).toBe('kind_not_allowed');
    expect(await name({ epoch: 2 })).toBe('wrong_epoch');
    expect(await name({ membersRoot: fieldOf('root') })).toBe('unknown_members_root');
    expect(await name({ period: (day - 1) as EpochDay })).toBe('ok');
    expect(await name({ period: (day - 2) as EpochDay })).toBe('period_out_of_window');
    expect(await name({ period: (day + 1) as EpochDay })).toBe('period_out_of_window');
  });

  it('is bound whole: who changes anything in it has no proof', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const claims = author.messageClaims('doc');
    const proof = author.proveMessage(claims);
    const changes: Partial<MessageClaims>[] = [
      { documentKind: 105 },
      { period: (claims.period - 1) as EpochDay },
      { slot: 1 },
      { address: fieldOf('an address that is nicer') },
      { commitment: fieldOf('another commitment') },
      { bodyHash: sha256(Buffer.from('another text')) },
    ];
    for (const change of changes) {
      const changed = encodeTransaction({ type: 'message', claims: { ...claims, ...change }, proof });
      expect(await chain.one(changed)).toMatchObject({ name: 'invalid_proof' });
    }
    // The same claims have another binding on another network, whatever the two are called.
    const other = await Chain.start({ genesis: testGenesis('other-net') });
    const copy = { ...claims, membersRoot: other.author.registry.root };
    expect(await other.one(encodeTransaction({ type: 'message', claims: copy, proof }))).toMatchObject({
      name: 'invalid_proof',
    });
    expect(await chain.done(encodeTransaction({ type: 'message', claims, proof }))).toMatchObject({
      body: { type: 'message', address: claims.address, slot: 0, bodyHash: claims.bodyHash },
    });
  });

  it('has a binding and a label that no other message has', () => {
    fc.assert(
      fc.property(messageClaims, messageClaims, (a, b) => {
        const same = (one: unknown, two: unknown) => expect(one === two);
        const text = ({ purpose, period, slot }: MessageClaims) => JSON.stringify([purpose, period, slot]);
        same(messageLabel(a), messageLabel(b)).toBe(text(a) === text(b));
        expect(messageBinding('net', a) === messageBinding('net', b)).toBe(
          Buffer.from(encodeTransaction({ type: 'message', claims: a, proof: new Uint8Array(256) })).equals(
            encodeTransaction({ type: 'message', claims: b, proof: new Uint8Array(256) }),
          ),
        );
        expect(messageBinding('net', a)).not.toBe(messageBinding('ne', a));
      }),
    );
  });

  it('takes its address alone: of two at once one is refused, and goes to the next', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const [mine, yours] = [author.message('doc', { body: 'mine' }), author.message('doc', { body: 'yours' })];
    const { results } = await chain.block([mine, yours]);
    expect(results.map(({ name }) => name)).toEqual(['ok', 'address_used']);
    expect(await chain.one(mine)).toMatchObject({ name: 'address_used' });
    expect(await chain.one(author.message('doc', { slot: 1, body: 'yours' }))).toMatchObject({ name: 'ok' });
    // Another document of the same slot has another address.
    expect(await chain.one(author.message('other'))).toMatchObject({ name: 'ok' });
  });

  it('has 256 places a day for one document, and as many under a purpose as the network takes', async () => {
    const input = genesisInput('flood');
    const schema = { ...input.schema, messages: { retainDays: 90, perDay: 300 } };
    const chain = await Chain.start({ genesis: parseGenesis({ ...input, schema }) });
    const { author } = chain;
    const names = async (messages: Uint8Array[], time = START): Promise<Map<ResultName, number>> => {
      const { results } = await chain.block(messages, time);
      const counts = new Map<ResultName, number>();
      for (const { name } of results) counts.set(name, (counts.get(name) ?? 0) + 1);
      return counts;
    };
    const flood = (document: string, time = START) =>
      Array.from({ length: 256 }, (_, slot) => author.message(document, { slot, time }));
    expect(() => author.message('doc', { slot: 256 })).toThrowError(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
    expect(await names(flood('doc'))).toEqual(new Map([['ok', 256]]));
    // As often as anybody likes, whatever they say: the places are taken.
    expect(await names(flood('doc'))).toEqual(new Map([['address_used', 256]]));
    // With evaluations of further documents a member goes on, up to what the day takes; the purpose alone is full then.
    expect(await names(flood('other'))).toEqual(
      new Map([
        ['ok', 44],
        ['messages_full', 212],
      ]),
    );
    const late = author.message('third');
    expect(await chain.machine.checkTx(late, { type: 'new', now: START })).toMatchObject({
      name: 'messages_full',
    });
    expect(await chain.one(author.message('bill', { purpose: 'carry', documentKind: 705 }))).toMatchObject({
      name: 'ok',
    });
    // A new day is a new count, and the state forgets the old one.
    const count = stateKeys.messageCount(dayOf(START), 'finance');
    expect(chain.store.get(count)).toBeDefined();
    expect(await names([author.message('doc', { time: later(2 * DAY) })], later(2 * DAY))).toEqual(
      new Map([['ok', 1]]),
    );
    for (let i = 1; chain.store.get(count) && i < 20; i++)
      await chain.block([author.message('doc', { slot: i, time: later(2 * DAY) })], later(2 * DAY + i));
    expect(chain.store.get(count)).toBeUndefined();
  });

  it('is forgotten by the state when its day is over, and cannot come again', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const message = author.message('doc');
    const { body } = await chain.done(message);
    if (body.type !== 'message') throw new Error('expected a message');
    const key = stateKeys.message(body.period, body.address);
    await chain.done(author.message('doc', { slot: 1, time: later(DAY) }), later(DAY));
    expect(chain.store.get(key)).toBeDefined();
    expect(await chain.one(message, later(DAY))).toMatchObject({ name: 'address_used' });
    await chain.done(author.message('doc', { time: later(2 * DAY) }), later(2 * DAY));
    expect(chain.store.get(key)).toBeUndefined();
    expect(await chain.one(message, later(2 * DAY))).toMatchObject({ name: 'period_out_of_window' });
  });

  it('is where a copy of the log has it; a node that lies about one is found out', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const network = await networkOf(testGenesis());
    await chain.done(author.register('doc'));
    const record = await chain.done(author.message('doc'));
    const [entry, leaf] = await chain.machine.reader.recordsFrom(0 as LogIndex);
    if (record.body.type !== 'message') throw new Error('expected a message');
    const { body } = record;
    const absorb = (...leaves: Uint8Array[]): Replica => {
      const copy = new Replica(network, new Overlay(new MemoryStore()));
      for (const bytes of leaves) copy.absorb(bytes);
      return copy;
    };
    const copy = absorb(entry!, leaf!);
    expect(copy.messageAt(body.address)).toBe(1);
    expect(copy.messageAt(fieldOf('somewhere else'))).toBeUndefined();
    const forged = (changes: Partial<typeof body>, index = 1) =>
      encodeRecord({ ...record, index: index as LogIndex, body: { ...body, ...changes } });
    const found = (what: RegExp, ...leaves: Uint8Array[]) =>
      expect(() => absorb(entry!, ...leaves)).toThrowError(
        expect.objectContaining({ code: 'data_corrupted', message: expect.stringMatching(what) as string }),
      );
    found(/address that was used/, leaf!, forged({}, 2));
    found(/address that was used/, leaf!, forged({ bodyHash: new Uint8Array(32) }, 2));
    found(/another day/, forged({ period: (body.period - 2) as EpochDay }));
    found(/kind that finance does not take/, forged({ documentKind: 60001 }));
    found(/unknown purpose/, forged({ purpose: 'unheard-of' }));
  });

  it('is found among the records of a store, from a time on', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const indices = async (time: UnixMs, size?: number): Promise<number[]> => {
      const found: number[] = [];
      for await (const { index } of chain.machine.reader.messagesSince(time, size)) found.push(index);
      return found;
    };
    expect(await indices(START)).toEqual([]);
    await chain.block([author.register('doc'), author.message('doc')]);
    await chain.block([author.message('doc', { slot: 1 }), author.register('more')], later(5));
    await chain.block([author.message('doc', { slot: 2 })], later(9));
    expect(await indices(0 as UnixMs)).toEqual([1, 2, 4]);
    expect(await indices(later(5))).toEqual([2, 4]);
    expect(await indices(later(6))).toEqual([4]);
    expect(await indices(later(10))).toEqual([]);
    expect(await indices(0 as UnixMs, 4)).toEqual([1, 2]);
  });
});

describe('the term of messages', () => {
  it('is the network\u2019s, and a genesis that says nothing of it is the network that it was', async () => {
    const input = genesisInput('with-messages');
    const without = parseGenesis(input);
    expect(without.schema).not.toHaveProperty('messages');
    const schema = { ...input.schema, messages: { retainDays: 7 } };
    expect(parseGenesis({ ...input, schema }).schema.messages).toEqual({ retainDays: 7 });
    for (const retainDays of [0, 1.5, 4000])
      expect(() => parseGenesis({ ...input, schema: { ...schema, messages: { retainDays } } })).toThrowError(
        expect.objectContaining({ code: 'invalid_argument', field: 'schema.messages.retainDays' }),
      );
    await networkOf(without);
  });
});
