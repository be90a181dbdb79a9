import { ensure } from '../errors.js';
import { CROSSCHECK, defaultProver, DRAWDOWN, FINGERPRINT, verify, type Prover } from '../proofs/index.js';
import { median, timed } from './clock.js';
import type { Figure, Group } from './figure.js';
import { statementSamples, type StatementSample } from './statement-samples.js';
import { syntheticNetwork } from './synthetic-network.js';

const PROOFS = 3;
const CHECKS = 21;

/** Milliseconds of the native relation, and of a verification; seconds of a proof. The first of each is left out. */
async function measureOne({ statement, inputs, signals, check }: StatementSample, prover: Prover) {
  const checks: number[] = [];
  for (let i = 0; i <= CHECKS; i++) checks.push((await timed(check)).wall);
  const proofs: number[] = [];
  let proof = new Uint8Array();
  for (let i = 0; i <= PROOFS; i++) {
    const { wall, result } = await timed(() => prover.prove(statement, inputs));
    proofs.push(wall);
    proof = new Uint8Array(result.proof);
  }
  const verifications: number[] = [];
  for (let i = 0; i <= CHECKS; i++) {
    const { wall, result } = await timed(() => verify(statement, signals, proof));
    ensure(result, 'internal', 'a proof that was made here does not verify');
    verifications.push(wall);
  }
  return {
    check: median(checks.slice(1)),
    prove: median(proofs.slice(1)),
    verify: median(verifications.slice(1)),
  };
}

export const statements: Group = {
  names: [FINGERPRINT, CROSSCHECK, DRAWDOWN].flatMap(({ id }) => [`${id}.prove`, `${id}.verify`]),
  async measure({ wants, progress }) {
    const figures: Figure[] = [];
    const prover = defaultProver();
    try {
      for (const sample of await statementSamples(await syntheticNetwork())) {
        const { id } = sample.statement;
        if (!wants(`${id}.prove`) && !wants(`${id}.verify`)) continue;
        progress(`proving and verifying ${id}`);
        const { check, prove, verify } = await measureOne(sample, prover);
        const against = 'the native relation, by whoever has the secrets';
        figures.push(
          {
            ...{ name: `${id}.prove`, value: prove / 1000, unit: 's', baseline: check / 1000, against },
            better: 'lower',
            notes: [
              `median of ${PROOFS}: witness, proof and its verification by ${prover.name}, keys read before`,
            ],
          },
          {
            ...{ name: `${id}.verify`, value: verify, unit: 'ms', baseline: check, against },
            better: 'lower',
            notes: [`one proof on one thread, median of ${CHECKS}`],
          },
        );
      }
    } finally {
      await prover.close();
    }
    return figures;
  },
};
