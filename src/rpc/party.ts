import { X509Certificate } from 'node:crypto';
import { ensure } from '../errors.js';

const PARTY_KINDS = ['member', 'evaluator', 'node'] as const;

/** Who a certificate speaks for: the URI `counterseal://<network>/<kind>/<id>` in its subject alternative names. */
export interface Party {
  readonly kind: (typeof PARTY_KINDS)[number];
  readonly id: string;
}

export const partyUri = (networkId: string, { kind, id }: Party): string =>
  `counterseal://${networkId}/${kind}/${id}`;

/**
 * The party that a certificate (DER, its chain already verified by TLS) names in `networkId`.
 * Throws `permission_denied` where it names none, or several.
 */
export const partyOf = (der: Uint8Array, networkId: string): Party =>
  partyIn(urisOf(new X509Certificate(der)), networkId);

/** As {@link partyOf}, of the URIs among subject alternative names. */
export function partyIn(uris: readonly string[], networkId: string): Party {
  const prefix = `counterseal://${networkId}/`;
  const named = uris
    .filter((uri) => uri.startsWith(prefix))
    .map((uri) => uri.slice(prefix.length).split('/'));
  const [kind, id, ...rest] = named.length === 1 ? named[0]! : [];
  const known = PARTY_KINDS.find((k) => k === kind);
  ensure(
    known && id && rest.length === 0,
    'permission_denied',
    'the certificate names no party of this network',
  );
  return { kind: known, id };
}

/** `URI:value`; what holds more than plain characters, a comma for example, Node writes as a JSON string. */
const NAME = /([\w ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/** The URIs among a certificate's subject alternative names; none where they cannot be told apart for certain. */
function urisOf({ subjectAltName: names = '' }: X509Certificate): string[] {
  const uris: string[] = [];
  for (let at = 0; at < names.length; at = NAME.lastIndex) {
    NAME.lastIndex = at;
    const [, type, value] = NAME.exec(names) ?? [];
    if (value === undefined) return [];
    if (type === 'URI') uris.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return uris;
}
