import { describe, expect, it } from 'vitest';
import {
  carriedFingerprint,
  decodeTransaction,
  encodeTransaction,
  FINGERPRINTS_MAX,
  type FingerprintClaims,
  type FingerprintTransaction,
  type ResultName,
  type Sequence,
  stateKeys,
  tagHeadCodec,
  decodeCanonical,
  type UnixMs,
} from '../../src/ledger/index.js';
import { fingerprintRow, KINDS } from '../../src/documents/index.js';
import { Chain, DAY, fieldOf, START } from './helpers.js';

const name = async (chain: Chain, bytes: Uint8Array, time: UnixMs = START): Promise<ResultName> =>
  (await chain.machine.checkTx(bytes, { type: 'new', now: time }))?.name ?? 'ok';
const altered = (bytes: Uint8Array, claims: Partial<FingerprintClaims>): Uint8Array => {
  const tx = decodeTransaction(bytes) as FingerprintTransaction;
  return encodeTransaction({ ...tx, claims: { ...tx.claims, ...claims } });
};

describe('a fingerprint beside exact and near', () => {
  it('is taken once, from the holder of the control key alone, under the network’s rules', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.done(author.register('doc', { control: 'a' }));
    await chain.done(author.register('other', { control: 'b' }));
    const good = author.shows('a', 0);
    expect(await name(chain, good)).toBe('ok');
    expect(await name(chain, author.shows('a', 9))).toBe('unknown_entry');
    expect(await name(chain, author.shows('a', 0, { signer: 'b' }))).toBe('bad_signature');
    // Everything that is claimed is signed.
    for (const claims of [
      { entry: 1 as Sequence },
      { name: 'goods@1' },
      { epoch: 2 },
      { membersRoot: fieldOf('root') },
      { tag: fieldOf('tag') },
    ])
      expect(await name(chain, altered(good, claims))).toBe('bad_signature');
    // And proved, for this entry: another one's proof of the same document is none of this entry.
    const { proof } = decodeTransaction(author.shows('b', 1)) as FingerprintTransaction;
    expect(await name(chain, author.shows('a', 0, { proof }))).toBe('invalid_proof');
    expect(await name(chain, author.shows('a', 0, { proof: new Uint8Array(256) }))).toBe('invalid_proof');
    expect(await name(chain, author.shows('a', 0, { epoch: 2 }))).toBe('wrong_epoch');
    expect(await name(chain, author.shows('a', 0, { membersRoot: fieldOf('root') }))).toBe(
      'unknown_members_root',
    );
    for (const wrong of ['invoice/exact@1', 'invoice/near@1', 'credit-note/possession@1', 'invoice/object@1'])
      expect(await name(chain, author.shows('a', 0, { name: wrong }))).toBe('fingerprint_not_allowed');
    await chain.done(good);
    expect(await name(chain, good)).toBe('fingerprint_exists');
  });

  it('is taken while the entry counts, and by so many', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
    await chain.done(author.action('b', 1, 0, { kind: 'cancel', reason: 'withdrawn' }));
    expect(await name(chain, author.shows('b', 1))).toBe('illegal_transition');
    for (let i = 0; i < FINGERPRINTS_MAX; i++)
      await chain.done(author.shows('a', 0, { name: 'goods@1', tag: fieldOf(`tag ${i}`) }));
    expect(await name(chain, author.shows('a', 0))).toBe('too_many_fingerprints');
    const lapsed = (START + 31 * DAY) as UnixMs;
    await chain.done(author.register('doc', { control: 'c' }));
    expect(await name(chain, author.shows('c', 2), lapsed)).toBe('illegal_transition');
  });

  it('follows its entry through every state', async () => {
    const chain = await Chain.start();
    const { author, store } = chain;
    await chain.done(author.register('doc', { control: 'a' }));
    await chain.done(author.shows('a', 0));
    await chain.done(author.shows('a', 0, { name: 'goods@1' }));
    const head = (purpose: string, fingerprint: string) => {
      const tag = chain.machine.reader
        .entry(0 as Sequence)!
        .indexed.fingerprints.find((carried) => carried.name === fingerprint)!.tag;
      return decodeCanonical(
        tagHeadCodec,
        store.get(stateKeys.tag(purpose, tag))!,
        'a tag',
        'data_corrupted',
      );
    };
    const states = () => [
      head('finance', 'invoice/possession@1').first[0]!.state,
      head('goods', 'goods@1').first[0]!.state,
    ];
    expect(states()).toEqual(['registered', 'registered']);
    await chain.done(author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }));
    expect(states()).toEqual(['engaged', 'engaged']);
    expect(head('finance', 'invoice/possession@1')).toMatchObject({ total: 1, engaged: 1, registered: [] });
    await chain.done(author.action('a', 0, 1, { kind: 'settle' }));
    expect(states()).toEqual(['settled', 'settled']);
  });

  it('tells whom it meets, and of more live entries than the network finds usual', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const told = async (i: number) => {
      const control = `insurer ${i}`;
      await chain.done(author.register(`policy ${i}`, { control, purpose: 'cover', documentKind: 530 }));
      const { body } = await chain.done(
        author.shows(control, i, { name: 'policy/object-class@1', tag: fieldOf('one person, life') }),
      );
      return body.type === 'fingerprint' ? body.verdict : undefined;
    };
    const { threshold } = carriedFingerprint(
      chain.machine.network.purposes.get('cover')!,
      530,
      'policy/object-class@1',
    )!;
    expect(threshold).toBe(10);
    expect(await told(0)).toEqual({
      label: 'unmatched',
      counts: { total: 0, registered: 0, engaged: 0, settled: 0 },
      matches: [],
    });
    expect(await told(1)).toMatchObject({
      label: 'matched',
      matches: [{ sequence: 0, state: 'registered' }],
    });
    for (let i = 2; i < 9; i++) await told(i);
    expect(await told(9)).toMatchObject({ label: 'matched', counts: { total: 9, registered: 9 } });
    expect(await told(10)).toMatchObject({ label: 'multiple-cover', counts: { total: 10 } });
    // One that is withdrawn does not count any more.
    await chain.done(author.action('insurer 0', 0, 0, { kind: 'cancel', reason: 'withdrawn' }));
    await chain.done(author.action('insurer 1', 1, 0, { kind: 'cancel', reason: 'withdrawn' }));
    expect(await told(11)).toMatchObject({ label: 'matched', counts: { total: 11, registered: 9 } });
  });

  it('links entries of every purpose by their goods', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const goods = { name: 'goods@1', tag: fieldOf('goods') };
    await chain.done(author.register('invoice', { control: 'a' }));
    await chain.done(author.register('bill', { control: 'b', purpose: 'carry', documentKind: 705 }));
    await chain.done(author.shows('a', 0, goods));
    expect((await chain.done(author.shows('b', 1, goods))).body).toMatchObject({
      verdict: { label: 'matched', matches: [{ sequence: 0 }] },
    });
  });
});

describe('possession', () => {
  it('is of no more documents than exact, in every row: who has it has the number too', () => {
    for (const kind of KINDS.keys()) {
      const { exact, possession } = fingerprintRow(kind);
      expect(exact.mask & ~possession.mask).toBe(0);
    }
  });

  it('comes before engagement', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.done(author.register('doc', { control: 'a' }));
    const engage = author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] });
    expect(await name(chain, engage)).toBe('possession_required');
    // Another fingerprint is not possession.
    await chain.done(author.shows('a', 0, { name: 'goods@1' }));
    expect(await name(chain, engage)).toBe('possession_required');
    await chain.done(author.shows('a', 0));
    expect(await name(chain, engage)).toBe('ok');
  });

  it('tells a document from one that somebody made up under its number', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    const forged = { tags: author.claims('doc').tags };
    await chain.done(author.register('forged', { control: 'thief', ...forged }));
    await chain.done(author.action('thief', 0, 0, { kind: 'engage', accept: ['unique'] }));
    // Who registers shows no possession: the number is engaged, and that is all there is to say.
    expect((await chain.done(author.register('doc', { control: 'holder' }))).body).toMatchObject({
      verdict: { label: 'duplicate-engaged' },
    });
    await chain.done(author.shows('holder', 1));
    const engage = (control: string, entry: number, counter: number, ...accept: never[]) =>
      chain.done(author.action(control, entry, counter, { kind: 'engage', accept }));
    const conflicting = 'duplicate-conflicting' as never;
    expect((await engage('holder', 1, 0, 'unique' as never, 'duplicate' as never)).body).toMatchObject({
      outcome: 'refused',
      verdict: {
        label: 'duplicate-conflicting',
        exact: { engaged: 1 },
        possession: { total: 0, engaged: 0 },
      },
    });
    // Whoever holds the document engages it knowing that, and accepts no true duplicate with it.
    expect((await engage('holder', 1, 1, conflicting)).body).toMatchObject({ outcome: 'done' });
    await chain.done(author.register('doc', { control: 'second' }));
    await chain.done(author.shows('second', 2));
    expect((await engage('second', 2, 0, conflicting)).body).toMatchObject({
      outcome: 'refused',
      verdict: { label: 'duplicate-engaged', exact: { engaged: 2 }, possession: { engaged: 1 } },
    });
  });
});
