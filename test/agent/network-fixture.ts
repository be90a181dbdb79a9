import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, type AgentOptions, createHome, homePaths, type MemberConfig } from '../../src/agent/index.js';
import {
  coordinates,
  ed25519PublicKey,
  initPoseidon,
  passphraseKey,
  type FieldElement,
} from '../../src/crypto/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import { networkOf, parseGenesis, type Genesis, type MembershipChange } from '../../src/ledger/index.js';
import { Evaluator, LevelQuotaStore } from '../../src/oprf/index.js';
import { packageKeys, type Prover } from '../../src/proofs/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import type { Party } from '../../src/rpc/party.js';
import { serveEvaluator } from '../../src/rpc/evaluator-server.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { openEngine } from '../engine/helpers.js';
import { calculateWitness } from '../helpers/witness-calculator.js';
import { Author, genesisInput, proofOf } from '../ledger/helpers.js';
import { dealtKey, signingSeed } from '../oprf/helpers.js';

/** One for all folders, so that the passphrase is stretched once. */
const ACCESS = passphraseKey('a passphrase of tests');
const WITNESS_HEADER = 76;

/** Runs the circuit for its public signals, and leaves the proof to the tests' verifier, who checks the signals alone. */
export const witnessProver = (onProve: () => Promise<void> = () => Promise.resolve()): Prover => ({
  name: 'witness only',
  async prove(statement, inputs) {
    await onProve();
    const { publicSignals: names } = await packageKeys.load(statement);
    const values = Buffer.from(await calculateWitness(statement, inputs)).subarray(WITNESS_HEADER);
    const publicSignals = names.map((_, i) => {
      const bytes = Buffer.from(values.subarray((i + 1) * 32, (i + 2) * 32)).reverse();
      return BigInt(`0x${bytes.toString('hex')}`) as FieldElement;
    });
    return { proof: proofOf(statement.id, publicSignals), publicSignals };
  },
  close: () => Promise.resolve(),
});

/** Passes connections on as they are, and counts those that are open. */
export class Counter {
  open = 0;
  opened = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async before(port: number): Promise<Counter> {
    const server = createServer((socket) => {
      counter.open++;
      counter.opened++;
      const onward = connect(port, 'localhost');
      socket.pipe(onward).pipe(socket);
      counter.sockets.add(socket);
      const end = () => {
        onward.destroy();
        if (counter.sockets.delete(socket)) counter.open--;
      };
      for (const one of [socket, onward]) one.on('error', end).on('close', end);
    }).listen(0);
    await once(server, 'listening');
    const counter = new Counter((server.address() as AddressInfo).port, server);
    return counter;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A node, three evaluators of which two answer, in this process; the clock is whatever `Date` says. */
export class AgentNetwork {
  private membershipChanges = 0;

  private constructor(
    readonly root: string,
    readonly engine: EmbeddedEngine,
    readonly author: Author,
    readonly evaluators: Counter,
    readonly node: Counter,
    /** Points in each request that an evaluator was sent, in the order in which they came. */
    readonly requests: readonly number[],
    private readonly genesisFile: string,
    private readonly config: Pick<MemberConfig, 'networkId' | 'nodes' | 'evaluators'>,
    private readonly identity: (party: Party) => Promise<Identity>,
    private readonly closers: (() => unknown)[],
  ) {}

  static async start(networkId: string, members: readonly string[]): Promise<AgentNetwork> {
    await initPoseidon();
    const root = mkdtempSync(join(tmpdir(), 'counterseal-agents-'));
    const authority = await createAuthority(networkId);
    const identity = (party: Party) => issueIdentity(authority, networkId, party, { hosts: ['localhost'] });
    const keys = dealtKey(2, 3).map((key) => ({ ...key, networkId }));
    const point = (p: (typeof keys)[number]['groupKey']): [string, string] => {
      const { x, y } = coordinates(p);
      return [x.toString(), y.toString()];
    };
    const input = { ...genesisInput(networkId), ca: authority.certificate };
    input.oprf = {
      ...input.oprf,
      publicKey: point(keys[0]!.groupKey),
      publicShares: keys[0]!.publicShares.map(point),
      evaluators: input.oprf.evaluators.map((evaluator) => ({
        ...evaluator,
        signingKey: Buffer.from(ed25519PublicKey(signingSeed(evaluator.id))).toString('hex'),
      })),
    };
    const closers: (() => unknown)[] = [];
    const evaluators: { id: number; address: string }[] = [];
    const requests: number[] = [];
    let counter: Counter | undefined;
    for (const key of keys) {
      const quotas = await LevelQuotaStore.open(join(root, `quotas-${key.id}`));
      const evaluator = new Evaluator({
        key,
        signingSeed: signingSeed(key.id),
        quotas,
        dailyQuota: () => 10_000,
        vmGeneration: () => '',
      });
      if (key.id === 1) {
        const answer = evaluator.roundOne.bind(evaluator);
        evaluator.roundOne = (member, request, signal) => {
          requests.push(request.blinded.length);
          return answer(member, request, signal);
        };
      }
      const server = new RpcServer();
      serveEvaluator(server, evaluator, networkId, pino({ level: 'silent' }));
      const port = await server.listen('localhost:0', {
        authority: authority.certificate,
        identity: await identity({ kind: 'evaluator', id: String(key.id) }),
        clients: 'certified',
      });
      const before = key.id === 1 ? (counter = await Counter.before(port)) : undefined;
      // Two are enough, so that each request goes to both: the third is never there.
      if (key.id < 3) evaluators.push({ id: key.id, address: `localhost:${before?.port ?? port}` });
      closers.push(async () => {
        before?.close();
        await server.close(0);
        await quotas.close();
      });
    }
    const homes = join(root, 'homes');
    const ids = new Map<string, bigint>();
    const config = { networkId, nodes: [] as string[], evaluators };
    for (const name of members)
      ids.set(
        name,
        await createHome(join(homes, name), ACCESS, { ...config, nodes: ['-'], name }, (id) =>
          identity({ kind: 'member', id: String(id) }),
        ),
      );
    input.members = [
      ...input.members,
      ...[...ids.values()].map((id) => ({ memberId: id.toString(), roles: ['bank' as const] })),
    ];
    const genesis: Genesis = parseGenesis(input);
    const engine = await openEngine(join(root, 'ledger'), { genesis, clock: () => Date.now() });
    const server = new RpcServer();
    const genesisFile = JSON.stringify(input);
    serveLedger(server, engine, { genesis: Buffer.from(genesisFile), log: pino({ level: 'silent' }) });
    const port = await server.listen('localhost:0', {
      authority: genesis.ca,
      identity: await identity({ kind: 'node', id: '1' }),
      clients: 'anyone',
    });
    const node = await Counter.before(port);
    closers.push(async () => {
      node.close();
      await server.close(0);
      await engine.close();
    });
    return new AgentNetwork(
      root,
      engine,
      new Author(await networkOf(genesis)),
      counter!,
      node,
      requests,
      genesisFile,
      { ...config, nodes: [`localhost:${node.port}`] },
      identity,
      closers,
    );
  }

  home(name: string): string {
    return join(this.root, 'homes', name);
  }

  /** Opens a member's agent, under these privacy settings; makes its home where there is none. */
  async agent(name: string, privacy?: MemberConfig['privacy'], options?: AgentOptions): Promise<Agent> {
    const paths = homePaths(this.home(name));
    const config = { format: 'counterseal-member', version: 1, name, ...this.config, privacy };
    writeFileSync(paths.config, JSON.stringify(config));
    writeFileSync(paths.genesis, this.genesisFile);
    const agent = await Agent.open(this.home(name), ACCESS, options);
    // The node's clock is `Date`, as the engine's is; the date in its HTTP headers follows no test.
    agent['parts'].ledger.clock = () => Promise.resolve(Date.now());
    this.closers.unshift(() => agent.close());
    return agent;
  }

  /** A member that the genesis does not know; answers its id. */
  create(name: string): Promise<bigint> {
    return createHome(this.home(name), ACCESS, { ...this.config, name }, (id) =>
      this.identity({ kind: 'member', id: String(id) }),
    );
  }

  async changeMembers(...changes: MembershipChange[]): Promise<void> {
    const bytes = this.author.membership(changes, {
      counter: this.membershipChanges++,
      validUntil: (Date.now() + 60_000) as never,
    });
    const result = await this.engine.submit(bytes, new Uint8Array());
    if (!result.included) throw new Error(`refused: ${result.rejection.name}`);
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
