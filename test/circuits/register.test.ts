import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, type FieldElement } from '../../src/crypto/index.js';
import { registerInstance, type RegisterInstance } from '../../src/proofs/register.js';
import { brokenGuarantees } from '../../src/proofs/register-relation.js';
import {
  parseRegisterSignals,
  REGISTER_OUTPUT_COUNT,
  REGISTER_SIGNAL_COUNT,
  registerSignals,
} from '../../src/proofs/register-signals.js';
import { registerInputs, type RegisterWitness } from '../../src/proofs/register-witness.js';
import { attackable, type Attackable } from '../helpers/circuit.js';
import {
  EXAMPLE_BINDING,
  EXAMPLE_OUTPUTS,
  EXAMPLE_REQUEST,
  requestFor,
} from '../helpers/register-example.js';

const RUNS = 25;
// Half a second a run, more on a busy machine.
const PATIENCE = 180_000;

let circuit: Attackable;
let instance: RegisterInstance;

beforeAll(async () => {
  circuit = await attackable('circuits/main/register.circom');
  instance = await registerInstance(EXAMPLE_REQUEST, EXAMPLE_BINDING);
}, PATIENCE);

const fieldElement = fc.bigInt(0n, FIELD_ORDER - 1n);

describe('the register circuit', () => {
  it('reproduces the vector', async () => {
    const witness = await circuit.witness(instance.inputs);
    const { commitment, tag, nullifier, escrowPoint, escrow } = EXAMPLE_OUTPUTS;
    const { x, y } = escrowPoint.toAffine();
    expect(circuit.system.violations(witness)).toEqual([]);
    expect(witness.slice(1, 1 + REGISTER_OUTPUT_COUNT)).toEqual([
      commitment,
      ...tag,
      nullifier,
      x,
      y,
      ...escrow,
    ]);
  });

  it('names its public signals as the proofs do, in their order', () => {
    const names = circuit.system.names.slice(1, 1 + REGISTER_SIGNAL_COUNT);
    const grouped = [...new Set(names.map((name) => name.replace(/^main\.|\[\d\]$/g, '')))];
    expect(grouped).toEqual(Object.keys(parseRegisterSignals(instance.signals)));
    expect(circuit.system.publicCount).toBe(REGISTER_SIGNAL_COUNT);
  });

  it('agrees with the native relation on honest statements', { timeout: PATIENCE }, async () => {
    const request = fc.record({
      salt: fieldElement,
      purpose: fieldElement,
      kind: fc.nat(65535),
      period: fc.nat(2 ** 32 - 1),
      absent: fc.subarray([2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15]),
      slot: fieldElement,
      index: fc.nat(99),
    });
    await fc.assert(
      fc.asyncProperty(request, fieldElement, async ({ absent, slot, ...values }, binding) => {
        const slots = EXAMPLE_REQUEST.slots.map((old, i) => (absent.includes(i) ? 0n : i === 0 ? slot : old));
        const present = absent.reduce((mask, i) => mask & ~(1 << i), 0xffff);
        const { registered, witness } = await both({ ...values, slots, present } as never, binding as never);
        expect(circuit.system.violations(witness)).toEqual([]);
        expect(witness.slice(1, 1 + REGISTER_SIGNAL_COUNT)).toEqual(registered.signals);
      }),
      { numRuns: 8 },
    );

    async function both(change: Parameters<typeof requestFor>[0], binding: FieldElement) {
      const registered = await registerInstance(requestFor(change), binding);
      return { registered, witness: await circuit.witness(registered.inputs) };
    }
  });

  it('agrees with the native relation when one private input is another', { timeout: PATIENCE }, async () => {
    const fields = Object.keys(instance.witness) as (keyof RegisterWitness)[];
    const around = (old: bigint) =>
      fc.oneof(
        fieldElement,
        fc.constantFrom(
          0n,
          1n,
          FIELD_ORDER - 1n,
          (old + 1n) % FIELD_ORDER,
          (FIELD_ORDER - old) % FIELD_ORDER,
        ),
        fc.nat(255).map((bit) => (old ^ (1n << BigInt(bit))) % FIELD_ORDER),
      );
    const mutation = fc.constantFrom(...fields).chain((field) => {
      const flat = [instance.witness[field]].flat(2) as bigint[];
      return fc
        .nat(flat.length - 1)
        .chain((at) => around(flat[at]!).map((value) => ({ field, at, value: value as FieldElement })));
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async ({ field, at, value }) => {
        const secrets: RegisterWitness = {
          ...instance.witness,
          [field]: replaced(instance.witness[field], at, value),
        };
        const witness = await circuit.witness(registerInputs(instance.public, secrets));
        // The statement whose outputs are those that the circuit finds, and the one of the example.
        const satisfied = circuit.system.violations(witness).length === 0;
        const signals = witness.slice(1, 1 + REGISTER_SIGNAL_COUNT);
        const same = signals.every((signal, i) => signal === instance.signals[i]);
        if (!satisfied) refused += 1;
        expect(brokenGuarantees(instance.public, secrets).length === 0).toBe(satisfied && same);
        if (satisfied) expect(brokenGuarantees(parseRegisterSignals(signals), secrets)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('agrees with the native relation when one public input is another', { timeout: PATIENCE }, async () => {
    const small = fc.nat(2 ** 17);
    const mutation = fc.oneof(
      fieldElement.map((membersRoot) => ({ membersRoot })),
      small.map((roleMask) => ({ roleMask })),
      small.map((skippedMask) => ({ skippedMask })),
      small.map((quota) => ({ quota })),
      small.map((kind) => ({ kind })),
      small.map((period) => ({ period })),
      fieldElement.map((purpose) => ({ purpose })),
      small.map((near) => ({ mask: [instance.public.mask[0], near] })),
      fieldElement.map((id) => ({ fingerprintId: [id, instance.public.fingerprintId[1]] })),
      fc.constant({ oprfKey: instance.public.auditorKey }),
      fc.constant({ auditorKey: instance.public.oprfKey }),
      fieldElement.map((binding) => ({ binding })),
    );
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        const statement = { ...instance.public, ...(change as Partial<typeof instance.public>) };
        const witness = await circuit.witness(registerInputs(statement, instance.witness));
        const satisfied = circuit.system.violations(witness).length === 0;
        const same = registerSignals(statement).every((signal, i) => signal === witness[1 + i]);
        expect(brokenGuarantees(statement, instance.witness).length === 0).toBe(satisfied && same);
      }),
      { numRuns: RUNS },
    );
  });
});

/** A nested array, or a bare value, with the element at position `at` of its flat form replaced. */
function replaced(old: unknown, at: number, value: FieldElement): unknown {
  let position = 0;
  const walk = (x: unknown): unknown => (Array.isArray(x) ? x.map(walk) : position++ === at ? value : x);
  return walk(old);
}
