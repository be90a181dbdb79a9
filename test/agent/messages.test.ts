import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Agent, LogEvent, WatchEvent } from '../../src/agent/index.js';
import { ownEntry, putEntry } from '../../src/agent/entries.js';
import { keptEvaluation } from '../../src/agent/kept-evaluation.js';
import { lookAgain, mailState, moveMailbox } from '../../src/agent/mail-state.js';
import { messagePlaces, slotOrder, type MessagePlace } from '../../src/agent/message-address.js';
import {
  messageBodySchema,
  openInner,
  openOuter,
  sealMessage,
  textBody,
  type MessageBody,
  type MessageContent,
} from '../../src/agent/message-content.js';
import { companyOf } from '../../src/agent/message-peer.js';
import { conversationOf, mailAt } from '../../src/agent/message-store.js';
import { evaluateRecovered } from '../../src/agent/recovered-mail.js';
import { endsOf, revealBody, revealedIn } from '../../src/agent/reveal.js';
import { deriveKey, fieldToBytes, padForSeal, seal, type FieldElement } from '../../src/crypto/index.js';
import { canonicalDocument } from '../../src/documents/index.js';
import {
  dayOf,
  decodeTransaction,
  encodeTransaction,
  messageBodyHash,
  unixMs,
  type LogIndex,
  type MessageClaims,
} from '../../src/ledger/index.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { code } from '../helpers/vectors.js';
import { exampleDocument } from '../system/network.js';
import { payloadFor } from '../ledger/helpers.js';
import { AgentNetwork, witnessProver } from './network-fixture.js';

const HASH = '00'.repeat(32);
const INVOICE = exampleDocument('invoice-a.ubl.xml');
const prover = witnessProver();
const proving = { prover, onProgress: () => undefined };
const bytes = (text: string) => Buffer.from(text);

let network: AgentNetwork;
let a: Agent;
let b: Agent;
let c: Agent;
/** Entries: of A, B and C, the same invoice. */
const [A, B, C] = [0, 1, 2];

const owned = async (agent: Agent, sequence: number) =>
  (await agent.entries()).find(({ entry }) => entry.sequence === sequence)!.entry;
/** What was said, as `show` tells it. */
const said = async (agent: Agent, entry: number, other: number) =>
  (await agent.conversation(entry, other)).messages.map(({ direction, kind, text }) => [
    direction,
    text ?? kind,
  ]);
const events = async (agent: Agent): Promise<Exclude<WatchEvent, LogEvent>[]> => {
  const seen: WatchEvent[] = [];
  await agent.watch((batch) => Promise.resolve(void seen.push(...batch)));
  return seen.filter((event): event is Exclude<WatchEvent, LogEvent> => 'id' in event);
};
const records = async () =>
  (await network.engine.reader.recordsFrom(0 as LogIndex)).map((_, i) =>
    network.engine.reader.record(i as LogIndex),
  );
const messageRecords = async () =>
  (await records()).flatMap(({ body }) => (body.type === 'message' ? [body] : []));

/** What a hostile holder of the document does: any claims, with a proof that the tests' verifier takes. */
async function inject(place: MessagePlace, body: Uint8Array): Promise<void> {
  const claims: MessageClaims = network.author.messageClaims('hostile', {
    ...place,
    period: dayOf(unixMs(Date.now())),
    bodyHash: messageBodyHash(body),
  });
  const proof = network.author.proveMessage(claims);
  const result = await network.engine.submit(encodeTransaction({ type: 'message', claims, proof }), body);
  expect(result).toMatchObject({ included: true });
}

async function holderOf(agent: Agent, sequence: number) {
  await agent.conversation(sequence, sequence === A ? B : A);
  const entry = await owned(agent, sequence);
  const { documentKey } = keptEvaluation(entry.possession!);
  const networkId = agent.network.id;
  const day = { networkId, documentKey, purpose: 'finance', period: dayOf(unixMs(Date.now())) };
  const used = new Set((await messageRecords()).map(({ address }) => address));
  const freePlaces = [...messagePlaces(day)].slice(0, 64).filter(({ address }) => !used.has(address));
  const free = () => freePlaces[0]!;
  const binding = ({ address }: Pick<MessagePlace, 'address'>) => ({ networkId, address, documentKey });
  const keys = agent.home.keys.entry(BigInt(entry.nullifier) as FieldElement);
  return { entry, keys, free, freePlaces, binding };
}

beforeAll(async () => {
  network = await AgentNetwork.start('messages', ['bank-1', 'bank-2', 'bank-3', 'bank-4']);
  a = await network.agent('bank-1');
  b = await network.agent('bank-2');
  c = await network.agent('bank-3');
  for (const agent of [a, b, c]) await agent.register(INVOICE, HASH, 'finance', prover);
}, 120_000);
afterAll(() => network.stop());

describe('the holders of one document', () => {
  it('write to each other, in order and acknowledged; a third holder learns neither what nor who', async () => {
    const asked = network.requests.length;
    expect(await a.message(A, B, bytes('Did you pay\non this?'), proving)).toMatchObject({
      direction: 'sent',
      kind: 'text',
      acknowledged: false,
    });
    // All keys are there since the registration: no evaluator learns that anybody writes.
    expect(network.requests.length).toBe(asked);
    expect(await events(b)).toMatchObject([{ event: 'message', kind: 'text', entry: B, other: A }]);
    expect(await said(b, B, A)).toEqual([['received', 'Did you pay\non this?']]);
    await b.message(B, A, bytes('We did.'), proving);
    await a.message(A, B, null, proving);
    expect(await said(a, A, B)).toEqual([
      ['sent', 'Did you pay\non this?'],
      ['received', 'We did.'],
      ['sent', 'acknowledgement'],
    ]);
    const [{ acknowledged: ofA }, { acknowledged: ofB }] = [
      (await a.conversation(A, B)).messages[0]!,
      (await b.conversation(B, A)).messages[1]!,
    ];
    expect([ofA, ofB]).toEqual([true, true]);
    expect(await events(b)).toMatchObject([{ event: 'message', kind: 'acknowledgement' }]);
    expect(await events(b)).toEqual([]);
    // C holds the document: it sees that somebody wrote, and nothing else.
    expect(await said(c, C, A)).toEqual([]);
    expect(await said(c, C, B)).toEqual([]);
    expect(await events(c)).toEqual([]);
    const { keys, binding } = await holderOf(c, C);
    const sizes = new Set<number>();
    for (const { address, bodyHash } of await messageRecords()) {
      const sealed = network.engine.payload(bodyHash)!;
      sizes.add(sealed.length);
      const inner = openOuter(binding({ address }), sealed);
      expect(await openInner(binding({ address }), inner, keys.mailboxSeed)).toBeUndefined();
    }
    // A word, an answer and an acknowledgement are as long as each other, for the document's holders too.
    expect([...sizes]).toEqual([8192]);
  }, 60_000);

  it('are told apart by nothing that the ledger shows', async () => {
    const found = await messageRecords();
    const day = slotOrder({
      networkId: 'messages',
      documentKey: keptEvaluation((await owned(a, A)).possession!).documentKey,
      purpose: 'finance',
      period: found[0]!.period,
    });
    expect(found.map(({ slot }) => slot)).toEqual(day.slice(0, found.length));
    expect([...day].sort((x, y) => x - y)).toEqual(Array.from({ length: 256 }, (_, i) => i));
    const stored = await Promise.all(
      (await records())
        .filter(({ body }) => body.type === 'message')
        .map(({ txHash }) => decodeTransaction(network.engine.reader.transaction(txHash)!.bytes)),
    );
    const entries = (await records()).flatMap(({ body }) => (body.type === 'register' ? [body] : []));
    const commitments = stored.flatMap((tx) => (tx.type === 'message' ? [tx.claims.commitment] : []));
    expect(new Set(commitments).size).toBe(found.length);
    for (const { address } of found) for (const { tags } of entries) expect(tags).not.toContain(address);
  });

  it('each get an address of their own where they write at once', async () => {
    await Promise.all([a.message(A, B, bytes('one'), proving), b.message(B, A, bytes('two'), proving)]);
    for (const view of [await said(a, A, B), await said(b, B, A)])
      expect(
        view
          .slice(-2)
          .map(([, text]) => text)
          .sort(),
      ).toEqual(['one', 'two']);
    const addresses = (await messageRecords()).map(({ address }) => address);
    expect(new Set(addresses).size).toBe(addresses.length);
  }, 60_000);

  it('refuse what is no message before anything is proved', async () => {
    const refused = (work: Promise<unknown>, value: string) =>
      expect(work).rejects.toMatchObject(code(value));
    await refused(
      Promise.resolve().then(() => a.message(A, B, bytes('x'.repeat(16_385)), proving)),
      'invalid_argument',
    );
    await refused(
      Promise.resolve().then(() => a.message(A, B, Uint8Array.of(0xff), proving)),
      'invalid_argument',
    );
    await refused(
      Promise.resolve().then(() => a.message(A, B, bytes(''), proving)),
      'invalid_argument',
    );
    await refused(a.message(99, B, bytes('x'), proving), 'not_found');
    await refused(a.message(A, 99, bytes('x'), proving), 'not_found');
    await refused(a.message(A, A, bytes('x'), proving), 'not_found');
    const largest = await sealMessage(
      { networkId: 'n', address: 5n as FieldElement, documentKey: 7n as never },
      a.home.keys.entry(5n as FieldElement).mailboxKey,
      {
        ...{ from: 0, to: 1, id: '00'.repeat(16), previous: null },
        acknowledges: Array.from({ length: 64 }, () => '11'.repeat(16)),
        mailbox: '22'.repeat(32),
        transaction: (await owned(a, A)).transaction,
        body: textBody(bytes('\u0000"'.repeat(8192))),
      },
      a.home.keys.entry(5n as FieldElement).controlSeed,
    );
    expect(largest.length).toBe(32_768);
  });

  it('cannot write to an entry of another document, or to one whose author left no mailbox', async () => {
    const { tags } = await owned(a, A);
    const lie = network.author.register('lie', {
      tags: [BigInt(tags[0]), BigInt(tags[1])] as never,
      time: Date.now() as never,
    });
    const near = network.author.register('near', {
      tags: [5n, BigInt(tags[1])] as never,
      time: Date.now() as never,
    });
    for (const [i, transaction] of [lie, near].entries())
      expect(await network.engine.submit(transaction, payloadFor(transaction))).toMatchObject({
        included: true,
        record: { body: { entry: 3 + i } },
      });
    await expect(a.message(A, 3, bytes('x'), proving)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'other',
    });
    await expect(a.message(A, 4, bytes('x'), proving)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'other',
    });
  });
});

describe('whose mailbox is opened', () => {
  it('is one of up to 32 entries that have a match; of a full row always the same', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 200 }), fc.nat(), (matched, pick) => {
        const at = pick % matched.length;
        const company = companyOf(matched, matched[at]!);
        expect(company).toContain(matched[at]);
        expect(company.length).toBe(Math.min(32, matched.length));
        const row = Math.floor(at / 32) * 32;
        // Whichever of its row is meant.
        for (const one of matched.slice(row, row + 32)) expect(companyOf(matched, one)).toEqual(company);
        if (row + 32 <= matched.length) expect(companyOf([...matched, -1], matched[at]!)).toEqual(company);
      }),
    );
  });

  it('is asked for with all others, own ones among them, over a connection that is for nothing else', async () => {
    const fetched = vi.spyOn(LedgerClient.prototype, 'transaction');
    const { opened } = network.node;
    await a.message(A, C, bytes('first'), proving);
    // Of the same document: A, B, C, and one that somebody made up under its number.
    const hashes = (await records()).flatMap(({ body, txHash }) =>
      body.type === 'register' && body.entry < 4 ? [txHash] : [],
    );
    expect(fetched.mock.calls.map(([hash]) => Buffer.from(hash))).toEqual(
      hashes.map((hash) => Buffer.from(hash)),
    );
    // For the mailbox, and for the message that goes; the log is read over the one that was there.
    expect(network.node.opened - opened).toBe(2);
    await a.message(A, C, bytes('second'), proving);
    expect(fetched).toHaveBeenCalledTimes(4);
    fetched.mockRestore();
    const before = network.node.opened;
    expect(await events(c)).toHaveLength(2);
    // Messages are read over one of their own too.
    expect(network.node.opened - before).toBe(1);
  }, 60_000);
});

describe('a hostile holder of the document', () => {
  const contentOf = async (agent: Agent, from: number, to: number): Promise<MessageContent> => {
    const { entry, keys } = await holderOf(agent, from);
    return {
      ...{ from, to, id: '77'.repeat(16), previous: null, acknowledges: [] },
      mailbox: Buffer.from(keys.mailboxKey).toString('hex'),
      transaction: entry.transaction,
      body: textBody(bytes('forged')),
    };
  };
  const mailboxOfB = async () => (await holderOf(b, B)).keys.mailboxKey;
  const unchanged = async (work: () => Promise<void>) => {
    const before = await said(b, B, A);
    await work();
    expect(await said(b, B, A)).toEqual(before);
    expect((await said(b, B, C)).map(([, text]) => text)).not.toContain('forged');
  };

  it('does not speak for an entry that is another\u2019s', async () => {
    const mailbox = await mailboxOfB();
    const { free, binding, keys } = await holderOf(c, C);
    const place = free();
    await unchanged(async () => {
      // A's entry and transaction, which are public, under C's control key.
      const content = {
        ...(await contentOf(c, C, B)),
        from: A,
        transaction: (await owned(a, A)).transaction,
      };
      await inject(place, await sealMessage(binding(place), mailbox, content, keys.controlSeed));
    });
  });

  it('does not speak for A with a transaction of its own, nor for an entry of another document', async () => {
    const mailbox = await mailboxOfB();
    await unchanged(async () => {
      const { free, binding, keys } = await holderOf(c, C);
      const place = free();
      const content = { ...(await contentOf(c, C, B)), from: A };
      await inject(place, await sealMessage(binding(place), mailbox, content, keys.controlSeed));
    });
    await unchanged(async () => {
      const { free, binding, keys } = await holderOf(c, C);
      const place = free();
      const near = (await records()).find(({ body }) => body.type === 'register' && body.entry === 4)!;
      const { bytes: transaction } = network.engine.reader.transaction(near.txHash)!;
      const content = {
        ...(await contentOf(c, C, B)),
        from: 4,
        transaction: Buffer.from(transaction).toString('base64'),
      };
      await inject(place, await sealMessage(binding(place), mailbox, content, keys.controlSeed));
    });
  });

  it('does not have A say again, elsewhere or to somebody else, what A said once', async () => {
    const [first] = await messageRecords();
    const { free, binding } = await holderOf(c, C);
    const inner = openOuter(binding(first!), network.engine.payload(first!.bodyHash)!);
    const place = free();
    await unchanged(async () => {
      const { documentKey } = binding(place);
      const address = fieldToBytes(place.address);
      const outerKey = deriveKey(fieldToBytes(documentKey), 'messages', 'message', address);
      const body = seal(outerKey, padForSeal(inner, 8192), address);
      expect(openOuter(binding(place), body)).toEqual(inner);
      await inject(place, body);
    });
  });

  it('who never registered it says nothing to anybody, whichever entry it claims to write from', async () => {
    const mailbox = await mailboxOfB();
    const stranger = new Uint8Array(32).fill(9);
    const own = await contentOf(c, C, B);
    await events(b);
    const claimed: Partial<MessageContent>[] = [
      { from: 999 },
      { from: 999, transaction: 'AAAA' },
      { from: B, transaction: (await owned(b, B)).transaction },
      { from: 0, to: 999 },
      {},
    ];
    await unchanged(async () => {
      const { binding, freePlaces } = await holderOf(c, C);
      for (const [i, claim] of claimed.entries()) {
        const place = freePlaces[i]!;
        const sealed = await sealMessage(binding(place), mailbox, { ...own, ...claim }, stranger);
        await inject(place, sealed);
      }
    });
    expect(await events(b)).toEqual([]);
    // What is longer than a sender may make it is nothing that anybody sent.
    const text = (length: number) => ({ kind: 'text', text: Buffer.alloc(length).toString('base64') });
    expect(messageBodySchema.safeParse(text(16_384)).success).toBe(true);
    expect(messageBodySchema.safeParse(text(16_385)).success).toBe(false);
  }, 60_000);

  it('does no harm with rubbish at an address, and does not hide what comes after', async () => {
    const { free } = await holderOf(c, C);
    await inject(free(), new Uint8Array(8192).fill(7));
    await a.message(A, B, bytes('still here'), proving);
    expect((await said(b, B, A)).at(-1)).toEqual(['received', 'still here']);
  }, 60_000);
});

describe('who knows issuer and number, and not the document', () => {
  it('matches it, opens its mailbox key, and yet neither reads nor writes', async () => {
    const d = await network.agent('bank-4');
    const forged = canonicalDocument(INVOICE.kind, {
      ...INVOICE.strings,
      amount: String(BigInt(INVOICE.strings.amount as string) * 10n),
    });
    const { sequence: D } = await d.register(forged, HASH, 'finance', prover);
    await events(a);
    // Each sends to where it thinks that the other one reads: the addresses are of two documents.
    await d.message(D, A, bytes('who are you?'), proving);
    expect(await said(d, D, A)).toEqual([['sent', 'who are you?']]);
    expect(await said(a, A, D)).toEqual([]);
    expect(await events(a)).toEqual([]);
    await a.message(A, D, bytes('we hold it'), proving);
    expect(await said(d, D, A)).toHaveLength(1);
    expect(await events(d)).toEqual([]);
    // The mailbox key that it has of A opens nothing for it, and what is sealed for it lies behind a key that it lacks.
    const { keys, binding } = await holderOf(d, D);
    const found = await messageRecords();
    const ofD = await d['parts'].store.use((session) =>
      found.map(
        ({ address }) => mailAt(session, d['parts'].copy.replica(session).messageAt(address)!).length > 0,
      ),
    );
    expect(ofD.filter(Boolean)).toHaveLength(1);
    for (const [i, { address, bodyHash }] of found.entries()) {
      const sealed = network.engine.payload(bodyHash)!;
      const opened = () => openOuter(binding({ address }), sealed);
      if (ofD[i]) expect(await openInner(binding({ address }), opened(), keys.mailboxSeed)).toBeUndefined();
      else expect(opened).toThrowError(expect.objectContaining(code('decryption_failed')));
    }
  }, 60_000);
});

describe('to reveal oneself', () => {
  it('takes both sides; no card leaves without consent, and none is good in another conversation', async () => {
    const view = async (agent: Agent, entry: number, other: number) =>
      (await agent.conversation(entry, other)).reveal;
    const reveal = (agent: Agent, entry: number, other: number, showCard: boolean) =>
      agent.reveal(entry, other, { showCard }, proving);
    expect(await view(a, A, B)).toEqual({ offered: { own: false, other: false }, shown: false, other: null });
    expect(await reveal(a, A, B, false)).toMatchObject({ kind: 'reveal-offer' });
    await expect(reveal(a, A, B, true)).rejects.toMatchObject(code('failed_precondition'));
    expect(await events(b)).toContainEqual(expect.objectContaining({ event: 'reveal-requested', other: A }));
    await expect(reveal(b, B, A, false)).rejects.toMatchObject(code('permission_denied'));
    expect(await view(a, A, B)).toMatchObject({ other: null });
    expect(await reveal(b, B, A, true)).toMatchObject({ kind: 'reveal' });
    const memberB = b.home.keys.memberId.toString();
    expect(await events(a)).toContainEqual(expect.objectContaining({ event: 'revealed', memberId: memberB }));
    expect(await view(a, A, B)).toMatchObject({ shown: false, other: { memberId: memberB } });
    expect(await view(b, B, A)).toMatchObject({ shown: true, other: null });
    await expect(reveal(a, A, B, false)).rejects.toMatchObject(code('permission_denied'));
    await reveal(a, A, B, true);
    expect(await view(b, B, A)).toMatchObject({ other: { memberId: a.home.keys.memberId.toString() } });
    await expect(reveal(a, A, B, true)).rejects.toMatchObject(code('already_exists'));
    // As long as any other message.
    for (const { bodyHash } of await messageRecords())
      expect(network.engine.payload(bodyHash)!.length).toBe(8192);

    // A has B's card, and shows it to C as that of its own entry; C does not believe it.
    const card = await a['parts'].store.use((session) =>
      conversationOf(session, A, B).find(
        ({ direction, body }) => direction === 'received' && body.kind === 'reveal',
      ),
    );
    const ends = (entry: number, other: number) =>
      a['parts'].store.use((session) => endsOf(session, a['parts'].copy, entry, other));
    expect(revealedIn(a.network, await ends(A, B), card!)).toMatchObject({ memberId: memberB });
    for (const changed of [await ends(C, A), await ends(A, C), await ends(C, B)])
      expect(() => revealedIn(a.network, changed, card!)).toThrowError(
        expect.objectContaining(code('permission_denied')),
      );
    // Nor is a card that is put together of two members' parts good for either.
    const { network: net, home } = a;
    const mine = revealBody({ network: net, keys: home.keys, identity: home.identity }, await ends(A, C));
    const seen = (body: MessageBody) =>
      ends(C, A).then((theirs) => revealedIn(net, theirs, { ...card!, body }).memberId);
    expect(await seen(mine)).toBe(home.keys.memberId.toString());
    const theirs = card!.body as typeof mine;
    if (mine.kind !== 'reveal' || theirs.kind !== 'reveal') throw new Error('expected cards');
    await expect(seen({ ...mine, card: theirs.card })).rejects.toMatchObject(code('permission_denied'));
    await expect(seen({ ...mine, signature: theirs.signature })).rejects.toMatchObject(
      code('permission_denied'),
    );
    const { free, binding, keys, entry } = await holderOf(a, A);
    const place = free();
    await inject(
      place,
      await sealMessage(
        binding(place),
        (await holderOf(c, C)).keys.mailboxKey,
        {
          ...{ from: A, to: C, id: '66'.repeat(16), previous: null, acknowledges: [] },
          mailbox: Buffer.from(keys.mailboxKey).toString('hex'),
          transaction: entry.transaction,
          body: card!.body,
        },
        keys.controlSeed,
      ),
    );
    expect(await events(c)).toContainEqual(expect.objectContaining({ event: 'revealed', memberId: null }));
    expect(await view(c, C, A)).toMatchObject({ other: null, invalid: expect.any(String) as string });
    // Nor is it A's consent: what C does next is to offer, whoever agrees to what.
    expect(await reveal(c, C, A, true)).toMatchObject({ kind: 'reveal-offer' });
    await expect(reveal(c, C, A, true)).rejects.toMatchObject(code('failed_precondition'));
  }, 120_000);
});

describe('a sender whose process ends between the node\u2019s answer and its own notes', () => {
  it('finds in the log that the message was sent', async () => {
    const { copy } = a['parts'];
    const sync = copy.sync.bind(copy);
    const dying = {
      prover,
      onProgress: (step: string) => {
        if (step === 'submitting') copy.sync = () => Promise.reject(new Error('killed'));
      },
    };
    await expect(a.message(A, B, bytes('sent all the same'), dying)).rejects.toMatchObject({
      message: 'killed',
    });
    copy.sync = sync;
    expect((await said(a, A, B)).at(-1)).toEqual(['sent', 'sent all the same']);
    expect((await said(b, B, A)).at(-1)).toEqual(['received', 'sent all the same']);
  }, 60_000);
});

describe('an entry that was found in the log again, without what was evaluated for it', () => {
  it('gets its mail once its keys are known again, and a watch that was past it tells of it once', async () => {
    // As recovery leaves it: the document came back with the payload.
    await c['parts'].store.use((session) => {
      const { possession, exactKey, ...bare } = ownEntry(session, C)!;
      expect([possession, exactKey]).not.toContain(undefined);
      putEntry(session, bare);
    });
    const again = await network.agent('bank-3');
    await a.message(A, C, bytes('are you there?'), proving);
    expect(await events(again)).toEqual([]);
    const asked = network.requests.length;
    const parts = {
      evaluations: again['parts'].evaluations,
      store: again['parts'].store,
      copy: again['parts'].copy,
    };
    const recovered = { purpose: 'finance', document: 'document' } as const;
    await evaluateRecovered(
      parts,
      [C, 99].map((sequence) => ({ ...recovered, sequence })),
    );
    // As many as a check takes, once.
    expect(network.requests.slice(asked)).toEqual([3]);
    // Killed before the event was taken, and again.
    for (let i = 0; i < 2; i++)
      await expect(again.watch(() => Promise.reject(new Error('killed')))).rejects.toMatchObject({
        message: 'killed',
      });
    expect(await events(again)).toMatchObject([{ event: 'message', entry: C, other: A }]);
    expect(await events(again)).toEqual([]);
    expect((await said(again, C, A)).filter(([, text]) => text === 'are you there?')).toHaveLength(1);
    expect(network.requests.length).toBe(asked + 1);
  }, 60_000);

  it('has the log looked through again whole, whatever another process was at meanwhile', async () => {
    await c['parts'].store.use((session) => {
      const before = mailState(session);
      expect(before.cursor).toBeGreaterThan(0);
      lookAgain(session);
      // A pass that began before it, of a process that did not know of the entry.
      moveMailbox(session, before, { ...before, cursor: before.cursor + 1 });
      expect(mailState(session)).toMatchObject({ cursor: 0, readers: before.readers });
      // The same, where nothing had been looked at yet.
      const beginning = mailState(session);
      lookAgain(session);
      moveMailbox(session, beginning, { ...beginning, cursor: 1 });
      expect(mailState(session).cursor).toBe(0);
    });
    const count = (await said(c, C, A)).length;
    expect(await events(c)).toEqual([]);
    expect((await said(c, C, A)).length).toBe(count);
  }, 60_000);
});

describe('a message that is gone', () => {
  it('is missed by who it was for, once the next has come', async () => {
    const { engine } = network;
    await a.message(A, B, bytes('lost'), proving);
    const { bodyHash } = (await messageRecords()).at(-1)!;
    await engine.erasePayload(bodyHash);
    expect((await said(b, B, A)).map(([, text]) => text)).not.toContain('lost');
    await a.message(A, B, bytes('next'), proving);
    expect((await b.conversation(B, A)).messages.at(-1)).toMatchObject({ text: 'next', oneIsMissing: true });
    // The sender has its own copy.
    expect((await said(a, A, B)).map(([, text]) => text)).toContain('lost');
  }, 60_000);
});
