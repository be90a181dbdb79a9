import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  parseFile,
  readText,
  writeFileDurable,
  writeJson,
  writeSecretJson,
  type VaultAccess,
} from '../../crypto/index.js';
import type { Identity } from '../../rpc/certificates.js';
import { openServiceHome, TlsPrivateKeys, type TlsKeys } from './service.js';

/**
 * A ledger node's folder: `node.json` (this file's schema), `genesis.json`, `certificate.pem`, `secrets.json` (TLS
 * and checkpoint keys, sealed) and `ledger.db`.
 */
const NodeConfig = z.strictObject({
  format: z.literal('counterseal-node'),
  version: z.literal(1),
  networkId: z.string().min(1),
  /** `host:port`. */
  listen: z.string(),
  /** Who is asked to cosign checkpoints: where (http or https), and a C2SP verifier key. */
  witnesses: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), key: z.string() }))
    .max(32)
    .optional(),
  /** `[host:]port` of /metrics, on localhost unless a host is named; absent: none. */
  metrics: z.string().optional(),
});
export type NodeConfig = z.infer<typeof NodeConfig>;

const Secrets = z.strictObject({ tlsPrivateKeys: TlsPrivateKeys, checkpointSeed: z.hex().length(64) });
const SECRETS_PURPOSE = 'node secrets';
const HINT = "is this a node's folder? (--home)";

export const nodePaths = (home: string) => ({
  config: join(home, 'node.json'),
  genesis: join(home, 'genesis.json'),
  certificate: join(home, 'certificate.pem'),
  secrets: join(home, 'secrets.json'),
  database: join(home, 'ledger.db'),
});

/** Writes the folder of a new node; the genesis comes when it is known. */
export async function createNodeHome(
  home: string,
  access: VaultAccess,
  config: Omit<NodeConfig, 'format' | 'version'>,
  identity: Identity,
  checkpointSeed: Uint8Array,
): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const paths = nodePaths(home);
  await writeFileDurable(paths.certificate, identity.certificate);
  await writeSecretJson(paths.secrets, access, SECRETS_PURPOSE, {
    tlsPrivateKeys: [identity.privateKey],
    checkpointSeed: Buffer.from(checkpointSeed).toString('hex'),
  } satisfies z.infer<typeof Secrets>);
  const complete: NodeConfig = { format: 'counterseal-node', version: 1, ...config };
  await writeJson(paths.config, complete);
}

export interface NodeHome {
  readonly config: NodeConfig;
  readonly genesis: string;
  readonly identity: Identity;
  readonly tls: TlsKeys;
  readonly checkpointSeed: Uint8Array;
}

export async function openNodeHome(home: string, access: VaultAccess): Promise<NodeHome> {
  const paths = nodePaths(home);
  const { config, secrets, identity, tls } = await openServiceHome(paths, access, {
    config: NodeConfig,
    secrets: Secrets,
    purpose: SECRETS_PURPOSE,
    hint: HINT,
  });
  return {
    config,
    genesis: await readText(paths.genesis, HINT),
    identity,
    tls,
    checkpointSeed: Buffer.from(secrets.checkpointSeed, 'hex'),
  };
}

/** A node's configuration: what can be read without the passphrase. */
export async function readNodeConfig(home: string): Promise<NodeConfig> {
  const { config } = nodePaths(home);
  return parseFile(NodeConfig, await readText(config, HINT), config);
}
