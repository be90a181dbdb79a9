import type { Logger } from '../rpc/logger.js';

/** Says on standard output that a service is ready, for whoever started it, and in the log. */
export function announce(log: Logger, service: string, port: number, metrics?: number): void {
  const ports = { port, ...(metrics === undefined ? {} : { metrics }) };
  process.stdout.write(`${JSON.stringify({ ready: service, ...ports })}\n`);
  log.info(ports, 'ready');
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Lets any further signal end the process at once, as it does where nobody listens. */
export function nextSignalEnds(): void {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
}

/** Aborts at SIGINT, SIGTERM or SIGHUP (the terminal was closed), and when whoever started this as a child has gone. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const event of [...SIGNALS, 'disconnect'] as const) process.once(event, () => controller.abort());
  return controller.signal;
}

/** Resolves when {@link stopSignal} aborts. */
export function untilStopped(): Promise<void> {
  const signal = stopSignal();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
