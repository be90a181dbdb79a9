import { z } from 'zod';

/** What the schemas of requests and answers have in common. */
export const time = z.string().describe('ISO 8601, UTC');
/** z.int() is that of a safe one. */
export const count = z.int().min(0);
export const sequence = count.describe('number of an entry');
/** A document's canonical strings, by slot. */
export const strings = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
/** An evaluator that did not do its part, and was done without. */
export const Warning = z.strictObject({ evaluatorId: z.int(), code: z.string(), message: z.string() });
