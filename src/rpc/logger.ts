import { pino, type DestinationStream } from 'pino';
import { ERROR_CODES, type ErrorCode } from '../errors.js';

/** All that is ever said: a text that is put together could carry what must not be logged. */
const LOG_MESSAGES = [
  'ready',
  'call refused',
  'call failed',
  'no cosignature',
  'a witness has cosigned more records than this log has, or other ones: records were lost, or the log has forked',
  'a signed checkpoint does not extend the one that was cosigned: the log has forked, or records were lost',
  'a request failed',
  'request',
  'a backup was written',
  'a backup failed',
  'this node was restored from a backup, and accepts nothing until its operator confirms that nothing came after it',
  'the socket for administration cannot be made: its path is too long',
  'the list of members follows the ledger',
  'no node answers: members are those of the last list, and after a day without a node nobody is answered',
  'a node sends what the ledger cannot be: it is asked again in a minute',
  'the certificate expires within 30 days: renew it',
] as const;
export type LogMessage = (typeof LOG_MESSAGES)[number];

const ERROR_NAMES: ReadonlySet<string> = new Set([
  ...['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError'],
  ...['AggregateError', 'CountersealError', 'AssertionError', 'AbortError'],
]);
const FRAMES_MAX = 20;
const FRAME =
  /^at (?:(?:async |new )?[\w$.#<>[\] ]{1,120} \()?(?:file:\/\/|node:|\/)[^\s()]{1,300}:\d+:\d+\)?$/;
const NOTE_MAX = 16_384;
const NOTE =
  /^[a-z0-9-]{1,50}\n\d{1,16}\n[A-Za-z0-9+/=]{44}\nstate [A-Za-z0-9+/=]{44}\nblock \d{1,16} \d{1,16}\n\n(?:\u2014 [^\s\p{C}+]{1,255} [A-Za-z0-9+/=]{1,200}\n)+$/u;

type Reader<T> = (value: unknown) => T | undefined;
type Readers = Readonly<Record<string, Reader<unknown>>>;
const count: Reader<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
const matching =
  (pattern: RegExp): Reader<string> =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? value : undefined;

/**
 * All that is ever logged beside a message, each with what it can look like. Documents, strings of documents, tags,
 * keys, requests, addresses of callers and error messages are none of these.
 */
const FIELDS = {
  port: count,
  /** The port of /metrics. */
  metrics: count,
  height: count,
  /** Of a log. */
  size: count,
  bytes: count,
  /** A gRPC method. */
  path: matching(/^\/[\w.]{1,80}\/\w{1,40}$/),
  code: (value) =>
    typeof value === 'string' && Object.hasOwn(ERROR_CODES, value) ? (value as ErrorCode) : undefined,
  /** A signed checkpoint: public, and the evidence of a fork. */
  note: (value) =>
    typeof value === 'string' && value.length <= NOTE_MAX && NOTE.test(value) ? value : undefined,
  /** Of an HTTP request: never its path, whose segments are values, but its route's. */
  method: matching(/^[A-Z]{1,10}$/),
  route: matching(/^\/[a-z0-9{}./]{0,80}$/),
  status: count,
  ms: count,
  /** A user of a gateway. */
  user: matching(/^[a-z0-9][a-z0-9._-]{0,31}$/),
  /** The class of an error. */
  error: (value) => (typeof value === 'string' && ERROR_NAMES.has(value) ? value : undefined),
  /** Where it was thrown, without its message. */
  frames: (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.slice(0, FRAMES_MAX) as unknown[];
    return items.filter((item): item is string => matching(FRAME)(item) !== undefined);
  },
} satisfies Readers;

export type LogFields = {
  readonly [Name in keyof typeof FIELDS]?: ReturnType<(typeof FIELDS)[Name]>;
} & {
  /** The name of a witness's key: of those that the logger was made for. */
  readonly witness?: string;
};

export interface Logger {
  info(fields: LogFields, message: LogMessage): void;
  warn(fields: LogFields, message: LogMessage): void;
  error(fields: LogFields, message: LogMessage): void;
}

export interface LoggerOptions {
  readonly level?: string;
  /** Names of witnesses' keys, as the operator configured them. */
  readonly witnesses?: readonly string[];
  readonly destination?: DestinationStream;
}

/**
 * Structured logs on standard error. What may be logged is a closed set, in the types and again when a line is
 * written: a field that is not in it, or does not look like what it must be, is dropped; so is the message.
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const { level = process.env['COUNTERSEAL_LOG_LEVEL'] ?? 'info', witnesses = [] } = options;
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true });
  const out = pino({ name, level, base: { pid: process.pid } }, destination);
  const readers: Readers = {
    ...FIELDS,
    witness: (value) => witnesses.find((known) => known === value),
  };
  return {
    info: (fields, message) => out.info(allowed(fields, readers), said(message)),
    warn: (fields, message) => out.warn(allowed(fields, readers), said(message)),
    error: (fields, message) => out.error(allowed(fields, readers), said(message)),
  };
}

/** An error for a log: its class and where it was thrown. Its message may quote a value, so it is not in it. */
export function describeError(error: unknown): Pick<LogFields, 'error' | 'frames'> {
  if (!(error instanceof Error)) return {};
  const { name, stack } = error as { name: unknown; stack?: unknown };
  const lines = typeof stack === 'string' ? stack.split('\n').map((line) => line.trim()) : [];
  return {
    error: FIELDS.error(name) ?? 'Error',
    frames: FIELDS.frames(lines.filter((line) => FRAME.test(line))) ?? [],
  };
}

function allowed(fields: unknown, readers: Readers): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(readers)) {
    const value = attempt(() => read((fields as Record<string, unknown> | null | undefined)?.[name]));
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

const said = (message: unknown): string =>
  (LOG_MESSAGES as readonly unknown[]).includes(message) ? (message as string) : 'an unlisted message';

/** What a hostile object throws when it is read must not end a process that logs it. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
