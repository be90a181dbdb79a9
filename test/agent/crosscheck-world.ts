import { actOn } from '../../src/agent/act.js';
import { makeCard } from '../../src/agent/card.js';
import type { SideParts } from '../../src/agent/crosscheck-sides.js';
import { putEntry } from '../../src/agent/entries.js';
import { MemberKeys } from '../../src/agent/keys.js';
import { LedgerCopy } from '../../src/agent/ledger-copy.js';
import { fingerprintDocument, possessionIdentity } from '../../src/agent/fingerprinting.js';
import { sealPayload } from '../../src/agent/sealing.js';
import { shareEntry } from '../../src/agent/share.js';
import { AgentStore } from '../../src/agent/store.js';
import {
  BASE,
  DOMAIN,
  ed25519Sign,
  initPoseidon,
  poseidon,
  type FieldElement,
} from '../../src/crypto/index.js';
import { commitment, encodeDocument, slotsOf, type CanonicalDocument } from '../../src/documents/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import { CountersealError } from '../../src/errors.js';
import {
  defaultSchema,
  encodeTransaction,
  networkOf,
  parseGenesis,
  purposeOf,
  registerMessage,
  sha256,
  type Action,
  type LogIndex,
  type Role,
  type UnixMs,
} from '../../src/ledger/index.js';
import { tagOf } from '../../src/oprf/index.js';
import { CROSSCHECK, declare } from '../../src/proofs/index.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import type { LedgerClient } from '../../src/rpc/ledger-client.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { Author, fieldOf, genesisInput, seedOf } from '../ledger/helpers.js';

export const MEMBERS = {
  customs: 'customs-office',
  importer: 'forwarder',
  carrier: 'carrier',
  seller: 'seller',
  insurer: 'insurer',
  other: 'insurer',
  bank: 'bank',
} as const satisfies Record<string, Role>;
export type Name = keyof typeof MEMBERS;

const directories = new Directories();
const engines: EmbeddedEngine[] = [];
export async function closeWorlds(): Promise<void> {
  await Promise.all(engines.map((engine) => engine.close()));
  directories.remove();
}

/** What the committee would answer: a function of the identity that no member can compute without it. */
const keyOf = (identity: FieldElement) =>
  poseidon([DOMAIN.documentKey, identity, fieldOf('the network key')]);

export type Member = SideParts & { readonly ledger: LedgerClient };

/** A ledger in this process, and members of every role; entries are what agents make of documents but for the proof. */
export class World {
  /** Requests to the node by hash, and identities that were evaluated. */
  asked: string[] = [];
  /** Registered so far: each takes a nullifier of its own. */
  private documents = 0;

  private constructor(
    readonly networkId: string,
    readonly engine: EmbeddedEngine,
    private readonly author: Author,
    readonly members: Readonly<Record<Name, Member>>,
  ) {}

  static async of(networkId: string): Promise<World> {
    await initPoseidon();
    const authority = await createAuthority(networkId);
    const names = Object.keys(MEMBERS) as Name[];
    const keys = names.map((name) => new MemberKeys(seedOf(`member ${name}`), networkId));
    const genesis = parseGenesis({
      ...genesisInput(networkId),
      ca: authority.certificate,
      statements: { ...genesisInput(networkId).statements, ...(await declare([CROSSCHECK])) },
      members: keys.map(({ memberId }, i) => ({
        memberId: memberId.toString(),
        roles: [MEMBERS[names[i]!]],
      })),
    });
    const network = await networkOf(genesis);
    const engine = await openEngine(directories.fresh(), { genesis, clock: () => Date.now() as UnixMs });
    engines.push(engine);
    const asked: string[] = [];
    const byHash = (what: string, found: Uint8Array | undefined): Promise<Uint8Array> => {
      asked.push(what);
      return found
        ? Promise.resolve(found)
        : Promise.reject(new CountersealError('not_found', `there is no such ${what}`));
    };
    const node = {
      async *records(from: bigint) {
        for await (const { records, checkpoint } of engine.records(Number(from) as LogIndex))
          yield { from, records, checkpoint };
      },
      payload: (hash: Uint8Array) => byHash('payload', engine.payload(hash)),
      transaction: (hash: Uint8Array) => byHash('transaction', engine.reader.transaction(hash)?.bytes),
      async submit(transaction: Uint8Array) {
        const result = await engine.submit(transaction, new Uint8Array());
        if (!result.included) throw new CountersealError('rejected', result.rejection.name);
        return { index: BigInt(result.record.index), record: new Uint8Array() };
      },
    } as unknown as LedgerClient;
    const members = await Promise.all(
      keys.map(async (memberKeys): Promise<Member> => {
        const store = new AgentStore(directories.fresh(), memberKeys.storeKey);
        const party = { kind: 'member', id: memberKeys.memberId.toString() } as const;
        return {
          network,
          keys: memberKeys,
          identity: await issueIdentity(authority, networkId, party),
          evaluations: {
            of: (identities: readonly FieldElement[]) => {
              asked.push(`${identities.length} evaluations`);
              // Nothing is proved with them here.
              const proof = { evaluated: BASE, challenge: 0n, response: 0n };
              const evaluations = identities.map((identity) => ({ documentKey: keyOf(identity), ...proof }));
              return Promise.resolve({ evaluations, warnings: [] } as never);
            },
          },
          store,
          copy: new LedgerCopy(network, store, node),
          ledger: node,
        };
      }),
    );
    const byName = Object.fromEntries(names.map((name, i) => [name, members[i]!])) as Record<Name, Member>;
    const world = new World(networkId, engine, new Author(network), byName);
    world.asked = asked;
    return world;
  }

  /** Registers a document for a member; with `sealed`, its payload holds another document than the commitment. */
  async register(
    name: Name,
    document: CanonicalDocument,
    purpose: string,
    sealed: CanonicalDocument = document,
  ): Promise<number> {
    const { keys, store, network, copy } = this.members[name];
    const fingerprinted = await fingerprintDocument(document);
    const [exact, near] = fingerprinted.identities.map(keyOf);
    const tags = [tagOf(exact as never, purpose), tagOf(near as never, purpose)] as const;
    const draft = this.author.claims(`document ${++this.documents}`, {
      ...{ documentKind: document.kind, purpose, tags, skippedMask: fingerprinted.skippedMask },
      time: Date.now() as UnixMs,
    });
    const { salt: own, controlKey, controlSeed } = keys.entry(draft.nullifier);
    const convergent = purposeOf(defaultSchema(), purpose).saltPolicy === 'convergent';
    const salt = convergent
      ? poseidon([DOMAIN.convergentSalt, keyOf(possessionIdentity(fingerprinted)), draft.nullifier])
      : own;
    const committed = commitment(document.kind, document.present, slotsOf(document), salt);
    const binding = { networkId: network.id, nullifier: draft.nullifier, commitment: committed, controlKey };
    const payload = sealPayload(encodeDocument(sealed), salt, binding);
    const claims = { ...draft, controlKey, commitment: committed, payloadHash: sha256(payload) };
    const proof = this.author.prove(claims);
    const signature = ed25519Sign(controlSeed, registerMessage(network.id, claims, proof));
    const transaction = encodeTransaction({ type: 'register', claims, proof, signature });
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    await store.use((session) =>
      putEntry(session, {
        nullifier: claims.nullifier.toString(),
        ...{ purpose, documentKind: document.kind, fileHash: '', createdAt: 0 },
        document: Buffer.from(encodeDocument(document)).toString('utf8'),
        tags: [claims.tags[0].toString(), claims.tags[1].toString()],
        transaction: base64(transaction),
        payload: base64(payload),
      }),
    );
    const result = await this.engine.submit(transaction, payload);
    if (!result.included) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
    if (result.record.body.type !== 'register') throw new Error('another record');
    await copy.sync();
    return result.record.body.entry;
  }

  act(name: Name, entry: number, action: Action) {
    return actOn(this.members[name], entry, action);
  }

  card(name: Name): string {
    const { network, keys, identity } = this.members[name];
    return makeCard(network.id, keys, identity);
  }

  async share(from: Name, entry: number, to: Name): Promise<string> {
    return (await shareEntry(this.members[from], entry, this.card(to))).text;
  }
}
