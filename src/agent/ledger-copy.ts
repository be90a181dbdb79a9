import { CountersealError, ensure } from '../errors.js';
import {
  checkpointOf,
  decodeRecord,
  recordKey,
  Replica,
  type LogIndex,
  type LogRecord,
  type Network,
} from '../ledger/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import type { AgentStore, StoreSession } from './store.js';

/**
 * The agent's own copy of the log, so that no node is ever asked about a tag. What arrives is kept only when a
 * checkpoint of the network's operators signs the log that it makes, and every verdict in it is the one that the
 * records before it give.
 */
export class LedgerCopy {
  constructor(
    private readonly network: Network,
    private readonly store: AgentStore,
    private readonly client: LedgerClient,
  ) {}

  /** Fetches what is new; afterwards the copy is as new as the node that answered. */
  async sync(): Promise<void> {
    const from = await this.store.use((session) => this.replica(session).size);
    let records: Uint8Array[] = [];
    let at = from;
    for await (const batch of this.client.records(BigInt(from))) {
      records.push(...batch.records);
      if (batch.checkpoint === '') continue;
      await this.keep(at, records, batch.checkpoint);
      at += records.length;
      records = [];
    }
    ensure(records.length === 0, 'data_corrupted', 'the node sent records without a checkpoint');
  }

  /** Keeps what comes, and calls `seen` after each batch, until `signal` aborts. */
  async follow(seen: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const from = await this.store.use((session) => this.replica(session).size);
    let records: Uint8Array[] = [];
    let at = from;
    for await (const batch of this.client.records(BigInt(from), { follow: true, signal })) {
      records.push(...batch.records);
      if (batch.checkpoint === '') continue;
      await this.keep(at, records, batch.checkpoint);
      at += records.length;
      records = [];
      await seen();
    }
  }

  /** The copy inside a session. */
  replica(session: StoreSession): Replica {
    return new Replica(this.network, session.view);
  }

  /** A record of the copy. */
  record(session: StoreSession, index: LogIndex): LogRecord {
    const bytes = session.view.get(recordKey(index));
    if (!bytes)
      throw new CountersealError('data_corrupted', `record ${index} is missing in the agent's copy`);
    return decodeRecord(bytes);
  }

  private keep(from: number, records: readonly Uint8Array[], checkpoint: string): Promise<void> {
    const signed = checkpointOf(this.network.genesis, checkpoint);
    return this.store.use((session) => {
      const replica = this.replica(session);
      // Another command may have kept the beginning, or all of it, meanwhile.
      for (const bytes of records.slice(Math.max(replica.size - from, 0))) {
        session.view.put(recordKey(replica.size as LogIndex), bytes);
        replica.absorb(bytes);
      }
      if (replica.size > signed.size) return;
      ensure(
        replica.size === signed.size && Buffer.from(replica.root).equals(signed.root),
        'data_corrupted',
        'the node sent other records than its signed checkpoint commits to: it is not to be trusted',
      );
    });
  }
}
