import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { CountersealError, ensure } from '../errors.js';
import { DAY_MS } from '../time.js';
import { ALGORITHM, issueCertificate, type Identity } from './certificates.js';
import { partyIn, partyOf, partyUri, type Party } from './party.js';
import { loadX509 } from './x509.js';

/** OID of the extension (RFC 5280, section 4.2.1.6). */
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
/** From when on before its end a certificate is warned about. */
const EXPIRY_WARNING_DAYS = 30;
/** A certificate that ended so long ago, or less, can still be renewed by its key. */
const RENEWAL_GRACE_DAYS = 90;

/** A request (PKCS#10, PEM) for a certificate that names a party, signed by the key that it is for. */
export async function createRequest(networkId: string, party: Party, privateKey: string): Promise<string> {
  const x509 = await loadX509();
  const pkcs8 = x509.PemConverter.decodeFirst(privateKey);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const publicKey = await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [`${party.kind} ${party.id}`.slice(0, 64)] }],
    keys: { privateKey: signingKey, publicKey },
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: partyUri(networkId, party) }]),
    ],
  });
  return request.toString('pem');
}

/**
 * Reads a request: its signature is that of the key in it, a P-256 one, and it names one party of the network.
 * Throws `invalid_argument`, and `permission_denied` where it names none, or several.
 */
export async function readRequest(
  pem: string,
  networkId: string,
): Promise<{ party: Party; der: Uint8Array }> {
  const { SubjectAlternativeNameExtension } = await loadX509();
  const request = await parsed(pem);
  const found = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
  const names = found ? new SubjectAlternativeNameExtension(found.rawData).names.items : [];
  const uris = names.filter(({ type }) => type === 'url').map(({ value }) => value);
  return { party: partyIn(uris, networkId), der: new Uint8Array(request.rawData) };
}

async function parsed(pem: string): Promise<Pkcs10CertificateRequest> {
  const x509 = await loadX509();
  let request: Pkcs10CertificateRequest;
  let signed: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
    ensure(
      name === ALGORITHM.name && namedCurve === ALGORITHM.namedCurve,
      'invalid_argument',
      'the request is for a key that is not on P-256',
    );
    signed = await request.verify();
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    throw new CountersealError('invalid_argument', 'this is not a certificate request (PKCS#10)', { cause });
  }
  ensure(signed, 'invalid_argument', 'the request is not signed by the key that it is for');
  return request;
}

/** The certificate for a request's key and party; `hosts` are the names under which a server is dialled. */
export async function certifyRequest(
  authority: Identity,
  networkId: string,
  pem: string,
  options: { hosts?: readonly string[]; days?: number } = {},
): Promise<string> {
  const { party } = await readRequest(pem, networkId);
  const { publicKey } = await parsed(pem);
  return issueCertificate(authority, networkId, party, publicKey, options);
}

/** What the old key signs to have a new one certified. */
const renewalMessage = (networkId: string, der: Uint8Array): Uint8Array =>
  createHash('sha256').update(`counterseal/renewal/v1\n${networkId}\n`).update(der).digest();

/** The signature by which the holder of a certificate asks for one for another key; base64. */
export async function signRenewal(networkId: string, pem: string, old: Identity): Promise<string> {
  const { der } = await readRequest(pem, networkId);
  return sign('sha256', renewalMessage(networkId, der), createPrivateKey(old.privateKey)).toString('base64');
}

/**
 * That the holder of a certificate of this network's authority, for the same party, asks for the new one. Answers the
 * host names of the old one. Throws `permission_denied`.
 */
export async function checkRenewal(
  ca: string,
  networkId: string,
  pem: string,
  renewal: { readonly certificate: string; readonly signature: string },
): Promise<string[]> {
  const { party, der } = await readRequest(pem, networkId);
  const old = readCertificate(renewal.certificate);
  const named = certificateParty(renewal.certificate, networkId);
  ensure(
    isIssuedBy(old, ca) && named.kind === party.kind && named.id === party.id,
    'permission_denied',
    `the old certificate is not one of ${party.kind} ${party.id} of this network`,
  );
  ensure(
    Date.now() < Date.parse(old.validTo) + RENEWAL_GRACE_DAYS * DAY_MS,
    'permission_denied',
    `the old certificate ended more than ${RENEWAL_GRACE_DAYS} days ago: it renews nothing any more`,
  );
  ensure(
    verify('sha256', renewalMessage(networkId, der), old.publicKey, Buffer.from(renewal.signature, 'base64')),
    'permission_denied',
    'the key of the old certificate did not sign this request',
  );
  return [...(old.subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, host]) => host!);
}

/**
 * That a certificate is the authority's, is valid now, and is for a party and one of its keys.
 * Throws `permission_denied` with what is wrong.
 */
export function checkCertificate(
  certificate: string,
  expected: { ca: string; networkId: string; party: Party; keys: readonly string[] },
): void {
  const { ca, networkId, party, keys } = expected;
  const parsedCertificate = readCertificate(certificate);
  ensure(
    isIssuedBy(parsedCertificate, ca),
    'permission_denied',
    "the certificate is not of this network's authority",
  );
  const named = certificateParty(certificate, networkId);
  ensure(
    named.kind === party.kind && named.id === party.id,
    'permission_denied',
    `the certificate is for ${named.kind} ${named.id}, not for ${party.kind} ${party.id}`,
  );
  ensure(
    keyOf(certificate, keys) !== undefined,
    'permission_denied',
    'the certificate is for a key that was not made in this folder',
  );
  const now = Date.now();
  ensure(
    Date.parse(parsedCertificate.validFrom) <= now && now < Date.parse(parsedCertificate.validTo),
    'permission_denied',
    `the certificate is valid from ${parsedCertificate.validFrom} to ${parsedCertificate.validTo}, and not now`,
  );
}

/** Which of the keys a certificate is for. */
function keyOf(certificate: string, keys: readonly string[]): string | undefined {
  const parsedCertificate = readCertificate(certificate);
  return keys.find((key) => parsedCertificate.checkPrivateKey(createPrivateKey(key)));
}

/** A certificate with the one of the keys that it is for. Throws `data_corrupted` where it is for none; `path` is its file. */
export function identityOf(certificate: string, keys: readonly string[], path: string): Identity {
  const privateKey = keyOf(certificate, keys);
  ensure(privateKey, 'data_corrupted', `${path} is not the certificate of a key in this folder`);
  return { certificate, privateKey };
}

/** Whole days until a certificate ends, where they are {@link EXPIRY_WARNING_DAYS} or fewer; negative ones are over. */
export function daysLeft(certificate: string, now = Date.now()): number | undefined {
  const days = Math.floor((Date.parse(readCertificate(certificate).validTo) - now) / DAY_MS);
  return days <= EXPIRY_WARNING_DAYS ? days : undefined;
}

/** The party that a certificate names. Throws `permission_denied` where it names none, or several. */
export const certificateParty = (certificate: string, networkId: string): Party =>
  partyOf(readCertificate(certificate).raw, networkId);

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'this is not a certificate (PEM)', { cause });
  }
}

function isIssuedBy(certificate: X509Certificate, ca: string): boolean {
  const authority = readCertificate(ca);
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
