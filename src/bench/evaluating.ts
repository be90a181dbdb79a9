import { join } from 'node:path';
import { clearCofactor, multiply, randomFieldElement, randomScalar, scalarToBytes } from '../crypto/index.js';
import { LevelQuotaStore, MAX_BATCH } from '../oprf/index.js';
import { blindRequest } from '../oprf/blinding.js';
import { timed } from './clock.js';
import type { Group } from './figure.js';
import { syntheticNetwork } from './synthetic-network.js';

const BATCHES = 4;

/** What one evaluator answers in both rounds, its quotas on disk included. */
export const evaluating: Group = {
  names: ['evaluate.rate'],
  async measure({ folder, progress }) {
    progress('evaluating');
    const synthetic = await syntheticNetwork();
    const quotas = await LevelQuotaStore.open(join(folder, 'quotas'));
    try {
      const evaluator = synthetic.evaluators(quotas)[0]!;
      const batch = async (): Promise<number> => {
        const blinded = Array.from({ length: MAX_BATCH }, () => blindRequest(randomFieldElement()).sent);
        const { cpu } = await timed(async () => {
          const { answers } = await evaluator.roundOne('member', { shareEpoch: 1, blinded });
          const challenges = answers.map(({ handle }) => ({
            handle,
            challenge: scalarToBytes(randomScalar()),
          }));
          await evaluator.roundTwo('member', { shareEpoch: 1, quorum: [1, 2], challenges });
        });
        return cpu;
      };
      await batch();
      let cpu = 0;
      for (let i = 0; i < BATCHES; i++) cpu += await batch();
      const point = clearCofactor(blindRequest(randomFieldElement()).blinded);
      const multiplications = BATCHES * MAX_BATCH;
      const bare = await timed(() => {
        for (let i = 0; i < multiplications; i++) multiply(point, randomScalar());
      });
      return [
        {
          name: 'evaluate.rate',
          value: (1000 * BATCHES * MAX_BATCH) / cpu,
          unit: 'evaluations/s and core',
          baseline: (1000 * multiplications) / bare.cpu,
          against: 'a bare multiplication of a point by the key',
          better: 'higher',
          notes: [`one evaluator, batches of ${MAX_BATCH}, seconds of processor time`],
        },
      ];
    } finally {
      await quotas.close();
    }
  },
};
