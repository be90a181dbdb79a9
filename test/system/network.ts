import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, homePaths, openHome, type MemberConfig } from '../../src/agent/index.js';
import { evaluatorPaths } from '../../src/cli/homes/evaluator.js';
import { nodePaths } from '../../src/cli/homes/node.js';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../../src/cli/local-network.js';
import { freePorts } from '../../src/cli/ports.js';
import { Service, type Finished } from '../../src/cli/processes.js';
import { passphraseKey, readSecretFile } from '../../src/crypto/index.js';
import { readDocument, type CanonicalDocument } from '../../src/documents/index.js';
import { parseGenesis, type Genesis } from '../../src/ledger/index.js';
import { issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import type { Party } from '../../src/rpc/party.js';
import './quick-scrypt.mjs';

export const PASSPHRASE = 'Nur fuer Versuche: 4711 Pferde!';
/** The same, for folders that a test opens itself: it is stretched once for all of a network. */
export const ACCESS = passphraseKey(PASSPHRASE);
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/documents/${name}`, import.meta.url));
export const exampleDocument = (name: string): CanonicalDocument =>
  readDocument(readFileSync(example(name))).document;

// Of every process that this one starts.
process.env['NODE_OPTIONS'] =
  `${process.env['NODE_OPTIONS'] ?? ''} --import ${new URL('./quick-scrypt.mjs', import.meta.url).href}`;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function track(child: ChildProcess): ChildProcess {
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** Starts the built program; whatever happens, it does not outlive the test. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return track(
    spawn(process.execPath, ['--no-warnings', MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    }),
  );
}

/** Runs the built program to its end. */
export async function runProgram(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> {
  const child = startProgram(args, env);
  const output = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}

export type Line = Record<string, unknown>;
/** What a command printed with --json, line by line. */
export const jsonLines = ({ stdout }: Finished): Line[] =>
  stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

/** A whole network of the built programs, in a folder of its own: a node, three evaluators of which two are needed. */
export class TestNetwork {
  readonly services = new Map<string, Service>();
  readonly paths: ReturnType<typeof networkPaths>;

  private constructor(
    readonly root: string,
    readonly folder: string,
    readonly passphraseFile: string,
    readonly genesis: Genesis,
    readonly authority: Identity,
    /** Of the node, and of the evaluators 1 to 3. */
    readonly ports: readonly number[],
  ) {
    this.paths = networkPaths(folder);
  }

  static async start(members = ['bank-a', 'bank-b', 'bank-c']): Promise<TestNetwork> {
    const root = await mkdtemp(join(tmpdir(), 'counterseal-system-'));
    const folder = join(root, 'network');
    const passphraseFile = join(root, 'passphrase');
    await writeFile(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
    const ports = await freePorts(4);
    await createLocalNetwork({
      folder,
      name: 'test',
      passphrase: PASSPHRASE,
      members: members.map((name) => ({ name, role: 'bank' as const })),
      evaluators: 3,
      threshold: 2,
      ports,
    });
    const paths = networkPaths(folder);
    const genesis = parseGenesis(await readFile(paths.genesis, 'utf8'));
    const key = await readSecretFile(join(paths.authority, 'key.json'), ACCESS, 'certificate authority key');
    const authority = { certificate: genesis.ca, privateKey: new TextDecoder().decode(key) };
    const network = new TestNetwork(root, folder, passphraseFile, genesis, authority, ports);
    for (const service of await startLocalNetwork(folder, PASSPHRASE)) network.adopt(service);
    return network;
  }

  private adopt(service: Service): void {
    track(service.process);
    this.services.set(service.name, service);
  }

  service(name: string): Service {
    return this.services.get(name)!;
  }

  /** Kills a service at once, as power loss would. */
  kill(name: string): Promise<void> {
    return this.service(name).stop('SIGKILL');
  }

  /** Starts a service that was stopped. */
  async restart(name: string): Promise<void> {
    const id = /^evaluator-(\d)$/.exec(name)?.[1];
    const args = id
      ? ['evaluator', 'run', '--home', this.paths.evaluator(Number(id))]
      : ['node', '--home', this.paths.node];
    this.adopt(await Service.start(name, [...args, '--passphrase-file', this.passphraseFile]));
  }

  home(member: string): string {
    return this.paths.member(member);
  }

  agent(member: string): Promise<Agent> {
    return Agent.open(this.home(member), ACCESS);
  }

  /** The arguments of a command for a member. */
  args(member: string, ...command: string[]): string[] {
    return [...command, '--home', this.home(member), '--passphrase-file', this.passphraseFile];
  }

  run(member: string, ...command: string[]): Promise<Finished> {
    return runProgram(this.args(member, ...command, '--json'));
  }

  issue(party: Party, networkId = this.genesis.networkId): Promise<Identity> {
    return issueIdentity(this.authority, networkId, party, { hosts: ['localhost'] });
  }

  /** A member's certificate and key, out of its vault. */
  async identityOf(member: string): Promise<Identity> {
    return (await openHome(this.home(member), ACCESS)).identity;
  }

  /** Changes where a member connects to. */
  async configure(
    member: string,
    change: Partial<Pick<MemberConfig, 'nodes' | 'evaluators'>>,
  ): Promise<void> {
    const path = homePaths(this.home(member)).config;
    const config = JSON.parse(await readFile(path, 'utf8')) as MemberConfig;
    await writeFile(path, JSON.stringify({ ...config, ...change }));
  }

  database(service: 'node' | number): string {
    return service === 'node'
      ? join(nodePaths(this.paths.node).database, 'ledger')
      : evaluatorPaths(this.paths.evaluator(service)).quotas;
  }

  /** Ends all processes, and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.stop('SIGKILL')));
    await rm(this.root, { recursive: true, force: true });
  }
}
