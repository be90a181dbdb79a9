import { randomBytes } from 'node:crypto';
import { randomFieldElement, text, type FieldElement } from '../crypto/index.js';
import { fingerprintRow, slotsInTurns } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import {
  dayOf,
  encodeTransaction,
  MESSAGE_NULLIFIER,
  messageBinding,
  messageBodyHash,
  messageLabel,
  purposeOf,
  roleMaskOf,
  unixMs,
  type LogIndex,
  type MessageClaims,
} from '../ledger/index.js';
import { fingerprintInstance, type FingerprintRequest } from '../proofs/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { ensureClock } from './clock.js';
import type { RegisteredEntry } from './entries.js';
import { documentOf, withEvaluations, type EvaluatedEntry } from './entry-opening.js';
import type { Conversation } from './conversation.js';
import type { Evaluations } from './evaluations.js';
import type { OpenHome } from './home.js';
import { keptDocumentKey, keptEvaluation } from './kept-evaluation.js';
import { collectMessages, type MailboxParts } from './mailbox.js';
import type { MessagePlace } from './message-address.js';
import { overOwnConnection } from './own-connection.js';
import {
  ACKNOWLEDGED_MAX,
  sealMessage,
  type MessageBinding,
  type MessageBody,
  type MessageContent,
} from './message-content.js';
import { correspondents, mailboxOf, type PeerParts } from './message-peer.js';
import { conversationOf, mailAt, noteSending, type KeptMessage } from './message-store.js';
import { prove } from './prove.js';
import { membersToProve, roleIn } from './proving-member.js';
import type { Proving } from './registering.js';
import { endsOf } from './reveal.js';
import type { StoreSession } from './store.js';

/** How often others may have been faster at an address before this gives up. */
const TRIES = 8;

export interface MessagingParts extends MailboxParts, PeerParts {
  readonly home: OpenHome;
  readonly ledger: LedgerClient;
  readonly evaluations: Pick<Evaluations, 'of' | 'committee'>;
}

/** What was not acknowledged yet of what came: the oldest first. */
const unacknowledged = (conversation: readonly KeptMessage[]): string[] => {
  const said = new Set(
    conversation.flatMap(({ direction, acknowledges }) => (direction === 'sent' ? acknowledges : [])),
  );
  return conversation.flatMap(({ direction, id, body }) =>
    direction === 'received' && body.kind !== 'acknowledgement' && !said.has(id) ? [id] : [],
  );
};

/**
 * Sends a message from an own entry to another's of the same document, with the acknowledgement of all that came from
 * there. No evaluator is asked, but once for an entry that was registered before its evaluations were kept. Throws
 * `not_found`, `failed_precondition`, `permission_denied`, `rejected`, and as the prover and the node do.
 */
export async function sendMessage(
  parts: MessagingParts,
  sequence: number,
  other: number,
  bodyOf: (conversation: Conversation) => MessageBody,
  { prover, onProgress }: Proving,
): Promise<KeptMessage> {
  const { network, keys, store, copy, ledger } = parts;
  await Promise.all([copy.sync(), ensureClock(ledger)]);
  const found = await store.use((session) => correspondents(parts, session, sequence, other));
  const between = { ...found, entry: await withEvaluations(parts, found.entry) };
  await collectMessages(parts);
  const { entry } = between;
  ensure(
    entry.transaction !== '',
    'failed_precondition',
    `this folder no longer has the transaction of entry ${sequence}: it was found in the log again`,
    'entry',
  );
  const conversation = await store.use((session) => conversationIn(parts, session, sequence, other));
  const { messages } = conversation;
  const body = bodyOf(conversation);
  const mailbox = await mailboxOf(parts, between);
  const own = keys.entry(BigInt(entry.nullifier) as FieldElement);
  const content: MessageContent = {
    from: sequence,
    to: other,
    id: randomBytes(16).toString('hex'),
    previous: messages.findLast(({ direction }) => direction === 'sent')?.id ?? null,
    acknowledges: unacknowledged(messages).slice(0, ACKNOWLEDGED_MAX),
    mailbox: Buffer.from(own.mailboxKey).toString('hex'),
    transaction: entry.transaction,
    body,
  };
  for (let tries = TRIES; tries > 0; tries--) {
    const place = await store.use((session) => nextPlace(parts, copy.replica(session), entry));
    const binding = { networkId: network.id, address: place.address, documentKey: place.documentKey };
    const sealed = await sealMessage(binding, mailbox, content, own.controlSeed);
    onProgress('proving');
    const transaction = await proveMessage(parts, entry, place, messageBodyHash(sealed), prover);
    await store.use((session) =>
      noteSending(session, {
        ...{ entry: sequence, other, direction: 'sent' as const, id: content.id },
        ...{ previous: content.previous, acknowledges: content.acknowledges, body },
        address: place.address.toString(),
        bodyHash: Buffer.from(messageBodyHash(sealed)).toString('hex'),
      }),
    );
    onProgress('submitting');
    const refused = await submit(parts, transaction, sealed);
    await copy.sync();
    const { taken, sent } = await store.use((session) => {
      const index = copy.replica(session).messageAt(place.address);
      return {
        taken: index !== undefined,
        sent: index === undefined ? undefined : mailAt(session, index).find(({ id }) => id === content.id),
      };
    });
    if (sent) return sent;
    if (refused && !taken) throw refused;
    ensure(refused, 'data_corrupted', 'the node says that it has the message, and its log does not have it');
  }
  throw new CountersealError(
    'unavailable',
    'others who hold the document were faster each time: send the message again',
  );
}

const conversationIn = (
  { copy }: Pick<MessagingParts, 'copy'>,
  session: StoreSession,
  entry: number,
  other: number,
): Conversation => ({
  messages: conversationOf(session, entry, other),
  ends: endsOf(session, copy, entry, other),
});

/** All messages between an own entry and another's, in order. Throws as {@link correspondents}. */
export async function readConversation(
  parts: MailboxParts & Pick<MessagingParts, 'evaluations'>,
  sequence: number,
  other: number,
): Promise<Conversation> {
  const { store, copy } = parts;
  await copy.sync();
  const { entry } = await store.use((session) => correspondents(parts, session, sequence, other));
  await withEvaluations(parts, entry);
  await collectMessages(parts);
  return store.use((session) => conversationIn(parts, session, sequence, other));
}

interface Place extends MessagePlace, Pick<MessageBinding, 'documentKey'> {
  readonly period: MessageClaims['period'];
}

/** The first place of today that no message has. Throws `quota_exceeded` where there is none. */
function nextPlace(
  { network, places }: Pick<MessagingParts, 'network' | 'places'>,
  replica: { messageAt(address: FieldElement): LogIndex | undefined },
  { purpose, possession }: EvaluatedEntry<RegisteredEntry>,
): Place {
  const documentKey = keptDocumentKey(possession);
  const period = dayOf(unixMs(Date.now()));
  for (const place of places.of({ networkId: network.id, documentKey, purpose, period }))
    if (replica.messageAt(place.address) === undefined) return { ...place, documentKey, period };
  throw new CountersealError(
    'quota_exceeded',
    'all messages of today about this document have been sent: go on tomorrow',
  );
}

async function proveMessage(
  { network, keys, store, copy, evaluations }: MessagingParts,
  entry: EvaluatedEntry<RegisteredEntry>,
  { slot, address, period }: Place,
  bodyHash: Uint8Array,
  prover: Proving['prover'],
): Promise<Uint8Array> {
  const document = documentOf(entry);
  const { kind } = document;
  const { possession } = fingerprintRow(kind);
  const roleMask = roleMaskOf(purposeOf(network.genesis.schema, entry.purpose), kind)!;
  const { role, members } = await store.use((session) => {
    const replica = copy.replica(session);
    const mine = roleIn(replica, keys.memberId, roleMask);
    ensure(
      mine !== undefined,
      'permission_denied',
      `this member has no role any more that may register documents of kind ${kind} for ${entry.purpose}`,
    );
    return { role: mine, ...membersToProve(replica, keys.memberId, mine, unixMs(Date.now())) };
  });
  const scope = { purpose: entry.purpose, period, slot };
  // What the fingerprint is of, and nothing else of the document: under a salt that nobody ever learns.
  const request: FingerprintRequest = {
    kind,
    slots: (await slotsInTurns(document)).map((value, i) =>
      (possession.mask >> i) & 1 ? value : (0n as FieldElement),
    ),
    present: possession.mask,
    salt: randomFieldElement(),
    purpose: text(messageLabel(scope)),
    fingerprintId: text(possession.name),
    mask: possession.mask,
    evaluation: keptEvaluation(entry.possession),
    oprfKey: evaluations.committee.groupKey,
    member: { secret: keys.secret, role, path: members.path(keys.memberId, role) },
    membersRoot: members.root,
    roleMask,
    convergent: false,
    nullifier: MESSAGE_NULLIFIER,
  };
  const { public: unbound } = await fingerprintInstance(request, 0n as FieldElement);
  ensure(unbound.tag === address, 'internal', 'the statement is about another address');
  const claims: MessageClaims = {
    documentKind: kind,
    ...scope,
    epoch: network.epoch,
    membersRoot: members.root,
    address,
    commitment: unbound.commitment,
    bodyHash,
  };
  const instance = await fingerprintInstance(request, messageBinding(network.id, claims));
  const proof = await prove(prover, network, 'fingerprint', instance);
  return encodeTransaction({ type: 'message', claims, proof });
}

/** Answers a refusal. */
async function submit(
  parts: Pick<MessagingParts, 'home' | 'network'>,
  transaction: Uint8Array,
  body: Uint8Array,
): Promise<CountersealError | undefined> {
  try {
    await overOwnConnection(parts, (client) => client.submit(transaction, body));
    return undefined;
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'rejected') return error;
    throw error;
  }
}
