import type { z } from 'zod';
import type { EventSource } from './events.js';
import type { Call, Parts } from './parts.js';
import { HttpError } from './problem.js';
import type { Scope } from './users.js';

/** A status and, as JSON, what goes with it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One row of the table of routes: all that the server and the OpenAPI document know of it. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** `/v1/entries/{entry}`: a name in braces stands for one segment. */
  readonly path: string;
  /** What the user must be allowed; `any`: a user of the gateway. */
  readonly scope: Scope | 'any';
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** What is posted: nothing, JSON, or a document as its file holds it. */
  readonly body: { readonly json: z.ZodType } | 'document' | 'none';
  /** Whether it can be asked again, with the same Idempotency-Key, by who got no answer. */
  readonly repeatable?: true;
  /** What is answered, by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Answers with server-sent events instead: these. */
  readonly streams?: (parts: Parts) => EventSource;
  readonly handle: (parts: Parts, call: Call<never, never, never>) => Promise<Answer>;
}

/** The handler of a route that streams. */
export const notAtOnce = (): Promise<Answer> =>
  Promise.reject(new HttpError(500, 'internal', 'events are not answered at once'));

/** A route whose handler's values have the types of its schemas. */
export function route<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends { readonly json: z.ZodType } | 'document' | 'none',
>(
  row: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params: Params;
    readonly query: Query;
    readonly body: Body;
    readonly handle: (
      parts: Parts,
      call: Call<
        z.infer<Params>,
        z.infer<Query>,
        Body extends { readonly json: infer Schema extends z.ZodType } ? z.infer<Schema> : undefined
      >,
    ) => Promise<Answer>;
  },
): Route {
  return row as unknown as Route;
}
