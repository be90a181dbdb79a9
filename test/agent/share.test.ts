import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { x25519 } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCard, verifyCard } from '../../src/agent/card.js';
import { ownEntry, putEntry } from '../../src/agent/entries.js';
import { framed } from '../../src/agent/framed.js';
import { hpkeOpen, hpkeSeal } from '../../src/agent/hpke.js';
import { MemberKeys } from '../../src/agent/keys.js';
import { LedgerCopy } from '../../src/agent/ledger-copy.js';
import { sealPayload } from '../../src/agent/sealing.js';
import { openShare, shareEntry, type OpenParts, type ShareParts } from '../../src/agent/share.js';
import { AgentStore } from '../../src/agent/store.js';
import {
  BASE,
  DOMAIN,
  ed25519Sign,
  initPoseidon,
  poseidon,
  type FieldElement,
} from '../../src/crypto/index.js';
import {
  commitment,
  encodeDocument,
  readDocument,
  slotsOf,
  type CanonicalDocument,
} from '../../src/documents/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  encodeTransaction,
  networkOf,
  parseGenesis,
  registerMessage,
  sha256,
  type LogIndex,
} from '../../src/ledger/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import type { Party } from '../../src/rpc/party.js';
import { CountersealError } from '../../src/errors.js';
import type { LedgerClient } from '../../src/rpc/ledger-client.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, fieldOf, genesisInput, seedOf } from '../ledger/helpers.js';

const directories = new Directories();
const engines: EmbeddedEngine[] = [];
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  directories.remove();
});

const example = (name: string): CanonicalDocument =>
  readDocument(readFileSync(new URL(`../../examples/documents/${name}`, import.meta.url))).document;
const INVOICE = example('invoice-a.ubl.xml');
const OTHER: CanonicalDocument = example('invoice-b.ubl.xml');

type Member = ShareParts & OpenParts;

/** A network of three members, with a ledger in this process. */
class World {
  private constructor(
    readonly authority: Identity,
    readonly engine: EmbeddedEngine,
    readonly author: Author,
    readonly members: Readonly<Record<'a' | 'b' | 'c', Member>>,
  ) {}

  static async of(networkId: string): Promise<World> {
    await initPoseidon();
    const authority = await createAuthority(networkId);
    const names = ['a', 'b', 'c'] as const;
    const keys = names.map((name) => new MemberKeys(seedOf(`member ${name}`), networkId));
    const genesis = parseGenesis({
      ...genesisInput(networkId),
      ca: authority.certificate,
      members: keys.map(({ memberId }) => ({ memberId: memberId.toString(), roles: ['bank'] })),
    });
    const network = await networkOf(genesis);
    const engine = await openEngine(directories.fresh(), { genesis });
    engines.push(engine);
    const node = {
      async *records(from: bigint) {
        for await (const { records, checkpoint } of engine.records(Number(from) as LogIndex))
          yield { from, records, checkpoint };
      },
      payload: (hash: Uint8Array) => {
        const found = engine.payload(hash);
        return found
          ? Promise.resolve(found)
          : Promise.reject(new CountersealError('not_found', 'there is no such payload'));
      },
    };
    const members = await Promise.all(
      keys.map(async (memberKeys): Promise<Member> => {
        const store = new AgentStore(directories.fresh(), memberKeys.storeKey);
        return {
          network,
          keys: memberKeys,
          identity: await issueIdentity(authority, networkId, {
            kind: 'member',
            id: memberKeys.memberId.toString(),
          }),
          evaluations: { of: () => Promise.reject(new Error('no evaluators here')) },
          store,
          copy: new LedgerCopy(network, store, node as unknown as LedgerClient),
          ledger: node,
        };
      }),
    );
    const [a, b, c] = members as [Member, Member, Member];
    return new World(authority, engine, new Author(network), { a, b, c });
  }

  /**
   * Registers a document for member a; with `sealed`, its payload holds another document than the commitment, and with
   * a document key its salt is the convergent one.
   */
  async register(
    document: CanonicalDocument,
    sealed: Uint8Array = encodeDocument(document),
    possession?: FieldElement,
  ): Promise<number> {
    const { keys, store, network, copy } = this.members.a;
    const draft = this.author.claims(`document ${Math.random()}`);
    const { salt: own, controlKey, controlSeed } = keys.entry(draft.nullifier);
    const salt = possession ? poseidon([DOMAIN.convergentSalt, possession, draft.nullifier]) : own;
    const committed = commitment(document.kind, document.present, slotsOf(document), salt);
    const binding = { networkId: network.id, nullifier: draft.nullifier, commitment: committed, controlKey };
    const payload = sealPayload(sealed, salt, binding);
    const claims = { ...draft, controlKey, commitment: committed, payloadHash: sha256(payload) };
    const proof = this.author.prove(claims);
    const signature = ed25519Sign(controlSeed, registerMessage(network.id, claims, proof));
    const transaction = encodeTransaction({ type: 'register', claims, proof, signature });
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    await store.use((session) =>
      putEntry(session, {
        nullifier: claims.nullifier.toString(),
        ...{ purpose: possession ? 'attest' : 'finance', documentKind: 380, fileHash: '', createdAt: 0 },
        document: Buffer.from(encodeDocument(document)).toString('utf8'),
        tags: [claims.tags[0].toString(), claims.tags[1].toString()],
        transaction: base64(transaction),
        payload: base64(payload),
      }),
    );
    const result = await this.engine.submit(transaction, payload);
    if (!result.included || result.record.body.type !== 'register') throw new Error('refused');
    await copy.sync();
    return result.record.body.entry;
  }

  card(name: 'a' | 'b' | 'c'): string {
    const { network, keys, identity } = this.members[name];
    return makeCard(network.id, keys, identity);
  }

  issue(party: Party): Promise<Identity> {
    return issueIdentity(this.authority, this.members.a.network.id, party);
  }
}

/** What both sides of a share agree on, as the file's format has it. */
function contextOf({ network, keys }: Member) {
  const who = [network.id, keys.memberId.toString()] as const;
  return {
    info: framed('counterseal/share/v1', ...who, keys.hpke.publicKey),
    additionalData: framed('counterseal-share', '1', ...who),
  };
}

interface File {
  to: string;
  networkId: string;
  enc: string;
  ciphertext: string;
}
type Contents = Record<string, unknown> & { author?: { card: string; signature: string } };

async function contentsOf(text: string, recipient: Member): Promise<Contents> {
  const { enc, ciphertext } = JSON.parse(text) as File;
  const opened = await hpkeOpen(recipient.keys.hpke.privateKey, contextOf(recipient), {
    enc: Buffer.from(enc, 'base64'),
    ciphertext: Buffer.from(ciphertext, 'base64'),
  });
  return JSON.parse(Buffer.from(opened).toString('utf8')) as Contents;
}

/** A share as somebody would make it who knows the format: sealed for a recipient, and with any contents. */
async function forge(contents: unknown, recipient: Member): Promise<string> {
  const plaintext = Buffer.from(JSON.stringify(contents));
  const { enc, ciphertext } = await hpkeSeal(recipient.keys.hpke.publicKey, contextOf(recipient), plaintext);
  return JSON.stringify({
    ...{ format: 'counterseal-share', version: 1, networkId: recipient.network.id },
    to: recipient.keys.memberId.toString(),
    enc: Buffer.from(enc).toString('base64'),
    ciphertext: Buffer.from(ciphertext).toString('base64'),
  });
}

let world: World;
let entry: number;
beforeAll(async () => {
  world = await World.of('share-net');
  await world.register(OTHER);
  entry = await world.register(INVOICE);
});

const share = (to: 'b' | 'c' = 'b', options?: { named: boolean }) =>
  shareEntry(world.members.a, entry, world.card(to), options).then(({ text }) => text);
const edited = (text: string, change: Record<string, unknown>): string =>
  JSON.stringify({ ...(JSON.parse(text) as object), ...change });

describe('a shared entry', () => {
  it('opens for its recipient to the document that the entry commits to', async () => {
    const { document, ...opened } = await openShare(world.members.b, await share());
    expect(opened).toMatchObject({ entry, purpose: 'finance', verdict: 'unique', author: null });
    expect(document.strings).toEqual(INVOICE.strings);
  });

  it('names its author to the recipient where the author wants it, and tells nobody else the entry', async () => {
    const text = await share('b', { named: true });
    const { author } = await openShare(world.members.b, text);
    expect(author).toBe(world.members.a.keys.memberId);
    const hidden = [String(author), world.members.a.network.genesis.ca, `"entry"`];
    for (const secret of hidden) expect(text).not.toContain(secret);
    expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(
      ['ciphertext', 'enc', 'format', 'networkId', 'to', 'version'].sort(),
    );
  });

  it('is of no use to another member, whatever it is made to say', async () => {
    const text = await share('b');
    const { c } = world.members;
    await expect(openShare(c, text)).rejects.toMatchObject({ ...code('permission_denied'), field: 'to' });
    const mine = edited(text, { to: c.keys.memberId.toString() });
    await expect(openShare(c, mine)).rejects.toMatchObject(code('decryption_failed'));
  });

  it('cannot be passed on as if its author had shared it: the signature names the recipient', async () => {
    const { b, c } = world.members;
    const contents = await contentsOf(await share('b'), b);
    await expect(openShare(c, await forge(contents, c))).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'signature',
    });
  });

  it('is refused with the salt, the number or the transaction of another entry', async () => {
    const { a, b } = world.members;
    const contents = await contentsOf(await share(), b);
    const other = await contentsOf((await shareEntry(a, 0, world.card('b'))).text, b);
    const open = async (change: object) => openShare(b, await forge({ ...contents, ...change }, b));
    await expect(open({})).resolves.toMatchObject({ entry });
    await expect(open({ salt: other['salt'] })).rejects.toMatchObject(code('decryption_failed'));
    await expect(open({ entry: 0 })).rejects.toMatchObject(code('invalid_proof'));
    await expect(open({ transaction: other['transaction'] })).rejects.toMatchObject(code('invalid_proof'));
    await expect(open({ entry: 99 })).rejects.toMatchObject(code('not_found'));
    await expect(open({ signature: other['signature'] })).rejects.toMatchObject(code('permission_denied'));
  });

  it('is refused where its author sealed another document, or none, than it committed to', async () => {
    const { a, b } = world.members;
    for (const sealed of [encodeDocument(OTHER), Buffer.from('{"canon":1}'), new Uint8Array()]) {
      const lie = await world.register(INVOICE, sealed);
      const { text } = await shareEntry(a, lie, world.card('b'));
      await expect(openShare(b, text)).rejects.toMatchObject(code('invalid_proof'));
    }
  });

  it('names nobody as its author who did not sign it', async () => {
    const { b } = world.members;
    const contents = await contentsOf(await share('b', { named: true }), b);
    const author = { ...contents.author!, card: world.card('c') };
    await expect(openShare(b, await forge({ ...contents, author }, b))).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'author',
    });
  });

  it('is refused on another network, also by a member with the same seed', async () => {
    const elsewhere = await World.of('share-elsewhere');
    const text = await share();
    const { b } = elsewhere.members;
    await expect(openShare(b, text)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'networkId',
    });
    const moved = edited(text, { networkId: 'share-elsewhere', to: b.keys.memberId.toString() });
    await expect(openShare(b, moved)).rejects.toMatchObject(code('decryption_failed'));
    await expect(shareEntry(world.members.a, entry, elsewhere.card('b'))).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'networkId',
    });
  });

  it('that was changed, or is something else, is refused', async () => {
    const { b } = world.members;
    const text = await share();
    const { enc, ciphertext } = JSON.parse(text) as File;
    const flipped = (value: string, at: number) => {
      const bytes = Buffer.from(value, 'base64');
      bytes[at]! ^= 1;
      return bytes.toString('base64');
    };
    const changed = [
      { enc: flipped(enc, 0) },
      { enc: Buffer.alloc(32).toString('base64') },
      ...[0, 100, Buffer.from(ciphertext, 'base64').length - 1].map((at) => ({
        ciphertext: flipped(ciphertext, at),
      })),
    ];
    for (const change of changed)
      await expect(openShare(b, edited(text, change))).rejects.toMatchObject(code('decryption_failed'));
    const wrong = [
      '',
      '{}',
      'x',
      '[]',
      edited(text, { more: 1 }),
      edited(text, { version: 2 }),
      ' '.repeat(70_000),
    ];
    for (const none of [...wrong, await forge({ entry }, b), await forge('', b)])
      await expect(openShare(b, none)).rejects.toMatchObject(code('invalid_argument'));
  });

  it('cannot be opened any more once its payload is erased', async () => {
    const gone = await world.register(INVOICE);
    const { text } = await shareEntry(world.members.a, gone, world.card('b'));
    await world.engine.erasePayload(world.engine.reader.entry(gone as never)!.payloadHash);
    await expect(openShare(world.members.b, text)).rejects.toMatchObject(code('not_found'));
  });

  it('of a purpose with convergent salts is opened with the one that its holders can compute', async () => {
    const { a, b } = world.members;
    const documentKey = fieldOf('possession document key');
    const register = () => world.register(INVOICE, encodeDocument(INVOICE), documentKey);
    // Found in the log again: its keys are evaluated once more, as for a check, and then kept.
    const evaluating = (key: FieldElement) => ({
      of: (identities: readonly FieldElement[]) => {
        expect(identities).toHaveLength(3);
        const evaluation = { documentKey: key, evaluated: BASE, challenge: 0n, response: 0n };
        return Promise.resolve({ evaluations: identities.map(() => evaluation), warnings: [] } as never);
      },
    });
    const attested = await register();
    const { text } = await shareEntry(
      { ...a, evaluations: evaluating(documentKey) },
      attested,
      world.card('b'),
    );
    await expect(openShare(b, text)).resolves.toMatchObject({ entry: attested });
    const again = await shareEntry(a, attested, world.card('b'));
    await expect(openShare(b, again.text)).resolves.toMatchObject({ entry: attested });
    // A salt that does not open the entry never leaves.
    const wrong = { ...a, evaluations: evaluating(fieldOf('another key')) };
    await expect(shareEntry(wrong, await register(), world.card('b'))).rejects.toMatchObject(
      code('data_corrupted'),
    );
  });

  it('is made of own entries alone, whose document is still there, and for members alone', async () => {
    const { a, b } = world.members;
    const lost = await world.register(INVOICE);
    await a.store.use((session) => putEntry(session, { ...ownEntry(session, lost)!, document: '' }));
    await expect(shareEntry(a, lost, world.card('b'))).rejects.toMatchObject(code('failed_precondition'));
    await expect(shareEntry(b, entry, world.card('c'))).rejects.toMatchObject(code('not_found'));
    const keys = new MemberKeys(seedOf('a stranger'), a.network.id);
    const identity = await world.issue({ kind: 'member', id: keys.memberId.toString() });
    await expect(shareEntry(a, entry, makeCard(a.network.id, keys, identity))).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'memberId',
    });
  });
});

describe('a card', () => {
  const trust = () => world.members.a.network.genesis;

  it('says who its member is, and what to seal for it with', () => {
    const { keys } = world.members.b;
    const card = verifyCard(world.card('b'), trust());
    expect(card.memberId).toBe(keys.memberId);
    expect(card.hpkeKey).toEqual(keys.hpke.publicKey);
  });

  it('that was changed anywhere is refused', () => {
    const card = JSON.parse(world.card('b')) as Record<string, string>;
    const other = JSON.parse(world.card('c')) as Record<string, string>;
    for (const field of ['memberId', 'hpkeKey', 'certificate', 'signature'])
      expect(() => verifyCard(edited(world.card('b'), { [field]: other[field] }), trust())).toThrow(
        expect.objectContaining(code('permission_denied')),
      );
    for (const change of [{ more: 1 }, { hpkeKey: 'ff' }, { certificate: 'none' }, { version: 2 }])
      expect(() => verifyCard(edited(world.card('b'), change), trust())).toThrow(
        expect.objectContaining(code('invalid_argument')),
      );
    for (const text of ['', 'null', 'x'.repeat(20_000)])
      expect(() => verifyCard(text, trust())).toThrow(expect.objectContaining(code('invalid_argument')));
    // What is signed is the text of the certificate as well: not even its line ends can be changed.
    expect(() =>
      verifyCard(edited(world.card('b'), { certificate: `${card['certificate']}\n` }), trust()),
    ).toThrow(expect.objectContaining(code('permission_denied')));
  });

  it('of another authority is refused, also where it bears the same name', async () => {
    const { network, keys } = world.members.b;
    const forged = await createAuthority(network.id);
    const party = { kind: 'member', id: keys.memberId.toString() } as const;
    const identity = await issueIdentity(forged, network.id, party);
    expect(() => verifyCard(makeCard(network.id, keys, identity), trust())).toThrow(
      expect.objectContaining({ ...code('permission_denied'), field: 'certificate' }),
    );
  });

  it('of an evaluator, of another member, or with a certificate that is over is refused', async () => {
    const { network, keys } = world.members.b;
    const id = keys.memberId.toString();
    const card = async (party: Party) => makeCard(network.id, keys, await world.issue(party));
    for (const party of [
      { kind: 'evaluator', id },
      { kind: 'node', id },
      { kind: 'member', id: world.members.c.keys.memberId.toString() },
    ] as const) {
      const text = await card(party);
      expect(() => verifyCard(text, trust())).toThrow(expect.objectContaining(code('permission_denied')));
    }
    const years = (n: number) => Date.now() + n * 365 * 86_400_000;
    for (const now of [years(-1), years(5)])
      expect(() => verifyCard(world.card('b'), trust(), now)).toThrow(
        expect.objectContaining({ ...code('permission_denied'), field: 'certificate' }),
      );
  });

  it('with a key of small order gets nothing sealed', async () => {
    const { a, b } = world.members;
    const keys = { memberId: b.keys.memberId, hpke: { publicKey: new Uint8Array(32) } } as MemberKeys;
    const card = makeCard(b.network.id, keys, b.identity);
    await expect(shareEntry(a, entry, card)).rejects.toMatchObject(code('invalid_point'));
  });
});

/** RFC 9180, sections 4, 4.1 and 5.1, base mode, by other means than the library's. */
function openByTheBook(
  privateKey: Uint8Array,
  { info, additionalData }: { info: Uint8Array; additionalData: Uint8Array },
  { enc, ciphertext }: { enc: Uint8Array; ciphertext: Uint8Array },
): Uint8Array {
  const i2osp = (n: number) => Buffer.from([n >> 8, n & 255]);
  const label = (suite: Buffer, name: string, ...rest: Uint8Array[]) =>
    Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(name), ...rest]);
  const none = new Uint8Array();
  const derive = (
    suite: Buffer,
    ikm: Uint8Array,
    salt: Uint8Array,
    [name, context, length]: [string, Uint8Array, number],
  ) =>
    Buffer.from(
      hkdfSync('sha256', ikm, salt, Buffer.concat([i2osp(length), label(suite, name, context)]), length),
    );
  const kem = Buffer.concat([Buffer.from('KEM'), i2osp(0x20)]);
  const hpke = Buffer.concat([Buffer.from('HPKE'), i2osp(0x20), i2osp(1), i2osp(2)]);
  const kemContext = Buffer.concat([enc, x25519.getPublicKey(privateKey)]);
  const secret = derive(kem, label(kem, 'eae_prk', x25519.getSharedSecret(privateKey, enc)), none, [
    'shared_secret',
    kemContext,
    32,
  ]);
  const extract = (name: string, ikm: Uint8Array) => hmacExtract(label(hpke, name, ikm));
  const context = Buffer.concat([Buffer.of(0), extract('psk_id_hash', none), extract('info_hash', info)]);
  const expand = (name: string, length: number) =>
    derive(hpke, label(hpke, 'secret', none), secret, [name, context, length]);
  const decipher = createDecipheriv('aes-256-gcm', expand('key', 32), expand('base_nonce', 12));
  decipher.setAAD(additionalData);
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]);
}
/** HKDF-Extract without a salt. */
const hmacExtract = (ikm: Uint8Array): Uint8Array =>
  createHmac('sha256', new Uint8Array(32)).update(ikm).digest();

it('is sealed by HPKE, base mode: X25519, HKDF-SHA256, AES-256-GCM (RFC 9180)', async () => {
  const privateKey = seedOf('hpke');
  const context = { info: Buffer.from('info'), additionalData: Buffer.from('aad') };
  const sealed = await hpkeSeal(x25519.getPublicKey(privateKey), context, Buffer.from('a salt'));
  expect(openByTheBook(privateKey, context, sealed)).toEqual(Buffer.from('a salt'));
  for (const other of [
    { ...context, info: seedOf('x') },
    { ...context, additionalData: seedOf('x') },
  ])
    await expect(hpkeOpen(privateKey, other, sealed)).rejects.toMatchObject(code('decryption_failed'));
});
