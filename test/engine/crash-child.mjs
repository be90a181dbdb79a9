// A ledger that a test kills. Lines on standard input: `<index> <transaction hex> <payload hex>`; on standard output,
// only when it is answered: `<index> <log index>`, or `<index> refused <name>`.
import { createInterface } from 'node:readline';
import { writeSync } from 'node:fs';
import { ed25519PublicKey, ed25519Sign } from '../../dist/crypto/index.js';
import { EmbeddedEngine } from '../../dist/engine/index.js';
import { parseGenesis } from '../../dist/ledger/index.js';

const { directory, genesis, seed, now } = JSON.parse(process.argv[2]);
const operator = Buffer.from(seed, 'hex');
const engine = await EmbeddedEngine.open({
  directory,
  genesis: parseGenesis(genesis),
  // Proofs are not what is tested here.
  verifier: { verify: () => Promise.resolve(true) },
  signer: {
    name: genesis.networkId,
    publicKey: ed25519PublicKey(operator),
    sign: (message) => ed25519Sign(operator, message),
  },
  clock: () => now,
});
writeSync(1, 'open\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [index, transaction, payload] = line.split(' ');
  engine.submit(Buffer.from(transaction, 'hex'), Buffer.from(payload, 'hex')).then(
    // Synchronously: what the parent has read was acknowledged, and the process dies at any moment.
    (result) =>
      writeSync(1, `${index} ${result.included ? result.index : `refused ${result.rejection.name}`}\n`),
    (error) => writeSync(2, `${index} ${error.stack}\n`),
  );
});
