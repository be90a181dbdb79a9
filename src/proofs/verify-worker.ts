// Entry of a verification worker thread: answers each batch with one verdict per proof.
import { parentPort } from 'node:worker_threads';
import { CountersealError } from '../errors.js';
import { pairingEngine } from './pairing.js';
import type { BatchAnswer, BatchRequest } from './verify-worker-messages.js';

if (!parentPort) throw new CountersealError('internal', 'verify-worker runs as a worker thread');
const port = parentPort;

port.on('message', ({ id, key, items }: BatchRequest) => {
  pairingEngine()
    .then((engine): BatchAnswer => ({ id, verdicts: engine.verify(key, items) }))
    .catch((error: unknown): BatchAnswer => {
      // Anything but a coded error (out of memory, a trap in the wasm) is a crash: the pool starts a new worker.
      if (!(error instanceof CountersealError)) throw error;
      return { id, error: { code: error.code, message: error.message } };
    })
    .then((answer) => port.postMessage(answer))
    .catch(() => process.exit(1));
});
