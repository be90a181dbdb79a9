import type { Command } from 'commander';
import type { Registry } from 'prom-client';
import { parseMetricsAddress } from '../metrics/address.js';
import type { CommonMetrics, MetricsServer } from '../metrics/index.js';
import type { ObservedCall } from '../rpc/call-observer.js';
import { VERSION } from './version.js';

export interface MetricsOptions {
  metrics?: string;
}

/** Adds where a process that runs serves its metrics. */
export function metricsOption(command: Command, configured = true): Command {
  return command.option(
    '--metrics <[host:]port>',
    'serve /metrics, /healthz and /readyz there, on localhost unless a host is named; 0 for any free port ' +
      `(default: ${configured ? '"metrics" of the configuration, else ' : ''}not at all)`,
    (value: string) => {
      parseMetricsAddress(value);
      return value;
    },
  );
}

/** The metrics of a process that was asked for them. */
export interface Metrics {
  readonly registry: Registry;
  /** Where a gRPC server tells of its calls. */
  readonly calls: (call: ObservedCall) => void;
  /** Begins to serve them; `ready` says why the process is not, or undefined where it is. */
  serve(ready: () => string | undefined): Promise<MetricsServer>;
}

/** Undefined where nobody asked for metrics: then nothing is counted and nothing listens. */
export async function openMetrics(
  address: string | undefined,
  common: Omit<CommonMetrics, 'version'>,
): Promise<Metrics | undefined> {
  if (address === undefined) return undefined;
  const { callMetrics, createRegistry, serveMetrics } = await import('../metrics/index.js');
  const where = parseMetricsAddress(address);
  const registry = createRegistry({ ...common, version: VERSION });
  let calls: Metrics['calls'] | undefined;
  return {
    registry,
    // Only of those that serve gRPC.
    get calls() {
      return (calls ??= callMetrics(registry));
    },
    serve: (ready) => serveMetrics(where, { registry, ready }),
  };
}
