import type { Logger } from '../rpc/logger.js';

/** Says on standard output that a service is ready, for whoever started it, and in the log. */
export function announce(log: Logger, service: string, port: number): void {
  process.stdout.write(`${JSON.stringify({ ready: service, port })}\n`);
  log.info({ port }, 'ready');
}

/** Resolves at SIGINT or SIGTERM, and when whoever started this as a child has gone. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}
