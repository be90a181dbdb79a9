import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { initPoseidon } from '../../src/crypto/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import { networkOf, parseGenesis, type MembershipChange, type Network } from '../../src/ledger/index.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { MemberList, type MemberListOptions } from '../../src/rpc/member-list.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { openEngine } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, fieldOf, genesisInput } from '../ledger/helpers.js';

const HOUR = 3_600_000;
const ID = 'member-list-net';
const idOf = (name: string): string => fieldOf(name).toString();

let authority: Identity;
let input: ReturnType<typeof genesisInput>;
let network: Network;
beforeAll(async () => {
  await initPoseidon();
  authority = await createAuthority(ID);
  input = { ...genesisInput(ID), ca: authority.certificate };
  network = await networkOf(parseGenesis(input));
});

interface Node {
  readonly engine: EmbeddedEngine;
  readonly address: string;
  change(...changes: MembershipChange[]): Promise<void>;
  stop(): Promise<void>;
}

async function startNode(directory: string): Promise<Node> {
  const engine = await openEngine(directory, { genesis: network.genesis });
  const server = new RpcServer();
  serveLedger(server, engine, {
    genesis: Buffer.from(JSON.stringify(input)),
    log: pino({ level: 'silent' }),
  });
  const port = await server.listen('localhost:0', {
    authority: authority.certificate,
    identity: await issueIdentity(authority, ID, { kind: 'node', id: '1' }, { hosts: ['localhost'] }),
    clients: 'anyone',
  });
  const author = new Author(network);
  let counter = 0;
  let running = true;
  const stop = async () => {
    if (!running) return;
    running = false;
    await server.close(0);
    await engine.close();
  };
  onTestFinished(stop);
  return {
    engine,
    address: `localhost:${port}`,
    async change(...changes) {
      const result = await engine.submit(
        author.membership(changes, { counter: counter++ }),
        new Uint8Array(),
      );
      if (!result.included) throw new Error(result.rejection.name);
    },
    stop,
  };
}

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'counterseal-members-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

async function open(options: Omit<MemberListOptions, 'network'>, wait = 5_000): Promise<MemberList> {
  const list = await MemberList.open({ network, contactMs: 50, ...options });
  onTestFinished(() => list.close());
  await list.start(wait);
  return list;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await sleep(10);
  expect(condition()).toBe(true);
}

const admit = (name: string, role: number): MembershipChange => ({
  change: 'admit',
  memberId: fieldOf(name),
  role,
});
const remove = (name: string, role: number): MembershipChange => ({
  ...admit(name, role),
  change: 'remove',
});

describe('the list of members', () => {
  it('is that of the genesis, then what the log says, within moments', async () => {
    const root = folder();
    const node = await startNode(join(root, 'ledger'));
    const list = await open({ directory: join(root, 'members'), nodes: [node.address] });
    expect(list.rolesOf(idOf('bank-b'))).toEqual(['bank', 'lender']);
    expect(list.rolesOf(idOf('newcomer'))).toBeUndefined();
    await node.change(admit('newcomer', 4), remove('bank-b', 0));
    await until(() => list.rolesOf(idOf('newcomer')) !== undefined);
    expect(list.rolesOf(idOf('newcomer'))).toEqual(['carrier']);
    expect(list.rolesOf(idOf('bank-b'))).toEqual(['lender']);
    await node.change(remove('bank-b', 7));
    await until(() => list.rolesOf(idOf('bank-b')) === undefined);
    await node.change(admit('bank-b', 0));
    await until(() => list.rolesOf(idOf('bank-b')) !== undefined);
  });

  it('survives a restart without a node, is used for a day, and then no more', async () => {
    const root = folder();
    const directory = join(root, 'members');
    const node = await startNode(join(root, 'ledger'));
    await node.change(remove('bank-a', 0));
    const first = await open({ directory, nodes: [node.address] });
    expect(first.rolesOf(idOf('bank-a'))).toBeUndefined();
    await first.close();
    await node.stop();

    let now = Date.now();
    const states: string[] = [];
    const changed = (state: string) => states.push(state);
    const again = await open({ directory, nodes: [node.address], now: () => now, changed }, 0);
    expect(again.rolesOf(idOf('bank-a'))).toBeUndefined();
    expect(again.rolesOf(idOf('carrier'))).toEqual(['carrier']);
    now += 23 * HOUR;
    expect(again.rolesOf(idOf('carrier'))).toEqual(['carrier']);
    await until(() => states.includes('lost'));
    expect(again.isCurrent).toBe(true);
    now += 2 * HOUR;
    expect(again.isCurrent).toBe(false);
    expect(() => again.rolesOf(idOf('carrier'))).toThrow(expect.objectContaining(code('unavailable')));
  });

  it('answers nobody before it has ever reached a node', async () => {
    const list = await open({ directory: join(folder(), 'members'), nodes: ['localhost:1'] }, 50);
    expect(list.isCurrent).toBe(false);
    expect(() => list.rolesOf(idOf('carrier'))).toThrow(expect.objectContaining(code('unavailable')));
  });

  it('takes nothing from a node with another history, and goes on with one that is honest', async () => {
    const root = folder();
    const honest = await startNode(join(root, 'ledger'));
    const lying = await startNode(join(root, 'lies'));
    await lying.change(admit('newcomer', 4));
    await honest.change(remove('bank-a', 0));
    const directory = join(root, 'members');
    const first = await open({ directory, nodes: [honest.address] });
    await first.close();
    const states: string[] = [];
    const list = await open({
      directory,
      nodes: [lying.address, honest.address],
      changed: (state) => states.push(state),
    });
    await until(() => states.includes('following'));
    expect(list.rolesOf(idOf('newcomer'))).toBeUndefined();
    expect(list.rolesOf(idOf('bank-a'))).toBeUndefined();
    await lying.change(admit('another', 4));
    await until(() => states.includes('distrusted'));
    await honest.change(admit('third', 4));
    await until(() => list.rolesOf(idOf('third')) !== undefined);
    expect(list.rolesOf(idOf('another'))).toBeUndefined();
  });

  it('is not kept fresh by a node that withholds what it signed for, or has another history', async () => {
    const root = folder();
    const directory = join(root, 'members');
    const honest = await startNode(join(root, 'ledger'));
    const lying = await startNode(join(root, 'lies'));
    await honest.change(remove('bank-a', 0));
    await lying.change(admit('newcomer', 4));
    const first = await open({ directory, nodes: [honest.address] });
    await first.close();
    let now = Date.now();
    const list = await open({ directory, nodes: [lying.address], now: () => now }, 0);
    now += 25 * HOUR;
    await sleep(300);
    expect(() => list.rolesOf(idOf('carrier'))).toThrow(expect.objectContaining(code('unavailable')));
  });
});
