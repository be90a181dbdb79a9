import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { createHome, homePaths } from '../../src/agent/index.js';
import { coordinates, ed25519PublicKey } from '../../src/crypto/index.js';
import { parseGenesis } from '../../src/ledger/index.js';
import { Evaluator, LevelQuotaStore } from '../../src/oprf/index.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import { serveEvaluator } from '../../src/rpc/evaluator-server.js';
import { serveLedger } from '../../src/rpc/ledger-server.js';
import { RpcServer } from '../../src/rpc/transport.js';
import { openEngine, type Directories } from '../engine/helpers.js';
import { genesisInput } from '../ledger/helpers.js';
import { plainVaultKey } from '../helpers/plain-vault-key.mjs';
import { dealtKey, signingSeed } from '../oprf/helpers.js';

const log = pino({ level: 'silent' });
const pairOf = (point: Parameters<typeof coordinates>[0]): [string, string] => {
  const { x, y } = coordinates(point);
  return [x.toString(), y.toString()];
};

/** A node and three evaluators in this process, on sockets, and a member's folder, under the plain vault key. */
export async function surroundings(networkId: string, directories: Directories, atEnd: (() => unknown)[]) {
  const authority = await createAuthority(networkId);
  const issue = (kind: 'node' | 'member' | 'evaluator', id: string) =>
    issueIdentity(authority, networkId, { kind, id }, { hosts: ['localhost'] });
  const serve = async (server: RpcServer, kind: 'node' | 'evaluator', id: string) => {
    const options = { authority: authority.certificate, identity: await issue(kind, id) };
    const port = await server.listen('localhost:0', {
      ...options,
      clients: kind === 'node' ? 'anyone' : 'certified',
    });
    atEnd.push(() => server.close(0));
    return `localhost:${port}`;
  };
  const keys = dealtKey(2, 3).map((key) => ({ ...key, networkId }));
  const quotas: LevelQuotaStore[] = [];
  const evaluators = await Promise.all(
    keys.map(async (key) => {
      const store = await LevelQuotaStore.open(directories.fresh());
      quotas.push(store);
      atEnd.push(() => store.close());
      const evaluator = new Evaluator({
        ...{ key, signingSeed: signingSeed(key.id), quotas: store, dailyQuota: () => 100_000 },
      });
      const server = new RpcServer();
      serveEvaluator(server, evaluator, networkId, log, { perSecond: 1e6, burst: 1e6 });
      return { id: key.id, address: await serve(server, 'evaluator', String(key.id)) };
    }),
  );
  const folder = join(directories.fresh(), 'member');
  const input = { ...genesisInput(networkId), ca: authority.certificate };
  input.oprf = {
    ...input.oprf,
    publicKey: pairOf(keys[0]!.groupKey),
    publicShares: keys[0]!.publicShares.map(pairOf),
    evaluators: input.oprf.evaluators.map((evaluator) => ({
      ...evaluator,
      signingKey: Buffer.from(ed25519PublicKey(signingSeed(evaluator.id))).toString('hex'),
    })),
  };
  const nodeServer = new RpcServer();
  const nodeAddress = await serve(nodeServer, 'node', '1');
  const memberId = await createHome(
    folder,
    plainVaultKey,
    { name: 'bank', networkId, nodes: [nodeAddress], evaluators },
    (id) => issue('member', String(id)),
  );
  input.members = [{ memberId: memberId.toString(), roles: ['bank'] }];
  const engine = await openEngine(directories.fresh(), {
    genesis: parseGenesis(input),
    verifier: { verify: () => Promise.resolve(true) },
    clock: Date.now,
  });
  atEnd.push(() => engine.close());
  serveLedger(nodeServer, engine, {
    ...{ genesis: Buffer.from(JSON.stringify(input)), log, rate: { perSecond: 1e6, burst: 1e6 } },
  });
  writeFileSync(homePaths(folder).genesis, JSON.stringify(input));
  return { folder, engine, quotas, memberId: memberId.toString() };
}
