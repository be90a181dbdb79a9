import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listEntries, ownEntry, putEntry, reserveIndex } from '../../src/agent/entries.js';
import { recoverEntries, type Recovered } from '../../src/agent/recover.js';
import { sealPayload } from '../../src/agent/sealing.js';
import { ed25519Sign, initPoseidon } from '../../src/crypto/index.js';
import { commitment, encodeDocument, readDocument, slotsOf } from '../../src/documents/index.js';
import {
  dayOf,
  encodeTransaction,
  networkOf,
  parseGenesis,
  registerMessage,
  sha256,
} from '../../src/ledger/index.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { START } from '../ledger/helpers.js';
import { agentFixture, type AgentFixture } from './fixture.js';

const invoice = fileURLToPath(new URL('../../examples/documents/invoice-a.ubl.xml', import.meta.url));
const { document } = readDocument(readFileSync(invoice));
const PERIOD = dayOf(START);

interface Lost {
  readonly index: number;
  readonly purpose?: string;
  /** What the author sealed: the document, or something else. */
  readonly sealed?: Uint8Array;
}

/** Registers an entry of the member as a folder did that is gone. */
async function register(
  { author, engine, home }: AgentFixture,
  { index, purpose = 'finance', sealed = encodeDocument(document) }: Lost,
): Promise<{ sequence: number; transaction: Uint8Array }> {
  const nullifier = home.keys.nullifier(PERIOD, index);
  const { salt, controlKey, controlSeed } = home.keys.entry(nullifier);
  const committed = commitment(document.kind, document.present, slotsOf(document), salt);
  const networkId = author.network.id;
  const payload = sealPayload(sealed, salt, { networkId, nullifier, commitment: committed, controlKey });
  const claims = author.claims(`invoice ${index}`, {
    ...{ nullifier, controlKey, purpose, commitment: committed, payloadHash: sha256(payload) },
  });
  const proof = author.prove(claims);
  const signature = ed25519Sign(controlSeed, registerMessage(networkId, claims, proof));
  const transaction = encodeTransaction({ type: 'register', claims, proof, signature });
  const result = await engine.submit(transaction, payload);
  if (!result.included) throw new Error(result.rejection.name);
  return { sequence: (await lastEntry(engine))!, transaction };
}

const lastEntry = (engine: AgentFixture['engine']): Promise<number | undefined> => {
  const { body } = engine.reader.record((engine.reader.meta().logSize - 1) as never);
  return Promise.resolve(body.type === 'register' ? body.entry : undefined);
};

async function recover({ home, store, copy }: AgentFixture, from = 0): Promise<Recovered[]> {
  const network = await networkOf(parseGenesis(home.genesis));
  const ledger = new LedgerClient(home.config.nodes, network.genesis);
  onTestFinished(() => ledger.close());
  return recoverEntries({ keys: home.keys, network, store, copy, ledger }, from);
}

describe('entries that only the log knows', () => {
  it('are found by the seed across any gap, with their documents; nobody else is', async () => {
    await initPoseidon();
    const fixture = await agentFixture('recover-net');
    const near = await register(fixture, { index: 0 });
    await fixture.register('of somebody else');
    // 996 indices were used up by registrations that failed.
    const far = await register(fixture, { index: 997 });
    const found = await recover(fixture);
    expect(found).toEqual([
      { sequence: near.sequence, purpose: 'finance', document: 'document' },
      { sequence: far.sequence, purpose: 'finance', document: 'document' },
    ]);
    const { store } = fixture;
    const entry = (await store.use((session) => ownEntry(session, far.sequence)))!;
    expect(JSON.parse(entry.document)).toEqual(
      JSON.parse(Buffer.from(encodeDocument(document)).toString('utf8')),
    );
    expect(Buffer.from(entry.transaction, 'base64')).toEqual(Buffer.from(far.transaction));
    // Neither index is given out again.
    expect(await store.use((session) => reserveIndex(session, PERIOD, 1000))).toBe(1);
    expect(await recover(fixture)).toEqual([]);
  });

  it('are kept without a document where it cannot be read: convergent, or something else sealed', async () => {
    const fixture = await agentFixture('recover-net-2');
    const convergent = await register(fixture, { index: 3, purpose: 'attest' });
    const lie = await register(fixture, { index: 4, sealed: new TextEncoder().encode('{}') });
    const found = await recover(fixture);
    expect(found).toMatchObject([
      { sequence: convergent.sequence, purpose: 'attest', document: 'nothing' },
      { sequence: lie.sequence, purpose: 'finance', document: 'nothing' },
    ]);
    const entry = await fixture.store.use((session) => ownEntry(session, lie.sequence));
    expect(entry).toMatchObject({ document: '', verdict: 'unique' });
  });

  it('take the place of an entry that waits under the same index and was never registered', async () => {
    const fixture = await agentFixture('recover-net-3');
    const { store, home } = fixture;
    const nullifier = home.keys.nullifier(PERIOD, 0).toString();
    await store.use((session) =>
      putEntry(session, {
        ...{ nullifier, purpose: 'finance', documentKind: 380, fileHash: 'ab', document: 'another one' },
        ...{ tags: ['1', '2'] as const, transaction: 'AAAA', payload: '', createdAt: 1 },
        refused: 'nullifier_used: this index of the period has been used',
      }),
    );
    // It was under way when the folder was lost, and arrived after the backup was restored.
    const { sequence } = await register(fixture, { index: 0 });
    expect(await recover(fixture)).toMatchObject([{ sequence, document: 'document' }]);
    const entries = await store.use(listEntries);
    expect(entries).toMatchObject([{ nullifier, sequence }]);
    expect(entries[0]).not.toHaveProperty('refused');
  });

  it('before the backup are not looked for', async () => {
    const fixture = await agentFixture('recover-net-4');
    await register(fixture, { index: 0 });
    expect(await recover(fixture, 1)).toEqual([]);
  });
});
