import { describe, expect, it } from 'vitest';
import { coordinates, ed25519PublicKey, GENERATOR_FULL, IDENTITY } from '../../src/crypto/index.js';
import {
  type RegisterClaims,
  RESULT_CODES,
  type ResultName,
  skippableMask,
  TRANSACTION_MAX_BYTES,
  type UnixMs,
} from '../../src/ledger/index.js';
import { Chain, DAY, fieldOf, hashProofVerifier, HOUR, seedOf, START } from './helpers.js';

const chain = await Chain.start();
const { author, machine } = chain;

/** What checkTx and a block say of a transaction: always the same. */
async function refusal(bytes: Uint8Array, time: UnixMs = START): Promise<ResultName> {
  const checked = await machine.checkTx(bytes, { type: 'new', now: time });
  const { results, appHash, records } = await machine.finalizeBlock(chain.next([bytes], time));
  expect(results[0]!.code).toBe(checked?.code ?? 0);
  expect(RESULT_CODES[results[0]!.name]).toBe(results[0]!.code);
  if (results[0]!.name !== 'ok') {
    expect(records).toEqual([]);
    expect(appHash).toEqual(machine.info().appHash);
  }
  return results[0]!.name;
}

const bill: Partial<RegisterClaims> = { documentKind: 705 };
const billMask = skippableMask(705)!;

it('has a number of its own for each reason to refuse', () => {
  const codes = Object.values(RESULT_CODES);
  expect(new Set(codes).size).toBe(codes.length);
});

describe('a register transaction', () => {
  it('is admitted', async () => {
    expect(await refusal(author.register('fine'))).toBe('ok');
  });

  it('is refused beyond the largest size, and for bytes that are no transaction', async () => {
    expect(await refusal(new Uint8Array(TRANSACTION_MAX_BYTES + 1))).toBe('too_large');
    expect(await refusal(new Uint8Array(TRANSACTION_MAX_BYTES))).toBe('malformed');
    expect(await refusal(new Uint8Array(0))).toBe('malformed');
    expect(await refusal(Buffer.concat([author.register('fine'), Uint8Array.of(0)]))).toBe('malformed');
  });

  it.each([
    // y = 1: the identity, on which every signature with S = 0 verifies; y = -1, order 2; y = 0, order 4.
    ['the identity', `01${'00'.repeat(31)}`],
    ['a point of order 2', `ec${'ff'.repeat(30)}7f`],
    ['a point of order 4', '00'.repeat(32)],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['a non-canonical coordinate', `ee${'ff'.repeat(30)}7f`],
    ['no point', `02${'00'.repeat(31)}`],
  ])('is refused with %s as its control key', async (_, hex) => {
    const claims = author.claims('weak', { controlKey: Buffer.from(hex, 'hex') });
    expect(await refusal(author.sign(claims, 'anybody'))).toBe('weak_control_key');
  });

  it('is refused without the signature of its control key', async () => {
    expect(await refusal(author.sign(author.claims('doc', { control: 'me' }), 'somebody else'))).toBe(
      'bad_signature',
    );
  });

  it('is refused for a period other than the days that the clock allows', async () => {
    const day = Math.floor(START / DAY);
    const midnight = (day * DAY) as UnixMs;
    const at = (period: number) => author.register('doc', { period: period as never });
    expect(await refusal(at(day - 2))).toBe('period_out_of_window');
    expect(await refusal(at(day - 1))).toBe('ok');
    expect(await refusal(at(day))).toBe('ok');
    expect(await refusal(at(day + 1))).toBe('period_out_of_window');
    const late = (midnight + DAY - 600_001) as UnixMs;
    expect(await refusal(at(day + 1), late)).toBe('period_out_of_window');
    expect(await refusal(at(day + 1), (late + 1) as UnixMs)).toBe('ok');
    expect(await refusal(at(day - 1), (midnight + DAY - 1) as UnixMs)).toBe('ok');
    expect(await refusal(at(day - 1), (midnight + DAY) as UnixMs)).toBe('period_out_of_window');
  });

  it('is refused for a purpose, kind or epoch that the network does not have', async () => {
    expect(await refusal(author.register('doc', { purpose: 'unheard-of' }))).toBe('unknown_purpose');
    expect(await refusal(author.register('doc', { documentKind: 60001 }))).toBe('kind_not_allowed');
    // 384 maps to 380; on the ledger only 380 exists.
    expect(await refusal(author.register('doc', { documentKind: 384 }))).toBe('kind_not_allowed');
    expect(await refusal(author.register('doc', { epoch: 2 }))).toBe('wrong_epoch');
  });

  it('is refused for a root that the members never had', async () => {
    expect(await refusal(author.register('doc', { membersRoot: fieldOf('no root') }))).toBe(
      'unknown_members_root',
    );
  });

  it('is refused unless its escrow point is a point and not the identity', async () => {
    const bad = [{ x: fieldOf('x'), y: fieldOf('y') }, coordinates(IDENTITY)];
    for (const escrowPoint of bad)
      expect(await refusal(author.register('doc', { escrowPoint }))).toBe('invalid_escrow_point');
    // The subgroup follows from the proof: escrowPoint = e·G.
    expect(await refusal(author.register('doc', { escrowPoint: coordinates(GENERATOR_FULL) }))).toBe('ok');
  });

  it('may skip the near fingerprint only where the row allows it, with exactly its mask', async () => {
    const tag = fieldOf('exact');
    expect(skippableMask(380)).toBeUndefined();
    expect(await refusal(author.register('doc', { skippedMask: 225, tags: [tag, tag] }))).toBe(
      'wrong_skipped_mask',
    );
    expect(await refusal(author.register('doc', { ...bill, skippedMask: billMask, tags: [tag, tag] }))).toBe(
      'ok',
    );
    expect(await refusal(author.register('doc', { ...bill, skippedMask: billMask }))).toBe(
      'wrong_skipped_mask',
    );
    expect(
      await refusal(author.register('doc', { ...bill, skippedMask: billMask ^ 1, tags: [tag, tag] })),
    ).toBe('wrong_skipped_mask');
    expect(await refusal(author.register('doc', bill))).toBe('ok');
  });

  it('has the exact fingerprint in both places where the row has no near one', async () => {
    expect(skippableMask(60002)).toBeUndefined();
    const tag = fieldOf('cession');
    const cession: Partial<RegisterClaims> = { purpose: 'cede', documentKind: 60002, tags: [tag, tag] };
    expect(await refusal(author.register('doc', cession))).toBe('ok');
    expect(await refusal(author.register('doc', { ...cession, skippedMask: 3 }))).toBe('wrong_skipped_mask');
  });

  it('is refused for a proof of anything else', async () => {
    const claims = author.claims('doc', { control: 'me' });
    expect(await refusal(author.sign(claims, 'me', new Uint8Array(256)))).toBe('invalid_proof');
    for (const changed of [
      { commitment: fieldOf('x') },
      { tags: [claims.tags[1], claims.tags[0]] },
      { nullifier: fieldOf('x') },
      { escrow: [fieldOf('x'), claims.escrow[1]] },
      { notice: new Uint8Array(72) },
      { payloadHash: new Uint8Array(32) },
    ] as Partial<RegisterClaims>[]) {
      const other = { ...claims, ...changed };
      expect(await refusal(author.sign(other, 'me', author.prove(claims)))).toBe('invalid_proof');
      expect(await refusal(author.sign(other, 'me'))).toBe('ok');
    }
  });

  it('is refused when its nullifier was used, in an earlier block or the same', async () => {
    const once = await Chain.start();
    const first = once.author.register('doc', { control: 'n' });
    const second = once.author.register('doc', { control: 'n', notice: new Uint8Array(72) });
    const { results } = await once.block([first, second, first]);
    expect(results.map(({ name }) => name)).toEqual(['ok', 'nullifier_used', 'nullifier_used']);
    expect((await once.one(second)).name).toBe('nullifier_used');
  });

  it('is checked in the order of what a check costs, the proof last', async () => {
    const used = await Chain.start();
    await used.done(used.author.register('doc', { control: 'used' }));
    // Wrong in every way at once; each step mends what was complained of.
    const steps: [ResultName, Partial<RegisterClaims>][] = [
      ['weak_control_key', { controlKey: new Uint8Array(32) }],
      ['bad_signature', {}],
      ['period_out_of_window', { period: 1 as never }],
      ['unknown_purpose', { purpose: 'unheard-of' }],
      ['kind_not_allowed', { documentKind: 60001 }],
      ['wrong_epoch', { epoch: 9 }],
      ['unknown_members_root', { membersRoot: fieldOf('no root') }],
      ['invalid_escrow_point', { escrowPoint: coordinates(IDENTITY) }],
      ['wrong_skipped_mask', { skippedMask: 1 }],
      ['nullifier_used', { nullifier: author.claims('', { control: 'used' }).nullifier }],
      ['invalid_proof', {}],
      ['ok', {}],
    ];
    for (const [i, [name]] of steps.entries()) {
      const wrong = Object.assign(
        {},
        ...steps.slice(i).map(([, changes]) => changes),
      ) as Partial<RegisterClaims>;
      const claims = used.author.claims('doc', { control: 'me', ...wrong });
      const signer = name === 'weak_control_key' || name === 'bad_signature' ? 'somebody else' : 'me';
      const proof = name === 'ok' ? used.author.prove(claims) : new Uint8Array(256);
      const before = hashProofVerifier.calls;
      expect(
        (await used.machine.checkTx(used.author.sign(claims, signer, proof), { type: 'new', now: START }))
          ?.name ?? 'ok',
      ).toBe(name);
      // No proof is verified for what fails before it.
      expect(hashProofVerifier.calls - before).toBe(name === 'invalid_proof' || name === 'ok' ? 1 : 0);
    }
  });

  it('has its proof verified once, however often it is asked about', async () => {
    const bytes = author.register('once');
    const before = hashProofVerifier.calls;
    for (let i = 0; i < 3; i++) await machine.checkTx(bytes, { type: i ? 'recheck' : 'new', now: START });
    expect(await machine.processProposal(chain.next([bytes]))).toBe(true);
    await machine.finalizeBlock(chain.next([bytes]));
    expect(hashProofVerifier.calls - before).toBe(1);
  });
});

describe('an action', () => {
  const good = () => author.action('me', 0, 0, { kind: 'cancel', reason: 'withdrawn' });
  it('is refused for an entry that does not exist', async () => {
    expect(await refusal(good())).toBe('unknown_entry');
  });

  it('is refused late, far ahead, with a wrong counter or by a wrong key', async () => {
    const own = await Chain.start();
    await own.done(own.author.register('doc', { control: 'me' }));
    const cancel = (
      changes: { validUntil?: number; counter?: number; control?: string; entry?: number } = {},
    ) =>
      own.one(
        own.author.action(
          changes.control ?? 'me',
          changes.entry ?? 0,
          changes.counter ?? 0,
          { kind: 'cancel', reason: 'withdrawn' },
          { validUntil: (changes.validUntil ?? START) as UnixMs },
        ),
      );
    expect((await cancel({ validUntil: START - 1 })).name).toBe('expired');
    expect((await cancel({ validUntil: START + DAY + 1 })).name).toBe('validity_too_long');
    expect((await cancel({ entry: 1 })).name).toBe('unknown_entry');
    expect((await cancel({ control: 'you' })).name).toBe('bad_signature');
    expect((await cancel({ counter: 1 })).name).toBe('wrong_counter');
    expect((await cancel()).name).toBe('ok');
    expect((await cancel()).name).toBe('wrong_counter');
    // The last moment that is near enough.
    expect((await cancel({ validUntil: START + DAY })).name).toBe('wrong_counter');
    expect((await cancel({ counter: 1 })).name).toBe('illegal_transition');
  });
});

describe('a block', () => {
  it('is proposed with what is valid in its order and fits, and accepted only so', async () => {
    const own = await Chain.start();
    const a = own.author.register('doc', { control: 'a' });
    const again = own.author.register('doc', { control: 'a', notice: new Uint8Array(72) });
    const engage = own.author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] });
    const shows = own.author.shows('a', 0);
    const junk = new Uint8Array(10);
    const wanted = own.next([engage, a, engage, junk, again, shows, engage]);
    const proposed = await own.machine.prepareProposal(wanted);
    expect(proposed).toEqual([a, shows, engage]);
    expect(await own.machine.processProposal({ ...wanted, transactions: proposed })).toBe(true);
    expect(await own.machine.processProposal(wanted)).toBe(false);
    expect(await own.machine.prepareProposal(wanted, engage.length + a.length)).toEqual([a]);
    expect(await own.machine.processProposal(own.next(Array.from({ length: 1025 }, () => a)))).toBe(false);
    // Nothing of this has changed anything.
    expect(own.machine.info()).toMatchObject({ height: 0, logSize: 0 });
  });

  it('follows the last one, and no other', async () => {
    const own = await Chain.start();
    await own.block([], START);
    const wrong = [
      { ...own.next([]), height: 1 as never },
      { ...own.next([]), height: 3 as never },
      { ...own.next([]), time: (START - 1) as UnixMs },
    ];
    for (const block of wrong)
      await expect(own.machine.finalizeBlock(block)).rejects.toMatchObject({ code: 'invalid_argument' });
    const one = await own.machine.finalizeBlock(own.next([]));
    await own.machine.commit(one);
    await expect(own.machine.commit(one)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('leaves the app hash as it was when it is empty, or holds nothing valid', async () => {
    const own = await Chain.start();
    const genesis = own.machine.info().appHash;
    expect((await own.block([], (START + HOUR) as UnixMs)).appHash).toEqual(genesis);
    expect((await own.block([new Uint8Array(3)], (START + DAY) as UnixMs)).appHash).toEqual(genesis);
    expect(own.machine.info()).toMatchObject({ height: 2, time: START + DAY, appHash: genesis });
    const bytes = own.author.register('doc', { time: (START + DAY) as UnixMs });
    expect((await own.block([bytes], (START + DAY) as UnixMs)).appHash).not.toEqual(genesis);
  });
});

it('a control key is made of its seed', () => {
  expect(author.claims('doc', { control: 'me' }).controlKey).toEqual(ed25519PublicKey(seedOf('me')));
});
