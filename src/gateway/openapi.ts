import { z } from 'zod';
import { DOCUMENT_MAX_BYTES } from '../agent/index.js';
import { Problem } from './problem.js';
import { IDEMPOTENCY_KEY } from './request-guard.js';
import type { Route } from './route.js';

type Json = Record<string, unknown>;

/** What is answered to who has no key: nothing about the member. */
export const OPEN_PATHS = {
  '/healthz': { summary: 'That the gateway answers', schema: z.strictObject({ ok: z.literal(true) }) },
  '/openapi.json': {
    summary: 'This description',
    schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }),
  },
} as const;

const REF = '#/components/schemas/';

/** The OpenAPI 3.1 document of a table of routes: its schemas are those that requests and answers are held to. */
export function openApi(routes: readonly Route[], version: string): Json {
  const components: Json = {};
  const schema = (type: z.ZodType, io: 'input' | 'output'): Json => {
    const made = z.toJSONSchema(type, { io, target: 'draft-2020-12', unrepresentable: 'any' }) as Json;
    const { $defs = {}, ...rest } = refs(made) as Json;
    delete rest['$schema'];
    for (const [name, definition] of Object.entries($defs as Json)) components[name] = withoutId(definition);
    const { id } = (type.meta() ?? {}) as { id?: string };
    // One with a name of its own may be made as a reference to it.
    if (id === undefined || '$ref' in rest) return rest;
    components[id] = withoutId(rest);
    return { $ref: `${REF}${id}` };
  };
  const paths: Record<string, Json> = {};
  for (const { method, path, scope, summary, params, query, body, answers, streams, repeatable } of routes) {
    const parameter = (where: 'path' | 'query') => (object: z.ZodObject) => {
      const { properties = {}, required = [] } = schema(object, 'input') as {
        properties?: Json;
        required?: string[];
      };
      return Object.entries(properties).map(([name, of]) => ({
        name,
        in: where,
        required: where === 'path' || required.includes(name),
        schema: of,
      }));
    };
    const lastEventId = {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      schema: { type: 'string', pattern: '^\\d+\\.\\d+$' },
    };
    const idempotencyKey = {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'asked again with the same one, by the same user, it is the same order',
      schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
    };
    (paths[path] ??= {})[method.toLowerCase()] = {
      summary,
      operationId: operationId(method, path),
      'x-scope': scope,
      security: [{ key: [] }],
      parameters: [
        ...parameter('path')(params),
        ...parameter('query')(query),
        ...(streams ? [lastEventId] : []),
        ...(repeatable ? [idempotencyKey] : []),
      ],
      ...(body === 'none'
        ? {}
        : {
            requestBody: {
              required: true,
              content:
                body === 'document'
                  ? {
                      'application/octet-stream': {
                        schema: {
                          type: 'string',
                          format: 'binary',
                          maxLength: DOCUMENT_MAX_BYTES,
                          description: 'a document as its file holds it; the content says which format it is',
                        },
                      },
                    }
                  : { 'application/json': { schema: schema(body.json, 'input') } },
            },
          }),
      responses: {
        ...Object.fromEntries(
          Object.entries(answers).map(([status, type]) => [
            status,
            {
              description: summary,
              content: {
                [streams ? 'text/event-stream' : 'application/json']: { schema: schema(type, 'output') },
              },
            },
          ]),
        ),
        default: {
          description: 'an error',
          content: { 'application/problem+json': { schema: schema(Problem, 'output') } },
        },
      },
    };
  }
  for (const [path, { summary, schema: of }] of Object.entries(OPEN_PATHS))
    paths[path] = {
      get: {
        summary,
        operationId: `get${path[1]!.toUpperCase()}${path.slice(2).replace('.json', '')}`,
        security: [],
        responses: {
          200: { description: summary, content: { 'application/json': { schema: schema(of, 'output') } } },
          default: {
            description: 'an error',
            content: { 'application/problem+json': { schema: schema(Problem, 'output') } },
          },
        },
      },
    };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Counterseal gateway',
      version,
      description: "A member's side of a Counterseal network over HTTP, for programs on this machine.",
      license: { name: 'GPL-3.0-or-later', identifier: 'GPL-3.0-or-later' },
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'counterseal gateway user add' },
      },
    },
  };
}

const operationId = (method: string, path: string): string =>
  method.toLowerCase() +
  path
    .split('/')
    .slice(2)
    .map((part) => {
      const name = part.replace(/[{}]/g, '');
      return (part.startsWith('{') ? 'By' : '') + name[0]!.toUpperCase() + name.slice(1);
    })
    .join('');

const withoutId = (value: unknown): unknown =>
  Object.fromEntries(Object.entries(value as Json).filter(([key]) => key !== 'id' && key !== '$id'));

/** References as OpenAPI has them, instead of those into the schema itself. */
function refs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(refs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => [
      key,
      key === '$ref' && typeof of === 'string' ? of.replace('#/$defs/', REF) : refs(of),
    ]),
  );
}
