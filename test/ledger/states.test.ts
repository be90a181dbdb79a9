import { describe, expect, it } from 'vitest';
import {
  type Action,
  ACTION_KINDS,
  type ActionKind,
  type ActionRecord,
  addToIndex,
  decodeCanonical,
  dayOf,
  type EntryState,
  findMatches,
  hasLapsed,
  type MatchCounts,
  MemoryStore,
  Overlay,
  type Sequence,
  setIndexedState,
  stateKeys,
  tagHeadCodec,
  type UnixMs,
  type Verdict,
  VERDICT_LABELS,
  verdictLabel,
} from '../../src/ledger/index.js';
import { MATCHES_LISTED_EACH_END, REFUSED_ENGAGEMENTS_MAX, TAG_PAGE_SIZE } from '../../src/ledger/index.js';
import { Chain, DAY, fieldOf, HOUR, START } from './helpers.js';

const ANY = VERDICT_LABELS;
const engage = (...accept: Verdict['label'][]): Action => ({
  kind: 'engage',
  accept: accept.length ? accept : ANY,
});
const cancel: Action = { kind: 'cancel', reason: 'withdrawn' };
const TTL_DAYS = 30;
/** The first moment at which an entry of START has lapsed. */
const LAPSED = ((Math.floor(START / DAY) + TTL_DAYS + 1) * DAY) as UnixMs;

/** An engagement cannot be valid for longer than a day, so actions on a lapsed entry are signed late. */
async function inState(state: EntryState): Promise<{ chain: Chain; counter: number; time: UnixMs }> {
  const chain = await Chain.start();
  const { author } = chain;
  await chain.done(author.register('doc', { control: 'me' }));
  await chain.done(author.register('correction', { control: 'next' }));
  const act = (control: string, entry: number, counter: number, action: Action, successor?: string) =>
    chain.done(author.action(control, entry, counter, action, successor === undefined ? {} : { successor }));
  switch (state) {
    case 'registered':
      return { chain, counter: 0, time: START };
    case 'lapsed':
      await chain.block([], LAPSED);
      return { chain, counter: 0, time: LAPSED };
    case 'engaged':
      await act('me', 0, 0, engage());
      return { chain, counter: 1, time: START };
    case 'cancelled':
      await act('me', 0, 0, cancel);
      return { chain, counter: 1, time: START };
    case 'superseded':
      await act('me', 0, 0, { kind: 'supersede', successor: 1 as Sequence }, 'next');
      return { chain, counter: 1, time: START };
    default:
      await act('me', 0, 0, engage());
      await act('me', 0, 1, { kind: state === 'settled' ? 'settle' : 'release' });
      return { chain, counter: 2, time: START };
  }
}

const LEGAL: Record<EntryState, Partial<Record<ActionKind, EntryState>>> = {
  registered: { engage: 'engaged', cancel: 'cancelled', supersede: 'superseded', erase: 'registered' },
  engaged: { settle: 'settled', release: 'released', supersede: 'superseded', erase: 'engaged' },
  settled: { erase: 'settled' },
  released: { erase: 'released' },
  cancelled: { erase: 'cancelled' },
  superseded: { erase: 'superseded' },
  // What is written of one that has lapsed is that it was registered.
  lapsed: { erase: 'registered' },
};
const cases = (Object.keys(LEGAL) as EntryState[]).flatMap((from) =>
  ACTION_KINDS.map((kind) => [from, kind, LEGAL[from][kind]] as const),
);

describe('an entry', () => {
  it.each(cases)('that is %s: %s leads to %s', async (from, kind, to) => {
    const { chain, counter, time } = await inState(from);
    const action: Action =
      kind === 'engage'
        ? engage()
        : kind === 'cancel'
          ? cancel
          : kind === 'supersede'
            ? { kind, successor: 1 as Sequence }
            : { kind };
    // A successor must be as far as the entry it replaces.
    if (kind === 'supersede' && from === 'engaged')
      await chain.done(chain.author.action('next', 1, 0, engage()));
    const options = {
      validUntil: (time + HOUR) as UnixMs,
      ...(kind === 'supersede' ? { successor: 'next' } : {}),
    };
    const result = await chain.one(chain.author.action('me', 0, counter, action, options), time);
    if (to === undefined) {
      expect(result.name).toBe('illegal_transition');
      return;
    }
    expect(result).toMatchObject({
      name: 'ok',
      record: { body: { outcome: 'done', state: to, action: kind } },
    });
    expect(chain.machine.reader.entry(0 as Sequence)).toMatchObject({
      indexed: { state: to },
      actions: counter + 1,
    });
  });

  it('lapses at the first midnight after its term, without anything being written', async () => {
    expect(hasLapsed(Math.floor(START / DAY) as never, TTL_DAYS, (LAPSED - 1) as UnixMs)).toBe(false);
    expect(hasLapsed(Math.floor(START / DAY) as never, TTL_DAYS, LAPSED)).toBe(true);
    const chain = await Chain.start();
    await chain.done(chain.author.register('doc', { control: 'old' }));
    const before = chain.machine.info().appHash;
    const late = await Chain.start();
    await late.done(late.author.register('doc', { control: 'old' }));
    for (const [where, time, label, state] of [
      [chain, LAPSED - 1, 'duplicate', 'registered'],
      [late, LAPSED, 'unique', 'lapsed'],
    ] as const) {
      const { body } = await where.done(
        where.author.register('doc', { time: time as UnixMs }),
        time as UnixMs,
      );
      expect(body).toMatchObject({
        verdict: { label, exact: { total: 1 }, matches: [{ sequence: 0, state }] },
      });
      expect(where.machine.reader.entry(0 as Sequence)!.indexed.state).toBe('registered');
    }
    expect(before).not.toEqual(chain.machine.info().appHash);
  });

  it('does not lapse once it is engaged', async () => {
    const chain = await Chain.start();
    await chain.done(chain.author.register('doc', { control: 'me' }));
    await chain.done(chain.author.action('me', 0, 0, engage()));
    const { body } = await chain.done(
      chain.author.register('doc', { time: (LAPSED + DAY) as UnixMs }),
      (LAPSED + DAY) as UnixMs,
    );
    expect(body).toMatchObject({ verdict: { label: 'duplicate-engaged' } });
    const settle = chain.author.action(
      'me',
      0,
      1,
      { kind: 'settle' },
      { validUntil: (LAPSED + DAY) as UnixMs },
    );
    expect((await chain.one(settle, (LAPSED + DAY) as UnixMs)).name).toBe('ok');
  });
});

describe('engaging', () => {
  it('lets exactly one of two banks win, in one block or in two', async () => {
    for (const together of [true, false]) {
      const chain = await Chain.start();
      const { author } = chain;
      await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
      await chain.block([author.shows('a', 0), author.shows('b', 1)]);
      const race = [
        author.action('b', 1, 0, engage('unique', 'duplicate')),
        author.action('a', 0, 0, engage('unique', 'duplicate')),
      ];
      const results = together
        ? (await chain.block(race)).results
        : [await chain.one(race[0]!), await chain.one(race[1]!)];
      expect(results).toMatchObject([
        { name: 'ok', record: { body: { entry: 1, outcome: 'done', verdict: { label: 'duplicate' } } } },
        {
          name: 'ok',
          record: {
            body: {
              entry: 0,
              outcome: 'refused',
              state: 'registered',
              verdict: { label: 'duplicate-engaged' },
            },
          },
        },
      ]);
      // The refused one cannot be included again when the winner has released.
      await chain.done(author.action('b', 1, 1, { kind: 'release' }));
      expect((await chain.one(race[1]!)).name).toBe('wrong_counter');
      expect(await chain.done(author.action('a', 0, 1, engage('unique')))).toMatchObject({
        body: { outcome: 'done' },
      });
    }
  });

  it('sees what was registered after its entry, and not its own entry', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.done(author.register('doc', { control: 'a' }));
    await chain.done(author.shows('a', 0));
    const alone = await chain.machine.finalizeBlock(chain.next([author.action('a', 0, 0, engage('unique'))]));
    expect(alone.records[0]!.body).toMatchObject({
      outcome: 'done',
      verdict: { exact: { total: 0 }, matches: [] },
    });
    await chain.done(author.register('doc', { control: 'b' }));
    expect(await chain.done(author.action('a', 0, 0, engage('unique')))).toMatchObject({
      body: { outcome: 'refused', verdict: { label: 'duplicate', matches: [{ sequence: 1, via: 'exact' }] } },
    });
  });

  it('may be refused so often and no more; the entry can still be cancelled', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
    for (let i = 0; i < REFUSED_ENGAGEMENTS_MAX; i++)
      expect(await chain.done(author.action('a', 0, i, engage('unique')))).toMatchObject({
        body: { outcome: 'refused' },
      });
    expect((await chain.one(author.action('a', 0, REFUSED_ENGAGEMENTS_MAX, engage()))).name).toBe(
      'too_many_refusals',
    );
    expect((await chain.one(author.action('a', 0, REFUSED_ENGAGEMENTS_MAX, cancel))).name).toBe('ok');
  });
});

describe('superseding', () => {
  it('needs a later, live successor of the same purpose, whose holder signs too', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const bill = { purpose: 'carry', documentKind: 705 };
    await chain.block(
      ['first', 'me', 'next', 'cancelled', 'engaged']
        .map((control) => author.register(`doc ${control}`, { control }))
        .concat(author.register('bill', { control: 'bill', ...bill })),
    );
    await chain.done(author.action('cancelled', 3, 0, cancel));
    await chain.done(author.action('engaged', 4, 0, engage()));
    const supersede = (successor: number, signer: string, entry = 1, control = 'me', counter = 0) =>
      chain.one(
        author.action(
          control,
          entry,
          counter,
          { kind: 'supersede', successor: successor as Sequence },
          { successor: signer },
        ),
      );
    for (const [successor, signer] of [
      [0, 'first'],
      [1, 'me'],
      [3, 'cancelled'],
      [5, 'bill'],
      [6, 'nobody'],
      [2, 'me'],
    ] as const)
      expect((await supersede(successor, signer)).name).toBe('invalid_successor');
    // An engaged entry only by an engaged one: an encumbrance does not vanish in a correction.
    await chain.done(author.action('me', 1, 0, engage()));
    expect((await supersede(2, 'next', 1, 'me', 1)).name).toBe('invalid_successor');
    expect(await supersede(4, 'engaged', 1, 'me', 1)).toMatchObject({
      name: 'ok',
      record: { body: { state: 'superseded', successor: 4 } },
    });
    expect((await supersede(2, 'next', 0, 'first')).name).toBe('ok');
  });
});

const counts = (registered: number, engaged: number, settled: number, others = 0): MatchCounts => ({
  total: registered + engaged + settled + others,
  registered,
  engaged,
  settled,
});

describe('the verdict', () => {
  it.each([
    ['unique', counts(0, 0, 0), counts(0, 0, 0)],
    ['unique', counts(0, 0, 0, 5), counts(0, 0, 0, 5)],
    ['near-duplicate', counts(0, 0, 0), counts(1, 0, 0)],
    ['near-duplicate', counts(0, 0, 0, 3), counts(0, 1, 0)],
    ['near-duplicate', counts(0, 0, 0), counts(0, 0, 1)],
    ['duplicate', counts(1, 0, 0), counts(0, 5, 5)],
    ['duplicate-settled', counts(5, 0, 1), counts(0, 5, 0)],
    ['duplicate-engaged', counts(5, 1, 5), counts(0, 0, 0)],
  ])('is %s', (label, exact, near) => {
    expect(verdictLabel(exact, near)).toBe(label);
  });

  it('names the strongest that the other entries of purpose and tag give', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const near = fieldOf('same deal');
    const next = async (document: string, options = {}) => {
      const { body } = await chain.done(
        author.register(document, { tags: [fieldOf(document), near], ...options }),
      );
      return body.type === 'register' ? body.verdict : undefined;
    };
    expect(await next('a', { control: 'a' })).toMatchObject({ label: 'unique' });
    expect(await next('b')).toMatchObject({
      label: 'near-duplicate',
      exact: { total: 0 },
      near: { total: 1, registered: 1 },
      matches: [{ sequence: 0, state: 'registered', via: 'near' }],
    });
    // Both tags equal: listed once, as exact, and counted under both.
    expect(await next('a')).toMatchObject({
      label: 'duplicate',
      exact: { total: 1 },
      near: { total: 2 },
      matches: [
        { sequence: 0, via: 'exact' },
        { sequence: 1, via: 'near' },
      ],
    });
    await chain.done(author.action('a', 0, 0, engage()));
    expect(await next('a')).toMatchObject({ label: 'duplicate-engaged' });
    await chain.done(author.action('a', 0, 1, { kind: 'settle' }));
    expect(await next('a')).toMatchObject({ label: 'duplicate-settled' });
    // Another purpose is another world.
    expect(await next('a', { purpose: 'attest' })).toMatchObject({ label: 'unique' });
  });

  it('does not count released, cancelled and superseded entries, and lists them', async () => {
    for (const [state, last] of [
      ['cancelled', cancel],
      ['released', { kind: 'release' }],
    ] as const) {
      const chain = await Chain.start();
      const { author } = chain;
      await chain.done(author.register('doc', { control: 'me' }));
      if (state === 'released') await chain.done(author.action('me', 0, 0, engage()));
      await chain.done(author.action('me', 0, state === 'released' ? 1 : 0, last));
      const { body } = await chain.done(author.register('doc'));
      expect(body).toMatchObject({
        verdict: { label: 'unique', exact: counts(0, 0, 0, 1), matches: [{ sequence: 0, state }] },
      });
    }
  });

  it('lists an entry whose tags are equal once', async () => {
    const chain = await Chain.start();
    const tag = fieldOf('both');
    const register = () =>
      chain.done(chain.author.register('doc', { purpose: 'cede', documentKind: 60002, tags: [tag, tag] }));
    await register();
    expect((await register()).body).toMatchObject({
      verdict: { label: 'duplicate', exact: { total: 1 }, near: { total: 0 }, matches: [{ sequence: 0 }] },
    });
    const head = chain.machine.reader.stateProof(stateKeys.tag('cede', tag)).value!;
    expect(decodeCanonical(tagHeadCodec, head, 'a tag', 'data_corrupted')).toMatchObject({ total: 2 });
  });
});

describe('a tag that somebody registers again and again', () => {
  it('costs its next holder no more than any other, and keeps its order and counts', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const MANY = 10 * TAG_PAGE_SIZE + 3;
    const tag = author.claims('doc').tags[0];
    const sizes: number[] = [];
    let last: Verdict | undefined;
    for (let i = 0; i < MANY; i += 20) {
      const batch = Array.from({ length: Math.min(20, MANY - i) }, (_, j) =>
        author.register('doc', { control: `f${i + j}` }),
      );
      const { records } = await chain.block(batch);
      const { body } = records.at(-1)!;
      last = body.type === 'register' ? body.verdict : undefined;
      sizes.push(chain.machine.reader.stateProof(stateKeys.tag('finance', tag)).value!.length);
    }
    expect(last!.exact).toEqual(counts(MANY - 1, 0, 0));
    const ends = Array.from({ length: MATCHES_LISTED_EACH_END }, (_, i) => i);
    expect(last!.matches.map(({ sequence }) => sequence)).toEqual([
      ...ends,
      ...ends.map((i) => MANY - 1 - MATCHES_LISTED_EACH_END + i),
    ]);
    // The leaf does not grow once its first page is full.
    expect(new Set(sizes).size).toBe(1);

    // What a transaction reads and writes does not grow either.
    const touched = async (document: string): Promise<number> => {
      const { writes } = await chain.machine.finalizeBlock(chain.next([author.register(document)]));
      return writes.filter(({ key }) => key.startsWith('s/')).length;
    };
    expect(await touched('doc')).toBeLessThanOrEqual((await touched('quiet')) + 2);

    // Any of them can move on, and the counts follow: cancelled from the middle, engaged at the end.
    await chain.done(author.action('f50', 50, 0, cancel));
    await chain.done(author.action(`f${MANY - 1}`, MANY - 1, 0, engage()));
    const { body } = await chain.done(author.register('doc'));
    expect(body).toMatchObject({ verdict: { label: 'duplicate-engaged', exact: counts(MANY - 2, 1, 0, 1) } });
    expect(chain.machine.reader.stateProof(stateKeys.tagPage('finance', tag, 3)).value).toBeDefined();
  });

  it('counts nobody twice over days, and forgets the days that have lapsed', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const tag = author.claims('doc').tags[0];
    const at = (days: number): UnixMs => (START + days * DAY) as UnixMs;
    for (let day = 0; day < TTL_DAYS + 5; day++) {
      const { body } = await chain.done(author.register('doc', { time: at(day) }), at(day));
      expect(body).toMatchObject({
        verdict: { exact: { total: day, registered: Math.min(day, TTL_DAYS) } },
      });
      const head = decodeCanonical(
        tagHeadCodec,
        chain.machine.reader.stateProof(stateKeys.tag('finance', tag)).value!,
        'a tag',
        'data_corrupted',
      );
      expect(head.registered.length).toBeLessThanOrEqual(TTL_DAYS + 1);
    }
  });
});

describe('the list of a tag', () => {
  const scope = { name: 'finance', ttlDays: TTL_DAYS };
  const tags = [fieldOf('exact'), fieldOf('near')] as const;
  const entry = (sequence: number) => ({
    sequence: sequence as Sequence,
    documentKind: 380,
    purpose: 'finance',
    tags,
    registered: dayOf(START),
    state: 'registered' as const,
  });

  it('does not count the entry that asks, in whatever state it is', () => {
    for (const [state, mine, others] of [
      ['registered', counts(1, 0, 0), counts(2, 0, 0)],
      ['engaged', counts(1, 0, 0), counts(1, 1, 0)],
      ['settled', counts(1, 0, 0), counts(1, 0, 1)],
      ['released', counts(1, 0, 0), counts(1, 0, 0, 1)],
    ] as const) {
      const view = new Overlay(new MemoryStore());
      const added = addToIndex(view, scope, entry(0), START);
      addToIndex(view, scope, entry(1), START);
      const own = state === 'registered' ? added : setIndexedState(view, scope, added, state, START);
      const verdict = findMatches(view, scope, tags, START, { self: own });
      expect(verdict).toMatchObject({ exact: mine, near: mine, matches: [{ sequence: 1 }] });
      expect(findMatches(view, scope, tags, START)).toMatchObject({ exact: others, near: others });
    }
  });

  it('that does not agree with its entries is damage, and never written over', () => {
    const view = new Overlay(new MemoryStore());
    const first = addToIndex(view, scope, entry(0), START);
    addToIndex(view, scope, entry(1), START);
    const damaged = expect.objectContaining({ code: 'data_corrupted' });
    const misplaced = { ...first, positions: [1, 1] as const };
    expect(() => setIndexedState(view, scope, misplaced, 'engaged', START)).toThrow(damaged);
    const key = stateKeys.tag('finance', tags[0]);
    const head = decodeCanonical(tagHeadCodec, view.get(key)!, 'a tag', 'data_corrupted');
    view.put(key, tagHeadCodec.encode({ ...head, total: 3 }));
    expect(() => addToIndex(view, scope, entry(2), START)).toThrow(damaged);
  });
});

describe('records', () => {
  it('of a refused engagement say what it met and that nothing changed', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
    const { body } = await chain.done(author.action('a', 0, 0, engage('unique')));
    expect(body).toMatchObject<Partial<ActionRecord>>({ outcome: 'refused', state: 'registered' });
    expect(chain.machine.reader.entry(0 as Sequence)).toMatchObject({ actions: 1, refusals: 1 });
  });
});
