import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  parseFile,
  readSecretJson,
  readText,
  writeJson,
  writeSecretJson,
  type VaultAccess,
} from '../../crypto/index.js';

/** A witness's folder: `witness.json` (this file's schema), `secrets.json` (its key, sealed) and `checkpoints.db`. */
const WitnessConfig = z.strictObject({
  format: z.literal('counterseal-witness'),
  version: z.literal(1),
  /** Of the key: a name of the operator's own, such as `witness.example/w1`. */
  name: z.string().regex(/^[^\s+]{1,255}$/u),
  /** `host:port`. */
  listen: z.string().regex(/^[^\s:]+:\d{1,5}$/),
  /** Logs by their origin, which is the network's id, with the Ed25519 keys of their operators. */
  logs: z
    .array(z.strictObject({ origin: z.string().min(1), keys: z.array(z.hex().length(64)).min(1) }))
    .min(1),
  /** `[host:]port` of /metrics, on localhost unless a host is named; absent: none. */
  metrics: z.string().optional(),
});
export type WitnessConfig = z.infer<typeof WitnessConfig>;

const Secrets = z.strictObject({ seed: z.hex().length(64) });
const SECRETS_PURPOSE = 'witness key';
const HINT = "is this a witness's folder? (--home)";

export const witnessPaths = (home: string) => ({
  config: join(home, 'witness.json'),
  secrets: join(home, 'secrets.json'),
  database: join(home, 'checkpoints.db'),
});

/** Writes the folder of a new witness. */
export async function createWitnessHome(
  home: string,
  access: VaultAccess,
  config: Omit<WitnessConfig, 'format' | 'version'>,
  seed: Uint8Array,
): Promise<void> {
  const complete = WitnessConfig.parse({ format: 'counterseal-witness', version: 1, ...config });
  await mkdir(home, { recursive: true, mode: 0o700 });
  const paths = witnessPaths(home);
  const secrets: z.infer<typeof Secrets> = { seed: Buffer.from(seed).toString('hex') };
  await writeSecretJson(paths.secrets, access, SECRETS_PURPOSE, secrets);
  await writeJson(paths.config, complete);
}

export async function openWitnessHome(
  home: string,
  access: VaultAccess,
): Promise<{ readonly config: WitnessConfig; readonly seed: Uint8Array }> {
  const paths = witnessPaths(home);
  const config = parseFile(WitnessConfig, await readText(paths.config, HINT), paths.config);
  const { seed } = await readSecretJson(Secrets, paths.secrets, access, SECRETS_PURPOSE);
  return { config, seed: Buffer.from(seed, 'hex') };
}

/** A witness's configuration: what can be read without the passphrase. */
export async function readWitnessConfig(home: string): Promise<WitnessConfig> {
  const { config } = witnessPaths(home);
  return parseFile(WitnessConfig, await readText(config, HINT), config);
}
