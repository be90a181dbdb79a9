// A node, an evaluator and a party of a key generation that a test sends anything to. On standard input: the word
// `heap`, answered by the bytes on the heap after a collection.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import {
  ed25519PublicKey,
  ed25519Sign,
  initPoseidon,
  pointFromBytes,
  scalarFromBytes,
} from '../../dist/crypto/index.js';
import { EmbeddedEngine } from '../../dist/engine/embedded.js';
import { parseGenesis } from '../../dist/ledger/index.js';
import { Evaluator, KeygenParty, LevelQuotaStore } from '../../dist/oprf/index.js';
import { serveEvaluator } from '../../dist/rpc/evaluator-server.js';
import { exchangeKeygen } from '../../dist/rpc/keygen-exchange.js';
import { serveLedger } from '../../dist/rpc/ledger-server.js';
import { RpcServer } from '../../dist/rpc/transport.js';

await initPoseidon();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const {
  folder,
  genesis: input,
  seed,
  key,
  identities,
  keygenPort,
  now,
} = JSON.parse((await lines.next()).value);
const operator = Buffer.from(seed, 'hex');
const genesis = parseGenesis(input);
const log = pino({ level: 'silent' });
const rate = { perSecond: 1e9, burst: 1e9 };
const engine = await EmbeddedEngine.open({
  directory: `${folder}/ledger`,
  genesis,
  verifier: { verify: () => Promise.resolve(false) },
  signer: {
    name: genesis.networkId,
    publicKey: ed25519PublicKey(operator),
    sign: (message) => ed25519Sign(operator, message),
  },
  clock: () => now,
});
const node = new RpcServer();
serveLedger(node, engine, { genesis: Buffer.from(JSON.stringify(input)), log, rate });
const authority = genesis.ca;
const nodePort = await node.listen('localhost:0', {
  authority,
  identity: identities.node,
  clients: 'anyone',
});
const point = (hex) => pointFromBytes(Buffer.from(hex, 'hex'));
const evaluator = new Evaluator({
  key: {
    ...key,
    share: scalarFromBytes(Buffer.from(key.share, 'hex')),
    publicShares: key.publicShares.map(point),
    groupKey: point(key.groupKey),
  },
  signingSeed: new Uint8Array(32).fill(key.id),
  quotas: await LevelQuotaStore.open(`${folder}/quotas`),
  dailyQuota: () => 1e9,
  nonceLimits: { perMember: 64, total: 128 },
});
const evaluators = new RpcServer();
serveEvaluator(evaluators, evaluator, genesis.networkId, log, rate);
const evaluatorPort = await evaluators.listen('localhost:0', {
  authority,
  identity: identities.evaluator,
  clients: 'certified',
});
exchangeKeygen({
  party: new KeygenParty(
    { purpose: 'oprf', networkId: genesis.networkId, shareEpoch: 1, threshold: 2, total: 2, session: 's' },
    1,
  ),
  // Nobody is there: it waits, and takes messages.
  peers: [{ id: 2, address: 'localhost:1' }],
  listen: `localhost:${keygenPort}`,
  authority,
  identity: identities.evaluator,
  timeout: 3_600_000,
  log,
}).catch(() => undefined);
writeSync(1, `${JSON.stringify({ nodePort, evaluatorPort })}\n`);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.stdin.on('end', () => process.exit(0));
for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  if (line !== 'heap') continue;
  for (let i = 0; i < 3; i++) {
    collect();
    await sleep(50);
  }
  writeSync(1, `${process.memoryUsage().heapUsed}\n`);
}
