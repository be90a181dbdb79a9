import { z } from 'zod';
import type { RegisterResult } from '../agent/index.js';
import { commandOf, type OrderKind, type PARAMETERS } from './orders.js';
import { noteOf, type Call, type Parts } from './parts.js';
import type { Answer } from './route.js';

/** What the tables of routes have in common. */
export const none = z.strictObject({});
export const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .transform(Number)
  .describe('number of an entry');
export const entry = z.strictObject({ entry: number });
export const flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .default(false);

/** Without the evidence that an evaluator's wrong answer is. */
export const warned = <T extends Pick<RegisterResult, 'warnings'>>(result: T) => ({
  ...result,
  warnings: result.warnings.map(({ evaluatorId, code, message }) => ({ evaluatorId, code, message })),
});

/** Notes what a user wants done; somebody else approves it. */
export async function ask(
  { agent, orders }: Parts,
  { user, idempotencyKey }: Pick<Call<never, never, never>, 'user' | 'idempotencyKey'>,
  kind: OrderKind,
  parameters: z.infer<(typeof PARAMETERS)[OrderKind]>,
): Promise<Answer> {
  const made = await orders.request(user, kind, parameters, idempotencyKey);
  await agent.audit(
    noteOf(user, {
      command: commandOf(kind),
      entry: parameters.entry,
      result: `asked for: order ${made.id}`,
    }),
  );
  return { status: 202, body: made };
}
