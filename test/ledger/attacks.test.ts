import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '../../src/crypto/index.js';
import {
  actionMessage,
  capacityMessage,
  decodeTransaction,
  fingerprintMessage,
  encodeTransaction,
  type EpochDay,
  membershipMessage,
  type ProofVerifier,
  registerMessage,
  type RegisterTransaction,
  type ResultName,
  type Sequence,
  type Transaction,
  type UnixMs,
} from '../../src/ledger/index.js';
import { transactions } from './arbitraries.js';
import {
  Author,
  Chain,
  DAY,
  fieldOf,
  hashProofVerifier,
  HOUR,
  seedOf,
  START,
  testGenesis,
} from './helpers.js';

/** Each test is an attack that was tried on the ledger, and what stops it. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const asRegister = (bytes: Uint8Array): RegisterTransaction => {
  const tx = decodeTransaction(bytes);
  if (tx.type !== 'register') throw new Error('expected a register transaction');
  return tx;
};
const name = async (chain: Chain, bytes: Uint8Array, time?: UnixMs): Promise<ResultName> =>
  (await chain.machine.finalizeBlock(chain.next([bytes], time))).results[0]!.name;

describe('front-running', () => {
  it('a copied registration with the thief\u2019s control key: the binding is in the proof', async () => {
    const chain = await Chain.start();
    const seen = asRegister(chain.author.register('invoice', { control: 'victim' }));
    for (const change of [
      { controlKey: ed25519PublicKey(seedOf('thief')) },
      { controlKey: ed25519PublicKey(seedOf('thief')), notice: new Uint8Array(72) },
    ]) {
      const claims = { ...seen.claims, ...change };
      expect(await name(chain, chain.author.sign(claims, 'thief', seen.proof))).toBe('invalid_proof');
    }
    expect(await name(chain, encodeTransaction(seen))).toBe('ok');
  });

  it('a copied registration with other contents: the victim\u2019s key did not sign them', async () => {
    // Even if proofs said nothing.
    const lax: ProofVerifier = { verify: () => Promise.resolve(true) };
    const chain = await Chain.start({ verifier: lax });
    const seen = asRegister(chain.author.register('invoice', { control: 'victim' }));
    const forged = { ...seen, claims: { ...seen.claims, payloadHash: new Uint8Array(32) } };
    expect(await name(chain, encodeTransaction(forged))).toBe('bad_signature');
  });

  it('a proof that was made another proof of the same statement, so that the copy has another hash', async () => {
    // Groth16 proofs can be rerandomised by anybody; the signature covers the proof's bytes.
    const lax: ProofVerifier = { verify: () => Promise.resolve(true) };
    const chain = await Chain.start({ verifier: lax });
    const seen = asRegister(chain.author.register('invoice', { control: 'victim' }));
    const proof = new Uint8Array(seen.proof);
    proof[200]! ^= 1;
    expect(await name(chain, encodeTransaction({ ...seen, proof }))).toBe('bad_signature');
  });

  it('an entry of somebody else named as one\u2019s own successor, to hang a history on it', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([
      author.register('a', { control: 'thief' }),
      author.register('b', { control: 'victim' }),
    ]);
    const action = { kind: 'supersede', successor: 1 as Sequence } as const;
    expect(await name(chain, author.action('thief', 0, 0, action, { successor: 'thief' }))).toBe(
      'invalid_successor',
    );
  });
});

describe('replay', () => {
  it('on another network: every message and every binding names the network', async () => {
    const here = await Chain.start();
    const there = await Chain.start({ genesis: testGenesis('other-net') });
    await there.done(there.author.register('doc', { control: 'me' }));
    await here.done(here.author.register('doc', { control: 'me' }));
    expect(await name(there, here.author.register('doc', { control: 'again' }))).toBe('bad_signature');
    // The author signs the same claims for the other network too: the proof is still of this one.
    const claims = here.author.claims('doc', { control: 'both', membersRoot: there.author.registry.root });
    expect(await name(there, there.author.sign(claims, 'both', here.author.prove(claims)))).toBe(
      'invalid_proof',
    );
    expect(await name(there, here.author.action('me', 0, 0, { kind: 'cancel', reason: 'withdrawn' }))).toBe(
      'bad_signature',
    );
    const admit = here.author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 0 }]);
    expect(await name(here, admit)).toBe('ok');
    expect(await name(there, admit)).toBe('bad_signature');
  });

  it('of a network whose name is the beginning of another\u2019s: the name is length-prefixed', async () => {
    const order = {
      entry: 0 as Sequence,
      counter: 0,
      validUntil: START,
      action: { kind: 'settle' },
    } as const;
    const { claims, proof } = asRegister((await Author.of(testGenesis())).register('doc'));
    const messages = ['a', 'ab', 'a-b'].flatMap((network) => [
      actionMessage(network, order),
      registerMessage(network, claims, proof),
      fingerprintMessage(
        network,
        {
          entry: 0 as Sequence,
          name: 'goods@1',
          epoch: 1,
          membersRoot: fieldOf('root'),
          tag: fieldOf('tag'),
        },
        proof,
      ),
      membershipMessage(network, {
        counter: 0,
        validUntil: START,
        changes: [{ change: 'admit', memberId: fieldOf('x'), role: 0 }],
      }),
    ]);
    expect(new Set(messages.map(hex)).size).toBe(messages.length);
    for (const a of messages)
      for (const b of messages) expect(a !== b && hex(a).startsWith(hex(b))).toBe(false);
  });

  it('of a signature as one of another kind, or of another order', async () => {
    type Signed = Exclude<Transaction, { type: 'message' }>;
    const signed = transactions.filter((tx): tx is Signed => tx.type !== 'message');
    const messageOf = (tx: Signed): Uint8Array => {
      switch (tx.type) {
        case 'register':
          return registerMessage('test-net', tx.claims, tx.proof);
        case 'action':
          return actionMessage('test-net', tx.order);
        case 'fingerprint':
          return fingerprintMessage('test-net', tx.claims, tx.proof);
        case 'membership':
          return membershipMessage('test-net', tx.order);
        case 'open-capacity':
        case 'draw':
          return capacityMessage('test-net', tx);
      }
    };
    // No two transactions that differ in what is signed have one message, nor one that begins with another's.
    fc.assert(
      fc.property(signed, signed, (a, b) => {
        const [one, two] = [messageOf(a), messageOf(b)];
        const unsigned = (tx: Signed): string => {
          const stripped =
            'signature' in tx
              ? { ...tx, signature: new Uint8Array(64) }
              : tx.type === 'action'
                ? { ...tx, signatures: tx.signatures.map(() => new Uint8Array(64)) }
                : { ...tx, signatures: [] };
          return hex(encodeTransaction(stripped));
        };
        expect(hex(one) === hex(two)).toBe(unsigned(a) === unsigned(b));
        if (a.type !== b.type) expect(hex(one).startsWith(hex(two))).toBe(false);
      }),
    );
  });

  it('of an engagement that was refused, when its time has come', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
    const eager = author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] });
    expect(await chain.done(eager)).toMatchObject({ body: { outcome: 'refused' } });
    await chain.done(author.action('b', 1, 0, { kind: 'cancel', reason: 'declined' }));
    expect(await name(chain, eager)).toBe('wrong_counter');
  });

  it('of an action of one entry on another with the same control key', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.block([
      author.register('a', { control: 'me' }),
      author.register('b', { control: 'me', nullifier: fieldOf('other'), payloadHash: seedOf('other') }),
    ]);
    const tx = decodeTransaction(author.action('me', 0, 0, { kind: 'cancel', reason: 'withdrawn' }));
    if (tx.type !== 'action') throw new Error('expected an action');
    const moved = { ...tx, order: { ...tx.order, entry: 1 as Sequence } };
    expect(await name(chain, encodeTransaction(moved))).toBe('bad_signature');
  });
});

describe('delay', () => {
  it('an operator who sits on an action cannot include it after its time', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    await chain.done(author.register('doc', { control: 'me' }));
    await chain.done(author.shows('me', 0));
    const engage = author.action(
      'me',
      0,
      0,
      { kind: 'engage', accept: ['unique'] },
      { validUntil: (START + 60_000) as UnixMs },
    );
    expect(await name(chain, engage, (START + 60_001) as UnixMs)).toBe('expired');
    expect(await name(chain, engage, (START + 60_000) as UnixMs)).toBe('ok');
  });

  it('nor a registration after the day that follows its period', async () => {
    const chain = await Chain.start();
    const bytes = chain.author.register('doc');
    const period = Math.floor(START / DAY) as EpochDay;
    expect(await name(chain, bytes, ((period + 2) * DAY - 1) as UnixMs)).toBe('ok');
    expect(await name(chain, bytes, ((period + 2) * DAY) as UnixMs)).toBe('period_out_of_window');
  });
});

describe('malleability', () => {
  it('of Ed25519: S + l is refused, so a signature has one form', async () => {
    const chain = await Chain.start();
    const tx = asRegister(chain.author.register('doc', { control: 'me' }));
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(tx.signature.slice(32)).reverse().toString('hex')}`) + order;
    const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const signature = Buffer.concat([tx.signature.subarray(0, 32), bytes]);
    expect(await name(chain, encodeTransaction({ ...tx, signature }))).toBe('bad_signature');
    expect(await name(chain, encodeTransaction(tx))).toBe('ok');
  });

  it('of any byte of a transaction by somebody else: it is refused, whatever the byte', async () => {
    const lax: ProofVerifier = { verify: () => Promise.resolve(true) };
    const chain = await Chain.start({ verifier: lax });
    await chain.done(chain.author.register('doc', { control: 'a' }));
    await chain.done(chain.author.shows('a', 0));
    const candidates = [
      chain.author.register('doc', { control: 'b' }),
      chain.author.shows('a', 0, { name: 'goods@1' }),
      chain.author.action('a', 0, 0, { kind: 'engage', accept: ['unique'] }),
      chain.author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 0 }]),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...candidates), fc.nat(), fc.nat(7), async (bytes, at, bit) => {
        const changed = new Uint8Array(bytes);
        changed[at % bytes.length]! ^= 1 << bit;
        expect(await name(chain, changed)).not.toBe('ok');
      }),
      { numRuns: 200 },
    );
  });

  it('of a membership change by leaving out a signature, or showing them in another order', async () => {
    const chain = await Chain.start();
    const tx = decodeTransaction(
      chain.author.membership([{ change: 'admit', memberId: fieldOf('x'), role: 0 }]),
    );
    if (tx.type !== 'membership') throw new Error('expected a membership transaction');
    expect(await name(chain, encodeTransaction({ ...tx, signatures: tx.signatures.slice(1) }))).toBe(
      'wrong_administrators',
    );
    expect(() => encodeTransaction({ ...tx, signatures: [...tx.signatures].reverse() })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  it('of keys: one of small order signs everything, and is refused as a key', () => {
    const identity = Uint8Array.of(1, ...new Uint8Array(31));
    const forged = Uint8Array.of(...identity, ...new Uint8Array(32));
    expect(ed25519Verify(identity, Buffer.from('anything'), forged)).toBe(false);
    expect(
      ed25519Verify(
        ed25519PublicKey(seedOf('me')),
        Buffer.from('x'),
        ed25519Sign(seedOf('me'), Buffer.from('x')),
      ),
    ).toBe(true);
  });
});

describe('flooding', () => {
  it('with transactions that fail before their proof costs no verification', async () => {
    const chain = await Chain.start();
    const { author, machine } = chain;
    const before = hashProofVerifier.calls;
    const junk = Array.from({ length: 50 }, (_, i) => author.register('doc', { control: `f${i}`, epoch: 9 }));
    for (const bytes of junk) await machine.checkTx(bytes, { type: 'new', now: START });
    await machine.finalizeBlock(chain.next(junk));
    expect(hashProofVerifier.calls).toBe(before);
  });

  it('with refused engagements adds nothing to the state, and ends', async () => {
    const chain = await Chain.start();
    const { author, store } = chain;
    await chain.block([author.register('doc', { control: 'a' }), author.register('doc', { control: 'b' })]);
    const size = async (): Promise<number> => {
      let bytes = 0;
      for await (const [key, value] of store.iterate({ gte: 's/', lt: 's0' }))
        bytes += key.length + value.length;
      return bytes;
    };
    await chain.done(author.shows('a', 0));
    const before = await size();
    const outcomes: ResultName[] = [];
    for (let i = 0; i < 20; i++)
      outcomes.push((await chain.one(author.action('a', 0, i, { kind: 'engage', accept: ['unique'] }))).name);
    expect(await size()).toBe(before);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(16);
  });

  it('with one document\u2019s entries makes the record of the next no larger than a bound', async () => {
    const chain = await Chain.start();
    const { author } = chain;
    for (let i = 0; i < 5; i++)
      await chain.block(
        Array.from({ length: 20 }, (_, j) => author.register('doc', { control: `${i}/${j}` })),
      );
    await chain.done(author.register('doc'));
    const [leaf] = await chain.machine.reader.recordsFrom(100 as never);
    expect(leaf!.length).toBeLessThan(1024);
  });

  it('with an old proof kept for later: the time of the members\u2019 root and the period run out', async () => {
    const chain = await Chain.start();
    const hoarded = chain.author.register('doc');
    await chain.done(chain.author.membership([{ change: 'remove', memberId: fieldOf('carrier'), role: 4 }]));
    expect(await name(chain, hoarded, (START + HOUR) as UnixMs)).toBe('unknown_members_root');
  });
});
