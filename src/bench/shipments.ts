import { batchProver, CROSSCHECK, defaultParallel, SnarkjsProver, type Prover } from '../proofs/index.js';
import { timed } from './clock.js';
import type { Group } from './figure.js';
import { shipment } from './statement-samples.js';

const SHIPMENTS = 8;

/** Shipments a minute: each is stated and proved; the prover has read its keys and started its processes before. */
async function perMinute(prover: Prover, parallel: number): Promise<number> {
  const next = Array.from({ length: SHIPMENTS }, (_, i) => i).values();
  const prove = async (i: number) => prover.prove(CROSSCHECK, (await shipment(i)).inputs);
  const work = async () => {
    for (const i of next) await prove(i);
  };
  try {
    await Promise.all(Array.from({ length: parallel }, (_, i) => prove(SHIPMENTS + i)));
    const { wall } = await timed(() => Promise.all(Array.from({ length: parallel }, work)));
    return (60_000 * SHIPMENTS) / wall;
  } finally {
    await prover.close();
  }
}

export const shipments: Group = {
  names: ['crosscheck.shipments'],
  async measure({ progress }) {
    const parallel = defaultParallel();
    progress(`cross-checking ${SHIPMENTS} shipments, one by one`);
    const baseline = await perMinute(new SnarkjsProver({ singleThread: true }), 1);
    progress(`cross-checking ${SHIPMENTS} shipments, ${parallel} at once`);
    const value = await perMinute(batchProver(parallel), parallel);
    return [
      {
        ...{ name: 'crosscheck.shipments', value, unit: 'shipments/min', baseline, better: 'higher' },
        against: 'one prover on one thread',
        notes: [
          `a declaration against its bill of lading: witness, proof and its verification, ${parallel} at once`,
        ],
      },
    ];
  },
};
