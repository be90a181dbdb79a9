// An evaluator with its quota database, gRPC and mutual TLS; its share is a test's.
import { performance } from 'node:perf_hooks';
import { pino } from 'pino';
import { pointFromBytes, scalarFromBytes } from '../../../dist/crypto/index.js';
import { Evaluator, LevelQuotaStore } from '../../../dist/oprf/index.js';
import { serveEvaluator } from '../../../dist/rpc/evaluator-server.js';
import { RpcServer } from '../../../dist/rpc/transport.js';
import { say, start } from './wait.mjs';

const { folder, key, authority, identity, port, limit, now } = await start();
const point = (hex) => pointFromBytes(Buffer.from(hex, 'hex'));
const quotas = await LevelQuotaStore.open(folder);
const evaluator = new Evaluator({
  key: {
    ...key,
    share: scalarFromBytes(Buffer.from(key.share, 'hex')),
    publicShares: key.publicShares.map(point),
    groupKey: point(key.groupKey),
  },
  signingSeed: new Uint8Array(32).fill(key.id),
  quotas,
  dailyQuota: () => limit,
  clock: { wall: () => now, monotonic: () => performance.now() },
});
const server = new RpcServer();
serveEvaluator(server, evaluator, key.networkId, pino({ level: 'silent' }), { perSecond: 1e6, burst: 1e6 });
await server.listen(`localhost:${port}`, { authority, identity, clients: 'certified' });
say('ready');
