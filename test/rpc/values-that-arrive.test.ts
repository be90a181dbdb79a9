import { readdirSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPayload, sealPayload } from '../../src/agent/sealing.js';
import {
  BASE,
  clearCofactor,
  coordinates,
  FIELD_ORDER,
  GENERATOR_FULL,
  IDENTITY,
  initPoseidon,
  multiply,
  pointToBytes,
  randomFieldElement,
  randomScalar,
  scalarToBytes,
  SUBGROUP_ORDER,
  type FieldElement,
} from '../../src/crypto/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import { CountersealError, type ErrorCode } from '../../src/errors.js';
import {
  decodeReceipt,
  decodeRecord,
  decodeTransaction,
  encodeTransaction,
  makeReceipt,
  networkOf,
  parseGenesis,
  receiptKey,
  recordKey,
  verifyConsistency,
  type LogIndex,
  type RegisterTransaction,
} from '../../src/ledger/index.js';
import {
  evaluate,
  HANDLE_BYTES,
  KeygenParty,
  type KeygenRoundOne,
  type KeygenRoundTwo,
} from '../../src/oprf/index.js';
import { invoke } from '../../src/rpc/call.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { RemoteEvaluator } from '../../src/rpc/evaluator-client.js';
import { serveEvaluator } from '../../src/rpc/evaluator-server.js';
import { LedgerClient as GrpcLedgerClient } from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { CHANNEL_OPTIONS, channelCredentials, RpcServer } from '../../src/rpc/transport.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { Author, fieldOf, genesisInput, payloadFor, payloadOf } from '../ledger/helpers.js';
import {
  committeeOf,
  dealtKey,
  evaluatorOf,
  LocalClient,
  network as localNetwork,
  NETWORK,
  SMALL_ORDER_POINTS,
  type Lie,
} from '../oprf/helpers.js';
import { copyOf, receiptFrom, signerOf, trustIn } from '../receipts/helpers.js';
import { verifyReceipt } from '../../src/receipts/verify.js';

// Everything that arrives as bytes, where it arrives, with values that no honest sender sends. Every field of type
// `bytes` of the protocol has a row below, or the test fails.

type Values = Readonly<Record<string, Uint8Array>>;
type Receive = (value: Uint8Array) => Promise<unknown> | unknown;
interface Row {
  readonly values: Values;
  readonly receive: Receive;
  /** What the receiver says; by value where it differs. */
  readonly code: ErrorCode | Readonly<Record<string, ErrorCode>>;
}

const number = (x: bigint, bytes = 32) => Buffer.from(x.toString(16).padStart(bytes * 2, '0'), 'hex');
const pair = (x: bigint, y: bigint) => new Uint8Array(Buffer.concat([number(x), number(y)]));
const good = () => clearCofactor(multiply(GENERATOR_FULL, randomScalar()));
const { x: X, y: Y } = coordinates(good());
const ALL_ONES = new Uint8Array(64).fill(0xff);

const NOT_POINTS: Values = {
  'no bytes': new Uint8Array(),
  'one byte too few': pair(X, Y).subarray(1),
  'one byte too many': new Uint8Array([...pair(X, Y), 0]),
  'all zero': new Uint8Array(64),
  'all ones': ALL_ONES,
  'the identity': pair(0n, 1n),
  'off the curve': pair(X, (Y + 1n) % FIELD_ORDER),
  'of the twist, so to speak: coordinates exchanged': pair(Y, X),
  'x + p': pair(X + FIELD_ORDER, Y),
  'y + p': pair(X, Y + FIELD_ORDER),
  'x = p': pair(FIELD_ORDER, 1n),
  'little-endian': new Uint8Array([...number(X).reverse(), ...number(Y).reverse()]),
};
const SMALL_ORDER: Values = Object.fromEntries(
  SMALL_ORDER_POINTS.map((point, i) => [`of small order, number ${i + 1}`, pointToBytes(point)]),
);
const NOT_SCALARS: Values = {
  'no bytes': new Uint8Array(),
  'one byte too few': new Uint8Array(31),
  'one byte too many': new Uint8Array(33),
  l: number(SUBGROUP_ORDER),
  'l + 1': number(SUBGROUP_ORDER + 1n),
  p: number(FIELD_ORDER),
  '2^256 - 1': ALL_ONES.subarray(32),
};
const NOT_FIELD_ELEMENTS: Readonly<Record<string, bigint>> = {
  p: FIELD_ORDER,
  'p + 1': FIELD_ORDER + 1n,
  '2^256 - 1': 2n ** 256n - 1n,
};
const LENGTHS = (length: number): Values => ({
  'no bytes': new Uint8Array(),
  'one byte too few': new Uint8Array(length - 1),
  'one byte too many': new Uint8Array(length + 1),
  'a thousand times as many': new Uint8Array(length * 1000),
});
const NOT_ENCODED: Values = {
  'no bytes': new Uint8Array(),
  'a zero': new Uint8Array(1),
  'a length without end': new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 127]),
  text: Buffer.from('{"__proto__":1}'),
  'all ones': ALL_ONES,
};

const directories = new Directories();
const atEnd: (() => unknown)[] = [];
const never = new AbortController().signal;
let engine: EmbeddedEngine;
let author: Author;
let ledger: GrpcLedgerClient;
let evaluator: RemoteEvaluator;
let genesisText: string;
let transaction: Uint8Array;

beforeAll(async () => {
  await initPoseidon();
  const authority = await createAuthority(NETWORK);
  const issue = (kind: 'node' | 'member' | 'evaluator', id: string) =>
    issueIdentity(authority, NETWORK, { kind, id }, { hosts: ['localhost'] });
  const serve = async (server: RpcServer, identity: Identity, clients: 'anyone' | 'certified') => {
    atEnd.push(() => server.close(0));
    return server.listen('localhost:0', { authority: authority.certificate, identity, clients });
  };
  const log = pino({ level: 'silent' });
  const rate = { perSecond: 1e6, burst: 1e6 };
  const input = { ...genesisInput(NETWORK), ca: authority.certificate };
  genesisText = JSON.stringify(input);
  const genesis = parseGenesis(input);
  author = new Author(await networkOf(genesis));
  engine = await openEngine(directories.fresh(), {
    genesis,
    verifier: { verify: () => Promise.resolve(true) },
  });
  transaction = author.register('doc', { control: 'c' });
  await engine.submit(transaction, payloadFor(transaction));
  const node = new RpcServer();
  serveLedger(node, engine, { genesis: Buffer.from(genesisText), log, rate });
  const nodePort = await serve(node, await issue('node', '1'), 'anyone');
  const [key] = dealtKey(2, 3);
  const local = await evaluatorOf(key!, {
    quotas: {
      charge: () => Promise.resolve({ charged: 0, used: 0 }),
      used: () => Promise.resolve(0),
      close: () => Promise.resolve(),
    },
  });
  const evaluators = new RpcServer();
  serveEvaluator(evaluators, local, NETWORK, log, rate);
  const port = await serve(evaluators, await issue('evaluator', '1'), 'certified');
  const { certificate } = authority;
  evaluator = new RemoteEvaluator(1, `localhost:${port}`, NETWORK, certificate, await issue('member', 'm'));
  ledger = new GrpcLedgerClient(
    `localhost:${nodePort}`,
    channelCredentials(certificate, { networkId: NETWORK, kind: 'node' }),
    CHANNEL_OPTIONS,
  );
});
afterAll(async () => {
  evaluator.close();
  ledger.close();
  for (const end of atEnd) await end();
  await engine.close();
  directories.remove();
});

const roundOne = (blinded: Uint8Array) => evaluator.roundOne({ shareEpoch: 1, blinded: [blinded] }, never);
const roundTwo = async (handle: Uint8Array | undefined, challenge: Uint8Array) => {
  const own =
    handle ?? (await roundOne(pointToBytes(multiply(GENERATOR_FULL, randomScalar())))).answers[0]!.handle;
  return evaluator.roundTwo(
    { shareEpoch: 1, quorum: [1, 2], challenges: [{ handle: own, challenge }] },
    never,
  );
};
const submit = (tx: Uint8Array, payload: Uint8Array) =>
  invoke(
    ledger.submitTransaction.bind(ledger),
    { transaction: tx, payload },
    { peer: 'node', timeout: 5_000 },
  );
/** An evaluator of three says this; the evaluation goes on without it and names it. */
async function answered(lie: Lie): Promise<void> {
  const { evaluators, committee } = await localNetwork(2, 3);
  const clients = evaluators.map((e, i) => new LocalClient(e, i === 0 ? lie : undefined));
  const { warnings } = await evaluate([randomFieldElement()], committee, clients, { order: 'given' });
  expect(warnings).toHaveLength(1);
  throw new CountersealError(warnings[0]!.code, warnings[0]!.message);
}
/** A message of round one from a party that is honest but for one part of it; or of round two. */
function keygen(
  change: (one: KeygenRoundOne) => KeygenRoundOne,
  changeTwo = (two: KeygenRoundTwo) => two,
): void {
  const parties = [1, 2].map(
    (id) =>
      new KeygenParty(
        { purpose: 'oprf', networkId: NETWORK, shareEpoch: 1, threshold: 2, total: 2, session: 's' },
        id,
      ),
  );
  const [one, two] = parties.map((party) => party.roundOne());
  const shares = parties[1]!.roundTwo([one!]);
  parties[0]!.roundTwo([change(two!)]);
  parties[0]!.roundThree(shares.map(changeTwo));
}
const compressed = (bytes: Uint8Array) => new Uint8Array(bytes);
const replaced = (bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array => {
  const at = Buffer.from(bytes).indexOf(from);
  if (at < 0) throw new Error('not in there');
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), to, bytes.subarray(at + from.length)]));
};
const evaluatorLies = (part: 'evaluated' | 'nonceBase' | 'nonceBlinded'): Row => ({
  values: { ...NOT_POINTS, ...SMALL_ORDER },
  receive: (value) => answered({ one: (answer) => ({ ...answer, [part]: value }) }),
  code: 'evaluator_misbehaved',
});

const ROWS: Readonly<Record<string, Row>> = {
  'RoundOneRequest.blinded': {
    values: { ...NOT_POINTS, ...SMALL_ORDER },
    receive: roundOne,
    code: 'invalid_point',
  },
  'BlindedChallenge.handle': {
    values: { ...LENGTHS(HANDLE_BYTES), 'of nobody': new Uint8Array(HANDLE_BYTES) },
    receive: (value) => roundTwo(value, number(1n)),
    code: { '': 'invalid_argument', 'of nobody': 'not_found' },
  },
  'BlindedChallenge.challenge': {
    values: NOT_SCALARS,
    receive: (value) => roundTwo(undefined, value),
    code: 'invalid_argument',
  },
  'RoundOneAnswer.handle': {
    values: LENGTHS(HANDLE_BYTES),
    receive: (value) => answered({ one: (answer) => ({ ...answer, handle: value }) }),
    code: 'evaluator_misbehaved',
  },
  'RoundOneAnswer.evaluated': evaluatorLies('evaluated'),
  'RoundOneAnswer.nonce_base': evaluatorLies('nonceBase'),
  'RoundOneAnswer.nonce_blinded': evaluatorLies('nonceBlinded'),
  'RoundTwoAnswer.response': {
    values: { ...NOT_SCALARS, 'another one': number(1n) },
    // Nobody can sign one of another length.
    receive: (value) =>
      answered({ two: (answer) => ({ ...answer, response: value }), signs: value.length === 32 }),
    code: 'evaluator_misbehaved',
  },
  'RoundTwoAnswer.signature': {
    // It counts only as evidence, so only the length of one that comes with a true answer is looked at.
    values: LENGTHS(64),
    receive: (value) =>
      answered({
        one: (answer) => ({ ...answer, evaluated: pointToBytes(good()) }),
        two: (answer) => ({ ...answer, signature: value }),
        signs: false,
      }),
    code: 'evaluator_misbehaved',
  },
  'DeliverRequest.message': {
    values: { ...NOT_ENCODED, ...SMALL_ORDER_ENCODED() },
    receive: (value) => keygen((one) => ({ ...one, commitment: [one.commitment[0]!, compressed(value)] })),
    code: 'evaluator_misbehaved',
  },
  'GetGenesisResponse.genesis': {
    values: NOT_ENCODED,
    receive: (value) => parseGenesis(Buffer.from(value).toString('utf8')),
    code: 'invalid_argument',
  },
  'SubmitTransactionRequest.transaction': {
    values: { ...NOT_ENCODED, 'of 128 KiB less a little': new Uint8Array(120 * 1024) },
    receive: (value) => submit(value, new Uint8Array()),
    code: 'rejected',
  },
  'SubmitTransactionRequest.payload': {
    values: { ...LENGTHS(1024), 'of another document': payloadOf('another') },
    receive: (value) => submit(author.register('new', {}), value),
    code: { '': 'invalid_argument', 'a thousand times as many': 'quota_exceeded' },
  },
  'SubmitTransactionResponse.record': {
    values: NOT_ENCODED,
    receive: (value) => decodeRecord(value),
    code: 'invalid_argument',
  },
  'StreamRecordsResponse.records': {
    values: NOT_ENCODED,
    receive: (value) => decodeRecord(value),
    code: 'invalid_argument',
  },
  'GetConsistencyProofResponse.proof': {
    values: { ...LENGTHS(32), 'another hash': new Uint8Array(32) },
    receive: (value) => refusedBy(verifyConsistency(1, new Uint8Array(32), 2, new Uint8Array(32), [value])),
    code: 'invalid_proof',
  },
  'StateNode.node': {
    values: { ...NOT_ENCODED, ...LENGTHS(41) },
    receive: async (value) => {
      const view = await copyOf(engine, author.network);
      const { checkpoint, nodes } = engine.stateSubtree('');
      const { body } = decodeRecord(view.get(recordKey(0 as LogIndex))!);
      if (body.type !== 'register') throw new Error('not a registration');
      expect(receiptKey(body)).toBeDefined();
      const changed = nodes.map(({ path }) => ({ path, node: value }));
      refusedBy(makeReceipt({ view, index: 0 as LogIndex, checkpoint, nodes: changed }) !== undefined);
    },
    code: 'invalid_proof',
  },
  'GetPayloadRequest.hash': {
    values: { ...LENGTHS(32), 'of nothing': new Uint8Array(32) },
    receive: (hash) => invoke(ledger.getPayload.bind(ledger), { hash }, { peer: 'node', timeout: 5_000 }),
    code: { '': 'invalid_argument', 'of nothing': 'not_found' },
  },
  'GetTransactionRequest.hash': {
    values: { ...LENGTHS(32), 'of nothing': new Uint8Array(32) },
    receive: (hash) => invoke(ledger.getTransaction.bind(ledger), { hash }, { peer: 'node', timeout: 5_000 }),
    code: { '': 'invalid_argument', 'of nothing': 'not_found' },
  },
  'GetTransactionResponse.transaction': {
    values: NOT_ENCODED,
    receive: (value) => decodeTransaction(value),
    code: 'invalid_argument',
  },
  'GetPayloadResponse.payload': {
    values: {
      ...LENGTHS(1024),
      'of another entry': sealPayload(Buffer.from('x'), fieldOf('salt'), binding(2)),
    },
    receive: (value) => openPayload(value, fieldOf('salt'), binding(1)),
    code: 'decryption_failed',
  },
};

function binding(i: number) {
  const commitment = fieldOf(`commitment ${i}`);
  return { networkId: NETWORK, nullifier: fieldOf('n'), commitment, controlKey: new Uint8Array(32) };
}
function SMALL_ORDER_ENCODED(): Values {
  const encoded = SMALL_ORDER_POINTS.map((point, i): [string, Uint8Array] => [
    `of small order, number ${i + 1}`,
    point.toBytes(),
  ]);
  const outside: [string, Uint8Array] = ['outside the subgroup', GENERATOR_FULL.toBytes()];
  const plusP = number(coordinates(BASE).y + FIELD_ORDER).reverse();
  return Object.fromEntries([
    ...encoded,
    outside,
    ['the identity', IDENTITY.toBytes()],
    ['y + p', new Uint8Array(plusP)],
    ['off the curve', offCurveEncoding()],
  ]);
}
/** A y for which no x is on the curve. */
function offCurveEncoding(): Uint8Array {
  for (let y = 2n; ; y++) {
    const bytes = new Uint8Array(number(y).reverse());
    try {
      (BASE.constructor as unknown as { fromBytes(b: Uint8Array): unknown }).fromBytes(bytes);
    } catch {
      return bytes;
    }
  }
}
/** Functions that answer true or false. */
function refusedBy(accepted: boolean): void {
  if (!accepted) throw new CountersealError('invalid_proof', 'refused');
}

const codeFor = (row: Row, value: string): ErrorCode =>
  typeof row.code === 'string' ? row.code : (row.code[value] ?? row.code['']!);

describe.each(Object.entries(ROWS))('%s', (_, row) => {
  it.each(Object.keys(row.values))('refuses: %s', async (name) => {
    const value = row.values[name]!;
    await expect((async () => row.receive(value))()).rejects.toMatchObject({ code: codeFor(row, name) });
  });
});

describe('the table', () => {
  it('has a row for every field of type bytes that the protocol has, and for no other', () => {
    const folder = new URL('../../proto/counterseal/v1/', import.meta.url);
    const fields = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8').replace(/\/\/.*$/gm, '');
      return [...text.matchAll(/message (\w+) \{([^}]*)\}/g)].flatMap(([, message, body]) =>
        [...body!.matchAll(/\bbytes (\w+) =/g)].map(([, field]) => `${message}.${field}`),
      );
    });
    expect(fields.length).toBeGreaterThan(15);
    expect(Object.keys(ROWS).sort()).toEqual(fields.sort());
  });
});

describe('key generation', () => {
  it.each(Object.keys(NOT_SCALARS))('refuses a share: %s', (name) => {
    const share = NOT_SCALARS[name]!;
    expect(() =>
      keygen(
        (one) => one,
        (two) => ({ ...two, share }),
      ),
    ).toThrow(expect.objectContaining({ code: 'evaluator_misbehaved' }));
  });
  it.each(Object.keys(SMALL_ORDER_ENCODED()))('refuses a proof of knowledge whose point is %s', (name) => {
    const R = SMALL_ORDER_ENCODED()[name]!;
    const lie = (one: KeygenRoundOne) => ({
      ...one,
      proofOfKnowledge: new Uint8Array([...R, ...one.proofOfKnowledge.subarray(32)]),
    });
    expect(() => keygen(lie)).toThrow(expect.objectContaining({ code: 'evaluator_misbehaved' }));
  });
  it('takes what is right, so that the refusals above are about the values', () => {
    expect(() => keygen((one) => one)).not.toThrow();
  });
});

describe('a register transaction', () => {
  const tx = () => decodeTransaction(transaction) as RegisterTransaction;
  const elements = (value: unknown, path: string): [string, bigint][] =>
    typeof value === 'bigint'
      ? [[path, value]]
      : typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
        ? Object.entries(value).flatMap(([key, inner]) => elements(inner, `${path}.${key}`))
        : [];

  it('is refused for every field element of it that is p or more, wherever it stands', async () => {
    const fields = elements(tx().claims, 'claims');
    expect(fields.map(([path]) => path)).toEqual(
      expect.arrayContaining([
        'claims.membersRoot',
        'claims.escrowPoint.x',
        'claims.escrow.1',
        'claims.tags.0',
      ]),
    );
    expect(fields.length).toBe(9);
    for (const [path, value] of fields)
      for (const [name, wrong] of Object.entries(NOT_FIELD_ELEMENTS)) {
        const changed = replaced(transaction, number(value), number(wrong));
        await expect(submit(changed, payloadFor(transaction)!), `${path} ${name}`).rejects.toMatchObject({
          code: 'rejected',
          message: expect.stringMatching(/^malformed/) as string,
        });
      }
  });

  it('is refused for an escrow point that is none, though its author signed it', async () => {
    const points = Object.entries(NOT_POINTS).filter(([, bytes]) => bytes.length === 64);
    let tried = 0;
    for (const [name, bytes] of points) {
      const [x, y] = [bytes.subarray(0, 32), bytes.subarray(32)].map((half) =>
        BigInt(`0x${Buffer.from(half).toString('hex')}`),
      ) as [FieldElement, FieldElement];
      // Coordinates of p or more have no encoding: see above.
      if (x >= FIELD_ORDER || y >= FIELD_ORDER) continue;
      tried++;
      const signed = author.register('doc', { escrowPoint: { x, y } });
      await expect(submit(signed, payloadFor(signed)!), name).rejects.toMatchObject({
        code: 'rejected',
        message: expect.stringMatching(/^invalid_escrow_point/) as string,
      });
    }
    expect(tried).toBeGreaterThan(3);
    // One of small order, or outside the subgroup, is a point: that it is e·G is what the proof says.
    for (const small of SMALL_ORDER_POINTS) {
      const signed = author.register('doc', { escrowPoint: coordinates(small) });
      expect(encodeTransaction(decodeTransaction(signed))).toEqual(signed);
    }
  });
});

describe('a genesis', () => {
  const keys = ['oprf.publicKey', 'oprf.publicShares.1', 'auditors.publicKey', 'auditors.publicShares.2'];
  const points: Record<string, readonly [string, string]> = {
    'the identity': ['0', '1'],
    'all zero': ['0', '0'],
    'off the curve': [String(X), String((Y + 1n) % FIELD_ORDER)],
    'x + p': [String(X + FIELD_ORDER), String(Y)],
    negative: ['-1', String(Y)],
    'with a leading zero': [`0${X}`, String(Y)],
    'in hexadecimal': ['0x10', String(Y)],
    'outside the subgroup': pairOf(GENERATOR_FULL),
    ...Object.fromEntries(SMALL_ORDER_POINTS.map((point, i) => [`of small order, ${i + 1}`, pairOf(point)])),
  };
  it.each(keys.flatMap((key) => Object.keys(points).map((name) => [key, name] as const)))(
    'refuses as %s a point: %s',
    (key, name) => {
      const value = JSON.parse(genesisText) as Record<string, unknown>;
      const path = key.split('.');
      const parent = path.slice(0, -1).reduce((at, part) => at[part] as Record<string, unknown>, value);
      parent[path.at(-1)!] = points[name];
      expect(() => parseGenesis(value)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^invalid_(point|argument)$/) as string }),
      );
    },
  );
  it.each(['p', '-1', '007', '1e3', ''])('refuses a member id %s', (id) => {
    const value = JSON.parse(genesisText) as { members: { memberId: string }[] };
    value.members[0]!.memberId = id === 'p' ? String(FIELD_ORDER) : id;
    expect(() => parseGenesis(value)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

function pairOf(point: Parameters<typeof coordinates>[0]): [string, string] {
  const { x, y } = coordinates(point);
  return [x.toString(), y.toString()];
}

describe('a receipt', () => {
  const trust = trustIn(NETWORK, [signerOf('witness', 'w')]);
  it('is refused, by its reader and by its verifier, with any part of it that is not what it was', async () => {
    const text = await receiptFrom(engine, author.network, 0);
    expect(verifyReceipt(text, trustIn(NETWORK))).toMatchObject({ entry: 0 });
    const receipt = JSON.parse(text) as Record<string, unknown>;
    for (const [field, value] of Object.entries(receipt))
      for (const wrong of [undefined, null, 7, 'x', '', [], ['x'], {}, 'A'.repeat(20_000)]) {
        if (JSON.stringify(wrong) === JSON.stringify(value)) continue;
        const changed = JSON.stringify({ ...receipt, [field]: wrong });
        expect(() => verifyReceipt(changed, trust), `${field} ${String(wrong).slice(0, 9)}`).toThrow(
          expect.objectContaining({ name: 'ReceiptError' }),
        );
        try {
          decodeReceipt(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_argument' });
        }
      }
  });
});

describe('a share of the key', () => {
  it.each(Object.keys(NOT_SCALARS).filter((name) => NOT_SCALARS[name]!.length === 32))(
    'is refused when it is %s',
    async (name) => {
      const [key] = dealtKey(2, 3);
      const share = BigInt(`0x${Buffer.from(NOT_SCALARS[name]!).toString('hex')}`);
      const wrong = evaluatorOf({ ...key!, share: share as never });
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_argument' });
    },
  );
  it.each(['the identity', 'small order', 'outside the subgroup'])(
    'is refused with a public key: %s',
    async (name) => {
      const keys = dealtKey(2, 3);
      const groupKey =
        name === 'the identity' ? IDENTITY : name === 'small order' ? SMALL_ORDER_POINTS[0]! : GENERATOR_FULL;
      await expect(evaluatorOf({ ...keys[0]!, groupKey })).rejects.toMatchObject({ code: 'invalid_point' });
      expect(() => committeeOf([{ ...keys[0]!, groupKey }])).toThrow(
        expect.objectContaining({ code: 'invalid_point' }),
      );
      expect(scalarToBytes(keys[0]!.share)).toHaveLength(32);
    },
  );
});
