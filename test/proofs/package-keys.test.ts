// The keys that the package carries, with the prover and verifiers as they are used.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchVerifier } from '../../src/proofs/batch-verifier.js';
import { crosscheckInstance } from '../../src/proofs/crosscheck.js';
import { CROSSCHECK } from '../../src/proofs/crosscheck-signals.js';
import { drawdownInstance } from '../../src/proofs/drawdown.js';
import { DRAWDOWN } from '../../src/proofs/drawdown-signals.js';
import { fingerprintInstance } from '../../src/proofs/fingerprint.js';
import { FINGERPRINT } from '../../src/proofs/fingerprint-signals.js';
import type { CircuitInputs, Proved } from '../../src/proofs/prover.js';
import { registerInstance } from '../../src/proofs/register.js';
import { REGISTER } from '../../src/proofs/register-signals.js';
import { SnarkjsProver } from '../../src/proofs/snarkjs-prover.js';
import { verify } from '../../src/proofs/verify.js';
import { cachedProver } from '../helpers/proof-cache.js';
import { EXAMPLE_CROSSCHECK } from '../helpers/crosscheck-example.js';
import { DRAW, OPENING } from '../helpers/drawdown-example.js';
import { fingerprintRequest, POSSESSION } from '../helpers/fingerprint-example.js';
import { EXAMPLE_BINDING, EXAMPLE_REQUEST } from '../helpers/register-example.js';
import { rerandomised } from './points.js';

const prover = cachedProver(new SnarkjsProver());
const verifier = new BatchVerifier();
afterAll(async () => {
  await prover.close();
  await verifier.close();
});

describe.each([
  [REGISTER, () => registerInstance(EXAMPLE_REQUEST, EXAMPLE_BINDING)],
  [CROSSCHECK, () => crosscheckInstance(EXAMPLE_CROSSCHECK, EXAMPLE_BINDING)],
  [FINGERPRINT, () => fingerprintInstance(fingerprintRequest(POSSESSION), EXAMPLE_BINDING)],
  [DRAWDOWN, () => drawdownInstance(OPENING, EXAMPLE_BINDING)],
  [DRAWDOWN, () => drawdownInstance(DRAW, EXAMPLE_BINDING)],
] as const)('$id', (statement, make) => {
  let instance: { readonly signals: readonly bigint[]; readonly inputs: CircuitInputs };
  let made: Proved;
  beforeAll(async () => {
    instance = await make();
    made = await prover.prove(statement, instance.inputs);
  });

  it('is proved with the public signals of its native relation', () => {
    expect(made.publicSignals).toEqual(instance.signals);
  });

  it('verifies, alone and in a batch, and for no other signal', async () => {
    const cases = [
      made.publicSignals,
      ...made.publicSignals.map((s, i) => (made.publicSignals as bigint[]).with(i, s ^ 1n)),
    ];
    const expected = cases.map((_, i) => i === 0);
    const alone = [];
    for (const signals of cases) alone.push(await verify(statement, signals, made.proof));
    expect(alone).toEqual(expected);
    expect(
      await Promise.all(cases.map((signals) => verifier.verify(statement, signals, made.proof))),
    ).toEqual(expected);
  });

  it('verifies re-randomised', async () => {
    expect(await verifier.verify(statement, made.publicSignals, rerandomised(made.proof, 99n))).toBe(true);
  });
});
