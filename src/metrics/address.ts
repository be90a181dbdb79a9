import { ensure } from '../errors.js';

/** Where to listen: nothing does unless it is asked to. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `[host:]port`; the host is `localhost` unless another one is named. Throws `invalid_argument`. */
export function parseMetricsAddress(text: string): MetricsAddress {
  const [, host = 'localhost', port = ''] =
    /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})$/.exec(text) ?? [];
  ensure(
    port !== '' && Number(port) <= 65_535,
    'invalid_argument',
    `${text} is no address to listen at: give a port, or a host and a port, as 9464 or localhost:9464`,
    'metrics',
  );
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
