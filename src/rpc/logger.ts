import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * Structured logs on standard error. Call sites log named scalars only (paths, codes, counts, heights, ids of
 * processes): documents, strings of documents, tags, keys and requests are never handed to a logger, so there is
 * nothing to redact.
 */
export function createLogger(name: string, level = process.env['COUNTERSEAL_LOG_LEVEL'] ?? 'info'): Logger {
  return pino({ name, level, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}
