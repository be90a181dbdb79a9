import { Counter, Gauge, type Registry } from 'prom-client';

const EVENTS = [
  'registered-again',
  'other-acted',
  'own-acted',
  'message',
  'reveal-requested',
  'revealed',
] as const;

/** A service that the agent depends on: its id, and whether it answers as itself now. */
export interface ProbedPeer {
  readonly kind: 'node' | 'evaluator';
  /** An evaluator's number; a node's place in the configuration, from 1. */
  readonly id: string;
  readonly up: boolean;
}

/** What the metrics of a running agent are told of. No entry, member or tag is in them: counts alone. */
export interface AgentMetrics {
  event(event: string, alarm: boolean): void;
  following(following: boolean): void;
}

export function agentMetrics(registry: Registry, probe: () => Promise<readonly ProbedPeer[]>): AgentMetrics {
  const registers = [registry];
  const events = new Counter({
    name: 'counterseal_agent_events_total',
    help: 'What happened that concerns this member, by kind.',
    labelNames: ['event'],
    registers,
  });
  for (const event of EVENTS) events.inc({ event }, 0);
  const alarms = new Counter({
    name: 'counterseal_agent_alarms_total',
    help: 'Actions on own entries that this folder did not order.',
    registers,
  });
  const following = new Gauge({
    name: 'counterseal_agent_following',
    help: 'Whether a node answers, and the log is followed: 1 or 0.',
    registers,
  });
  new Gauge({
    name: 'counterseal_agent_peer_up',
    help: 'Whether a node or an evaluator answers, as itself: 1 or 0.',
    labelNames: ['kind', 'id'],
    registers,
    async collect() {
      for (const { kind, id, up } of await probe()) this.set({ kind, id }, up ? 1 : 0);
    },
  });
  return {
    event: (event, alarm) => {
      // The list is closed: whatever else there may be counts as one.
      events.inc({ event: (EVENTS as readonly string[]).includes(event) ? event : 'other' });
      if (alarm) alarms.inc();
    },
    following: (value) => following.set(value ? 1 : 0),
  };
}
