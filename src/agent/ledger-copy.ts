import type { Network } from '../ledger/index.js';
import { LedgerCopy as SharedLedgerCopy } from '../rpc/ledger-copy.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { settleEntry } from './entries.js';
import type { AgentStore, StoreSession } from './store.js';

export type { Following } from '../rpc/ledger-copy.js';

/** An agent's copy of the log: a record of an own entry settles it. */
export class LedgerCopy extends SharedLedgerCopy<StoreSession> {
  constructor(network: Network, store: AgentStore, client: LedgerClient) {
    super(network, store, client, settleEntry);
  }
}
