import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';
import { ensure } from '../errors.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const PARTY_KINDS = ['member', 'evaluator', 'node'] as const;

/** Who a certificate speaks for: the URI `counterseal://<network>/<kind>/<id>` in its subject alternative names. */
export interface Party {
  readonly kind: (typeof PARTY_KINDS)[number];
  readonly id: string;
}

/** A certificate and its private key, PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

const generateKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

const validity = (days: number) => ({
  // A clock that is a little behind must not refuse a fresh certificate.
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + days * DAY_MS),
});

/** A self-signed certificate authority for one network. */
export async function createAuthority(networkId: string, days = 3650): Promise<Identity> {
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
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys) };
}

/** A certificate for a party, valid as server under `hosts` and as client. The private key is made here. */
export async function issueIdentity(
  authority: Identity,
  networkId: string,
  party: Party,
  options: { hosts?: readonly string[]; days?: number } = {},
): Promise<Identity> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.privateKey),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString('hex'),
    subject: [{ CN: [`${party.kind} ${party.id}`.slice(0, 64)] }],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    ...validity(options.days ?? 825),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.clientAuth,
        x509.ExtendedKeyUsage.serverAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `counterseal://${networkId}/${party.kind}/${party.id}` },
        ...(options.hosts ?? []).map((value) => ({ type: 'dns' as const, value })),
      ]),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys) };
}

/**
 * The party that a certificate (DER, its chain already verified by TLS) names in `networkId`.
 * Throws `permission_denied` where it names none, or several.
 */
export function partyOf(der: Uint8Array, networkId: string): Party {
  const names = new x509.X509Certificate(new Uint8Array(der)).getExtension(
    x509.SubjectAlternativeNameExtension,
  );
  const prefix = `counterseal://${networkId}/`;
  const uris = (names?.names.items ?? [])
    .filter((name) => name.type === 'url' && name.value.startsWith(prefix))
    .map((name) => name.value.slice(prefix.length).split('/'));
  const [kind, id, ...rest] = uris.length === 1 ? uris[0]! : [];
  const known = PARTY_KINDS.find((k) => k === kind);
  ensure(
    known && id && rest.length === 0,
    'permission_denied',
    'the certificate names no party of this network',
  );
  return { kind: known, id };
}
