import { z } from 'zod';
import type { Opened, SideSource } from '../agent/index.js';
import { DAY_MS } from '../time.js';
import * as crosscheck from './crosscheck-schemas.js';
import { noteOf, type Parts } from './parts.js';
import { route, type Route } from './route.js';
import { none, number, warned } from './route-parts.js';

async function sourceOf({ read }: Parts, side: crosscheck.Side): Promise<SideSource> {
  if (side.from !== 'document') return side;
  const { document } = await read(Buffer.from(side.document, 'base64'));
  return { from: 'document', document, ...(side.entry === undefined ? {} : { entry: side.entry }) };
}

/** Others' entries as they are answered. */
export const compared = (opened: Opened) => ({
  ...warned(opened),
  entries: opened.entries.map(({ document, ...about }) => ({
    ...about,
    registered: document && { kind: document.kind, document: document.strings },
  })),
});

/** Cross-checks of documents against each other, and of an own copy against what others registered. */
export const CROSSCHECK_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/v1/compare',
    scope: 'compare',
    summary:
      "Open other parties' entries of a document with an own copy of it, and see where the copies differ. The node " +
      'learns that somebody at this address reads these entries.',
    params: none,
    query: z.strictObject({ with: number.optional().describe('this entry alone, whatever its state') }),
    body: 'document',
    answers: { 200: crosscheck.Compared },
    handle: async ({ agent }, { user, query, document }) => {
      const { document: copy, fileHash: file } = document!;
      const opened = await agent.openConvergent(copy, query.with === undefined ? {} : { entry: query.with });
      await agent.audit(
        ...opened.entries.map(({ entry, status, agrees }) => {
          const result = status !== 'opened' ? status : agrees ? 'agrees' : 'differs';
          return noteOf(user, { command: 'document compare', file, entry, result });
        }),
      );
      return { status: 200, body: compared(opened) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/crosschecks/requests',
    scope: 'crosscheck',
    summary: 'As verifier: ask for a cross-check of one or two entries. An answer counts once.',
    params: none,
    query: none,
    body: { json: crosscheck.Question },
    answers: { 200: crosscheck.Asked },
    handle: async ({ agent }, { user, body: { rules, subjects, values, days } }) => {
      const { text, challenge, expires } = await agent.crosschecks.request({
        ...{ rules, subjects, values, validForMs: days * DAY_MS },
      });
      await agent.audit(
        ...subjects.map((entry) => noteOf(user, { command: 'crosscheck request', entry, result: rules })),
      );
      return { status: 200, body: { request: text, challenge, expires } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/crosschecks/results',
    scope: 'prove',
    summary:
      'As prover: prove what the rules of a request say, sealed for its verifier. The outcome is answered before ' +
      'anything leaves. Takes as long as a proof does.',
    params: none,
    query: none,
    body: { json: crosscheck.Proving },
    answers: { 200: crosscheck.Answered },
    handle: async (parts, { user, body: { request, a, b } }) => {
      const sides = {
        a: await sourceOf(parts, a),
        ...(b === undefined ? {} : { b: await sourceOf(parts, b) }),
      };
      const { text, ...made } = await parts.agent.crosschecks.prove(request, sides, parts.prover());
      const { set, entries, verifier } = made;
      await parts.agent.audit(
        ...entries
          .filter((entry) => entry !== null)
          .map((entry) => {
            const result = `${set} for ${verifier.memberId}`;
            return noteOf(user, { command: 'crosscheck prove', entry, result });
          }),
      );
      return { status: 200, body: { result: text, ...made } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/crosschecks/verify',
    scope: 'crosscheck',
    summary: 'As verifier: verify an answer to an own request, and use the request up',
    params: none,
    query: none,
    body: { json: crosscheck.Verifying },
    answers: { 200: crosscheck.Verified },
    handle: async ({ agent }, { user, body: { request, result } }) => {
      const found = await agent.crosschecks.verify(result, request);
      const said = `${found.set} ${found.holds ? 'holds' : 'does not hold'}`;
      await agent.audit(
        ...[found.a, found.b]
          .filter((side) => side !== null)
          .map(({ entry }) => noteOf(user, { command: 'crosscheck verify', entry, result: said })),
      );
      return { status: 200, body: found };
    },
  }),
];
