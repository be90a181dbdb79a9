// A verification worker that dies under its first batches, as one does that runs out of memory. COUNT in the query says
// how often, over all workers of the pool; `folder` is where the deaths are counted. "garbage" answers nonsense instead,
// "hang" nothing at all.
import { mkdirSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const { searchParams } = new URL(import.meta.url);
const mode = searchParams.get('mode');

function diesNow() {
  for (let n = 0; n < Number(searchParams.get('count')); n++) {
    try {
      mkdirSync(`${searchParams.get('folder')}/${n}`);
      return true;
    } catch {
      continue;
    }
  }
  return false;
}

const on = parentPort.on.bind(parentPort);
parentPort.on = (event, listener) =>
  on(event, (request) => {
    if (!diesNow()) listener(request);
    else if (mode === 'garbage') parentPort.postMessage({ id: request.id, verdicts: [] });
    else if (mode === 'exit') process.exit(1);
    else for (;;);
  });
await import('../../dist/proofs/verify-worker.js');
