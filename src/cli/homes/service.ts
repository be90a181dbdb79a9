import { z } from 'zod';
import {
  parseFile,
  readSecretJson,
  readText,
  writeSecretJson,
  type VaultAccess,
} from '../../crypto/index.js';
import { identityOf } from '../../rpc/certificate-requests.js';
import type { Identity } from '../../rpc/certificates.js';

/** Where a service that others connect to keeps what it needs to open. */
export interface ServiceFiles {
  readonly config: string;
  readonly certificate: string;
  readonly secrets: string;
}

/** PKCS#8, PEM: the certificate's, and one for which a certificate was requested. */
export const TlsPrivateKeys = z.array(z.string()).min(1).max(2);

interface ServiceSecrets {
  readonly tlsPrivateKeys: string[];
}

/** The TLS keys of a service, and what replaces them on disk. */
export interface TlsKeys {
  readonly keys: readonly string[];
  keep(keys: string[]): Promise<void>;
}

/** Reads a service's configuration, its secrets and its certificate; `hint` says whose folder it should be. */
export async function openServiceHome<Config, Secrets extends ServiceSecrets>(
  files: ServiceFiles,
  access: VaultAccess,
  expected: { config: z.ZodType<Config>; secrets: z.ZodType<Secrets>; purpose: string; hint: string },
): Promise<{ config: Config; secrets: Secrets; identity: Identity; tls: TlsKeys }> {
  const config = parseFile(expected.config, await readText(files.config, expected.hint), files.config);
  const secrets = await readSecretJson(expected.secrets, files.secrets, access, expected.purpose);
  const certificate = await readText(files.certificate, expected.hint);
  const { tlsPrivateKeys } = secrets;
  return {
    config,
    secrets,
    identity: identityOf(certificate, tlsPrivateKeys, files.certificate),
    tls: {
      keys: tlsPrivateKeys,
      keep: (keys) =>
        writeSecretJson(files.secrets, access, expected.purpose, { ...secrets, tlsPrivateKeys: keys }),
    },
  };
}
