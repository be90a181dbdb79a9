import { z } from 'zod';
import {
  capacityJson,
  heldView,
  type ActionResult,
  type EntryView,
  type ParsedDocument,
} from '../agent/index.js';
import { ensure } from '../errors.js';
import { CROSSCHECK_ROUTES } from './crosscheck-routes.js';
import { readPart } from './drawing.js';
import { MATCH_ROUTES } from './match-routes.js';
import { approve, PARAMETERS, reject } from './orders.js';
import { noteOf, proving, type Call, type Parts } from './parts.js';
import { notAtOnce, route, type Answer, type Route } from './route.js';
import { ask, entry, flag, none, warned } from './route-parts.js';
import * as is from './schemas.js';
import type { User } from './users.js';

const purpose = z.string().min(1).max(32).describe('what it is registered for: finance, carry, declare ...');
const order = z.strictObject({ order: z.string().regex(/^[0-9a-f]{32}$/) });
const about = ({ format, document: { kind, warnings }, fileHash }: ParsedDocument) => ({
  document: { format, kind, sha256: fileHash, warnings },
});
const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
const summary = ({ entry: own, state }: EntryView) => ({
  entry: own.sequence ?? null,
  purpose: own.purpose,
  kind: own.documentKind,
  state,
  verdict: own.verdict ?? null,
  registeredAt: iso(own.registeredAt),
});

/** Those that a user may see: own ones, and all of them for who approves. */
const maySee = (user: User, requestedBy: { readonly id: string }): boolean =>
  user.scopes.includes('approve') || requestedBy.id === user.id;

async function register(
  { agent, prover, inTurn }: Parts,
  { user, query, document }: Call<object, { purpose: string; now: boolean }, undefined>,
): Promise<Answer> {
  const { document: parsed, fileHash } = document!;
  const note = { command: 'document register', file: fileHash };
  return inTurn(async () => {
    if (!query.now && agent.outbox.window > 0) {
      const held = await agent.defer(parsed, fileHash, query.purpose, prover());
      await agent.audit(noteOf(user, { ...note, result: held.state }));
      return { status: 202, body: { ...about(document!), ...warned(held) } };
    }
    const done = await agent.register(parsed, fileHash, query.purpose, prover());
    await agent.audit(noteOf(user, { ...note, entry: done.sequence, result: done.verdict }));
    return { status: done.existed ? 200 : 201, body: { ...about(document!), ...warned(done) } };
  });
}

/** Notes an action that takes one user, and answers what came of it. */
async function act(agent: Parts['agent'], user: User, action: Promise<ActionResult>): Promise<Answer> {
  const done = await action;
  await agent.audit(
    noteOf(user, { command: `entry ${done.action}`, entry: done.sequence, result: done.state }),
  );
  return { status: 200, body: done };
}

/** The table of routes. */
export const ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/v1/check',
    scope: 'check',
    summary: 'Ask whether a document is known to the network; leaves no trace on the ledger',
    params: none,
    query: z.strictObject({ purpose: purpose.default('finance') }),
    body: 'document',
    answers: { 200: is.Checked },
    handle: async ({ agent }, { user, query, document }) => {
      const { document: parsed, fileHash } = document!;
      const result = await agent.check(parsed, query.purpose);
      await agent.audit(noteOf(user, { command: 'document check', file: fileHash, result: result.verdict }));
      return { status: 200, body: { ...about(document!), ...warned(result) } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/entries',
    scope: 'register',
    summary:
      'Put a document on the ledger, and get its verdict. Idempotent: of a document that has a live entry for the ' +
      'purpose, that entry is answered, with 200. Takes as long as a proof does.',
    params: none,
    query: z.strictObject({
      purpose,
      now: flag.describe('submit at once, whatever the privacy settings say'),
    }),
    body: 'document',
    answers: { 200: is.Registered, 201: is.Registered, 202: is.Deferred },
    handle: register,
  }),
  route({
    method: 'GET',
    path: '/v1/entries',
    scope: 'read',
    summary: "The member's entries, the newest last",
    params: none,
    query: none,
    body: 'none',
    answers: { 200: is.Entries },
    handle: async ({ agent }) => {
      const entries = await agent.entries();
      return {
        status: 200,
        body: entries.map((view) => ({
          ...summary(view),
          refused: view.entry.refused,
          notBefore: view.state === 'pending' ? (iso(view.entry.notBefore) ?? undefined) : undefined,
        })),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/entries/{entry}',
    scope: 'read',
    summary: 'An own entry, its document, and what it has met so far',
    params: entry,
    query: none,
    body: 'none',
    answers: { 200: is.ShownEntry },
    handle: async ({ agent }, { params }) => {
      const shown = await agent.entry(params.entry);
      const { document, fileHash } = shown.entry;
      const { strings } =
        document === '' ? { strings: null } : (JSON.parse(document) as { strings: unknown });
      const { payload, findings: now, fingerprints } = shown;
      return {
        status: 200,
        body: { ...summary(shown), fileHash, document: strings, payload, now, fingerprints },
      };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/engage',
    scope: 'engage',
    summary:
      'Ask that an entry be engaged, unless it meets a verdict that is not accepted. Takes a second user.',
    params: entry,
    query: none,
    body: { json: PARAMETERS.engage.omit({ entry: true }) },
    repeatable: true,
    answers: { 202: is.Order },
    handle: (parts, { params, body, ...call }) => ask(parts, call, 'engage', { ...params, ...body }),
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/fingerprints',
    scope: 'fingerprint',
    summary:
      'Have an entry show a fingerprint beside exact and near, and learn whose entries show the same. Idempotent; takes ' +
      'as long as a proof of each does. Where the privacy settings hold entries back, it is evaluated now and shown later.',
    params: entry,
    query: z.strictObject({ now: flag.describe('show at once, whatever the privacy settings say') }),
    body: {
      json: z.strictObject({
        name: z.string().min(1).max(32).describe('possession, or one that the purpose has: loose, goods ...'),
        element: z.string().min(1).max(200).optional().describe('of object, object-class: this one alone'),
      }),
    },
    answers: { 200: is.Fingerprints, 202: is.HeldFingerprint },
    handle: async (parts, { user, params, query, body: { name, element } }) => {
      const which = { name, ...(element === undefined ? {} : { element }) };
      const { showings, outbox } = parts.agent;
      if (!query.now && outbox.window > 0 && name !== 'possession') {
        const held = await parts.inTurn(() => showings.hold(params.entry, which, outbox.window));
        await parts.agent.audit(
          noteOf(user, { command: 'entry fingerprint', entry: params.entry, result: `${name}: pending` }),
        );
        return { status: 202, body: heldView(held) };
      }
      const shown = await parts.inTurn(() =>
        parts.agent.showFingerprint(params.entry, which, proving(parts)),
      );
      const labels = [...new Set(shown.map(({ label }) => label))].join(', ');
      await parts.agent.audit(
        noteOf(user, { command: 'entry fingerprint', entry: params.entry, result: `${name}: ${labels}` }),
      );
      return { status: 200, body: shown };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/entries/{entry}/capacity',
    scope: 'read',
    summary: "What is left of what an entry's document states, and what was drawn from it",
    params: entry,
    query: none,
    body: 'none',
    answers: { 200: is.Capacity },
    handle: async ({ agent }, { params }) => ({
      status: 200,
      body: capacityJson(await agent.capacity(params.entry)),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/draw',
    scope: 'draw',
    summary:
      "Ask that a part of what an entry's document states be drawn, which engages the entry. Takes a second user.",
    params: entry,
    query: none,
    body: { json: PARAMETERS.draw.omit({ entry: true }) },
    repeatable: true,
    answers: { 202: is.Order },
    handle: async (parts, { params, body, ...call }) => {
      const part = { ...params, ...body };
      // What can never be drawn nobody need decide on.
      await readPart(parts.agent, part);
      return ask(parts, call, 'draw', part);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/settle',
    scope: 'settle',
    summary: 'Ask that an engaged entry be settled: it was paid. Takes a second user.',
    params: entry,
    query: none,
    body: 'none',
    repeatable: true,
    answers: { 202: is.Order },
    handle: (parts, { params, ...call }) => ask(parts, call, 'settle', params),
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/share',
    scope: 'share',
    summary: 'Ask that one other member, whose card is posted, may read an entry. Takes a second user.',
    params: entry,
    query: none,
    body: { json: PARAMETERS.share.omit({ entry: true }) },
    repeatable: true,
    answers: { 202: is.Order },
    handle: (parts, { params, body, ...call }) => ask(parts, call, 'share', { ...params, ...body }),
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/release',
    scope: 'release',
    summary: 'End an engagement: others may engage the document',
    params: entry,
    query: none,
    body: 'none',
    answers: { 200: is.Acted },
    handle: ({ agent }, { user, params }) => act(agent, user, agent.release(params.entry)),
  }),
  route({
    method: 'POST',
    path: '/v1/entries/{entry}/cancel',
    scope: 'cancel',
    summary: 'Withdraw an entry that is registered and not engaged',
    params: entry,
    query: none,
    body: { json: z.strictObject({ reason: is.CancelReason }) },
    answers: { 200: is.Acted },
    handle: ({ agent }, { user, params, body }) => act(agent, user, agent.cancel(params.entry, body.reason)),
  }),
  route({
    method: 'GET',
    path: '/v1/entries/{entry}/receipt',
    scope: 'read',
    summary: 'A receipt of an entry, for anybody to verify offline',
    params: entry,
    query: z.strictObject({ transaction: flag.describe('adds the own transaction') }),
    body: 'none',
    answers: { 200: is.Receipt },
    handle: async ({ agent }, { params, query }) => {
      const { text } = await agent.receipt(params.entry, { withTransaction: query.transaction });
      return { status: 200, body: JSON.parse(text) as unknown };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/receipts/verify',
    scope: 'any',
    summary: 'What a receipt of this network proves',
    params: none,
    query: none,
    body: {
      json: z.strictObject({
        receipt: is.Receipt,
        witnesses: z.array(z.string().max(512)).max(16).default([]),
        quorum: z.int().min(0).max(16).optional(),
      }),
    },
    answers: { 200: is.Proved },
    handle: ({ agent }, { body: { receipt, witnesses, quorum } }) => {
      const proved = agent.verify(`${JSON.stringify(receipt, null, 2)}\n`, {
        witnesses,
        ...(quorum === undefined ? {} : { quorum }),
      });
      return Promise.resolve({ status: 200, body: proved });
    },
  }),
  ...MATCH_ROUTES,
  ...CROSSCHECK_ROUTES,
  route({
    method: 'GET',
    path: '/v1/card',
    scope: 'any',
    summary: "This member's card: what others need to share entries with it. Holds no secret.",
    params: none,
    query: none,
    body: 'none',
    answers: { 200: z.strictObject({ card: z.string() }) },
    handle: ({ agent }) => Promise.resolve({ status: 200, body: { card: agent.card() } }),
  }),
  route({
    method: 'GET',
    path: '/v1/orders',
    scope: 'any',
    summary: 'Orders that take two users: own ones, or all of them for who approves; the newest first',
    params: none,
    query: z.strictObject({ open: flag.describe('only those that wait') }),
    body: 'none',
    answers: { 200: z.array(is.Order) },
    handle: async ({ orders }, { user, query }) => {
      const all = (await orders.list()).filter(({ requestedBy }) => maySee(user, requestedBy));
      return { status: 200, body: query.open ? all.filter(({ state }) => state === 'pending') : all };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/orders/{order}',
    scope: 'any',
    summary: 'An order, and what became of it',
    params: order,
    query: none,
    body: 'none',
    answers: { 200: is.Order },
    handle: async ({ orders }, { user, params }) => {
      const found = await orders.get(params.order);
      ensure(maySee(user, found.requestedBy), 'not_found', 'there is no such order', 'order');
      return { status: 200, body: found };
    },
  }),
  ...(['approve', 'reject'] as const).map((decision) =>
    route({
      method: 'POST',
      path: `/v1/orders/{order}/${decision}`,
      scope: 'approve',
      summary:
        decision === 'approve'
          ? "Approve another user's order: it is carried out, at most once, and its outcome answered"
          : "Reject another user's order",
      params: order,
      query: none,
      body: 'none',
      answers: { 200: is.Order },
      handle: async (parts, { user, params }) => ({
        status: 200,
        body: await { approve, reject }[decision](parts, params.order, user),
      }),
    }),
  ),
  route({
    method: 'GET',
    path: '/v1/events',
    scope: 'read',
    summary:
      'What concerns the member, as it happens: server-sent events. With Last-Event-ID, what came after that one; ' +
      'without, all since the first.',
    params: none,
    query: z.strictObject({ all: flag.describe('also those of matches that were resolved') }),
    body: 'none',
    answers: { 200: is.Event },
    streams:
      ({ agent }) =>
      (place) =>
        agent.eventsAfter(place),
    handle: notAtOnce,
  }),
];
