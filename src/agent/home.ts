import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  initPoseidon,
  parseFile,
  readSecretJson,
  readText,
  writeFileDurable,
  writeJson,
  writeSecretJson,
  type VaultAccess,
} from '../crypto/index.js';
import { identityOf } from '../rpc/certificate-requests.js';
import type { Identity } from '../rpc/certificates.js';
import { MemberKeys } from './keys.js';
import { PrivacyConfig } from './privacy.js';

/**
 * A member's folder: `member.json` (this file's schema), `genesis.json`, `certificate.pem`, `vault.json` (the seed and
 * the TLS key, sealed under a passphrase), `agent.db` (own records, sealed, and the copy of the ledger) and
 * `audit.jsonl` (what was done from it).
 */
export const MemberConfig = z.strictObject({
  format: z.literal('counterseal-member'),
  version: z.literal(1),
  /** For people; nobody else sees it. */
  name: z.string().min(1).max(64),
  networkId: z.string().min(1),
  /** Nodes of the ledger, tried in this order. */
  nodes: z.array(z.string().min(1)).min(1),
  /** Where each evaluator listens; ids are those of the genesis. */
  evaluators: z.array(z.strictObject({ id: z.int().min(1), address: z.string().min(1) })).min(2),
  /** Left out, nothing is done: see {@link PrivacyConfig}. */
  privacy: PrivacyConfig.optional(),
});
export type MemberConfig = z.infer<typeof MemberConfig>;

export const Vault = z.strictObject({
  seed: z.hex().length(64),
  /** PKCS#8, PEM: the certificate's, and one for which a certificate was requested. */
  tlsPrivateKeys: z.array(z.string()).min(1).max(2),
});
export type Vault = z.infer<typeof Vault>;
const VAULT_PURPOSE = 'member vault';

export const homePaths = (home: string) => ({
  config: join(home, 'member.json'),
  genesis: join(home, 'genesis.json'),
  certificate: join(home, 'certificate.pem'),
  vault: join(home, 'vault.json'),
  database: join(home, 'agent.db'),
  auditLog: join(home, 'audit.jsonl'),
});

/** What a member's vault opens to. */
export interface OpenHome {
  readonly config: MemberConfig;
  readonly keys: MemberKeys;
  readonly identity: Identity;
  /** The genesis file's content. */
  readonly genesis: string;
}

export const HOME_HINT = "is this a member's folder? (--home)";

/** Writes a member's vault. */
export const writeVault = (home: string, access: VaultAccess, vault: Vault): Promise<void> =>
  writeSecretJson(homePaths(home).vault, access, VAULT_PURPOSE, vault);

/** Makes a member's keys and vault; answers its member id. */
export async function createHome(
  home: string,
  access: VaultAccess,
  config: Omit<MemberConfig, 'format' | 'version'>,
  identity: (memberId: bigint) => Promise<Identity>,
): Promise<bigint> {
  await initPoseidon();
  await mkdir(home, { recursive: true, mode: 0o700 });
  const paths = homePaths(home);
  const seed = randomBytes(32);
  const { memberId } = new MemberKeys(seed, config.networkId);
  const { certificate, privateKey } = await identity(memberId);
  await writeVault(home, access, { seed: seed.toString('hex'), tlsPrivateKeys: [privateKey] });
  await writeFileDurable(paths.certificate, certificate);
  const complete: MemberConfig = { format: 'counterseal-member', version: 1, ...config };
  await writeJson(paths.config, complete);
  return memberId;
}

/** What is in a member's folder before there is a certificate. */
export interface OpenVault {
  readonly config: MemberConfig;
  readonly genesis: string;
  readonly vault: Vault;
  readonly keys: MemberKeys;
}

/** Reads a member's vault. Throws `not_found`, `data_corrupted`, or `decryption_failed` for a wrong passphrase. */
export async function openVault(home: string, access: VaultAccess): Promise<OpenVault> {
  const paths = homePaths(home);
  const [content, genesis] = await Promise.all([
    readText(paths.config, HOME_HINT),
    readText(paths.genesis, HOME_HINT),
  ]);
  const config = parseFile(MemberConfig, content, paths.config);
  const [vault] = await Promise.all([
    readSecretJson(Vault, paths.vault, access, VAULT_PURPOSE),
    initPoseidon(),
  ]);
  return { config, genesis, vault, keys: new MemberKeys(Buffer.from(vault.seed, 'hex'), config.networkId) };
}

/** Reads a member's folder. Throws as {@link openVault} does. */
export async function openHome(home: string, access: VaultAccess): Promise<OpenHome> {
  const { config, genesis, vault, keys } = await openVault(home, access);
  const path = homePaths(home).certificate;
  const certificate = await readText(path, 'has this member joined? (member request, then member join)');
  return { config, genesis, keys, identity: identityOf(certificate, vault.tlsPrivateKeys, path) };
}
