import { sign, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { fieldFromDecimal, type FieldElement } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import type { Identity } from '../rpc/certificates.js';
import { partyOf } from '../rpc/party.js';
import { framed } from './framed.js';
import type { MemberKeys } from './keys.js';

/** Longer than any card: certificates of P-256 have less than 2 KiB. */
export const CARD_MAX_BYTES = 16 * 1024;

const Card = z.strictObject({
  format: z.literal('counterseal-card'),
  version: z.literal(1),
  networkId: z.string().min(1).max(50),
  /** Decimal. */
  memberId: z.string().max(77),
  /** X25519, for HPKE. */
  hpkeKey: z.hex().length(64),
  /** PEM, of the network's authority. */
  certificate: z.string().max(8192),
  /** By the certificate's key (ECDSA P-256 with SHA-256, IEEE P1363) over all of the rest. */
  signature: z.base64().length(88),
});
type Card = z.infer<typeof Card>;

/** A member as its card shows it: whom an entry is shared with. */
export interface MemberCard {
  readonly memberId: FieldElement;
  /** X25519, 32 bytes. */
  readonly hpkeKey: Uint8Array;
  /** Of its certificate. */
  readonly tlsKey: KeyObject;
}

/** What a card is verified against: of the genesis. */
export interface CardTrust {
  readonly networkId: string;
  readonly ca: string;
}

const messageOf = ({ networkId, memberId, hpkeKey, certificate }: Omit<Card, 'signature'>): Uint8Array =>
  framed('counterseal/member-card/v1', networkId, memberId, Buffer.from(hpkeKey, 'hex'), certificate);

/** A member's own card: text that can be mailed and holds no secret. */
export function makeCard(networkId: string, keys: MemberKeys, identity: Identity): string {
  const card = {
    format: 'counterseal-card',
    version: 1,
    networkId,
    memberId: keys.memberId.toString(),
    hpkeKey: Buffer.from(keys.hpke.publicKey).toString('hex'),
    certificate: identity.certificate,
  } as const;
  const signature = sign('sha256', messageOf(card), {
    key: identity.privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64');
  return `${JSON.stringify({ ...card, signature }, null, 2)}\n`;
}

/**
 * Reads a card and verifies it: its certificate is of the network's authority, valid at `now` and names this member,
 * whose TLS key signed the card. Throws `invalid_argument` for what is no card, `permission_denied` for one that is of
 * another network, forged, changed or expired.
 */
export function verifyCard(text: string, trust: CardTrust, now: number = Date.now()): MemberCard {
  ensure(text.length <= CARD_MAX_BYTES, 'invalid_argument', 'this is too large to be the card of a member');
  let card: Card;
  try {
    card = Card.parse(JSON.parse(text));
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'this is not the card of a member', { cause });
  }
  ensure(
    card.networkId === trust.networkId,
    'permission_denied',
    `the card is of the network ${card.networkId}, not of ${trust.networkId}`,
    'networkId',
  );
  const certificate = certified(card.certificate, trust.ca, now);
  const party = partyOf(certificate.raw, trust.networkId);
  ensure(
    party.kind === 'member' && party.id === card.memberId,
    'permission_denied',
    'the certificate on the card is of somebody else',
    'certificate',
  );
  ensure(
    verify(
      'sha256',
      messageOf(card),
      { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(card.signature, 'base64'),
    ),
    'permission_denied',
    'the card was changed: its signature does not hold',
    'signature',
  );
  return {
    memberId: fieldFromDecimal(card.memberId),
    hpkeKey: new Uint8Array(Buffer.from(card.hpkeKey, 'hex')),
    tlsKey: certificate.publicKey,
  };
}

function certified(pem: string, ca: string, now: number): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'the certificate on the card cannot be read', {
      field: 'certificate',
      cause,
    });
  }
  const authority = new X509Certificate(ca);
  ensure(
    certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    'permission_denied',
    "the certificate on the card is not of the network's authority",
    'certificate',
  );
  ensure(
    now >= Date.parse(certificate.validFrom) && now <= Date.parse(certificate.validTo),
    'permission_denied',
    `the certificate on the card is valid from ${certificate.validFrom} to ${certificate.validTo}: ask for a new card`,
    'certificate',
  );
  return certificate;
}
