import { expect } from 'vitest';
import { ed25519PublicKey, ed25519Sign } from '../../src/crypto/index.js';
import type { EmbeddedEngine } from '../../src/engine/index.js';
import {
  decodeRecord,
  encodeReceipt,
  findRegistration,
  type LogIndex,
  makeReceipt,
  MemoryStore,
  type Network,
  type NoteSigner,
  Overlay,
  receiptKey,
  recordKey,
  Replica,
  type Sequence,
  statePrefix,
} from '../../src/ledger/index.js';
import type { ReceiptTrust } from '../../src/receipts/verify.js';
import { seedOf } from '../ledger/helpers.js';

export const signerOf = (who: string, name: string): NoteSigner => ({
  name,
  publicKey: ed25519PublicKey(seedOf(who)),
  sign: (message) => ed25519Sign(seedOf(who), message),
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Trust in the operator of a test network, and in witnesses by the names of their seeds. */
export const trustIn = (networkId: string, witnesses: readonly NoteSigner[] = []): ReceiptTrust => ({
  networkId,
  operatorKeys: [hex(ed25519PublicKey(seedOf('operator')))],
  witnessKeys: witnesses.map(({ name, publicKey }) => ({ name, publicKey: hex(publicKey) })),
});

/** A reader's copy of an engine's log, as an agent keeps it. */
export async function copyOf(engine: EmbeddedEngine, network: Network): Promise<Overlay> {
  const view = new Overlay(new MemoryStore());
  const replica = new Replica(network, view);
  for await (const { records } of engine.records(0 as LogIndex))
    for (const bytes of records) {
      view.put(recordKey(replica.size as LogIndex), bytes);
      replica.absorb(bytes);
    }
  return view;
}

/** What an agent does for a receipt, without the network between; `digits` of the state key are told to the node. */
export async function receiptFrom(
  engine: EmbeddedEngine,
  network: Network,
  entry: number,
  {
    digits = 0,
    newest = false,
    transaction,
    view,
  }: { digits?: number; newest?: boolean; transaction?: Uint8Array; view?: Overlay } = {},
): Promise<string> {
  view ??= await copyOf(engine, network);
  const index = findRegistration(view, entry as Sequence, engine.reader.meta().logSize)!;
  const { body } = decodeRecord(view.get(recordKey(index))!);
  if (body.type !== 'register') throw new Error('not a registration');
  const { checkpoint, nodes } = engine.stateSubtree(statePrefix(receiptKey(body), digits), newest);
  const receipt = makeReceipt({ view, index, checkpoint, nodes, ...(transaction ? { transaction } : {}) });
  return encodeReceipt(receipt!);
}

/** An expectation of a ReceiptError's code. */
export const failure = (code: string): unknown => expect.objectContaining({ name: 'ReceiptError', code });
