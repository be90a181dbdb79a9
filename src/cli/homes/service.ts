import type { z } from 'zod';
import { parseFile, readSecretJson, readText } from '../../crypto/index.js';
import type { Identity } from '../../rpc/certificates.js';

/** Where a service that others connect to keeps what it needs to open. */
export interface ServiceFiles {
  readonly config: string;
  readonly certificate: string;
  readonly secrets: string;
}

/** Reads a service's configuration, its secrets and its certificate; `hint` says whose folder it should be. */
export async function openServiceHome<Config, Secrets extends { tlsPrivateKey: string }>(
  files: ServiceFiles,
  passphrase: string,
  expected: { config: z.ZodType<Config>; secrets: z.ZodType<Secrets>; purpose: string; hint: string },
): Promise<{ config: Config; secrets: Secrets; identity: Identity }> {
  const config = parseFile(expected.config, await readText(files.config, expected.hint), files.config);
  const secrets = await readSecretJson(expected.secrets, files.secrets, passphrase, expected.purpose);
  const certificate = await readText(files.certificate, expected.hint);
  return { config, secrets, identity: { certificate, privateKey: secrets.tlsPrivateKey } };
}
