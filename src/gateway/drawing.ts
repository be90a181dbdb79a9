import { z } from 'zod';
import { drawJson, type DrawableEntry } from '../agent/index.js';
import { parseSlotValue } from '../documents/index.js';
import { ensure } from '../errors.js';
import { slotValue, type SlotValue } from '../proofs/index.js';
import type { GatewayAgent, Parts } from './parts.js';
import { sequence } from './schema-parts.js';

/** How much is to be drawn of what an entry's document states, and of which of its slots. */
export const Part = z.strictObject({
  entry: sequence,
  slot: z.enum(['amount', 'quantity', 'packages']),
  value: z
    .string()
    .min(1)
    .max(40)
    .describe(
      "an amount in the document's currency, kilograms, parts per million of a cession, packages; or, as `60%`, percent of what the document states",
    ),
  acceptNear: z.boolean().default(false).describe('also where another entry is near'),
});
type Part = z.infer<typeof Part>;

interface Readable extends Pick<DrawableEntry, 'document' | 'slot'> {
  readonly value: SlotValue;
}

/** Throws as `drawable` does, `invalid_argument` for another slot, for what is no part of it and for nothing. */
export async function readPart(
  agent: Pick<GatewayAgent, 'drawable'>,
  { entry, slot, value: text }: Pick<Part, 'entry' | 'slot' | 'value'>,
): Promise<Readable> {
  const { document, slot: drawn } = await agent.drawable(entry);
  ensure(slot === drawn, 'invalid_argument', `this document is drawn from by its ${drawn}`, 'slot');
  const value = slotValue(parseSlotValue(document, slot, text));
  return { value, document, slot };
}

/** Draws, and says what came of it. Throws as {@link readPart} and the agent's `draw`. */
export async function draw(parts: Parts, part: Part) {
  const { value, ...of } = await readPart(parts.agent, part);
  const { acceptNear } = part;
  return drawJson(of, await parts.agent.draw(part.entry, value, parts.prover(), { acceptNear }));
}
