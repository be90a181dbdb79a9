import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '../agent/index.js';
import { ensure } from '../errors.js';
import { GatewayUsers, openGateway, SealedJson } from '../gateway/index.js';
import { createLogger } from '../rpc/logger.js';
import type { Group } from './figure.js';
import { withLocalNetwork } from './local-network.js';

/** As many as a gateway takes at a time. */
const AT_ONCE = 16;
const ROUNDS = 4;
const IDLE_MS = 2_000;

/** An invoice of many lines, as a program would post it. */
const invoice = (i: number): string =>
  JSON.stringify({
    ...{ counterseal: 1, kind: 'invoice', number: `BENCH-${i}`, issueDate: '2025-02-14' },
    issuer: { name: 'Seller', country: 'DE', vat: 'DE999999903' },
    counterparty: { name: 'Buyer', country: 'DE', vat: 'DE999999815' },
    ...{ currency: 'EUR', amount: `${1_000 + i}.00` },
    lines: Array.from({ length: 60 }, (_, line) => ({ name: `Article ${i} of line ${line}`, quantity: '3' })),
  });

/** Milliseconds of processor of this thread so far; where the system does not say, of the clock on the wall. */
function threadNow(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** The most that the event loop did between two turns of a timer, while `work` was done. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = threadNow();
  const timer = setInterval(() => {
    const now = threadNow();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await work();
  clearInterval(timer);
  return longest;
}

export const serving: Group = {
  names: ['gateway.loop'],
  async measure({ folder, progress }) {
    progress('starting a network: a node and three evaluators');
    return withLocalNetwork(folder, ['bank'], async ({ paths, access }) => {
      const home = paths.member('bank');
      const agent = await Agent.open(home, access);
      const key = agent.home.keys.gatewayKey;
      const user = await new GatewayUsers(home, new SealedJson(key)).add('bench', ['check', 'register']);
      const log = createLogger('gateway', { level: 'silent' });
      const where = { host: 'localhost', port: 0, version: 'bench' };
      const gateway = await openGateway(agent, { ...where, home, key, log });
      const post = async (path: string, i: number): Promise<void> => {
        const response = await fetch(`http://localhost:${gateway.port}${path}?purpose=finance`, {
          ...{ method: 'POST', body: invoice(i), headers: { authorization: `Bearer ${user}` } },
        });
        ensure(response.ok, 'internal', `${path} was answered with ${response.status}`);
        await response.arrayBuffer();
      };
      const round = (n: number): Promise<unknown> =>
        Promise.all([
          post('/v1/entries', n * AT_ONCE),
          ...Array.from({ length: AT_ONCE - 1 }, (_, i) => post('/v1/check', n * AT_ONCE + i + 1)),
        ]);
      try {
        progress('checking and registering, to warm up');
        await round(0);
        progress(
          `checking ${(AT_ONCE - 1) * ROUNDS} documents and registering ${ROUNDS}, ${AT_ONCE} at a time`,
        );
        const value = await longestTurn(async () => {
          for (let n = 1; n <= ROUNDS; n++) await round(n);
        });
        return [
          {
            name: 'gateway.loop',
            value,
            unit: 'ms',
            baseline: await longestTurn(() => sleep(IDLE_MS)),
            against: 'the same while nothing is asked',
            better: 'lower' as const,
            notes: [
              'the most processor that a gateway takes before it looks who else asks; who asks is in the same process',
            ],
          },
        ];
      } finally {
        await gateway.close();
        agent.close();
      }
    });
  },
};
