import { z } from 'zod';
import { count, sequence, time } from './schema-parts.js';

/** A message as it is answered. */
export const Message = z
  .strictObject({
    index: count.describe('position in the log'),
    time,
    direction: z.enum(['sent', 'received']),
    id: z.string(),
    kind: z.enum(['text', 'acknowledgement', 'reveal-offer', 'reveal']),
    text: z.string().optional().describe("where it was received, by somebody else's hand: show it with care"),
    acknowledged: z.boolean().optional().describe('of what was sent'),
    oneIsMissing: z.literal(true).optional().describe('the sender sent one before it that no node has'),
  })
  .meta({ id: 'Message' });

export const Conversation = z
  .strictObject({
    entry: sequence,
    other: sequence,
    messages: z.array(Message),
    reveal: z.strictObject({
      offered: z.strictObject({ own: z.boolean(), other: z.boolean() }),
      shown: z.boolean().describe('whether the own card was sent'),
      other: z.strictObject({ memberId: z.string(), card: z.string() }).nullable(),
      invalid: z.string().optional().describe('why a card that came says nothing'),
    }),
  })
  .meta({ id: 'Conversation' });
