import { z } from 'zod';
import type { ActionResult } from '../agent/index.js';
import { CARD_MAX_BYTES } from '../agent/index.js';
import { ensure } from '../errors.js';
import { VERDICT_LABELS } from '../ledger/index.js';
import { draw, Part } from './drawing.js';
import type { Order } from './four-eyes.js';
import { auditName, proving, type Parts } from './parts.js';
import { problemOf } from './problem.js';
import { sequence as entry } from './schema-parts.js';
import type { Scope, User } from './users.js';

type Result = NonNullable<Order['outcome']>['result'];

/** What each order is made with. */
export const PARAMETERS = {
  engage: z.strictObject({
    entry,
    accept: z.array(z.enum(VERDICT_LABELS)).min(1).max(VERDICT_LABELS.length),
  }),
  settle: z.strictObject({ entry }),
  share: z.strictObject({ entry, card: z.string().max(CARD_MAX_BYTES), named: z.boolean() }),
  draw: Part,
  reveal: z.strictObject({ entry, other: entry }),
};
/** Each is the scope, too, of whoever asks for it. */
export type OrderKind = keyof typeof PARAMETERS;

/** What an order is called on the command line and in the audit log. */
export const commandOf = (kind: string): string => `${kind === 'reveal' ? 'match' : 'entry'} ${kind}`;

const acted = ({ outcome, verdict, state }: ActionResult) =>
  outcome === 'refused' ? `refused: ${verdict}` : state;

/** Does what an order asks for, and notes it in both names. */
async function execute(
  parts: Parts,
  { id, kind, parameters, requestedBy }: Order,
  approver: User,
): Promise<Result> {
  const { agent, inTurn } = parts;
  const note = {
    command: commandOf(kind),
    entry: Number(parameters['entry']),
    user: auditName(requestedBy.name),
    approvedBy: auditName(approver.name),
  };
  // Before anything is done: should the process die meanwhile, the log says who wanted it.
  await agent.audit({ ...note, result: `approved: order ${id}` });
  const done = async (what: string, result: object): Promise<Result> => {
    await agent.audit({ ...note, result: what });
    return JSON.parse(JSON.stringify(result)) as Result;
  };
  const stillMay = mayStill(parts);
  /** It may have waited for others' proofs, and a key have been taken away meanwhile. */
  const inOwnTurn = <T>(work: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      ensure(
        (await stillMay(requestedBy, kind)) && (await stillMay(approver, 'approve')),
        'failed_precondition',
        'one of the two users may not any more: nothing was done',
        'order',
      );
      return work();
    });
  switch (kind as OrderKind) {
    case 'engage': {
      const { entry, accept } = PARAMETERS.engage.parse(parameters);
      const result = await inOwnTurn(() => agent.engage(entry, accept, proving(parts)));
      return done(acted(result), result);
    }
    case 'settle': {
      const { entry } = PARAMETERS.settle.parse(parameters);
      const result = await agent.settle(entry);
      return done(acted(result), result);
    }
    case 'share': {
      const { entry, card, named } = PARAMETERS.share.parse(parameters);
      const { text, recipient } = await agent.share(entry, card, { named });
      const to = recipient.toString();
      return done(`with ${to}`, { recipient: to, share: text });
    }
    case 'draw': {
      const part = PARAMETERS.draw.parse(parameters);
      const result = await inOwnTurn(() => draw(parts, part));
      return done(result.outcome, result);
    }
    case 'reveal': {
      const { entry, other } = PARAMETERS.reveal.parse(parameters);
      const sent = await inOwnTurn(() => agent.reveal(entry, other, { showCard: true }, proving(parts)));
      return done(`${other}: ${sent.kind}`, sent);
    }
  }
}

/** Whether somebody is still a user, the same one, with a scope: that of an order's kind, of who asked for it. */
const mayStill =
  ({ users }: Parts) =>
  async ({ id }: { readonly id: string }, scope: string): Promise<boolean> =>
    (await users.list()).some((user) => user.id === id && user.scopes.includes(scope as Scope));

/** Approves an order and carries it out. Throws as {@link FourEyes.approve}. */
export const approve = (parts: Parts, id: string, approver: User): Promise<Order> =>
  parts.orders.approve(
    id,
    approver,
    mayStill(parts),
    (order) => execute(parts, order, approver),
    (error) => ({ problem: { ...problemOf(error) } as Record<string, string | number> }),
  );

/** Rejects an order, and notes it in both names. Throws as {@link FourEyes.reject}. */
export async function reject({ orders, agent }: Parts, id: string, user: User): Promise<Order> {
  const order = await orders.reject(id, user);
  await agent.audit({
    command: commandOf(order.kind),
    user: auditName(order.requestedBy.name),
    entry: Number(order.parameters['entry']),
    result: `rejected by ${auditName(user.name)}`,
  });
  return order;
}
