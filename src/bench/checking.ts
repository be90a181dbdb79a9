import { Agent, fingerprintDocument } from '../agent/index.js';
import { evaluate, type QuotaStore } from '../oprf/index.js';
import { median, quantile, timed } from './clock.js';
import type { Group } from './figure.js';
import { withLocalNetwork } from './local-network.js';
import { benchDocument } from './registrations.js';
import { localClient, syntheticNetwork } from './synthetic-network.js';

const CHECKS = 60;
const WARM_UP = 15;

/** Counts nothing: for what is measured without its disk. */
const noQuotas: QuotaStore = {
  charge: () => Promise.resolve({ charged: 0, used: 0 }),
  used: () => Promise.resolve(0),
  close: () => Promise.resolve(),
};

/** The same evaluations without processes, sockets, disks and a ledger: what the mathematics take. */
async function bareEvaluations(): Promise<number> {
  const synthetic = await syntheticNetwork();
  const clients = synthetic.evaluators(noQuotas).map(localClient);
  const walls: number[] = [];
  for (let i = 0; i < CHECKS; i++) {
    const { identities } = await fingerprintDocument(benchDocument(i));
    walls.push((await timed(() => evaluate(identities, synthetic.committee, clients))).wall);
  }
  return median(walls.slice(WARM_UP));
}

export const checking: Group = {
  names: ['check.p50'],
  async measure({ folder, progress }) {
    progress('starting a network: a node and three evaluators');
    return withLocalNetwork(folder, ['bank'], async ({ paths, access }) => {
      const agent = await Agent.open(paths.member('bank'), access, { keepConnections: true });
      progress(`checking ${CHECKS} documents`);
      const walls: number[] = [];
      let cpu = 0;
      for (let i = 0; i < CHECKS; i++) {
        const check = await timed(() => agent.check(benchDocument(i), 'finance'));
        if (i >= WARM_UP) cpu += check.cpu;
        walls.push(check.wall);
      }
      agent.close();
      const counted = walls.slice(WARM_UP);
      return [
        {
          name: 'check.p50',
          value: median(counted),
          unit: 'ms',
          baseline: await bareEvaluations(),
          against: 'the same evaluations in one process, without sockets, disks and ledger',
          better: 'lower',
          notes: [
            `p95 ${quantile(counted, 0.95).toFixed(0)} ms; ${(cpu / counted.length).toFixed(0)} ms of processor in the agent`,
          ],
        },
      ];
    });
  },
};
