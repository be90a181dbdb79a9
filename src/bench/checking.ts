import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Agent, fingerprintDocument } from '../agent/index.js';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../cli/local-network.js';
import { freePorts } from '../cli/ports.js';
import { evaluate, type QuotaStore } from '../oprf/index.js';
import { median, quantile, timed } from './clock.js';
import type { Group } from './figure.js';
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
    const passphrase = randomBytes(24).toString('base64url');
    const network = join(folder, 'network');
    await createLocalNetwork({
      folder: network,
      name: 'bench',
      passphrase,
      members: [{ name: 'bank', role: 'bank' }],
      evaluators: 3,
      threshold: 2,
      ports: await freePorts(4),
    });
    const services = await startLocalNetwork(network, passphrase);
    try {
      const agent = await Agent.open(networkPaths(network).member('bank'), passphrase, {
        keepConnections: true,
      });
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
    } finally {
      await Promise.all(services.map((service) => service.stop()));
    }
  },
};
