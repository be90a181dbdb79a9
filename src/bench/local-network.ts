import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../cli/local-network.js';
import { freePorts } from '../cli/ports.js';
import { passphraseKey, type VaultKey } from '../crypto/index.js';

/** What runs, and what opens its members' folders. */
export interface BenchNetwork {
  readonly paths: ReturnType<typeof networkPaths>;
  readonly access: VaultKey;
}

/** Runs `work` on a network in processes of its own: a node and three evaluators, of which two are needed. */
export async function withLocalNetwork<T>(
  folder: string,
  members: readonly string[],
  work: (network: BenchNetwork) => Promise<T>,
): Promise<T> {
  const passphrase = randomBytes(24).toString('base64url');
  const network = join(folder, 'network');
  await createLocalNetwork({
    folder: network,
    name: 'bench',
    passphrase,
    members: members.map((name) => ({ name, role: 'bank' as const })),
    evaluators: 3,
    threshold: 2,
    ports: await freePorts(4),
  });
  const services = await startLocalNetwork(network, passphrase);
  try {
    return await work({ paths: networkPaths(network), access: passphraseKey(passphrase) });
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
}
