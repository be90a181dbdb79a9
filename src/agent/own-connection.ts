import type { Network } from '../ledger/index.js';
import { LedgerClient } from '../rpc/ledger-client.js';
import type { MemberConfig } from './home.js';

/**
 * Work with the nodes over connections of its own, which end with it. The one that reads the log shows how far this copy
 * is, and so over time whose it is: nothing that tells of entries goes over that one.
 */
export async function overOwnConnection<T>(
  { home, network }: { readonly home: { readonly config: MemberConfig }; readonly network: Network },
  work: (client: LedgerClient) => Promise<T>,
): Promise<T> {
  const client = new LedgerClient(home.config.nodes, network.genesis);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
