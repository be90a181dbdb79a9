import type { PublicKeyType } from '@peculiar/x509';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { DAY_MS, HOUR_MS } from '../time.js';
import { partyUri, type Party } from './party.js';
import { loadX509 } from './x509.js';

export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate and its private key, PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

const generateKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const privateKeyPem = ({ privateKey }: webcrypto.CryptoKeyPair): string =>
  KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();

const validity = (days: number) => ({
  // A clock that is a little behind must not refuse a fresh certificate.
  notBefore: new Date(Date.now() - HOUR_MS),
  notAfter: new Date(Date.now() + days * DAY_MS),
});

/** A private key for TLS: PKCS#8, PEM. It stays with whoever made it. */
export const createTlsKey = async (): Promise<string> => privateKeyPem(await generateKeys());

/** A self-signed certificate authority for one network. */
export async function createAuthority(networkId: string, days = 3650): Promise<Identity> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: [{ CN: [`${networkId} authority`] }],
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(days),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: privateKeyPem(keys) };
}

/** What a certificate is valid for, unless somebody says otherwise. It is renewed before: see `member renew`. */
export const CERTIFICATE_DAYS = 398;

export interface CertificateOptions {
  /** Names under which a server is dialled. */
  readonly hosts?: readonly string[];
  /** Default {@link CERTIFICATE_DAYS}; never longer than the authority's own. */
  readonly days?: number;
}

/** A certificate for a party and a public key, valid as client and, under `hosts`, as server. */
export async function issueCertificate(
  authority: Identity,
  networkId: string,
  party: Party,
  publicKey: PublicKeyType,
  { hosts = [], days = CERTIFICATE_DAYS }: CertificateOptions = {},
): Promise<string> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.privateKey),
    ALGORITHM,
    false,
    ['sign'],
  );
  const { notBefore, notAfter } = validity(days);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString('hex'),
    subject: [{ CN: [`${party.kind} ${party.id}`.slice(0, 64)] }],
    issuer: issuer.subject,
    publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    notBefore,
    // One that outlives its authority would end without a warning.
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.clientAuth,
        x509.ExtendedKeyUsage.serverAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: partyUri(networkId, party) },
        ...hosts.map((value) => ({ type: 'dns' as const, value })),
      ]),
    ],
  });
  return certificate.toString('pem');
}

/** A certificate for a party, and its private key, which is made here: for parties on this machine alone. */
export async function issueIdentity(
  authority: Identity,
  networkId: string,
  party: Party,
  options: CertificateOptions = {},
): Promise<Identity> {
  const keys = await generateKeys();
  const certificate = await issueCertificate(authority, networkId, party, keys.publicKey, options);
  return { certificate, privateKey: privateKeyPem(keys) };
}
