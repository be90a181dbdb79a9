import { z } from 'zod';
import { MESSAGE_TEXT_MAX_BYTES, RESOLUTIONS, type MessageView } from '../agent/index.js';
import { Conversation, Message } from './message-schemas.js';
import { noteOf, proving, type Parts } from './parts.js';
import { notAtOnce, route, type Answer, type Route } from './route.js';
import { ask, entry, flag, none, number } from './route-parts.js';
import { sequence } from './schema-parts.js';
import * as is from './schemas.js';
import type { User } from './users.js';

const pair = z.strictObject({ entry: number, other: number.describe("the other side's entry") });
type Pair = z.infer<typeof pair>;

/** Sends, and notes it. */
async function send(
  { agent, inTurn }: Parts,
  user: User,
  command: string,
  { entry: own, other }: Pair,
  work: () => Promise<MessageView>,
): Promise<Answer> {
  const sent = await inTurn(work);
  await agent.audit(noteOf(user, { command, entry: own, result: `${other}: ${sent.kind}` }));
  return { status: 200, body: sent };
}

/** Matches, and what the holders of two entries of one document write to each other. */
export const MATCH_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/matches',
    scope: 'read',
    summary: "Matches of own entries with others', and what was found out about each",
    params: none,
    query: z.strictObject({
      entry: number.optional(),
      open: flag.describe('only those that are not resolved'),
    }),
    body: 'none',
    answers: { 200: z.array(is.MatchView) },
    handle: async ({ agent }, { query }) => {
      const all = await agent.matches(query.entry);
      return { status: 200, body: query.open ? all.filter(({ resolution }) => !resolution) : all };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/matches/{entry}/resolve',
    scope: 'resolve',
    summary: 'Note what was found out about a match; the ledger still counts it',
    params: entry,
    query: none,
    body: {
      json: z.strictObject({
        as: z.enum(RESOLUTIONS),
        reason: z.string().min(1).max(1_000),
        with: sequence.optional(),
      }),
    },
    answers: { 200: is.MatchView },
    handle: async ({ agent }, { user, params, body: { as, reason, with: other } }) => {
      const { user: name } = noteOf(user, { command: '' });
      const view = await agent.resolve(params.entry, {
        ...{ as, reason, user: name! },
        ...(other === undefined ? {} : { other }),
      });
      await agent.audit(
        noteOf(user, { command: 'match resolve', entry: params.entry, result: `${view.other}: ${as}` }),
      );
      return { status: 200, body: view };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/matches/{entry}/with/{other}',
    scope: 'read',
    summary: 'What an entry and another of the same document wrote to each other, and who revealed itself',
    params: pair,
    query: none,
    body: 'none',
    answers: { 200: Conversation },
    handle: async ({ agent }, { params }) => ({
      status: 200,
      body: await agent.conversation(params.entry, params.other),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/matches/{entry}/with/{other}/messages',
    scope: 'message',
    summary:
      'Write to the holder of another entry of the same document, and acknowledge what came. Neither says who it is. ' +
      'Takes as long as a proof does.',
    params: pair,
    query: none,
    body: {
      json: z.strictObject({
        text: z
          .string()
          .min(1)
          .max(MESSAGE_TEXT_MAX_BYTES)
          // Half a character would arrive as another one.
          .refine((text) => text.isWellFormed())
          .nullable()
          .describe('at most 16 KiB of UTF-8; null acknowledges alone'),
      }),
    },
    answers: { 200: Message },
    handle: (parts, { user, params, body: { text } }) =>
      send(parts, user, 'match message', params, () =>
        parts.agent.message(
          params.entry,
          params.other,
          text === null ? null : Buffer.from(text),
          proving(parts),
        ),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/matches/{entry}/with/{other}/reveal-offer',
    scope: 'reveal',
    summary:
      'Promise the other side to show who stands behind an entry once it has. No card leaves: where it is for this ' +
      'side to send one, nothing is sent.',
    params: pair,
    query: none,
    body: 'none',
    answers: { 200: Message },
    handle: (parts, { user, params }) =>
      send(parts, user, 'match reveal', params, () =>
        parts.agent.reveal(params.entry, params.other, { showCard: false }, proving(parts)),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/matches/{entry}/with/{other}/reveal',
    scope: 'reveal',
    summary:
      "Ask that this member's card be sent to the other side, where that has offered or sent its own; else this is the " +
      'offer. Takes a second user.',
    params: pair,
    query: none,
    body: 'none',
    repeatable: true,
    answers: { 202: is.Order },
    handle: (parts, { params, ...call }) => ask(parts, call, 'reveal', params),
  }),
  route({
    method: 'GET',
    path: '/v1/mail',
    scope: 'read',
    summary:
      'What others write to own entries, as it comes: server-sent events, as those of /v1/events. That something came, ' +
      'not what it says.',
    params: none,
    query: none,
    body: 'none',
    answers: { 200: is.MailEvent },
    streams:
      ({ agent }) =>
      (place) =>
        agent.mail.after(place),
    handle: notAtOnce,
  }),
];
