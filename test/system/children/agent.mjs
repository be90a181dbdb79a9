// A member's agent that registers documents one after another, as a batch does: first what waits, then what is not on
// the ledger yet. With proofs that nobody verifies.
import { Agent } from '../../../dist/agent/index.js';
import { canonicalDocument, encodeDocument } from '../../../dist/documents/index.js';
import { plainVaultKey } from '../../helpers/plain-vault-key.mjs';
import { say, start } from './wait.mjs';

const agent = await Agent.open(process.argv[2], plainVaultKey);
const prover = {
  name: 'none',
  prove: () => Promise.resolve({ proof: new Uint8Array(256).fill(1), publicSignals: [] }),
  close: () => Promise.resolve(),
};
const { numbers, kind, strings } = await start();
say('ready');
await agent.resume();
const known = new Map((await agent.entries()).map(({ entry }) => [entry.document, entry.sequence]));
for (const number of numbers) {
  const document = canonicalDocument(kind, { ...strings, number: `2026|${number}` });
  const before = known.get(Buffer.from(encodeDocument(document)).toString('utf8'));
  const sequence = before ?? (await agent.register(document, '00'.repeat(32), 'finance', prover)).sequence;
  say('done', number, sequence);
}
say('end');
