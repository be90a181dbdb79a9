import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import { agentMetrics, callMetrics, evaluatorMetrics } from '../../src/metrics/index.js';
import type { Charge, QuotaStore, UtcDay } from '../../src/oprf/index.js';

const DAY = '2025-03-03' as UtcDay;
const HOSTILE = ['a"} 1\nevil_metric 666\n#', 'back\\slash', '\\"', 'x{y="z"}', '\u2028'];

/** Counts in memory, with a quota of ten. */
function quotas(): QuotaStore {
  const used = new Map<string, number>();
  return {
    charge: ({ member, requests, limit }: Charge) => {
      const next = (used.get(member) ?? 0) + requests.length;
      if (next > limit) return Promise.reject(new CountersealError('quota_exceeded', 'no more'));
      used.set(member, next);
      return Promise.resolve({ charged: requests.length, used: next });
    },
    used: (member) => Promise.resolve(used.get(member) ?? 0),
    close: () => Promise.resolve(),
  };
}
const charge = (member: string, count: number): Charge => ({
  ...{ member, day: DAY, limit: 10 },
  requests: Array.from({ length: count }, () => new Uint8Array(32)),
});
/** Names of the samples of a registry's text, read line by line as a scraper does. */
const samples = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^([a-z_]+)(\{.*\})? \S+$/s.exec(line)?.[1]);

describe('labels', () => {
  it('count what a member asked for and was refused', async () => {
    const registry = new Registry();
    const { quotas: measured } = evaluatorMetrics(registry, quotas(), () => Date.parse(DAY));
    await measured.charge(charge('7', 4));
    await measured.charge(charge('8', 1));
    await expect(measured.charge(charge('7', 7))).rejects.toMatchObject({ code: 'quota_exceeded' });
    const text = await registry.metrics();
    expect(text).toContain('counterseal_evaluations_total{member="7"} 4\n');
    expect(text).toContain('counterseal_quota_refusals_total{member="7"} 1\n');
    expect(text).toContain('counterseal_quota_used{member="7"} 4\n');
    expect(text).toContain('counterseal_quota_limit{member="8"} 10\n');
    expect(text).not.toContain('counterseal_quota_refusals_total{member="8"}');
  });

  it.each(HOSTILE)('of a member that calls itself %j stay labels', async (member) => {
    const registry = new Registry();
    const { quotas: measured } = evaluatorMetrics(registry, quotas(), () => Date.parse(DAY));
    await measured.charge(charge(member, 1));
    const names = samples(await registry.metrics());
    expect(names).not.toContain('evil_metric');
    expect(names).not.toContain(undefined);
    expect(new Set(names)).toEqual(
      new Set(['counterseal_evaluations_total', 'counterseal_quota_limit', 'counterseal_quota_used']),
    );
  });

  it('of an agent are of a closed list', async () => {
    const registry = new Registry();
    const measured = agentMetrics(registry, () => Promise.resolve([{ kind: 'node', id: '1', up: false }]));
    for (const event of ['registered-again', ...HOSTILE]) measured.event(event, false);
    measured.event('own-acted', true);
    const text = await registry.metrics();
    expect(text).toContain('counterseal_agent_events_total{event="registered-again"} 1\n');
    expect(text).toContain(`counterseal_agent_events_total{event="other"} ${HOSTILE.length}\n`);
    expect(text).toContain('counterseal_agent_alarms_total 1\n');
    expect(text).toContain('counterseal_agent_peer_up{kind="node",id="1"} 0\n');
    expect(text).not.toContain('evil');
  });

  it('of calls keep the durations of streams out', async () => {
    const registry = new Registry();
    const observe = callMetrics(registry);
    observe({ method: 'Ledger/StreamRecords', code: 'OK', seconds: 3_600, streaming: true });
    observe({ method: 'Ledger/GetGenesis', code: 'OK', seconds: 0.003, streaming: false });
    const text = await registry.metrics();
    expect(text).toContain('counterseal_grpc_calls_total{method="Ledger/StreamRecords",code="OK"} 1\n');
    expect(text).toContain('counterseal_grpc_call_duration_seconds_count{method="Ledger/GetGenesis"} 1\n');
    expect(text).not.toContain('_count{method="Ledger/StreamRecords"}');
  });
});
