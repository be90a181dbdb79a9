import { describe, expect, it } from 'vitest';
import { ed25519Sign } from '../../src/crypto/index.js';
import { capacitySlot, KINDS } from '../../src/documents/index.js';
import {
  capacityMessage,
  decodeRecord,
  decodeTransaction,
  DRAWS_PER_ENTRY_MAX,
  encodeRecord,
  encodeTransaction,
  MemoryStore,
  networkOf,
  Overlay,
  Replica,
  StateMachine,
  type UnixMs,
  type VerdictLabel,
} from '../../src/ledger/index.js';
import { stateKeys } from '../../src/ledger/state-keys.js';
import { code } from '../helpers/vectors.js';
import {
  Chain,
  DAY,
  fieldOf,
  hashProofVerifier,
  headAfter,
  headOf,
  HOUR,
  type Head,
  seedOf,
  START,
  testGenesis,
} from './helpers.js';

// Chains of draws (protocol section 10) as the nodes and the readers of the log rule on them; what the proofs show is
// for test/circuits/drawdown.test.ts.

const ENGAGE_ANY = {
  kind: 'engage',
  accept: ['unique', 'near-duplicate', 'duplicate', 'duplicate-settled', 'duplicate-engaged'],
} as const;

/** A ledger with entries 0, 1, ... of one invoice, whose control keys are a, b, ...; each has shown possession. */
async function holders(...controls: string[]): Promise<Chain> {
  const chain = await Chain.start();
  await chain.block(controls.map((control) => chain.author.register('doc', { control })));
  await chain.block(controls.map((control, i) => chain.author.shows(control, i)));
  return chain;
}

const after = (draw: string, document = 'doc'): Head => ({ ...headOf(document), ...headAfter(draw) });
const name = async (chain: Chain, tx: Uint8Array, time: UnixMs = START) => (await chain.one(tx, time)).name;

describe('a chain of draws', () => {
  it('is opened by one, drawn from by all, and each draw engages its entry', async () => {
    const chain = await holders('a', 'b', 'c');
    const { author } = chain;
    expect((await chain.done(author.openCapacity('a', 0, 0, 'doc'))).body).toMatchObject({
      type: 'open-capacity',
      entry: 0,
      chain: headOf('doc').chain,
    });
    expect((await chain.done(author.draw('a', 0, 1, headOf('doc'), 'first'))).body).toMatchObject({
      type: 'draw',
      state: 'engaged',
      wPrevious: headOf('doc').w,
    });
    await chain.done(author.draw('b', 1, 0, after('first'), 'second'));
    await chain.done(author.draw('a', 0, 2, after('second'), 'third'));
    // Engaged entries do not lapse.
    const late = (START + 40 * DAY) as UnixMs;
    await chain.done(author.draw('b', 1, 1, after('third'), 'fourth', { time: late }), late);
    expect(await name(chain, author.draw('c', 2, 0, after('fourth'), 'late', { time: late }), late)).toBe(
      'illegal_transition',
    );
  });

  it('lets exactly one of two draws from a head win, whatever their order in the block', async () => {
    for (const order of [0, 1]) {
      const chain = await holders('a', 'b');
      const { author } = chain;
      await chain.done(author.openCapacity('a', 0, 0, 'doc'));
      const draws = [
        author.draw('a', 0, 1, headOf('doc'), 'by a'),
        author.draw('b', 1, 0, headOf('doc'), 'by b'),
      ];
      const { results } = await chain.block(order ? draws.reverse() : draws);
      expect(results.map((result) => result.name)).toEqual(['ok', 'stale_head']);
      // Who lost reads on, and draws again.
      const [winner, loser] = order ? (['by b', 'a'] as const) : (['by a', 'b'] as const);
      const retry =
        loser === 'a'
          ? author.draw('a', 0, 1, after(winner), 'again')
          : author.draw('b', 1, 0, after(winner), 'again');
      expect(await name(chain, retry)).toBe('ok');
    }
  });

  it('is one for an exact tag: a second one is refused, of the same document and of an inflated one', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    expect(await name(chain, author.openCapacity('b', 1, 0, 'doc'))).toBe('capacity_conflict');
    expect(await name(chain, author.openCapacity('b', 1, 0, 'doc with another amount'))).toBe(
      'capacity_conflict',
    );
    expect(await name(chain, author.openCapacity('a', 0, 1, 'doc'))).toBe('capacity_conflict');
  });

  it('and engagement exclude one another', async () => {
    const drawn = await holders('a', 'b');
    await drawn.done(drawn.author.openCapacity('a', 0, 0, 'doc'));
    expect(await name(drawn, drawn.author.action('a', 0, 1, ENGAGE_ANY))).toBe('capacity_open');
    expect(await name(drawn, drawn.author.action('b', 1, 0, ENGAGE_ANY))).toBe('capacity_open');

    const engaged = await holders('a', 'b');
    await engaged.done(engaged.author.action('a', 0, 0, ENGAGE_ANY));
    expect(await name(engaged, engaged.author.openCapacity('b', 1, 0, 'doc'))).toBe('document_engaged');
    // Nor does who has financed the whole let others have parts of it.
    expect(await name(engaged, engaged.author.openCapacity('a', 0, 1, 'doc'))).toBe('illegal_transition');
    await engaged.done(engaged.author.action('a', 0, 1, { kind: 'release' }));
    expect(await name(engaged, engaged.author.openCapacity('b', 1, 0, 'doc'))).toBe('ok');

    // In one block: whichever comes first.
    const race = await holders('a', 'b');
    const { results } = await race.block([
      race.author.openCapacity('a', 0, 0, 'doc'),
      race.author.action('b', 1, 0, ENGAGE_ANY),
    ]);
    expect(results.map((result) => result.name)).toEqual(['ok', 'capacity_open']);
  });

  it('on what somebody made up under a number does not keep the holders from engaging', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const { tags } = author.claims('doc');
    await chain.done(author.register('forged', { control: 'thief', tags }));
    await chain.done(author.register('doc', { control: 'holder' }));
    expect((await chain.block([author.openCapacity('thief', 0, 0, 'doc')])).results[0]!.name).toBe(
      'possession_required',
    );
    await chain.done(author.shows('thief', 0));
    await chain.done(author.openCapacity('thief', 0, 0, 'doc'));
    await chain.done(author.draw('thief', 0, 1, headOf('doc'), 'one cent'));
    // It is told, and has to be accepted by name.
    const engage = (counter: number, ...accept: VerdictLabel[]) =>
      chain.done(author.action('holder', 1, counter, { kind: 'engage', accept }));
    expect((await engage(0, 'unique', 'duplicate')).body).toMatchObject({
      outcome: 'refused',
      verdict: { label: 'duplicate-conflicting' },
    });
    expect((await engage(1, 'duplicate-conflicting')).body).toMatchObject({ outcome: 'done' });
  });

  it('is not ended, nor drawn from, by what somebody made up under its number', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    await chain.done(author.draw('a', 0, 1, headOf('doc'), 'first'));
    const { tags } = author.claims('doc');
    await chain.done(author.register('forged', { control: 'thief', tags }));
    await chain.done(author.shows('thief', 2));
    expect(await name(chain, author.draw('thief', 2, 0, after('first'), 'x'))).toBe('capacity_conflict');
    await chain.done(author.action('thief', 2, 0, { ...ENGAGE_ANY, accept: ['duplicate-conflicting'] }));
    // The holders are told before they go on, and go on.
    expect(await name(chain, author.draw('b', 1, 0, after('first'), 'second'))).toBe('near_duplicate');
    await chain.done(author.draw('b', 1, 0, after('first'), 'second', { acceptNear: true }));
    await chain.done(author.action('thief', 2, 1, { kind: 'settle' }));
    await chain.done(author.draw('b', 1, 1, after('second'), 'third', { acceptNear: true }));
  });

  it('gives nothing back: not when a drawing entry is released, settled or superseded', async () => {
    const chain = await holders('a', 'b', 'c');
    const { author } = chain;
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    await chain.done(author.draw('a', 0, 1, headOf('doc'), 'first'));
    await chain.done(author.draw('b', 1, 0, after('first'), 'second'));
    await chain.done(author.action('a', 0, 2, { kind: 'release' }));
    // The released entry is out, the head where it was, and nobody engages what is drawn from.
    expect(await name(chain, author.draw('a', 0, 3, after('second'), 'x'))).toBe('illegal_transition');
    expect(await name(chain, author.draw('c', 2, 0, after('first'), 'x'))).toBe('stale_head');
    expect(await name(chain, author.action('c', 2, 0, ENGAGE_ANY))).toBe('capacity_open');
    await chain.done(author.draw('c', 2, 0, after('second'), 'third'));
    await chain.done(
      author.action('b', 1, 1, { kind: 'supersede', successor: 2 as never }, { successor: 'c' }),
    );
    await chain.done(author.draw('c', 2, 1, after('third'), 'fourth'));
    // What was paid is not financed again, in parts either.
    await chain.done(author.action('c', 2, 2, { kind: 'settle' }));
    await chain.done(author.register('doc', { control: 'd' }));
    expect(await name(chain, author.draw('d', 3, 0, after('fourth'), 'x'))).toBe('document_settled');
    expect(await name(chain, author.openCapacity('d', 3, 0, 'doc'))).toBe('capacity_conflict');
  });

  it('ends with the entry that opened it while nothing was drawn: a mistake is no obstacle for ever', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    await chain.done(author.openCapacity('a', 0, 0, 'mistyped'));
    expect(await name(chain, author.draw('b', 1, 0, headOf('doc'), 'x'))).toBe('stale_head');
    await chain.done(author.action('a', 0, 1, { kind: 'cancel', reason: 'entered-in-error' }));
    expect(await name(chain, author.draw('b', 1, 0, headOf('mistyped'), 'x'))).toBe('capacity_not_open');
    await chain.done(author.openCapacity('b', 1, 0, 'doc'));
    await chain.done(author.draw('b', 1, 1, headOf('doc'), 'first'));

    const lapsed = await holders('a');
    await lapsed.done(lapsed.author.openCapacity('a', 0, 0, 'doc'));
    const late = (START + 31 * DAY) as UnixMs;
    await lapsed.done(lapsed.author.register('doc', { control: 'b', time: late }), late);
    await lapsed.done(lapsed.author.openCapacity('b', 1, 0, 'doc', { time: late }), late);
    // Where something was drawn it goes on without its opener.
    const drawn = await holders('a', 'b');
    await drawn.done(drawn.author.openCapacity('a', 0, 0, 'doc'));
    await drawn.done(drawn.author.draw('b', 1, 0, headOf('doc'), 'first'));
    await drawn.done(drawn.author.action('a', 0, 1, { kind: 'cancel', reason: 'withdrawn' }));
    await drawn.done(drawn.author.draw('b', 1, 1, after('first'), 'second'));
    await drawn.done(drawn.author.register('doc', { control: 'c' }));
    expect(await name(drawn, drawn.author.openCapacity('c', 2, 0, 'doc'))).toBe('capacity_conflict');
  });
});

describe('an order', () => {
  it('is refused unless its proofs are for this entry, this head and this very order', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    const opening = decodeTransaction(author.openCapacity('a', 0, 0, 'doc'));
    if (opening.type !== 'open-capacity') throw new Error('expected an opening');
    // Signed anew by the same key, with one of the proofs for something else.
    const otherwise = decodeTransaction(
      author.openCapacity('a', 0, 0, 'doc', { chain: fieldOf('chain of another document') }),
    );
    if (otherwise.type !== 'open-capacity') throw new Error('expected an opening');
    expect(await name(chain, encodeTransaction({ ...opening, proof: otherwise.proof }))).toBe(
      'bad_signature',
    );
    for (const proofs of [{ proof: otherwise.proof }, { possession: otherwise.possession }]) {
      const forged = { ...opening, ...proofs };
      const signature = ed25519Sign(seedOf('a'), capacityMessage('test-net', forged));
      expect(await name(chain, encodeTransaction({ ...forged, signature }))).toBe('invalid_proof');
    }
    // The proof of an opening of somebody else's entry, which has another commitment.
    const moved = { ...opening, order: { ...opening.order, entry: 1 as never } };
    const signature = ed25519Sign(seedOf('b'), capacityMessage('test-net', moved));
    expect(await name(chain, encodeTransaction({ ...moved, signature }))).toBe('invalid_proof');

    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    // A draw whose proof is for more headroom than the head has.
    const inflated = { ...headOf('doc'), headroom: fieldOf('headroom of one’s own making') };
    expect(await name(chain, author.draw('b', 1, 0, inflated, 'x'))).toBe('invalid_proof');
    expect(await name(chain, author.draw('b', 1, 0, { ...headOf('doc'), chain: fieldOf('own') }, 'x'))).toBe(
      'invalid_proof',
    );
  });

  it('is refused from a stranger, out of turn, too late, of an unknown entry, and the second time', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    expect(await name(chain, author.draw('b', 1, 0, headOf('doc'), 'x'))).toBe('capacity_not_open');
    expect(await name(chain, author.openCapacity('b', 0, 0, 'doc'))).toBe('bad_signature');
    expect(await name(chain, author.openCapacity('a', 0, 1, 'doc'))).toBe('wrong_counter');
    expect(await name(chain, author.openCapacity('a', 7, 0, 'doc'))).toBe('unknown_entry');
    expect(await name(chain, author.openCapacity('a', 0, 0, 'doc', { membersRoot: fieldOf('x') }))).toBe(
      'unknown_members_root',
    );
    const late = { validUntil: (START - 1) as UnixMs };
    expect(await name(chain, author.openCapacity('a', 0, 0, 'doc', late))).toBe('expired');
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    expect(await name(chain, author.draw('b', 1, 0, headOf('doc'), 'x', late))).toBe('expired');
    expect(
      await name(
        chain,
        author.draw('b', 1, 0, headOf('doc'), 'x', { validUntil: (START + 25 * HOUR) as UnixMs }),
      ),
    ).toBe('validity_too_long');
    const first = author.draw('b', 1, 0, headOf('doc'), 'first');
    await chain.done(first);
    expect(await name(chain, author.draw('b', 1, 1, after('first'), 'first'))).toBe('draw_used');
    expect(await name(chain, author.draw('b', 1, 0, after('first'), 'second'))).toBe('wrong_counter');
    // An entry of another document, though its holder made a proof for this chain.
    await chain.done(author.register('other', { control: 'o' }));
    expect(await name(chain, author.draw('o', 2, 0, after('first'), 'second'))).toBe('capacity_not_open');
    // The same draw on another chain would show both pads under one mask.
    await chain.done(author.openCapacity('o', 2, 0, 'other'));
    expect(await name(chain, author.draw('o', 2, 1, headOf('other'), 'first'))).toBe('draw_used');
  });

  it('to draw is refused where the same deal is there under another number, unless it says so', async () => {
    const chain = await holders('a');
    const { author } = chain;
    const tags = [fieldOf('exact renumbered'), fieldOf('near doc')] as const;
    await chain.done(author.register('renumbered', { control: 'r', tags }));
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    expect(await name(chain, author.draw('a', 0, 1, headOf('doc'), 'x'))).toBe('near_duplicate');
    expect(await name(chain, author.draw('a', 0, 1, headOf('doc'), 'x', { acceptNear: true }))).toBe('ok');
    await chain.done(author.action('r', 1, 0, { kind: 'cancel', reason: 'withdrawn' }));
    expect(await name(chain, author.draw('a', 0, 2, after('x'), 'y'))).toBe('ok');
  });

  it('to draw is refused after so many, however little each takes', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    const draws = Array.from({ length: DRAWS_PER_ENTRY_MAX }, (_, i) =>
      author.draw('b', 1, i, i === 0 ? headOf('doc') : after(`draw ${i - 1}`), `draw ${i}`),
    );
    const { results } = await chain.block(draws);
    expect(results.every((result) => result.name === 'ok')).toBe(true);
    const last = after(`draw ${DRAWS_PER_ENTRY_MAX - 1}`);
    expect(await name(chain, author.draw('b', 1, DRAWS_PER_ENTRY_MAX, last, 'x'))).toBe('too_many_draws');
    expect(await name(chain, author.draw('a', 0, 1, last, 'x'))).toBe('ok');
  });

  it('to draw is refused before possession is shown: whatever is engaged has shown it', async () => {
    const chain = await holders('a');
    const { author } = chain;
    await chain.done(author.register('doc', { control: 'b' }));
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    const draw = author.draw('b', 1, 0, headOf('doc'), 'first');
    expect((await chain.block([draw])).results[0]!.name).toBe('possession_required');
    await chain.done(author.shows('b', 1));
    expect((await chain.block([draw])).results[0]!.name).toBe('ok');
  });

  it('to open is refused of a kind that states nothing to draw from', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.done(author.register('order', { control: 'o', documentKind: 105 }));
    expect(await name(chain, author.openCapacity('o', 0, 0, 'order'))).toBe('no_capacity');
    const slots = new Set([...KINDS.keys()].map((kind) => capacitySlot(kind)));
    expect([...slots].sort()).toEqual(['amount', 'quantity', undefined]);
  });
});

describe('a reader of the log', () => {
  const genesis = testGenesis();

  async function copyOf(chain: Chain): Promise<Replica> {
    const store = new MemoryStore();
    const replica = new Replica(await networkOf(genesis), new Overlay(store));
    const size = chain.machine.info().logSize;
    for (const record of await chain.machine.reader.recordsFrom(0 as never, size)) replica.absorb(record);
    return replica;
  }

  it('knows the chain, its head and where its draws are', async () => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    const opened = await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    const first = await chain.done(author.draw('b', 1, 0, headOf('doc'), 'first'));
    const replica = await copyOf(chain);
    const entry = replica.entry(0 as never)!;
    expect(replica.capacity(entry, START)).toEqual({
      ...{ opener: 0, draws: 1, ...after('first') },
      records: [opened.index, first.index],
    });
    expect(replica.entry(1 as never)!.state).toBe('engaged');
    expect([replica.actions(0 as never), replica.actions(1 as never)]).toEqual([1, 1]);
  });

  it.each<[string, (body: Record<string, unknown>) => object]>([
    ['a draw from a head that is not there', (body) => ({ ...body, wPrevious: fieldOf('elsewhere') })],
    ['a draw that leaves its entry as it was', (body) => ({ ...body, state: 'registered' })],
    ['a draw of an entry of another document', (body) => ({ ...body, entry: 2 })],
    ['a draw of an entry that does not exist', (body) => ({ ...body, entry: 9 })],
    [
      'a second opening',
      ({ entry, headroom, pad }) => ({ type: 'open-capacity', entry, headroom, pad, chain: fieldOf('own') }),
    ],
    [
      'an engagement of what is drawn from',
      ({ entry }) => ({
        type: 'action',
        ...{ entry, action: 'engage', outcome: 'done', state: 'engaged', successor: undefined },
        verdict: { label: 'unique', exact: NONE, near: NONE, possession: NONE, matches: [] },
      }),
    ],
  ])('is not told of %s', async (_, lie) => {
    const chain = await holders('a', 'b');
    const { author } = chain;
    await chain.done(author.register('other', { control: 'o' }));
    await chain.done(author.openCapacity('a', 0, 0, 'doc'));
    const replica = await copyOf(chain);
    await chain.done(author.draw('b', 1, 0, headOf('doc'), 'first'));
    const [bytes] = await chain.machine.reader.recordsFrom(replica.size as never, 1);
    const record = decodeRecord(bytes!);
    const said = { ...record, body: lie({ ...record.body }) as never };
    expect(() => replica.absorb(encodeRecord(said))).toThrow(expect.objectContaining(code('data_corrupted')));
  });
});

const NONE = { total: 0, registered: 0, engaged: 0, settled: 0 };

it('chains, draws and counts are in the state tree, and survive a restart', async () => {
  const store = new MemoryStore();
  const genesis = testGenesis();
  const chain = await Chain.start({ store });
  const { author } = chain;
  await chain.done(author.register('doc', { control: 'a' }));
  await chain.done(author.openCapacity('a', 0, 0, 'doc'));
  await chain.done(author.draw('a', 0, 1, headOf('doc'), 'first'));
  for (const key of [
    stateKeys.capacity('finance', fieldOf('exact doc')),
    stateKeys.draw(headAfter('first').w),
    stateKeys.entryDraws(0 as never),
  ])
    expect(store.get(key)).toBeDefined();
  const again = Chain.over(await StateMachine.open({ genesis, store, verifier: hashProofVerifier }), store);
  expect(await name(again, author.draw('a', 0, 2, headOf('doc'), 'second'))).toBe('stale_head');
  expect(await name(again, author.draw('a', 0, 2, after('first'), 'second'))).toBe('ok');
});
