import { sign, verify } from 'node:crypto';
import { z } from 'zod';
import {
  ed25519Sign,
  ed25519Verify,
  fieldFromDecimal,
  fieldToBytes,
  type FieldElement,
} from '../crypto/index.js';
import { commitment, decodeDocument, slotsInTurns, type CanonicalDocument } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  type EntryState,
  type Network,
  type RegisterClaims,
  type Replica,
  type VerdictLabel,
} from '../ledger/index.js';
import type { Identity } from '../rpc/certificates.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { makeCard, verifyCard, type MemberCard } from './card.js';
import { ownEntryOrThrow } from './entries.js';
import { ownClaims, saltOf } from './entry-opening.js';
import { entryOnLedger, type EntryOnLedger } from './entry-on-ledger.js';
import type { Evaluations } from './evaluations.js';
import { framed } from './framed.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { openFile, recipientOf, sealFile, type Recipient, type SealedFileKind } from './sealed-file.js';
import { openPayload } from './sealing.js';
import type { AgentStore } from './store.js';

/**
 * Sharing an entry with another member (protocol section 7): the salt, sealed for the recipient's HPKE key, with the
 * transaction that the recipient finds by its hash in its own copy of the log. Who sees the file learns the network and
 * the recipient, not the entry. The recipient learns that the holder of the entry's control key shares it with this
 * member; who that is, only where the author adds its card. Base mode, therefore, with a signature of the control key:
 * HPKE's auth mode would need the author's own key outside, or tell it in every case.
 */
export const SHARE_MAX_BYTES = 64 * 1024;

const Contents = z.strictObject({
  entry: z.int().min(0),
  /** Decimal. */
  salt: z.string().max(77),
  /** The `register` transaction, canonical. */
  transaction: z.base64().max(12_000),
  /** By the entry's control key. */
  signature: z.base64().length(88),
  /** The author's card, and its TLS key's signature over the same. */
  author: z.strictObject({ card: z.string(), signature: z.base64().length(88) }).optional(),
});
type Contents = z.infer<typeof Contents>;

const SHARE: SealedFileKind<Contents> = {
  name: 'shared entry',
  format: 'counterseal-share',
  domain: 'counterseal/share/v1',
  maxBytes: SHARE_MAX_BYTES,
  contents: Contents,
};

/** What the control key signs, and the author's TLS key: this entry, opened to this recipient, on this network. */
const consent = (
  by: 'control key' | 'member',
  { networkId, memberId, hpkeKey }: Recipient,
  entry: number,
  { commitment: committed, nullifier }: RegisterClaims,
): Uint8Array =>
  framed(
    `counterseal/share/v1/${by}`,
    networkId,
    String(entry),
    fieldToBytes(committed),
    fieldToBytes(nullifier),
    memberId,
    hpkeKey,
  );

interface Parts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

export interface ShareParts extends Parts {
  readonly identity: Identity;
  readonly evaluations: Pick<Evaluations, 'of'>;
}

export interface MadeShare {
  /** The content of the file for the recipient. */
  readonly text: string;
  readonly recipient: FieldElement;
}

/**
 * Shares an own entry with whose card this is. Throws `not_found`; `invalid_argument` and `permission_denied` for the
 * card, and for who is no member now; `failed_precondition` where the document is lost. One evaluation where the salt is convergent.
 */
export async function shareEntry(
  parts: ShareParts,
  sequence: number,
  cardText: string,
  { named = false }: { readonly named?: boolean } = {},
): Promise<MadeShare> {
  const { network, keys, store, copy, identity } = parts;
  const card = verifyCard(cardText, network.genesis);
  await copy.sync();
  const entry = await store.use((session) => {
    ensureMember(copy.replica(session), card);
    return ownEntryOrThrow(session, sequence);
  });
  const claims = ownClaims(entry);
  const salt = await saltOf(parts, entry, claims);
  const to = recipientOf(network.id, card);
  const { controlSeed } = keys.entry(claims.nullifier);
  const contents: Contents = {
    entry: sequence,
    salt: salt.toString(),
    transaction: entry.transaction,
    signature: Buffer.from(ed25519Sign(controlSeed, consent('control key', to, sequence, claims))).toString(
      'base64',
    ),
    ...(named
      ? {
          author: {
            card: makeCard(network.id, keys, identity),
            signature: sign('sha256', consent('member', to, sequence, claims), {
              key: identity.privateKey,
              dsaEncoding: 'ieee-p1363',
            }).toString('base64'),
          },
        }
      : {}),
  };
  const text = await sealFile(SHARE, to, new TextEncoder().encode(JSON.stringify(contents)));
  return { text, recipient: card.memberId };
}

/** Throws `permission_denied` for the card of who is no member now. */
export function ensureMember({ members }: Replica, { memberId }: MemberCard): void {
  for (let i = 0; i < members.size; i++) if (members.slot(i)?.memberId === memberId) return;
  throw new CountersealError(
    'permission_denied',
    'the card is of somebody who is not, or no longer, a member of the network',
    { field: 'memberId' },
  );
}

export interface OpenParts extends Parts {
  readonly ledger: Pick<LedgerClient, 'payload'>;
}

/** An entry of somebody else, opened with what its author shared. */
export interface OpenedShare {
  readonly entry: number;
  readonly purpose: string;
  readonly state: EntryState;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** What the ledger told its author. */
  readonly verdict: VerdictLabel;
  readonly document: CanonicalDocument;
  /** The author's member id, if it wanted to be named; proved by its certificate. */
  readonly author: FieldElement | null;
}

/**
 * Opens what was shared with this member: finds the transaction in the own copy of the log, fetches the payload by the
 * hash that it names, decrypts it and recomputes the commitment. Throws `invalid_argument` for what is no share;
 * `permission_denied` where it is of another network, for another member, or not signed by the entry's holder;
 * `decryption_failed` where it was changed, or its salt is another entry's; `invalid_proof` where the ledger has another
 * entry under that number, or the author sealed another document than it committed to; `not_found` where the payload
 * was erased.
 */
export async function openShare(parts: OpenParts, text: string): Promise<OpenedShare> {
  const { entry, author, document, onLedger } = await readShare(parts, text);
  const { claims, state, registeredAt, verdict } = onLedger;
  return { entry, purpose: claims.purpose, state, registeredAt, verdict, document, author };
}

/** A shared entry with what opens its commitment. `salt` is secret. */
export interface ReadShare extends Pick<OpenedShare, 'entry' | 'document' | 'author'> {
  readonly onLedger: EntryOnLedger;
  readonly salt: FieldElement;
  readonly transaction: Uint8Array;
}

/** As {@link openShare}, for whoever is to prove something about the entry. */
export async function readShare(
  { network, keys, store, copy, ledger }: OpenParts,
  text: string,
): Promise<ReadShare> {
  const contents = await openFile(SHARE, network.id, keys, text);
  const me = recipientOf(network.id, { memberId: keys.memberId, hpkeKey: keys.hpke.publicKey });
  const bytes = Buffer.from(contents.transaction, 'base64');

  await copy.sync();
  const onLedger = await store.use((session) => entryOnLedger(session, copy, contents.entry, bytes));
  const { claims } = onLedger;
  ensure(
    ed25519Verify(
      claims.controlKey,
      consent('control key', me, contents.entry, claims),
      Buffer.from(contents.signature, 'base64'),
    ),
    'permission_denied',
    'this was not shared by the holder of the entry',
    'signature',
  );
  const author = authorOf(network, contents, consent('member', me, contents.entry, claims));

  const payload = await ledger.payload(claims.payloadHash);
  const salt = fieldFromDecimal(contents.salt);
  const document = await documentIn(payload, salt, claims, network.id);
  return { entry: contents.entry, author, document, onLedger, salt, transaction: bytes };
}

function authorOf(network: Network, { author }: Contents, message: Uint8Array): FieldElement | null {
  if (!author) return null;
  const { memberId, tlsKey } = verifyCard(author.card, network.genesis);
  ensure(
    verify(
      'sha256',
      message,
      { key: tlsKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(author.signature, 'base64'),
    ),
    'permission_denied',
    'the member on the card did not share this',
    'author',
  );
  return memberId;
}

/**
 * The document in a payload, as the entry's commitment says it. The proof shows that the tags belong to what was
 * committed to, and nothing of what was sealed: an author can seal another document, and is found out here.
 */
export async function documentIn(
  payload: Uint8Array,
  salt: FieldElement,
  claims: RegisterClaims,
  networkId: string,
): Promise<CanonicalDocument> {
  const { nullifier, commitment: committed, controlKey } = claims;
  let encoded: Uint8Array;
  try {
    encoded = openPayload(payload, salt, { networkId, nullifier, commitment: committed, controlKey });
  } catch (cause) {
    throw new CountersealError('decryption_failed', 'the salt that was shared does not open this entry', {
      field: 'salt',
      cause,
    });
  }
  const lie =
    'the author sealed something else than the document that the entry commits to: do not rely on it';
  let document: CanonicalDocument;
  try {
    document = decodeDocument(encoded);
  } catch (cause) {
    throw new CountersealError('invalid_proof', lie, { cause });
  }
  ensure(
    document.kind === claims.documentKind &&
      commitment(document.kind, document.present, await slotsInTurns(document), salt) === committed,
    'invalid_proof',
    lie,
  );
  return document;
}
