import { Counter, Gauge, type Registry } from 'prom-client';
import { CountersealError } from '../errors.js';
import { utcDay, type QuotaStore } from '../oprf/index.js';

/**
 * Measures what members ask of an evaluator, at the store that counts it: by member id, as the evaluator knows it
 * anyway. A charge is made for members of the network alone, so there are at most as many labels as members.
 */
export function evaluatorMetrics(
  registry: Registry,
  quotas: QuotaStore,
  now: () => number = Date.now,
): { readonly quotas: QuotaStore; watch(evaluator: { readonly pendingNonces: number }): void } {
  const registers = [registry];
  const evaluations = new Counter({
    name: 'counterseal_evaluations_total',
    help: 'Evaluations charged to a member.',
    labelNames: ['member'],
    registers,
  });
  const refusals = new Counter({
    name: 'counterseal_quota_refusals_total',
    help: 'Requests refused because the quota of a member was used up.',
    labelNames: ['member'],
    registers,
  });
  const limits = new Gauge({
    name: 'counterseal_quota_limit',
    help: 'Evaluations that a member may ask for in a UTC day; of members that asked since this process began.',
    labelNames: ['member'],
    registers,
  });
  const asked = new Set<string>();
  new Gauge({
    name: 'counterseal_quota_used',
    help: 'Evaluations charged to a member today (UTC); of members that asked since this process began.',
    labelNames: ['member'],
    registers,
    async collect() {
      const day = utcDay(now());
      await Promise.all(
        [...asked].map(async (member) => {
          const used = await quotas.used(member, day).catch(() => undefined);
          if (used !== undefined) this.set({ member }, used);
        }),
      );
    },
  });
  return {
    quotas: {
      charge: async (charge) => {
        const { member, limit } = charge;
        asked.add(member);
        limits.set({ member }, limit);
        try {
          const charged = await quotas.charge(charge);
          evaluations.inc({ member }, charged.charged);
          return charged;
        } catch (error) {
          if (error instanceof CountersealError && error.code === 'quota_exceeded') refusals.inc({ member });
          throw error;
        }
      },
      used: (member, day) => quotas.used(member, day),
      close: () => quotas.close(),
    },
    watch: (evaluator) => {
      new Gauge({
        name: 'counterseal_pending_nonces',
        help: 'Evaluations that wait for their second round.',
        registers,
        collect() {
          this.set(evaluator.pendingNonces);
        },
      });
    },
  };
}
