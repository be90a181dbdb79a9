import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { initPoseidon, readText, writeFileDurable, writeJson, type VaultAccess } from '../crypto/index.js';
import { ensure } from '../errors.js';
import { parseGenesis } from '../ledger/index.js';
import { checkCertificate, createRequest, identityOf, signRenewal } from '../rpc/certificate-requests.js';
import { createTlsKey } from '../rpc/certificates.js';
import { homePaths, openVault, writeVault, type MemberConfig, type Vault } from './home.js';
import { MemberKeys } from './keys.js';

/** What a member hands out to be admitted, or to get its next certificate: nothing of it is secret. */
export interface Enrolment {
  /** In decimal. */
  readonly memberId: string;
  /** PKCS#10, PEM. */
  readonly request: string;
  /** Of a renewal: the certificate so far, and its key's signature over the request. */
  readonly renewal?: { readonly certificate: string; readonly signature: string };
}

/**
 * Makes the folder of somebody who wants to become a member: seed and TLS key are made here and do not leave it.
 * Throws `already_exists` where the folder is a member's.
 */
export async function requestMembership(
  home: string,
  access: VaultAccess,
  name: string,
  genesisText: string,
): Promise<Enrolment> {
  const paths = homePaths(home);
  ensure(
    !existsSync(paths.vault) && !existsSync(paths.config),
    'already_exists',
    `${home} is a member's folder already: its keys would be lost`,
  );
  const genesis = parseGenesis(genesisText);
  const { networkId } = genesis;
  await initPoseidon();
  await mkdir(home, { recursive: true, mode: 0o700 });
  const seed = randomBytes(32);
  const key = await createTlsKey();
  const config: MemberConfig = {
    format: 'counterseal-member',
    version: 1,
    name,
    networkId,
    nodes: genesis.operators.map(({ address }) => address),
    evaluators: genesis.oprf.evaluators.map(({ id, address }) => ({ id, address })),
  };
  const vault: Vault = { seed: seed.toString('hex'), tlsPrivateKeys: [key] };
  await writeVault(home, access, vault);
  await writeFileDurable(paths.genesis, genesisText);
  await writeJson(paths.config, config);
  const memberId = new MemberKeys(seed, networkId).memberId.toString();
  return { memberId, request: await createRequest(networkId, { kind: 'member', id: memberId }, key) };
}

/** A request for a member's next certificate, for a new key, signed by the old one. The old one stays in use till then. */
export async function requestRenewal(home: string, access: VaultAccess): Promise<Enrolment> {
  const path = homePaths(home).certificate;
  const { config, vault, keys } = await openVault(home, access);
  const certificate = await readText(path, 'has this member joined? (member join)');
  const old = identityOf(certificate, vault.tlsPrivateKeys, path);
  const key = await createTlsKey();
  await writeVault(home, access, { ...vault, tlsPrivateKeys: [old.privateKey, key] });
  const memberId = keys.memberId.toString();
  const request = await createRequest(config.networkId, { kind: 'member', id: memberId }, key);
  const signature = await signRenewal(config.networkId, request, old);
  return { memberId, request, renewal: { certificate, signature } };
}

/**
 * Takes a certificate into use: one of the network that was asked for, for this member and a key of its vault.
 * Throws `permission_denied` for any other.
 */
export async function acceptCertificate(
  home: string,
  access: VaultAccess,
  certificate: string,
): Promise<void> {
  const { config, genesis, vault, keys } = await openVault(home, access);
  checkCertificate(certificate, {
    ca: parseGenesis(genesis).ca,
    networkId: config.networkId,
    party: { kind: 'member', id: keys.memberId.toString() },
    keys: vault.tlsPrivateKeys,
  });
  // One file changes: whichever of two certificates is there, its key is in the vault.
  await writeFileDurable(homePaths(home).certificate, certificate);
}
