import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createHome, homePaths, openHome, type OpenHome, type OwnEntry } from '../../src/agent/index.js';
import { AgentStore } from '../../src/agent/store.js';
import { LedgerCopy } from '../../src/agent/ledger-copy.js';
import { initPoseidon, passphraseKey } from '../../src/crypto/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  decodeTransaction,
  networkOf,
  parseGenesis,
  type RegisterTransaction,
} from '../../src/ledger/index.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { openEngine } from '../engine/helpers.js';
import { Author, genesisInput, payloadFor } from '../ledger/helpers.js';

export const PASSPHRASE = 'a passphrase of tests';
/** The same, stretched once for all folders. */
export const ACCESS = passphraseKey(PASSPHRASE);

export interface AgentFixture {
  readonly folder: string;
  readonly home: OpenHome;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly engine: EmbeddedEngine;
  readonly author: Author;
  /** Puts an entry on the ledger; with `own`, as one of the member's that it has not heard of yet. */
  register(document: string, options?: { own?: boolean; control?: string }): Promise<OwnEntry>;
}

/** A member's folder and a node that serves a real ledger; proofs are the tests' own, no evaluators are there. */
export async function agentFixture(networkId: string): Promise<AgentFixture> {
  await initPoseidon();
  const root = mkdtempSync(join(tmpdir(), 'counterseal-agent-'));
  const authority = await createAuthority(networkId);
  const input = { ...genesisInput(networkId), ca: authority.certificate };
  const genesis = parseGenesis(input);
  const engine = await openEngine(join(root, 'ledger'), { genesis });
  const server = new RpcServer();
  serveLedger(server, engine, {
    genesis: Buffer.from(JSON.stringify(input)),
    log: pino({ level: 'silent' }),
  });
  const port = await server.listen('localhost:0', {
    authority: genesis.ca,
    identity: await issueIdentity(authority, networkId, { kind: 'node', id: '1' }, { hosts: ['localhost'] }),
    clients: 'anyone',
  });
  const folder = join(root, 'member');
  const nodes = [`localhost:${port}`];
  const evaluators = [1, 2].map((id) => ({ id, address: `localhost:${id}` }));
  await createHome(folder, ACCESS, { name: 'test', networkId, nodes, evaluators }, (id) =>
    issueIdentity(authority, networkId, { kind: 'member', id: String(id) }),
  );
  writeFileSync(homePaths(folder).genesis, JSON.stringify(input));
  const home = await openHome(folder, ACCESS);
  const store = new AgentStore(homePaths(folder).database, home.keys.storeKey);
  const client = new LedgerClient(nodes, genesis);
  const network = await networkOf(genesis);
  const author = new Author(network);
  onTestFinished(async () => {
    client.close();
    await server.close(0);
    await engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  let count = 0;
  return {
    folder,
    home,
    store,
    copy: new LedgerCopy(network, store, client),
    engine,
    author,
    async register(document, { own = false, control = `${document}-${count++}` } = {}) {
      const bytes = author.register(document, { control });
      const { claims } = decodeTransaction(bytes) as RegisterTransaction;
      const entry: OwnEntry = {
        nullifier: claims.nullifier.toString(),
        purpose: claims.purpose,
        documentKind: claims.documentKind,
        fileHash: randomBytes(32).toString('hex'),
        document: JSON.stringify({ document }),
        tags: [claims.tags[0].toString(), claims.tags[1].toString()],
        transaction: Buffer.from(bytes).toString('base64'),
        payload: Buffer.from(payloadFor(bytes)!).toString('base64'),
        createdAt: count,
      };
      if (own) await store.use((session) => session.putSealed(`own/entry/${entry.nullifier}`, entry));
      const result = await engine.submit(bytes, payloadFor(bytes));
      if (!result.included) throw new Error(`refused: ${result.rejection.name}`);
      return entry;
    },
  };
}
