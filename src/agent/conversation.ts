import type { Network } from '../ledger/index.js';
import type { MessageBody } from './message-content.js';
import type { KeptMessage } from './message-store.js';
import { revealView, type RevealView } from './reveal.js';

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
  conversation: readonly KeptMessage[],
): ConversationView {
  return {
    entry,
    other,
    messages: conversation.map((message) => viewMessage(message, conversation)),
    reveal: revealView(network, conversation),
  };
}

export function viewMessage(
  { index, time, direction, id, previous, body }: KeptMessage,
  conversation: readonly KeptMessage[],
): MessageView {
  const others = conversation.filter((message) => message.direction !== direction);
  const same = conversation.filter((message) => message.direction === direction);
  const missing = previous !== null && !same.some((message) => message.id === previous);
  return {
    ...{ index, time: new Date(time).toISOString(), direction, id, kind: body.kind },
    ...(body.kind === 'text' ? { text: Buffer.from(body.text, 'base64').toString('utf8') } : {}),
    ...(direction === 'sent'
      ? { acknowledged: others.some(({ acknowledges }) => acknowledges.includes(id)) }
      : missing
        ? { oneIsMissing: true as const }
        : {}),
  };
}
