import type { Agent, Following, WatchEvent } from '../agent/index.js';
import type { ProbedPeer } from '../metrics/index.js';
import { openMetrics } from './metrics.js';

/** Peers are asked whether they answer at most so often, however often the metrics are read. */
const PROBE_MS = 15_000;
const PROBE_TIMEOUT_MS = 2_000;

/** What a watch tells its metrics. */
export interface WatchMetrics {
  /** Where they are served. */
  readonly port: number;
  events(events: readonly WatchEvent[]): void;
  following(state: Following): void;
  close(): Promise<void>;
}

/** Undefined where nobody asked for metrics. */
export async function openWatchMetrics(
  address: string | undefined,
  home: string,
  agent: Agent,
): Promise<WatchMetrics | undefined> {
  const certificates = { own: agent.home.identity.certificate, authority: agent.network.genesis.ca };
  const metrics = await openMetrics(address, { service: 'agent', home, certificates });
  if (!metrics) return undefined;
  const { agentMetrics } = await import('../metrics/index.js');
  let last: { readonly peers: Promise<readonly ProbedPeer[]>; readonly at: number } | undefined;
  const measured = agentMetrics(metrics.registry, () => {
    const now = performance.now();
    if (!last || now - last.at > PROBE_MS) last = { peers: probePeers(agent), at: now };
    return last.peers;
  });
  let state: Following = 'lost';
  const server = await metrics.serve(() => (state === 'following' ? undefined : 'no node answers'));
  return {
    port: server.port,
    events: (events) => {
      for (const event of events) measured.event(event.event, event.event === 'own-acted' && !event.ordered);
    },
    following: (next) => {
      state = next;
      measured.following(next === 'following');
    },
    close: () => server.close(),
  };
}

async function probePeers({ home, network }: Agent): Promise<ProbedPeer[]> {
  const { probe } = await import('../rpc/probe.js');
  const { networkId, ca: authority } = network.genesis;
  const common = { authority, timeout: PROBE_TIMEOUT_MS };
  const ask = async (
    kind: ProbedPeer['kind'],
    id: string,
    address: string,
    options: Partial<Parameters<typeof probe>[1]>,
  ): Promise<ProbedPeer> => {
    const server = { networkId, kind, ...(kind === 'evaluator' ? { id } : {}) };
    const up = await probe(address, { ...common, ...options, server }).then(
      () => true,
      () => false,
    );
    return { kind, id, up };
  };
  return Promise.all([
    ...home.config.nodes.map((address, i) => ask('node', String(i + 1), address, {})),
    ...home.config.evaluators.map(({ id, address }) =>
      ask('evaluator', String(id), address, { identity: home.identity }),
    ),
  ]);
}
