import { Evaluations } from '../../src/agent/evaluations.js';
import { homePaths, openHome, type OwnEntry } from '../../src/agent/index.js';
import { LedgerCopy } from '../../src/agent/ledger-copy.js';
import { prepareRegistration } from '../../src/agent/register.js';
import { AgentStore } from '../../src/agent/store.js';
import { ed25519Sign, type FieldElement } from '../../src/crypto/index.js';
import {
  actionMessage,
  encodeTransaction,
  networkOf,
  purposeOf,
  type Action,
  type ActionOrder,
  type Sequence,
  type UnixMs,
} from '../../src/ledger/index.js';
import type { Prover } from '../../src/proofs/index.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { exampleDocument, ACCESS, type TestNetwork } from './network.js';

/** A member's entries with real proofs, kept by its agent and not submitted yet. */
export async function prepareEntries(
  { genesis, paths }: Pick<TestNetwork, 'genesis' | 'paths'>,
  member: string,
  documents: readonly string[],
  prover: Prover,
): Promise<OwnEntry[]> {
  const home = await openHome(paths.member(member), ACCESS);
  const network = await networkOf(genesis);
  const ledger = new LedgerClient(home.config.nodes, genesis);
  const store = new AgentStore(homePaths(paths.member(member)).database, home.keys.storeKey);
  const copy = new LedgerCopy(network, store, ledger);
  await copy.sync();
  const evaluations = new Evaluations(home.config, genesis, home.identity);
  const entries: OwnEntry[] = [];
  for (const name of documents) {
    const { entry } = await prepareRegistration({
      keys: home.keys,
      network,
      evaluations,
      store,
      copy,
      document: exampleDocument(name),
      fileHash: '00'.repeat(32),
      purpose: purposeOf(genesis.schema, 'finance'),
      prover,
      onProgress: () => undefined,
    });
    entries.push(entry);
  }
  ledger.close();
  return entries;
}

/** Signs an order with the control key of a member's entry. */
export async function signAction(
  { genesis, paths }: Pick<TestNetwork, 'genesis' | 'paths'>,
  member: string,
  nullifier: string,
): Promise<(sequence: number, counter: number, action: Action) => Uint8Array> {
  const { keys } = await openHome(paths.member(member), ACCESS);
  const { controlSeed } = keys.entry(BigInt(nullifier) as FieldElement);
  return (sequence, counter, action) => {
    const order: ActionOrder = {
      entry: sequence as Sequence,
      counter,
      validUntil: (Date.now() + 600_000) as UnixMs,
      action,
    };
    const message = actionMessage(genesis.networkId, order);
    return encodeTransaction({ type: 'action', order, signatures: [ed25519Sign(controlSeed, message)] });
  };
}
