import { randomBytes } from 'node:crypto';
import {
  BASE,
  coordinates,
  ed25519PublicKey,
  ed25519Sign,
  type FieldElement,
  fieldElement,
  fieldFromBytes,
  multiply,
  type Scalar,
  splitSecret,
} from '../../src/crypto/index.js';
import { sha256 } from '../../src/ledger/hash.js';
import {
  type Action,
  actionMessage,
  type ActionOrder,
  type Block,
  type CapacityEntry,
  capacityMessage,
  carriedFingerprint,
  decodeTransaction,
  defaultSchema,
  type DrawOrder,
  drawSignals,
  encodeTransaction,
  type FinalizedBlock,
  type FingerprintClaims,
  fingerprintMessage,
  type Genesis,
  type GenesisInput,
  isRejection,
  type LogRecord,
  type MembershipChange,
  membershipMessage,
  MemberRegistry,
  type MembershipOrder,
  MemoryStore,
  MESSAGE_MIN_BYTES,
  messageBodyHash,
  type MessageClaims,
  messageLabel,
  messageSignals,
  type Network,
  networkOf,
  openingSignals,
  type OpenCapacityOrder,
  parseGenesis,
  parseTransaction,
  possessionSignals,
  possessionTagOf,
  type ProofVerifier,
  type RegisterClaims,
  registerMessage,
  roleMaskOf,
  type Sequence,
  StateMachine,
  type Store,
  type TransactionResult,
  type UnixMs,
} from '../../src/ledger/index.js';
import { dayOf } from '../../src/ledger/units.js';

/** 2025-03-03T10:30:00Z, a time of day at which nothing special happens. */
export const START = Date.UTC(2025, 2, 3, 10, 30) as UnixMs;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Deterministic bytes from a name: tests say who, not which random number. */
export const seedOf = (name: string): Uint8Array => sha256(Buffer.from(name));
export const fieldOf = (name: string): FieldElement =>
  fieldFromBytes(Uint8Array.of(0, ...seedOf(name).subarray(1)));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const publicHex = (name: string): string => hex(ed25519PublicKey(seedOf(name)));

function sharedKey(name: string, threshold: number, total: number) {
  const secret = (fieldOf(name) >> 8n) as unknown as Scalar;
  const point = (s: Scalar): [string, string] => {
    const { x, y } = coordinates(multiply(BASE, s));
    return [x.toString(), y.toString()];
  };
  return {
    threshold,
    total,
    publicKey: point(secret),
    publicShares: splitSecret(secret, threshold, total).map(({ value }) => point(value)),
  };
}

export const ADMINISTRATORS = ['admin-0', 'admin-1', 'admin-2'];

/** A valid genesis as its JSON value; three administrators of whom two must sign, three members. */
export function genesisInput(networkId = 'test-net'): GenesisInput {
  return {
    version: 1,
    networkId,
    time: START - HOUR,
    setup: 'development',
    schema: structuredClone(defaultSchema()) as GenesisInput['schema'],
    epoch: 1,
    oprf: {
      ...sharedKey('oprf', 2, 3),
      evaluators: [1, 2, 3].map((id) => ({
        id,
        name: `evaluator ${id}`,
        address: `localhost:${7000 + id}`,
        signingKey: publicHex(`evaluator-${id}`),
      })),
    },
    auditors: sharedKey('auditors', 2, 3),
    administrators: { threshold: 2, keys: ADMINISTRATORS.map(publicHex) },
    members: [
      { memberId: fieldOf('bank-a').toString(), roles: ['bank'] },
      { memberId: fieldOf('bank-b').toString(), roles: ['lender', 'bank'] },
      { memberId: fieldOf('carrier').toString(), roles: ['carrier'] },
    ],
    statements: {
      register: { version: 1, verificationKey: hex(seedOf('verification key')) },
      fingerprint: { version: 1, verificationKey: hex(seedOf('verification key of fingerprint')) },
      crosscheck: { version: 1, verificationKey: hex(seedOf('verification key of crosscheck')) },
      drawdown: { version: 1, verificationKey: hex(seedOf('verification key of drawdown')) },
    },
    operators: [{ name: 'operator', address: 'localhost:7100', checkpointKey: publicHex('operator') }],
    ca: 'none in tests',
  };
}

const genesisCache = new Map<string, Genesis>();
/** One genesis per network and test file: the polynomials behind its shares are random. */
export function testGenesis(networkId = 'test-net'): Genesis {
  const known = genesisCache.get(networkId) ?? parseGenesis(genesisInput(networkId));
  genesisCache.set(networkId, known);
  return known;
}

export const proofOf = (statement: string, signals: readonly bigint[]): Uint8Array => {
  const head = Buffer.from(`${statement}:${signals.join(',')}`);
  return Buffer.concat(Array.from({ length: 8 }, (_, i) => sha256(head, Uint8Array.of(i))));
};

/**
 * For tests that are not about proofs: accepts exactly the proof whose bytes are derived by SHA-256 from the public
 * signals, so whoever changes a signal, or asks for others than the author's, is refused.
 */
export const hashProofVerifier: ProofVerifier & { calls: number } = {
  calls: 0,
  verify(statement, signals, proof) {
    this.calls++;
    return Promise.resolve(Buffer.from(proof).equals(Buffer.from(proofOf(statement, signals))));
  },
};

export const payloadOf = (name: string, size = 1024): Uint8Array =>
  new Uint8Array(Buffer.alloc(size, seedOf(name)));
const payloads = new Map<string, Uint8Array>();
/** The payload of what an {@link Author} of this file made: of a `register` or a `message`; none of others. */
export function payloadFor(transaction: Uint8Array): Uint8Array | undefined {
  const decoded = decodeTransaction(transaction);
  if (decoded.type === 'register') return payloads.get(hex(decoded.claims.payloadHash));
  return decoded.type === 'message' ? payloads.get(hex(decoded.claims.bodyHash)) : undefined;
}

type MessageChanges = Partial<MessageClaims> & { readonly body?: string; readonly time?: UnixMs };

type OpeningChanges = Partial<OpenCapacityOrder> & { readonly time?: UnixMs };
type DrawChanges = Partial<DrawOrder> & { readonly time?: UnixMs };

/** Where a chain of draws stands. */
export interface Head {
  readonly chain: FieldElement;
  readonly w: FieldElement;
  readonly headroom: FieldElement;
}

export const headOf = (document: string): Head => ({
  chain: fieldOf(`chain ${document}`),
  w: fieldOf(`chain ${document}`),
  headroom: fieldOf(`headroom ${document}`),
});

export const headAfter = (draw: string): Omit<Head, 'chain'> => ({
  w: fieldOf(`draw ${draw}`),
  headroom: fieldOf(`headroom ${draw}`),
});

/** Makes and signs transactions for one network, as an agent would. */
export class Author {
  private counter = 0;
  private readonly controls = new Map<string, string>();
  /** What was claimed last under a control key (hex), and the document that it stands for. */
  private readonly registered = new Map<string, { document: string; claims: RegisterClaims }>();
  readonly registry: MemberRegistry;

  constructor(readonly network: Network) {
    this.registry = MemberRegistry.fromGenesis(network.genesis);
  }

  static async of(genesis: Genesis): Promise<Author> {
    return new Author(await networkOf(genesis));
  }

  /** Claims of an invoice to be financed; `document` names the document, so equal names collide. */
  claims(
    document: string,
    changes: Partial<RegisterClaims> & { control?: string; time?: UnixMs } = {},
  ): RegisterClaims {
    const { control, time = START, ...claims } = changes;
    const name = control ?? `${document}#${this.counter++}`;
    const payload = payloadOf(name);
    const payloadHash = sha256(payload);
    payloads.set(hex(payloadHash), payload);
    const made: RegisterClaims = {
      documentKind: 380,
      purpose: 'finance',
      epoch: 1,
      membersRoot: this.registry.root,
      commitment: fieldOf(`commitment ${name}`),
      tags: [fieldOf(`exact ${document}`), fieldOf(`near ${document}`)],
      period: dayOf(time),
      // Of a member, index and period, as the real one.
      nullifier: fieldOf(`nullifier ${name} ${claims.period ?? dayOf(time)}`),
      escrowPoint: coordinates(BASE),
      escrow: [fieldOf('salt'), fieldOf('member')],
      skippedMask: 0,
      controlKey: ed25519PublicKey(seedOf(name)),
      payloadHash,
      notice: new Uint8Array(72).fill(3),
      ...claims,
    };
    this.registered.set(hex(made.controlKey), { document, claims: made });
    this.controls.set(hex(made.controlKey), name);
    return made;
  }

  /** The proof that {@link hashProofVerifier} accepts; where the schema knows no roles, one that it refuses. */
  prove(claims: RegisterClaims): Uint8Array {
    const purpose = this.network.purposes.get(claims.purpose);
    const mask = purpose && roleMaskOf(purpose, claims.documentKind);
    if (!purpose || mask === undefined) return new Uint8Array(256);
    return proofOf('register', this.network.signals.of(claims, { roleMask: mask, quota: purpose.quota }));
  }

  sign(claims: RegisterClaims, control: string, proof = this.prove(claims)): Uint8Array {
    const signature = ed25519Sign(seedOf(control), registerMessage(this.network.id, claims, proof));
    return encodeTransaction({ type: 'register', claims, proof, signature });
  }

  /** A complete `register`. The control key is that of `control`, by default `<document>#<n>`. */
  register(
    document: string,
    changes: Partial<RegisterClaims> & { control?: string; time?: UnixMs } = {},
  ): Uint8Array {
    const control = changes.control ?? `${document}#${this.counter++}`;
    return this.sign(this.claims(document, { ...changes, control }), control);
  }

  /** Claims of a message about an invoice to be financed; `document` and slot make its address. */
  messageClaims(
    document: string,
    { time = START, body = `body ${this.counter++}`, ...changes }: MessageChanges = {},
  ): MessageClaims {
    const bytes = payloadOf(body, MESSAGE_MIN_BYTES);
    const bodyHash = messageBodyHash(bytes);
    payloads.set(hex(bodyHash), bytes);
    const claims = {
      documentKind: 380,
      purpose: 'finance',
      epoch: 1,
      membersRoot: this.registry.root,
      period: dayOf(time),
      slot: 0,
      commitment: fieldOf(`commitment ${body}`),
      bodyHash,
      ...changes,
    };
    return { address: fieldOf(`${messageLabel(claims)} ${document}`), ...claims };
  }

  /** The proof that {@link hashProofVerifier} accepts; where the schema knows no roles, one that it refuses. */
  proveMessage(claims: MessageClaims): Uint8Array {
    const purpose = this.network.purposes.get(claims.purpose);
    const mask = purpose && roleMaskOf(purpose, claims.documentKind);
    if (mask === undefined) return new Uint8Array(256);
    return proofOf('fingerprint', messageSignals(this.network, claims, mask));
  }

  message(document: string, changes: MessageChanges = {}): Uint8Array {
    const claims = this.messageClaims(document, changes);
    return encodeTransaction({ type: 'message', claims, proof: this.proveMessage(claims) });
  }

  /** What the ledger knows of an entry that {@link register} made of an invoice to be financed. */
  private entryOf(control: string, time: UnixMs): CapacityEntry {
    return {
      documentKind: 380,
      purpose: 'finance',
      commitment: fieldOf(`commitment ${control}`),
      nullifier: fieldOf(`nullifier ${control} ${dayOf(time)}`),
    };
  }

  /** Opens the chain of `document`, which need not be the one that the entry was registered for. */
  openCapacity(
    control: string,
    entry: number,
    counter: number,
    document: string,
    { time = START, validUntil = (time + HOUR) as UnixMs, ...changes }: OpeningChanges = {},
  ): Uint8Array {
    const order: OpenCapacityOrder = {
      ...{ entry: entry as Sequence, counter, validUntil },
      membersRoot: this.registry.root,
      chain: fieldOf(`chain ${document}`),
      headroom: fieldOf(`headroom ${document}`),
      pad: fieldOf(`pad ${document}`),
      ...changes,
    };
    const type = 'open-capacity';
    const of = this.entryOf(control, time);
    const roleMask = roleMaskOf(this.network.purposes.get('finance')!, 380)!;
    const possession = proofOf('fingerprint', possessionSignals(this.network, of, order, roleMask));
    const proof = proofOf('drawdown', openingSignals(this.network, of, { order }));
    const message = capacityMessage(this.network.id, { type, order, possession, proof });
    const signature = ed25519Sign(seedOf(control), message);
    return encodeTransaction({ type, order, possession, proof, signature });
  }

  /** Draws from a head: that of an opening is `headOf(document)`. `draw` names what is drawn, and the blind. */
  draw(
    control: string,
    entry: number,
    counter: number,
    from: Head,
    draw: string,
    { time = START, validUntil = (time + HOUR) as UnixMs, ...changes }: DrawChanges = {},
  ): Uint8Array {
    const order: DrawOrder = {
      ...{ entry: entry as Sequence, counter, validUntil },
      wPrevious: from.w,
      ...headAfter(draw),
      pad: fieldOf(`pad ${draw}`),
      acceptNear: false,
      ...changes,
    };
    const proof = proofOf('drawdown', drawSignals(this.network, { purpose: 'finance' }, { order }, from));
    const message = capacityMessage(this.network.id, { type: 'draw', order, proof });
    return encodeTransaction({
      type: 'draw',
      order,
      proof,
      signature: ed25519Sign(seedOf(control), message),
    });
  }

  /** A complete `fingerprint` of an entry that this author registered as `control`; by default possession. */
  shows(
    control: string,
    entry: number,
    {
      name = 'invoice/possession@1',
      ...changes
    }: Partial<FingerprintClaims> & { proof?: Uint8Array; signer?: string } = {},
  ): Uint8Array {
    const own = this.registered.get(hex(ed25519PublicKey(seedOf(control))));
    const { proof: given, signer = control, ...rest } = changes;
    const claims: FingerprintClaims = {
      entry: entry as Sequence,
      name,
      epoch: 1,
      membersRoot: this.registry.root,
      tag: fieldOf(`${name} ${own?.document ?? 'unknown'}`),
      ...rest,
    };
    const proof = given ?? (own ? this.proveFingerprint(own.claims, claims) : new Uint8Array(256));
    const signature = ed25519Sign(seedOf(signer), fingerprintMessage(this.network.id, claims, proof));
    return encodeTransaction({ type: 'fingerprint', claims, proof, signature });
  }

  /** As {@link shows}, by the control key; undefined where this author did not make it. */
  showsByKey(controlKey: Uint8Array, entry: number): Uint8Array | undefined {
    const control = this.controls.get(hex(controlKey));
    return control === undefined ? undefined : this.shows(control, entry);
  }

  /** The proof that {@link hashProofVerifier} accepts; where entries do not carry the fingerprint, one that it refuses. */
  private proveFingerprint(own: RegisterClaims, claims: FingerprintClaims): Uint8Array {
    const purpose = this.network.purposes.get(own.purpose);
    const roles = purpose && roleMaskOf(purpose, own.documentKind);
    const fingerprint = purpose && carriedFingerprint(purpose, own.documentKind, claims.name);
    if (roles === undefined || !fingerprint) return new Uint8Array(256);
    const entry = { ...own, indexed: own };
    const rules = { entry, fingerprint, roleMask: roles };
    return proofOf('fingerprint', this.network.fingerprintSignals.of(claims, rules));
  }

  action(
    control: string,
    entry: number,
    counter: number,
    action: Action,
    { validUntil = (START + HOUR) as UnixMs, successor }: { validUntil?: UnixMs; successor?: string } = {},
  ): Uint8Array {
    const order: ActionOrder = { entry: entry as Sequence, counter, validUntil, action };
    const message = actionMessage(this.network.id, order);
    const signers = successor === undefined ? [control] : [control, successor];
    return encodeTransaction({
      type: 'action',
      order,
      signatures: signers.map((name) => ed25519Sign(seedOf(name), message)),
    });
  }

  membership(
    changes: readonly MembershipChange[],
    {
      counter = 0,
      validUntil = (START + HOUR) as UnixMs,
      signers = [0, 2],
      names = ADMINISTRATORS,
    }: { counter?: number; validUntil?: UnixMs; signers?: number[]; names?: string[] } = {},
  ): Uint8Array {
    const order: MembershipOrder = { counter, validUntil, changes };
    const message = membershipMessage(this.network.id, order);
    return encodeTransaction({
      type: 'membership',
      order,
      signatures: signers.map((administrator) => ({
        administrator,
        signature: ed25519Sign(seedOf(names[administrator] ?? 'nobody'), message),
      })),
    });
  }
}

/** A machine over a store, and the blocks that it is fed. */
export class Chain {
  private constructor(
    readonly machine: StateMachine,
    readonly store: Store,
    readonly author: Author,
  ) {}

  static async start(
    options: { genesis?: Genesis; store?: Store; verifier?: ProofVerifier } = {},
  ): Promise<Chain> {
    const { genesis = testGenesis(), store = new MemoryStore(), verifier = hashProofVerifier } = options;
    const machine = await StateMachine.open({ genesis, store, verifier });
    await machine.initChain();
    return Chain.over(machine, store);
  }

  /** Over a machine that is there already. */
  static over(machine: StateMachine, store: Store): Chain {
    return new Chain(machine, store, new Author(machine.network));
  }

  next(transactions: readonly Uint8Array[], time: UnixMs = START): Block {
    const { height, time: last } = this.machine.info();
    return { height: (height + 1) as Block['height'], time: Math.max(time, last) as UnixMs, transactions };
  }

  async block(transactions: readonly Uint8Array[], time: UnixMs = START): Promise<FinalizedBlock> {
    const finalized = await this.machine.finalizeBlock(this.next(transactions, time));
    await this.machine.commit(finalized);
    return finalized;
  }

  /** One transaction in a block of its own; what an engagement presupposes in one before it. */
  async one(transaction: Uint8Array, time: UnixMs = START): Promise<TransactionResult> {
    const shown = this.presupposed(transaction);
    if (shown) await this.block([shown], time);
    return (await this.block([transaction], time)).results[0]!;
  }

  /** The possession of an entry that is registered, is to be engaged, and has not shown it. */
  private presupposed(transaction: Uint8Array): Uint8Array | undefined {
    const parsed = parseTransaction(transaction);
    if (isRejection(parsed)) return;
    const { tx } = parsed;
    if (
      tx.type !== 'draw' &&
      tx.type !== 'open-capacity' &&
      !(tx.type === 'action' && tx.order.action.kind === 'engage')
    )
      return;
    const { entry } = tx.order;
    const known = this.machine.reader.entry(entry);
    if (!known || known.indexed.state !== 'registered' || possessionTagOf(known.indexed) !== undefined)
      return;
    return this.author.showsByKey(known.controlKey, entry);
  }

  /** Like {@link one}, for a transaction that must be admitted. */
  async done(transaction: Uint8Array, time: UnixMs = START): Promise<LogRecord> {
    const result = await this.one(transaction, time);
    if (result.name !== 'ok') throw new Error(`refused: ${result.name}: ${result.detail}`);
    return result.record;
  }
}

export const randomField = (): FieldElement => fieldElement(BigInt(`0x${randomBytes(31).toString('hex')}`));
