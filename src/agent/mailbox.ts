import { type FieldElement } from '../crypto/index.js';
import { CountersealError, type ErrorCode } from '../errors.js';
import {
  messageRetainDays,
  type LogIndex,
  type LogRecord,
  type MessageRecord,
  type Network,
  type RegisterClaims,
  type Sequence,
} from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { DAY_MS } from '../time.js';
import { ownEntry, type RegisteredEntry } from './entries.js';
import { entryOnLedger } from './entry-on-ledger.js';
import type { OpenHome } from './home.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { mailState, MailStateBuilder, moveMailbox, type MailState } from './mail-state.js';
import type { KnownPlaces } from './message-address.js';
import { openInner, openOuter, type MessageContent } from './message-content.js';
import { keepMessage, keepPeer } from './message-store.js';
import { overOwnConnection } from './own-connection.js';
import { patiently } from './patience.js';
import type { AgentStore, StoreSession } from './store.js';

/** Records that one pass looks at, and messages that it fetches: what is fetched is lost where a pass fails. */
const PASS = 1_000;
const FETCHED_PER_PASS = 200;

export interface MailboxParts {
  readonly home: Pick<OpenHome, 'config'>;
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly places: KnownPlaces;
}

type FoundRecord = LogRecord & { readonly body: MessageRecord };

/** An own entry that can be written to. */
interface Reader {
  readonly entry: RegisteredEntry;
  readonly documentKey: DocumentKey;
}

interface Pass {
  readonly before: MailState;
  readonly after: MailState;
  /** What is fetched: all messages of the own entries' purposes that nodes still keep. */
  readonly records: readonly FoundRecord[];
  /** By position in the log, the entries of whose document it is. */
  readonly mine: ReadonlyMap<number, readonly Reader[]>;
}

/**
 * Opens the messages to own entries among the records of the copy that were not looked at yet, and keeps them. Fetched
 * is the ciphertext of every message for the purposes of own entries, whoever it is for: a node that is asked for some
 * alone would learn whose they are. What no node has any more, or nobody of this folder can open, is left alone. Throws
 * as the ledger's client does; then it goes on there the next time.
 */
export async function collectMessages(parts: MailboxParts): Promise<void> {
  for (;;) {
    const pass = await parts.store.use((session) => nextPass(parts, session));
    if (!pass) return;
    const opened =
      pass.records.length === 0 ? [] : await overOwnConnection(parts, (client) => read(parts, pass, client));
    await parts.store.use((session) => {
      for (const keep of opened) keep(session);
      moveMailbox(session, pass.before, pass.after);
    });
  }
}

async function read(
  parts: MailboxParts,
  { records, mine }: Pass,
  client: LedgerClient,
): Promise<((session: StoreSession) => void)[]> {
  const opened: ((session: StoreSession) => void)[] = [];
  for (const record of records) {
    const body = await fetchBody(client, record);
    if (body)
      for (const reader of mine.get(record.index) ?? [])
        opened.push(...(await openFor(parts, reader, record, body)));
  }
  return opened;
}

function nextPass(parts: MailboxParts, session: StoreSession): Pass | undefined {
  const { copy, network } = parts;
  const replica = copy.replica(session);
  const before = mailState(session);
  if (before.cursor >= replica.size) return undefined;
  const builder = new MailStateBuilder(session, before);
  const records: FoundRecord[] = [];
  let to = before.cursor;
  for (; to < Math.min(before.cursor + PASS, replica.size) && records.length < FETCHED_PER_PASS; to++) {
    const { body, ...record } = copy.record(session, to as LogIndex);
    if (body.type === 'message') records.push({ ...record, body });
    if (body.type === 'register') builder.add(body);
  }
  const after = builder.upTo(to);
  const kept = Date.now() - (messageRetainDays(network.genesis.schema) + 1) * DAY_MS;
  const relevant = records.filter(({ body, time }) => after.purposes.includes(body.purpose) && time > kept);
  return { before, after, records: relevant, mine: addressed(parts, session, relevant, after.readers) };
}

/** Which of the records are at addresses of own documents. Only entries that match another are looked at. */
function addressed(
  parts: MailboxParts,
  session: StoreSession,
  records: readonly FoundRecord[],
  readers: readonly number[],
): Map<number, Reader[]> {
  const { copy, network, places } = parts;
  const found = new Map<number, Reader[]>();
  if (records.length === 0) return found;
  const replica = copy.replica(session);
  const wanted = new Set<number>(records.map(({ index }) => index));
  const days = new Map(
    records.map(({ body: { purpose, period } }) => [`${purpose}|${period}`, { purpose, period }]),
  );
  for (const sequence of readers)
    for (const { purpose, period } of days.values()) {
      if (purpose !== replica.entry(sequence as Sequence)!.purpose) continue;
      const documentKey = places.keyOf(sequence, () => ownEntry(session, sequence)?.possession);
      if (documentKey === undefined) continue;
      // In their order, and no further than they go: one hash more than there are messages.
      for (const { address } of places.of({ networkId: network.id, documentKey, purpose, period })) {
        const index = replica.messageAt(address);
        if (index === undefined) break;
        if (!wanted.has(index)) continue;
        const reader = { entry: ownEntry(session, sequence)!, documentKey };
        found.set(index, [...(found.get(index) ?? []), reader]);
      }
    }
  return found;
}

async function fetchBody(
  ledger: Pick<LedgerClient, 'messageBody'>,
  { body }: FoundRecord,
): Promise<Uint8Array | undefined> {
  try {
    return await patiently(() => ledger.messageBody(body.bodyHash));
  } catch (error) {
    if (error instanceof CountersealError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** What keeps a message that is for an own entry; nothing where it is not, or not by whom it says. */
async function openFor(
  { network, keys, store, copy }: MailboxParts,
  { entry, documentKey }: Reader,
  { index, time, body: { address } }: FoundRecord,
  body: Uint8Array,
): Promise<((session: StoreSession) => void)[]> {
  const binding = { networkId: network.id, address, documentKey };
  const inner = attempt(() => openOuter(binding, body));
  const { mailboxSeed } = keys.entry(BigInt(entry.nullifier) as FieldElement);
  const message = inner && (await openInner(binding, inner, mailboxSeed));
  if (!message || message.content.to !== entry.sequence) return [];
  const { content } = message;
  const sender = await store.use((session) => senderOf({ copy }, session, entry, content));
  if (!sender || !message.verify(sender.controlKey)) return [];
  const { from: other, id, previous, acknowledges, body: said, mailbox } = content;
  return [
    (session) => {
      keepPeer(session, entry.sequence, other, { mailbox });
      keepMessage(session, {
        ...{ index, time, entry: entry.sequence, other, direction: 'received' as const },
        ...{ id, previous, acknowledges, body: said },
      });
    },
  ];
}

/** The sender's entry as the log has it: one of the same document for the same purpose. */
function senderOf(
  { copy }: Pick<MailboxParts, 'copy'>,
  session: StoreSession,
  { purpose, tags, sequence }: RegisteredEntry,
  { from, transaction }: MessageContent,
): RegisterClaims | undefined {
  if (from === sequence) return undefined;
  const found = attempt(() => entryOnLedger(session, copy, from, Buffer.from(transaction, 'base64')));
  if (!found) return undefined;
  const { claims } = found;
  return claims.purpose === purpose && claims.tags[0] === BigInt(tags[0]) ? claims : undefined;
}

const NOT_WHAT_IT_SHOULD_BE: readonly ErrorCode[] = [
  'decryption_failed',
  'invalid_argument',
  'invalid_proof',
  'not_found',
];

/** What somebody else sent may be anything: undefined where it is not what it should be. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CountersealError && NOT_WHAT_IT_SHOULD_BE.includes(error.code)) return undefined;
    throw error;
  }
}
