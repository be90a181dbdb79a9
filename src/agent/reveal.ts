import { sign, verify } from 'node:crypto';
import { CountersealError, ensure } from '../errors.js';
import type { Network } from '../ledger/index.js';
import type { Identity } from '../rpc/certificates.js';
import { makeCard, verifyCard } from './card.js';
import { registrationOf } from './entry-on-ledger.js';
import { framed } from './framed.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import type { MessageBody } from './message-content.js';
import type { KeptMessage } from './message-store.js';
import type { StoreSession } from './store.js';

/**
 * Who stands behind two entries, by both sides' consent. One offers: a promise under its entry's control key, and no
 * identity. The other, if it wants to, sends its card; then the first sends its own. Nobody can make both cards arrive at
 * once without a third party, so who sends a card first depends on the other's promise. What it has is that promise,
 * signed, and the auditors: t of them can open the entry that made it.
 */
export type RevealStep = 'reveal-offer' | 'reveal';

const has = (conversation: readonly KeptMessage[], direction: KeptMessage['direction'], kind: RevealStep) =>
  conversation.some((message) => message.direction === direction && message.body.kind === kind);

/**
 * What `match reveal` does next. A card that is not good is no consent of the other side. Throws `failed_precondition`
 * where it is for the other side to go on, and `already_exists` where this side's card was sent.
 */
export function nextRevealStep({ shown, offered, other }: RevealView): RevealStep {
  ensure(!shown, 'already_exists', 'your card was sent in this conversation: the other side has it');
  if (offered.other || other !== null) return 'reveal';
  ensure(
    !offered.own,
    'failed_precondition',
    'you have offered to reveal yourself: the other side has not answered',
  );
  return 'reveal-offer';
}

/**
 * The two entries of a conversation by their nullifiers, decimal: only its author makes an entry of one, whereas a number
 * is what the log at hand gives, and a node can show two members two logs.
 */
export interface Ends {
  readonly own: string;
  readonly other: string;
}

export const endsOf = (session: StoreSession, copy: LedgerCopy, entry: number, other: number): Ends => ({
  own: registrationOf(session, copy, entry).body.nullifier.toString(),
  other: registrationOf(session, copy, other).body.nullifier.toString(),
});

/** Whoever gets a card can show it on: this signature says in which conversation it was given, and to which entry. */
const statement = (networkId: string, from: string, to: string): Uint8Array =>
  framed('counterseal/match-reveal/v2', networkId, from, to);

/** The own card, for one conversation. */
export function revealBody(
  { network, keys, identity }: { network: Pick<Network, 'id'>; keys: MemberKeys; identity: Identity },
  { own, other }: Ends,
): MessageBody {
  const signature = sign('sha256', statement(network.id, own, other), {
    key: identity.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return {
    kind: 'reveal',
    card: makeCard(network.id, keys, identity),
    signature: signature.toString('base64'),
  };
}

/** The other side, as its card shows it. */
export interface Revealed {
  /** Decimal. */
  readonly memberId: string;
  readonly card: string;
}

/** How far two sides are. */
export interface RevealView {
  readonly offered: { readonly own: boolean; readonly other: boolean };
  /** Whether the own card was sent. */
  readonly shown: boolean;
  /** Who the other side is; null while it has not said so. */
  readonly other: Revealed | null;
  /** Why a card that came says nothing. */
  readonly invalid?: string;
}

export function revealView(network: Network, ends: Ends, conversation: readonly KeptMessage[]): RevealView {
  const view = {
    offered: {
      own: has(conversation, 'sent', 'reveal-offer'),
      other: has(conversation, 'received', 'reveal-offer'),
    },
    shown: has(conversation, 'sent', 'reveal'),
  };
  let invalid: string | undefined;
  for (const message of conversation) {
    if (message.direction !== 'received' || message.body.kind !== 'reveal') continue;
    try {
      return { ...view, other: revealedIn(network, ends, message) };
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      invalid = error.message;
    }
  }
  return { ...view, other: null, ...(invalid === undefined ? {} : { invalid }) };
}

/**
 * Whose card came with a message: of a member by the network's authority at that time, whose TLS key signed this
 * conversation. Throws `invalid_argument` or `permission_denied`.
 */
export function revealedIn(network: Network, { own, other }: Ends, { time, body }: KeptMessage): Revealed {
  ensure(body.kind === 'reveal', 'invalid_argument', 'the message shows no card');
  const { memberId, tlsKey } = verifyCard(body.card, network.genesis, time);
  ensure(
    verify(
      'sha256',
      statement(network.id, other, own),
      { key: tlsKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(body.signature, 'base64'),
    ),
    'permission_denied',
    'the card that came is of somebody who did not sign this conversation',
    'signature',
  );
  return { memberId: memberId.toString(), card: body.card };
}
