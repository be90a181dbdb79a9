import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import {
  GENERATOR_FULL,
  multiply,
  pointToBytes,
  randomScalar,
  scalarToBytes,
} from '../../src/crypto/index.js';
import { CountersealError, ERROR_CODES } from '../../src/errors.js';
import { networkOf, parseGenesis } from '../../src/ledger/index.js';
import { invoke } from '../../src/rpc/call.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import {
  DeliverRequest,
  EvaluatorClient,
  EvaluatorService,
  KeyGenerationClient,
  KeyGenerationService,
  RoundOneRequest,
  RoundTwoRequest,
} from '../../src/rpc/generated/counterseal/v1/evaluator.js';
import {
  GetConsistencyProofRequest,
  GetPayloadRequest,
  GetStateSubtreeRequest,
  GetTransactionRequest,
  LedgerClient,
  LedgerService,
  StreamRecordsRequest,
  SubmitTransactionRequest,
} from '../../src/rpc/generated/counterseal/v1/ledger.js';
import { CHANNEL_OPTIONS, channelCredentials } from '../../src/rpc/transport.js';
import { Directories } from '../engine/helpers.js';
import { Author, genesisInput, payloadOf, seedOf, START } from '../ledger/helpers.js';
import { dealtKey, NETWORK } from '../oprf/helpers.js';
import { chooseSeed, seeded } from '../system/killing.js';
import { mutated } from './mutations.js';

// 10,000 messages and 10,000 sequences of frames that are nearly right, to servers in a process of their own: each is
// answered with a code of the list, or its connection ended; the process lives, answers and holds no more than before.

const MESSAGES = 10_000;
const FRAMES = 10_000;
/** What a server may hold more after 10,000 calls: a leak of 400 bytes in each would be seen. */
const GROWTH_BYTES = 4_000_000;
const AT_ONCE = 32;
/** A change can make a stream follow the log, which nobody writes to: its call ends only with its time. */
const CALL_MS = 5_000;

const directories = new Directories();
const random = seeded(chooseSeed('fuzz-sockets'));
const below = (n: number) => Math.floor(random() * n);
let child: ChildProcess;
let lines: AsyncIterator<string>;
let ports: { nodePort: number; evaluatorPort: number };
let keygenPort: number;
let authority: Identity;
let member: Identity;
let peer: Identity;
let author: Author;
const clients: Client[] = [];

beforeAll(async () => {
  authority = await createAuthority(NETWORK);
  const issue = (kind: 'node' | 'member' | 'evaluator', id: string) =>
    issueIdentity(authority, NETWORK, { kind, id }, { hosts: ['localhost'] });
  member = await issue('member', 'm');
  peer = await issue('evaluator', '2');
  const genesis = { ...genesisInput(NETWORK), ca: authority.certificate };
  author = new Author(await networkOf(parseGenesis(genesis)));
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const [key] = dealtKey(2, 3);
  [keygenPort] = (await freePorts(1)) as [number];
  child = spawn(process.execPath, [fileURLToPath(new URL('./served.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  child.stdin!.write(
    `${JSON.stringify({
      folder: directories.fresh(),
      genesis,
      seed: hex(seedOf('operator')),
      key: {
        ...key,
        share: hex(scalarToBytes(key!.share)),
        publicShares: key!.publicShares.map((point) => hex(pointToBytes(point))),
        groupKey: hex(pointToBytes(key!.groupKey)),
      },
      identities: { node: await issue('node', '1'), evaluator: await issue('evaluator', '1') },
      keygenPort,
      now: START,
    })}\n`,
  );
  ports = JSON.parse((await lines.next()).value as string) as typeof ports;
});
afterAll(() => {
  for (const client of clients) client.close();
  child.kill('SIGKILL');
  directories.remove();
});

async function heap(): Promise<number> {
  child.stdin!.write('heap\n');
  return Number((await lines.next()).value);
}
const kept = <T extends Client>(client: T): T => {
  clients.push(client);
  return client;
};
const node = () =>
  kept(
    new LedgerClient(
      `localhost:${ports.nodePort}`,
      channelCredentials(authority.certificate, { networkId: NETWORK, kind: 'node' }),
      CHANNEL_OPTIONS,
    ),
  );
const credentials = (identity: Identity) =>
  channelCredentials(authority.certificate, { networkId: NETWORK, kind: 'evaluator' }, identity);

interface Target {
  readonly path: string;
  readonly client: Client;
  readonly sample: () => Uint8Array;
}
function targets(): Target[] {
  const ledger = node();
  const evaluator = kept(
    new EvaluatorClient(`localhost:${ports.evaluatorPort}`, credentials(member), CHANNEL_OPTIONS),
  );
  const keygen = kept(new KeyGenerationClient(`localhost:${keygenPort}`, credentials(peer), CHANNEL_OPTIONS));
  const point = pointToBytes(multiply(GENERATOR_FULL, randomScalar()));
  const transactions = [
    author.register('doc', { control: 'c' }),
    author.shows('c', 0),
    author.action('c', 0, 0, { kind: 'engage', accept: ['unique'] }),
    author.membership([{ change: 'remove', memberId: 5n as never, role: 1 }]),
  ];
  const handle = new Uint8Array(16).fill(1);
  const challenges = [{ handle, challenge: scalarToBytes(randomScalar()) }];
  const message = Buffer.from(
    JSON.stringify({
      session: 's',
      commitment: ['00'.repeat(32), '01'.repeat(32)],
      proofOfKnowledge: '00'.repeat(64),
    }),
  );
  const of = (client: Client, path: string, sample: () => Uint8Array): Target => ({ client, path, sample });
  return [
    of(ledger, LedgerService.getGenesis.path, () => new Uint8Array([1, 2, 3])),
    of(ledger, LedgerService.getCheckpoint.path, () => new Uint8Array([8, 1])),
    of(ledger, LedgerService.submitTransaction.path, () =>
      SubmitTransactionRequest.encode({
        transaction: Buffer.from(transactions[below(3)]!),
        payload: Buffer.from(payloadOf('c')),
      }).finish(),
    ),
    of(ledger, LedgerService.streamRecords.path, () =>
      StreamRecordsRequest.encode({ from: 1n, follow: false }).finish(),
    ),
    of(ledger, LedgerService.getConsistencyProof.path, () =>
      GetConsistencyProofRequest.encode({ from: 1n, to: 2n }).finish(),
    ),
    of(ledger, LedgerService.getStateSubtree.path, () =>
      GetStateSubtreeRequest.encode({ prefix: 'ab', newest: true }).finish(),
    ),
    of(ledger, LedgerService.getPayload.path, () =>
      GetPayloadRequest.encode({ hash: Buffer.alloc(32, 1) }).finish(),
    ),
    of(ledger, LedgerService.getTransaction.path, () =>
      GetTransactionRequest.encode({ hash: Buffer.alloc(32, 1) }).finish(),
    ),
    of(evaluator, EvaluatorService.roundOne.path, () =>
      RoundOneRequest.encode({ shareEpoch: 1, blinded: [Buffer.from(point)] }).finish(),
    ),
    of(evaluator, EvaluatorService.roundTwo.path, () =>
      RoundTwoRequest.encode({
        shareEpoch: 1,
        quorum: [1, 2],
        challenges: challenges.map(({ challenge }) => ({
          handle: Buffer.from(handle),
          challenge: Buffer.from(challenge),
        })),
      }).finish(),
    ),
    of(keygen, KeyGenerationService.deliver.path, () =>
      DeliverRequest.encode({ round: 1, message }).finish(),
    ),
  ];
}

/** Sends bytes as one message of a method; how it was answered. */
async function call({ client, path }: Target, bytes: Uint8Array, timeout = 60_000): Promise<string> {
  try {
    await invoke<Uint8Array, unknown>(
      (request, metadata, options, callback) =>
        client.makeUnaryRequest(
          path,
          (message: Uint8Array) => Buffer.from(message),
          () => undefined,
          request,
          metadata,
          options,
          callback as never,
        ),
      bytes,
      { peer: 'it', timeout },
    );
    return 'ok';
  } catch (error) {
    expect(error).toBeInstanceOf(CountersealError);
    return (error as CountersealError).code;
  }
}

describe('servers', () => {
  it(`answer ${MESSAGES} messages that are nearly right, with codes of the list, and hold nothing of them`, async () => {
    const all = targets();
    const methods = [LedgerService, EvaluatorService, KeyGenerationService].flatMap((service) =>
      Object.values(service).map(({ path }) => path),
    );
    expect(all.map(({ path }) => path).sort()).toEqual(methods.sort());
    const codes = new Map<string, number>();
    const send = async (count: number) => {
      let left = count;
      const worker = async () => {
        while (left-- > 0) {
          const target = all[below(all.length)]!;
          const other = all[below(all.length)]!.sample();
          const code = await call(target, mutated(target.sample(), other, random), CALL_MS);
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    };
    // The first are for what a program keeps once and for all.
    await send(1_000);
    const before = await heap();
    await send(MESSAGES);
    expect((await heap()) - before).toBeLessThan(GROWTH_BYTES);
    for (const code of codes.keys()) expect(['ok', ...Object.keys(ERROR_CODES)]).toContain(code);
    for (const code of ['rejected', 'invalid_point', 'invalid_argument', 'ok'])
      expect(codes.get(code)).toBeGreaterThan(0);
    // Whoever is right is answered.
    for (const target of all.filter(({ path }) => /Checkpoint|RoundOne/.test(path)))
      expect(
        await call(target, target.path.includes('Checkpoint') ? new Uint8Array() : target.sample()),
      ).toBe('ok');
  }, 300_000);

  it(`outlive ${FRAMES} sequences of frames that are nearly right`, async () => {
    const before = await heap();
    const valid = frames();
    let sent = 0;
    let connections = 0;
    const worker = async () => {
      while (sent < FRAMES) {
        connections++;
        const certified = below(2) === 0;
        const socket = await open(
          certified ? ports.evaluatorPort : ports.nodePort,
          certified ? member : undefined,
        );
        let open_ = true;
        socket.on('error', () => undefined);
        socket.once('close', () => (open_ = false));
        socket.resume();
        if (below(10) > 0) socket.write(PREFACE);
        // Some on one connection, until the server has enough of it.
        for (let i = 0; i < 40 && open_ && sent < FRAMES; i++) {
          sent++;
          socket.write(mutated(valid[below(valid.length)]!, valid[below(valid.length)]!, random));
          if (i % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
        }
        socket.destroySoon();
        if (open_) await once(socket, 'close');
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(connections).toBeGreaterThan(FRAMES / 50);
    expect(child.exitCode).toBeNull();
    const client = node();
    const [checkpoint] = targets().filter(({ path }) => path.includes('GetCheckpoint'));
    expect(await call({ ...checkpoint!, client }, new Uint8Array())).toBe('ok');
    // Connections that are closing are let go a moment later.
    let after = await heap();
    for (let i = 0; i < 20 && after - before > GROWTH_BYTES; i++) after = await heap();
    expect(after - before).toBeLessThan(GROWTH_BYTES);
  }, 300_000);
});

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

async function open(port: number, identity?: Identity): Promise<TLSSocket> {
  const socket = connect({
    ...{ port, host: 'localhost', ca: authority.certificate, ALPNProtocols: ['h2'] },
    ...(identity ? { key: identity.privateKey, cert: identity.certificate } : {}),
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** Frames of HTTP/2 (RFC 9113): settings, a call with its message, and those that flood, end or break a connection. */
function frames(): Buffer[] {
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const header = (name: string, value: string) =>
    Buffer.concat([Buffer.from([0]), literal(name), literal(value)]);
  const headers = (path: string) =>
    Buffer.concat([
      header(':method', 'POST'),
      header(':scheme', 'https'),
      header(':path', path),
      header(':authority', 'localhost'),
      header('content-type', 'application/grpc'),
      header('te', 'trailers'),
    ]);
  const message = (bytes: Uint8Array) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([prefix, bytes]);
  };
  const settings = frame(4, 0, 0, Buffer.from('000300000064000400ffffff', 'hex'));
  const calls = [
    LedgerService.getCheckpoint.path,
    LedgerService.submitTransaction.path,
    LedgerService.streamRecords.path,
    EvaluatorService.roundOne.path,
    '/grpc.health.v1.Health/Check',
    '/no/such',
  ].map((path, i) =>
    Buffer.concat([
      settings,
      frame(1, 4, 2 * i + 1, headers(path)),
      frame(0, 1, 2 * i + 1, message(Buffer.from([8, 1, 18, 2, 3, 4]))),
    ]),
  );
  return [
    ...calls,
    settings,
    frame(4, 1, 0, Buffer.alloc(0)),
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    frame(3, 0, 1, Buffer.alloc(4)),
    frame(7, 0, 0, Buffer.alloc(8)),
    frame(2, 0, 1, Buffer.alloc(5)),
    frame(9, 4, 1, headers('/x')),
    frame(5, 4, 1, Buffer.alloc(20)),
    frame(0, 8, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(30)])),
  ];
}
