import type { Network } from '../ledger/index.js';
import type { MessageBody } from './message-content.js';
import type { KeptMessage } from './message-store.js';
import { revealView, type Ends, type RevealView } from './reveal.js';

/** What an own entry and another one wrote to each other, as this folder keeps it. */
export interface Conversation {
  readonly messages: readonly KeptMessage[];
  readonly ends: Ends;
}

/** A message as commands show it. */
export interface MessageView {
  /** Position in the log. */
  readonly index: number;
  /** ISO 8601, the time of the block. */
  readonly time: string;
  readonly direction: 'sent' | 'received';
  readonly id: string;
  readonly kind: MessageBody['kind'];
  /** Of a text; by somebody else's hand, so to be shown with care. */
  readonly text?: string;
  /** Of what was sent: whether the other side said that it has it. */
  readonly acknowledged?: boolean;
  /** Of what was received: the sender sent one before it that is not here, because its term was over or nodes hold it back. */
  readonly oneIsMissing?: true;
}

export interface ConversationView {
  readonly entry: number;
  readonly other: number;
  readonly messages: readonly MessageView[];
  readonly reveal: RevealView;
}

export function viewConversation(
  network: Network,
  entry: number,
  other: number,
  { messages: conversation, ends }: Conversation,
): ConversationView {
  const view = viewerOf(conversation);
  return { entry, other, messages: conversation.map(view), reveal: revealView(network, ends, conversation) };
}

/** Shows the messages of a conversation, each in constant time. */
export function viewerOf(conversation: readonly KeptMessage[]): (message: KeptMessage) => MessageView {
  const received = conversation.filter(({ direction }) => direction === 'received');
  const acknowledged = new Set(received.flatMap(({ acknowledges }) => acknowledges));
  const here = new Set(received.map(({ id }) => id));
  return ({ index, time, direction, id, previous, body }) => ({
    ...{ index, time: new Date(time).toISOString(), direction, id, kind: body.kind },
    ...(body.kind === 'text' ? { text: Buffer.from(body.text, 'base64').toString('utf8') } : {}),
    ...(direction === 'sent'
      ? { acknowledged: acknowledged.has(id) }
      : previous !== null && !here.has(previous)
        ? { oneIsMissing: true as const }
        : {}),
  });
}
