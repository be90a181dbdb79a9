// A witness that a test kills. Lines on standard input: JSON of a request; on standard output, only when it is decided:
// the size that was cosigned, or `refused <code>`.
import { createInterface } from 'node:readline';
import { writeSync } from 'node:fs';
import { ed25519PublicKey, ed25519Sign } from '../../dist/crypto/index.js';
import { LevelStore } from '../../dist/engine/index.js';
import { Witness } from '../../dist/witness/index.js';

const { directory, seed, origin, operator } = JSON.parse(process.argv[2]);
const secret = Buffer.from(seed, 'hex');
const store = await LevelStore.open(directory);
const witness = new Witness(
  store,
  {
    name: 'witness.example/w1',
    publicKey: ed25519PublicKey(secret),
    sign: (message) => ed25519Sign(secret, message),
  },
  [{ origin, keys: [Buffer.from(operator, 'hex')] }],
);
writeSync(1, 'open\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { oldSize, proof, checkpoint } = JSON.parse(line);
  const hashes = proof.map((hash) => new Uint8Array(Buffer.from(hash, 'base64')));
  // Synchronously: what the parent has read has left the witness, and the process dies at any moment.
  witness.add({ oldSize, proof: hashes, checkpoint }).then(
    () => writeSync(1, `${checkpoint.split('\n')[1]}\n`),
    (error) => writeSync(1, `refused ${error.code}\n`),
  );
});
