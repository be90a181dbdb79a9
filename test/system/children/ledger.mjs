// A node without proofs: real engine, database, gRPC and TLS.
import { pino } from 'pino';
import { ed25519PublicKey, ed25519Sign, initPoseidon } from '../../../dist/crypto/index.js';
import { EmbeddedEngine } from '../../../dist/engine/embedded.js';
import { parseGenesis } from '../../../dist/ledger/index.js';
import { serveLedger } from '../../../dist/rpc/ledger-server.js';
import { RpcServer } from '../../../dist/rpc/transport.js';
import { say, start } from './wait.mjs';

await initPoseidon();
const { directory, genesis: input, seed, identity, port, now } = await start();
const operator = Buffer.from(seed, 'hex');
const genesis = parseGenesis(input);
const engine = await EmbeddedEngine.open({
  directory,
  genesis,
  verifier: { verify: () => Promise.resolve(true) },
  signer: {
    name: genesis.networkId,
    publicKey: ed25519PublicKey(operator),
    sign: (message) => ed25519Sign(operator, message),
  },
  clock: () => now ?? Date.now(),
});
const server = new RpcServer();
serveLedger(server, engine, {
  genesis: Buffer.from(JSON.stringify(input)),
  log: pino({ level: 'silent' }),
  rate: { perSecond: 1e6, burst: 1e6 },
});
await server.listen(`localhost:${port}`, { authority: genesis.ca, identity, clients: 'anyone' });
say('ready');
