import { z } from 'zod';
import { formatSlotValue, parseSlotValue } from '../documents/index.js';
import { ensure } from '../errors.js';
import { slotValue, type SlotValue } from '../proofs/index.js';
import type { GatewayAgent, Parts } from './parts.js';

/** How much is to be drawn of what an entry's document states, and of which of its slots. */
export const Part = z.strictObject({
  entry: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
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

interface Readable {
  readonly value: SlotValue;
  /** With its currency or unit. */
  readonly shown: (value: bigint) => string;
}

/** Throws as `drawable` does, `invalid_argument` for another slot, for what is no part of it and for nothing. */
export async function readPart(
  agent: Pick<GatewayAgent, 'drawable'>,
  { entry, slot, value: text }: Pick<Part, 'entry' | 'slot' | 'value'>,
): Promise<Readable> {
  const { document, slot: drawn } = await agent.drawable(entry);
  ensure(slot === drawn, 'invalid_argument', `this document is drawn from by its ${drawn}`, 'slot');
  const value = slotValue(parseSlotValue(document, slot, text));
  return { value, shown: (of) => formatSlotValue(document, slot, of) };
}

/** Draws, and says what came of it. Throws as {@link readPart} and the agent's `draw`. */
export async function draw(parts: Parts, part: Part) {
  const { agent } = parts;
  const { value, shown } = await readPart(agent, part);
  const { outcome, left, opened, retries } = await agent.draw(part.entry, value, parts.prover(), {
    acceptNear: part.acceptNear,
  });
  return {
    ...{ entry: part.entry, outcome, slot: part.slot, asked: shown(value), opened, retries },
    left: left === undefined ? null : shown(left),
  };
}

/** What is left of an entry's document, and what was drawn. */
export async function capacity(agent: Pick<GatewayAgent, 'capacity'>, sequence: number) {
  const { document, slot, stated, status, left, draws } = await agent.capacity(sequence);
  const shown = (value: bigint) => formatSlotValue(document, slot, value);
  return {
    ...{ entry: sequence, status, slot, stated: shown(stated) },
    left: left === undefined ? null : shown(left),
    units: { stated, left: left ?? null },
    draws: draws.map(({ entry, own, value, time }) => ({
      ...{ entry, own, drawn: shown(value), units: value, time },
    })),
  };
}
