import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, type FieldElement } from '../../src/crypto/index.js';
import { fingerprintInstance, type FingerprintInstance } from '../../src/proofs/fingerprint.js';
import { brokenFingerprintGuarantees } from '../../src/proofs/fingerprint-relation.js';
import {
  FINGERPRINT_SIGNAL_COUNT,
  fingerprintSignals,
  parseFingerprintSignals,
  type FingerprintPublic,
} from '../../src/proofs/fingerprint-signals.js';
import { fingerprintInputs, type FingerprintWitness } from '../../src/proofs/fingerprint-witness.js';
import { attackable, type Attackable } from '../helpers/circuit.js';
import { fingerprintRequest, ofObject, POSSESSION } from '../helpers/fingerprint-example.js';
import { EXAMPLE_BINDING, EXAMPLE_OUTPUTS, EXAMPLE_REQUEST } from '../helpers/register-example.js';

const PATIENCE = 180_000;

let circuit: Attackable;
let instances: FingerprintInstance[];

beforeAll(async () => {
  circuit = await attackable('circuits/main/fingerprint.circom');
  instances = await Promise.all(
    [POSSESSION, { ...POSSESSION, convergent: true }, ofObject(2)].map((fields) =>
      fingerprintInstance(fingerprintRequest(fields), EXAMPLE_BINDING),
    ),
  );
}, PATIENCE);

const fieldElement = fc.bigInt(0n, FIELD_ORDER - 1n) as fc.Arbitrary<FieldElement>;
const anInstance = fc.nat(2).map((i) => instances[i]!);

describe('the fingerprint circuit', () => {
  it('gives one document one tag per purpose and fingerprint, in every entry of it', async () => {
    const [own, convergent] = instances;
    expect(convergent!.public.tag).toBe(own!.public.tag);
    expect(convergent!.public.commitment).not.toBe(own!.public.commitment);
    const exact = {
      fingerprintId: EXAMPLE_REQUEST.fingerprints[0].id,
      mask: 3,
      slots: EXAMPLE_REQUEST.slots,
    };
    const request = fingerprintRequest({ ...exact, present: EXAMPLE_REQUEST.present });
    const { evaluation } = EXAMPLE_REQUEST.fingerprints[0];
    const { public: shown } = await fingerprintInstance({ ...request, evaluation }, EXAMPLE_BINDING);
    // The tag of the register vector.
    expect(shown.tag).toBe(EXAMPLE_OUTPUTS.tag[0]);
  });

  it('agrees with the native relation when one private input is another', { timeout: PATIENCE }, async () => {
    const mutation = anInstance.chain((instance) =>
      fc.constantFrom(...(Object.keys(instance.witness) as (keyof FingerprintWitness)[])).chain((field) => {
        const flat = [instance.witness[field]].flat() as bigint[];
        return fc.nat(flat.length - 1).chain((at) =>
          fc
            .oneof(
              fieldElement,
              fc.constantFrom(
                0n,
                1n,
                (flat[at]! + 1n) % FIELD_ORDER,
                (FIELD_ORDER - flat[at]!) % FIELD_ORDER,
              ),
              fc.nat(255).map((bit) => (flat[at]! ^ (1n << BigInt(bit))) % FIELD_ORDER),
            )
            .map((value) => ({ instance, field, values: flat.with(at, value) as FieldElement[] })),
        );
      }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async ({ instance, field, values }) => {
        const whole = Array.isArray(instance.witness[field]) ? values : values[0];
        const secrets = { ...instance.witness, [field]: whole } as FingerprintWitness;
        const witness = await circuit.witness(fingerprintInputs(instance.public, secrets));
        const satisfied = circuit.system.violations(witness).length === 0;
        const signals = witness.slice(1, 1 + FINGERPRINT_SIGNAL_COUNT);
        const same = signals.every((signal, i) => signal === instance.signals[i]);
        if (!satisfied) refused += 1;
        expect(brokenFingerprintGuarantees(instance.public, secrets).length === 0).toBe(satisfied && same);
        if (satisfied)
          expect(brokenFingerprintGuarantees(parseFingerprintSignals(signals), secrets)).toEqual([]);
      }),
      { numRuns: 16 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('agrees with the native relation when one public input is another', { timeout: PATIENCE }, async () => {
    const small = fc.nat(2 ** 17);
    const change: fc.Arbitrary<Partial<FingerprintPublic>> = fc.oneof(
      fieldElement.map((commitment) => ({ commitment })),
      fieldElement.map((purpose) => ({ purpose })),
      fieldElement.map((fingerprintId) => ({ fingerprintId })),
      fieldElement.map((membersRoot) => ({ membersRoot })),
      fieldElement.map((nullifier) => ({ nullifier })),
      fieldElement.map((binding) => ({ binding })),
      small.map((kind) => ({ kind })),
      small.map((mask) => ({ mask })),
      small.map((roleMask) => ({ roleMask })),
      fc.boolean().map((ofElement) => ({ ofElement })),
      fc.boolean().map((convergent) => ({ convergent })),
      fc.constant({ oprfKey: EXAMPLE_REQUEST.auditorKey }),
    );
    await fc.assert(
      fc.asyncProperty(anInstance, change, async (instance, changed) => {
        const statement = { ...instance.public, ...changed };
        const witness = await circuit.witness(fingerprintInputs(statement, instance.witness));
        const satisfied = circuit.system.violations(witness).length === 0;
        const same = fingerprintSignals(statement).every((signal, i) => signal === witness[1 + i]);
        expect(brokenFingerprintGuarantees(statement, instance.witness).length === 0).toBe(satisfied && same);
      }),
      { numRuns: 16 },
    );
  });
});
