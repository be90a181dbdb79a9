import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { z } from 'zod';
import {
  batchProver,
  CROSSCHECK,
  defaultParallel,
  DRAWDOWN,
  FINGERPRINT,
  packageKeys,
  RapidsnarkProver,
  REGISTER,
  SnarkjsProver,
  type CircuitInputs,
  type Prover,
} from '../proofs/index.js';
import { median, timed } from './clock.js';
import type { Context, Figure, Group } from './figure.js';
import { unproved } from './registrations.js';
import { syntheticNetwork } from './synthetic-network.js';

/** Constraints that a powers-of-tau file of 2^15 takes: snarkjs counts each public signal as one more. */
const domainLimit = (publicSignals: number): number => 2 ** 15 - 1 - publicSignals;
const PROOFS = 3;

const manifestSchema = z.object({ r1cs: z.object({ constraints: z.int(), publicSignals: z.int() }) });
const STATEMENTS = [REGISTER, FINGERPRINT, CROSSCHECK, DRAWDOWN];

export const constraints: Group = {
  names: STATEMENTS.map(({ id }) => `${id}.constraints`),
  measure: () =>
    Promise.all(
      STATEMENTS.map(async ({ id, version }): Promise<Figure> => {
        const path = join(packageKeys.root, id, `v${version}`, 'manifest.json');
        const { r1cs } = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
        return {
          name: `${id}.constraints`,
          value: r1cs.constraints,
          unit: 'constraints',
          baseline: domainLimit(r1cs.publicSignals),
          against: 'what a 2^15 domain holds',
          better: 'lower',
        };
      }),
    ),
};

/** Seconds for one proof after the other, the first being left out: it reads the keys and starts the process. */
async function oneByOne(prover: Prover, inputs: readonly CircuitInputs[]): Promise<number> {
  try {
    const walls: number[] = [];
    for (const input of inputs) walls.push((await timed(() => prover.prove(REGISTER, input))).wall);
    return median(walls.slice(1)) / 1000;
  } finally {
    await prover.close();
  }
}

/** Seconds per proof, of several rounds of as many as are made at once. */
async function batch(prover: Prover, parallel: number, inputs: readonly CircuitInputs[]): Promise<number> {
  const round = () =>
    Promise.all(
      Array.from({ length: parallel }, (_, i) => prover.prove(REGISTER, inputs[i % inputs.length]!)),
    );
  try {
    await round();
    const { wall } = await timed(() => Promise.all([round(), round()]));
    return wall / 1000 / (2 * parallel);
  } finally {
    await prover.close();
  }
}

/** Seconds for snarkjs as it comes: witness and proof in this process, on one thread. */
async function plainSnarkjs(inputs: readonly CircuitInputs[]): Promise<number> {
  const { zkey, witness } = await packageKeys.provingFiles(REGISTER);
  const walls: number[] = [];
  for (const input of inputs) {
    const { wall } = await timed(async () => {
      const made: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
      await snarkjs.wtns.calculate({ ...input }, witness, made);
      await snarkjs.groth16.prove(zkey, made, undefined, { singleThread: true });
    });
    walls.push(wall);
  }
  return median(walls.slice(1)) / 1000;
}

const NAMES = [
  'register.prove',
  'register.prove.snarkjs',
  'register.prove.rapidsnark',
  'register.prove.batch',
];

export const proving: Group = {
  names: NAMES,
  async measure({ wants, progress }: Context) {
    const synthetic = await syntheticNetwork();
    const inputs: CircuitInputs[] = [];
    for (let i = 0; i <= PROOFS; i++) inputs.push((await unproved(synthetic, i)).inputs);
    progress(`proving with snarkjs as it comes, ${inputs.length} times`);
    const baseline = await plainSnarkjs(inputs);
    const figure = (name: string, value: number, note: string): Figure => ({
      ...{ name, value, unit: 's', baseline, better: 'lower', notes: [note] },
      against: 'snarkjs in this process on one thread',
    });
    const figures: Figure[] = [];
    const program = process.env['COUNTERSEAL_RAPIDSNARK'];
    const measure = async (prover: Prover): Promise<number> => {
      progress(`proving with ${prover.name}, ${inputs.length} times`);
      return oneByOne(prover, inputs);
    };
    const note = `median of ${PROOFS}: witness, proof and its verification, keys read before`;
    let standard: number | undefined;
    if (!program || wants('register.prove.snarkjs')) {
      standard = await measure(new SnarkjsProver());
      figures.push(figure('register.prove.snarkjs', standard, note));
    }
    if (program) {
      standard = await measure(new RapidsnarkProver({ program }));
      figures.push(figure('register.prove.rapidsnark', standard, note));
    }
    figures.unshift(figure('register.prove', standard!, `${note}; by the prover that is configured`));
    if (wants('register.prove.batch')) {
      const parallel = defaultParallel();
      progress(`proving in a batch, ${parallel} at once`);
      const value = await batch(batchProver(parallel), parallel, inputs);
      figures.push(figure('register.prove.batch', value, `a proof, ${parallel} at once`));
    }
    return figures;
  },
};
