import { readFile } from 'node:fs/promises';
import { Agent } from '../agent/index.js';
import { ed25519Sign, type FieldElement } from '../crypto/index.js';
import { canonicalDocument, INVOICE } from '../documents/index.js';
import { ensure } from '../errors.js';
import {
  actionMessage,
  decodeRecord,
  encodeTransaction,
  parseGenesis,
  type ActionOrder,
  type Sequence,
  type UnixMs,
} from '../ledger/index.js';
import { defaultProver } from '../proofs/index.js';
import { LedgerClient } from '../rpc/ledger-client.js';
import { quantile } from './clock.js';
import type { Group } from './figure.js';
import { withLocalNetwork, type BenchNetwork } from './local-network.js';
import { benchDocument } from './registrations.js';

/** Of the other member, of the deal that the watching member registered under another number. */
const ENTRIES = 4;
/** An entry may be refused engagement so often. */
const ACTIONS_EACH = 16;
const ACTIONS = ENTRIES * ACTIONS_EACH;
const WARM_UP = 14;
const FILE_HASH = '00'.repeat(32);

const sameDeal = (i: number) =>
  canonicalDocument(INVOICE, { ...benchDocument(0).strings, number: `2025|BENCH-AGAIN-${i}` });

/** The moment at which each position of the log was seen, and whoever waits for one. */
class Moments {
  private readonly seen = new Map<number, number>();
  private waiting: (() => void) | undefined;

  at(index: number): void {
    if (!this.seen.has(index)) this.seen.set(index, performance.now());
    this.waiting?.();
  }

  async of(index: number): Promise<number> {
    while (!this.seen.has(index)) await new Promise<void>((resolve) => (this.waiting = resolve));
    return this.seen.get(index)!;
  }
}

/** Milliseconds from each acknowledgement until the event of a watch, and until the record of a plain stream. */
async function latencies({ paths, access }: BenchNetwork): Promise<{ events: number[]; records: number[] }> {
  const [watcher, actor] = await Promise.all(
    ['watcher', 'actor'].map((name) => Agent.open(paths.member(name), access)),
  );
  const prover = defaultProver();
  try {
    await watcher!.register(benchDocument(0), FILE_HASH, 'finance', prover);
    for (let i = 0; i < ENTRIES; i++) {
      const { sequence } = await actor!.register(sameDeal(i), FILE_HASH, 'finance', prover);
      // Else an engagement is not even refused in the log.
      const proving = { prover, onProgress: () => undefined };
      await actor!.showFingerprint(sequence, { name: 'possession' }, proving);
    }
  } finally {
    await prover.close();
  }
  const entries = (await actor!.entries()).map(({ entry: { nullifier, sequence } }) => ({
    sequence: sequence as Sequence,
    seed: actor!.home.keys.entry(BigInt(nullifier) as FieldElement).controlSeed,
  }));
  const genesis = parseGenesis(await readFile(paths.genesis, 'utf8'));
  const client = new LedgerClient(
    genesis.operators.map(({ address }) => address),
    genesis,
  );
  const stop = new AbortController();
  const [events, records] = [new Moments(), new Moments()];
  const watching = watcher!.watch(
    (seen) => Promise.resolve(seen.forEach(({ index }) => events.at(index))),
    stop.signal,
  );
  const streaming = (async () => {
    let next = 0;
    for await (const batch of client.records(0n, { follow: true, signal: stop.signal }))
      for (const record of batch.records) {
        decodeRecord(record);
        records.at(next++);
      }
  })();
  const found = { events: [] as number[], records: [] as number[] };
  try {
    for (let i = 0; i < ACTIONS; i++) {
      const { sequence, seed } = entries[i % ENTRIES]!;
      const counter = Math.floor(i / ENTRIES);
      // It accepts no verdict, and is refused: the same work for everybody each time, and an event for the other.
      const order: ActionOrder = {
        ...{ entry: sequence, counter, validUntil: (Date.now() + 60_000) as UnixMs },
        action: { kind: 'engage', accept: ['unique'] },
      };
      const signature = ed25519Sign(seed, actionMessage(genesis.networkId, order));
      const { index } = await client.submit(
        encodeTransaction({ type: 'action', order, signatures: [signature] }),
        new Uint8Array(),
      );
      const acknowledged = performance.now();
      // A record can overtake the acknowledgement of it.
      const since = async (moments: Moments) => Math.max((await moments.of(Number(index))) - acknowledged, 0);
      const [event, record] = await Promise.all([since(events), since(records)]);
      if (i < WARM_UP) continue;
      found.events.push(event);
      found.records.push(record);
    }
  } finally {
    stop.abort();
    await Promise.all([watching, streaming]);
    client.close();
    for (const agent of [watcher!, actor!]) agent.close();
  }
  ensure(found.events.length === ACTIONS - WARM_UP, 'internal', 'events are missing');
  return found;
}

export const watching: Group = {
  names: ['watch.p50', 'watch.p95'],
  async measure({ folder, progress }) {
    progress('starting a network: a node and three evaluators');
    return withLocalNetwork(folder, ['watcher', 'actor'], async (network) => {
      progress(`watching ${ACTIONS} actions of another member`);
      const { events, records } = await latencies(network);
      return (['0.5', '0.95'] as const).map((share) => ({
        name: `watch.p${Number(share) * 100}`,
        value: quantile(events, Number(share)),
        unit: 'ms',
        baseline: quantile(records, Number(share)),
        against: 'the plain stream of records, without the work of an agent',
        better: 'lower' as const,
        notes: [
          'from the acknowledgement of a transaction to the event of another member who watches; each waits for the last',
        ],
      }));
    });
  },
};
