import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  ed25519PublicKey,
  fieldFromDecimal,
  parseFile,
  pointFromAffine,
  readSecretJson,
  readText,
  scalar,
  writeFileDurable,
  writeJson,
  writeSecretJson,
  type Point,
  type VaultAccess,
} from '../../crypto/index.js';
import { ROLES, type Role } from '../../ledger/index.js';
import type { KeygenResult, KeyShare } from '../../oprf/index.js';
import type { Identity } from '../../rpc/certificates.js';
import { openServiceHome, TlsPrivateKeys, type TlsKeys } from './service.js';

/**
 * An evaluator's folder: `evaluator.json` (this file's schema), `authority.pem`, `certificate.pem`, `secrets.json`
 * (TLS and signing keys) and, after key generation, `share.json`, both sealed, and `public.json`; `genesis.json`,
 * `quotas.db` and `members.db` (a copy of the ledger, which says who is a member).
 */
const EvaluatorConfig = z.strictObject({
  format: z.literal('counterseal-evaluator'),
  version: z.literal(1),
  networkId: z.string().min(1),
  id: z.int().min(1).max(255),
  threshold: z.int().min(2).max(255),
  shareEpoch: z.int().min(0),
  /** `host:port`. */
  listen: z.string(),
  /** The other evaluators. */
  peers: z.array(z.strictObject({ id: z.int().min(1).max(255), address: z.string() })).min(1),
  /** Evaluations that a member may ask for in a UTC day for each of its roles: default {@link DAILY_QUOTA}. */
  dailyQuota: z.int().min(1).optional(),
  /** The same for single roles. */
  dailyQuotas: z.partialRecord(z.enum(ROLES), z.int().min(0)).optional(),
  /** Nodes of the ledger, `host:port`, beside those of the genesis' operators: they say who is a member. */
  nodes: z.array(z.string().min(1)).max(32).optional(),
  /** `[host:]port` of /metrics, on localhost unless a host is named; absent: none. */
  metrics: z.string().optional(),
});
export type EvaluatorConfig = z.infer<typeof EvaluatorConfig>;

const DAILY_QUOTA = 2_000;

/** What a member with these roles may ask for in a UTC day. */
export const dailyQuotaOf = (
  { dailyQuota = DAILY_QUOTA, dailyQuotas = {} }: Pick<EvaluatorConfig, 'dailyQuota' | 'dailyQuotas'>,
  roles: readonly Role[],
): number => roles.reduce((sum, role) => sum + (dailyQuotas[role] ?? dailyQuota), 0);

const Secrets = z.strictObject({ tlsPrivateKeys: TlsPrivateKeys, signingSeed: z.hex().length(64) });
const SECRETS_PURPOSE = 'evaluator secrets';
const SHARE_PURPOSE = 'evaluator key share';

const Coordinates = z.tuple([z.string(), z.string()]);
const PublicKeys = z.strictObject({
  networkId: z.string(),
  shareEpoch: z.int().min(0),
  threshold: z.int(),
  id: z.int(),
  groupKey: Coordinates,
  publicShares: z.array(Coordinates),
  /** The Ed25519 key of this evaluator's answers. */
  signingKey: z.hex().length(64),
  /** Of the key generation; the same at every evaluator. */
  transcript: z.hex().length(64),
});
export type PublicKeys = z.infer<typeof PublicKeys>;
const Share = z.strictObject({ share: z.string(), public: PublicKeys });

const paths = (home: string) => ({
  config: join(home, 'evaluator.json'),
  authority: join(home, 'authority.pem'),
  certificate: join(home, 'certificate.pem'),
  secrets: join(home, 'secrets.json'),
  share: join(home, 'share.json'),
  public: join(home, 'public.json'),
  genesis: join(home, 'genesis.json'),
  quotas: join(home, 'quotas.db'),
  members: join(home, 'members.db'),
});
export const evaluatorPaths = paths;

export const toCoordinates = (point: Point): [string, string] => {
  const { x, y } = point.toAffine();
  return [x.toString(), y.toString()];
};
const fromCoordinates = ([x, y]: readonly [string, string]): Point =>
  pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y));

/** Writes the folder of a new evaluator. */
export async function createEvaluatorHome(
  home: string,
  access: VaultAccess,
  config: Omit<EvaluatorConfig, 'format' | 'version'>,
  authority: string,
  identity: Identity,
  signingSeed: Uint8Array,
): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const files = paths(home);
  await writeFileDurable(files.authority, authority);
  await writeFileDurable(files.certificate, identity.certificate);
  await writeSecretJson(files.secrets, access, SECRETS_PURPOSE, {
    tlsPrivateKeys: [identity.privateKey],
    signingSeed: Buffer.from(signingSeed).toString('hex'),
  } satisfies z.infer<typeof Secrets>);
  const complete: EvaluatorConfig = { format: 'counterseal-evaluator', version: 1, ...config };
  await writeJson(files.config, complete);
}

export interface EvaluatorHome {
  readonly config: EvaluatorConfig;
  readonly authority: string;
  readonly identity: Identity;
  readonly tls: TlsKeys;
  readonly signingSeed: Uint8Array;
}

const HINT = "is this an evaluator's folder? (--home)";

export async function openEvaluatorHome(home: string, access: VaultAccess): Promise<EvaluatorHome> {
  const files = paths(home);
  const { config, secrets, identity, tls } = await openServiceHome(files, access, {
    config: EvaluatorConfig,
    secrets: Secrets,
    purpose: SECRETS_PURPOSE,
    hint: HINT,
  });
  return {
    config,
    authority: await readText(files.authority, HINT),
    identity,
    tls,
    signingSeed: Buffer.from(secrets.signingSeed, 'hex'),
  };
}

/** Keeps what key generation gave: the share sealed, the public keys readable. */
export async function writeKeyShare(
  home: string,
  access: VaultAccess,
  result: KeygenResult,
  signingSeed: Uint8Array,
): Promise<PublicKeys> {
  const files = paths(home);
  const publicKeys: PublicKeys = {
    networkId: result.networkId,
    shareEpoch: result.shareEpoch,
    threshold: result.threshold,
    id: result.id,
    groupKey: toCoordinates(result.groupKey),
    publicShares: result.publicShares.map(toCoordinates),
    signingKey: Buffer.from(ed25519PublicKey(signingSeed)).toString('hex'),
    transcript: Buffer.from(result.transcript).toString('hex'),
  };
  await writeSecretJson(files.share, access, SHARE_PURPOSE, {
    share: result.share.toString(),
    public: publicKeys,
  } satisfies z.infer<typeof Share>);
  await writeJson(files.public, publicKeys);
  return publicKeys;
}

/** The public keys that key generation left. */
export async function readPublicKeys(home: string): Promise<PublicKeys> {
  const path = paths(home).public;
  return parseFile(PublicKeys, await readText(path, 'run `counterseal evaluator keygen` first'), path);
}

/** The share of the key; the public part comes from the sealed file, where nobody can exchange it. */
export async function readKeyShare(home: string, access: VaultAccess): Promise<KeyShare> {
  const file = await readSecretJson(Share, paths(home).share, access, SHARE_PURPOSE);
  return {
    networkId: file.public.networkId,
    shareEpoch: file.public.shareEpoch,
    threshold: file.public.threshold,
    id: file.public.id,
    share: scalar(BigInt(file.share)),
    publicShares: file.public.publicShares.map(fromCoordinates),
    groupKey: fromCoordinates(file.public.groupKey),
  };
}

/** An evaluator's configuration: what can be read without the passphrase. */
export async function readEvaluatorConfig(home: string): Promise<EvaluatorConfig> {
  const { config } = paths(home);
  return parseFile(EvaluatorConfig, await readText(config, HINT), config);
}
