import { describe, expect, it } from 'vitest';
import { isQuiet } from '../../src/agent/index.js';
import { listMatches, resolutionOfDocument, resolveMatch } from '../../src/agent/matches.js';
import { watchRecords } from '../../src/agent/watch.js';
import { networkOf, parseGenesis } from '../../src/ledger/index.js';
import { code } from '../helpers/vectors.js';
import { agentFixture } from './fixture.js';

const WHO = { user: 'clara', member: 'bank-a' };
const different = { as: 'different', reason: 'two deliveries, both notes seen', ...WHO } as const;

async function fixture(networkId: string) {
  const agent = await agentFixture(networkId);
  const network = await networkOf(parseGenesis(agent.home.genesis));
  const parts = { network, store: agent.store, copy: agent.copy };
  const events = async () => {
    await agent.copy.sync();
    const { events: found, next } = await agent.store.use((session) => watchRecords(session, agent.copy));
    if (next) await agent.store.use(next);
    return found;
  };
  return { ...agent, parts, events };
}

describe('a match', () => {
  it('is open until somebody resolves it; it can be resolved anew, and the history is kept', async () => {
    const { register, parts } = await fixture('matches-history');
    await register('doc', { own: true });
    await register('doc');
    // The fixture's blocks are of 2025: by now the entries have lapsed.
    const open = {
      entry: 0,
      other: 1,
      purpose: 'finance',
      via: 'exact',
      state: 'lapsed',
      possession: 'unknown',
    };
    expect(await listMatches(parts)).toEqual([{ ...open, resolution: null, history: [] }]);
    const first = await resolveMatch(parts, 0, { ...different, reason: '  seen  ' });
    expect(first).toMatchObject({ ...open, resolution: { as: 'different', reason: 'seen', ...WHO } });
    const second = await resolveMatch(parts, 0, { ...different, as: 'same', user: 'omar' });
    expect(second.history.map(({ as, user }) => [as, user])).toEqual([
      ['different', 'clara'],
      ['same', 'omar'],
    ]);
    expect(await listMatches(parts, 0)).toEqual([second]);
  });

  it('has to be named where there are several, and must be one of somebody else', async () => {
    const { register, parts } = await fixture('matches-several');
    await register('doc', { own: true });
    await register('doc');
    await register('doc');
    await register('doc', { own: true });
    await register('something else');
    await expect(resolveMatch(parts, 0, different)).rejects.toMatchObject({
      ...code('invalid_argument'),
      field: 'with',
      message: expect.stringContaining('--with 1, 2') as string,
    });
    expect(await resolveMatch(parts, 0, { ...different, other: 2 })).toMatchObject({ other: 2 });
    for (const other of [0, 3, 4, 99])
      await expect(resolveMatch(parts, 0, { ...different, other })).rejects.toMatchObject(code('not_found'));
    for (const entry of [1, 99])
      await expect(resolveMatch(parts, entry, different)).rejects.toMatchObject(code('not_found'));
    expect(
      (await listMatches(parts)).map(({ entry, other, resolution }) => [entry, other, resolution?.as]),
    ).toEqual([
      [0, 1, undefined],
      [0, 2, 'different'],
      [3, 1, undefined],
      [3, 2, undefined],
    ]);
  });

  it('is not resolved without a reason, or for one that is more than a line of text', async () => {
    const { parts } = await fixture('matches-reasons');
    for (const reason of ['', '   ', 'x'.repeat(1001), 'two\nlines', 'turned \u202e round', '\u001b[2J'])
      await expect(resolveMatch(parts, 0, { ...different, reason })).rejects.toMatchObject({
        ...code('invalid_argument'),
        field: 'reason',
      });
  });

  it('that is resolved belongs to that very document in a check, and to no other one', async () => {
    const { register, parts, store } = await fixture('matches-check');
    const entry = await register('doc', { own: true });
    await register('doc');
    await resolveMatch(parts, 0, different);
    const [exact, near] = entry.tags.map(BigInt) as [bigint, bigint];
    const own = [{ ...entry, sequence: 0 }];
    await store.use((session) => {
      const of = (purpose: string, tag: bigint, other: number) =>
        resolutionOfDocument(session, own, { purpose, exact: tag }, other)?.as;
      expect(of('finance', exact, 1)).toBe('different');
      expect(of('finance', exact, 2)).toBeUndefined();
      expect(of('finance', near, 1)).toBeUndefined();
      expect(of('attest', exact, 1)).toBeUndefined();
    });
  });

  it('that is resolved is no alarm; found to be the same, it is one again when it is engaged', async () => {
    const { register, parts, events, engine, author } = await fixture('matches-watch');
    await register('doc', { own: true });
    await register('doc', { control: 'other' });
    await register('doc', { control: 'third' });
    await resolveMatch(parts, 0, { ...different, other: 1 });
    await resolveMatch(parts, 0, { ...different, as: 'same', other: 2 });
    const quiet = async () =>
      (await events()).map((event) => [
        event.event,
        'resolved' in event ? event.resolved : undefined,
        isQuiet(event),
      ]);
    expect(await quiet()).toEqual([
      ['registered-again', 'different', true],
      ['registered-again', 'same', true],
    ]);
    const accept = ['duplicate-engaged', 'duplicate', 'near-duplicate', 'unique'] as const;
    await engine.submit(author.shows('third', 2));
    await engine.submit(author.shows('other', 1));
    await engine.submit(author.action('third', 2, 0, { kind: 'engage', accept: ['unique'] }));
    await engine.submit(author.action('third', 2, 1, { kind: 'engage', accept }));
    await engine.submit(author.action('other', 1, 0, { kind: 'engage', accept }));
    expect(await quiet()).toEqual([
      ['other-acted', 'same', true],
      ['other-acted', 'same', false],
      ['other-acted', 'different', true],
    ]);
    await register('doc');
    expect(await quiet()).toEqual([['registered-again', undefined, false]]);
  });
});
