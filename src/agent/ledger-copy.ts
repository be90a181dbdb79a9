import type { Network } from '../ledger/index.js';
import { LedgerCopy as SharedLedgerCopy } from '../rpc/ledger-copy.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { settleEntry } from './entries.js';
import { settleMessage } from './message-store.js';
import type { AgentStore, StoreSession } from './store.js';

export type { Following } from '../rpc/ledger-copy.js';

/** An agent's copy of the log: the record of an own entry or message settles it. */
export class LedgerCopy extends SharedLedgerCopy<StoreSession> {
  constructor(network: Network, store: AgentStore, client: LedgerClient) {
    super(network, store, client, (session, record) => {
      settleEntry(session, record);
      settleMessage(session, record);
    });
  }
}
