import { X509Certificate } from 'node:crypto';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ObservedCall } from '../rpc/call-observer.js';

/** How long the sizes of a folder's files stay as they were read. */
const FOLDER_READ_MS = 15_000;

export interface CommonMetrics {
  readonly service: 'node' | 'evaluator' | 'witness' | 'agent';
  readonly version: string;
  /** The service's folder: what its data take, and what is left of their disk. */
  readonly home: string;
  /** By what they are, `own` or `authority`; PEM. */
  readonly certificates: Readonly<Record<string, string>>;
}

/** What every process tells: its version, Node's default metrics, its disk, when its certificates expire. */
export function createRegistry({ service, version, home, certificates }: CommonMetrics): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'counterseal_build_info',
    help: 'Always 1; which program of which version this is.',
    labelNames: ['service', 'version'],
    registers,
  }).set({ service, version }, 1);
  const expiry = new Gauge({
    name: 'counterseal_certificate_expiry_timestamp_seconds',
    help: 'When a certificate of this process expires.',
    labelNames: ['certificate'],
    registers,
  });
  for (const [certificate, pem] of Object.entries(certificates))
    expiry.set({ certificate }, Date.parse(new X509Certificate(pem).validTo) / 1000);
  diskMetrics(registry, home);
  return registry;
}

function diskMetrics(registry: Registry, home: string): void {
  const registers = [registry];
  const used = cached(() => sizeOf(home));
  const disk = cached(() => statfs(home));
  const gauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read().catch(() => Number.NaN));
      },
    });
  gauge('counterseal_disk_used_bytes', 'What the files of the folder of this process take.', used);
  gauge('counterseal_disk_free_bytes', 'What this process can still write to the disk of its folder.', () =>
    disk().then(({ bavail, bsize }) => bavail * bsize),
  );
  gauge('counterseal_disk_size_bytes', 'The size of the disk of its folder.', () =>
    disk().then(({ blocks, bsize }) => blocks * bsize),
  );
}

/** Remembers what was read for a while: whoever asks often makes no work. */
function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: Promise<T>; readonly at: number } | undefined;
  return () => {
    const now = performance.now();
    if (!last || now - last.at > FOLDER_READ_MS) last = { value: read(), at: now };
    return last.value;
  };
}

/** Bytes of the files below a folder; what goes while it is read counts nothing. Follows no links. */
async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const found = await lstat(path).catch(() => undefined);
      return found?.isDirectory() ? sizeOf(path) : (found?.size ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** gRPC calls that a server answered: what {@link ObservedCall}s are given to. */
export function callMetrics(registry: Registry): (call: ObservedCall) => void {
  const registers = [registry];
  const calls = new Counter({
    name: 'counterseal_grpc_calls_total',
    help: 'gRPC calls answered, by method and status code.',
    labelNames: ['method', 'code'],
    registers,
  });
  const duration = new Histogram({
    name: 'counterseal_grpc_call_duration_seconds',
    help: 'How long unary gRPC calls took.',
    labelNames: ['method'],
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return ({ method, code, seconds, streaming }) => {
    calls.inc({ method, code });
    if (!streaming) duration.observe({ method }, seconds);
  };
}
