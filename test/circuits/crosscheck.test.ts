import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, poseidon, type FieldElement } from '../../src/crypto/index.js';
import { SLOT_NAMES, type SlotName } from '../../src/documents/slots.js';
import { crosscheckInstance, type CrosscheckInstance } from '../../src/proofs/crosscheck.js';
import {
  brokenCrosscheckGuarantees,
  crosscheckMasks,
  type CrosscheckGuarantee,
} from '../../src/proofs/crosscheck-relation.js';
import {
  decodeScalarRule,
  encodeScalarRule,
  RULE_OPS,
  type ScalarRule,
} from '../../src/proofs/crosscheck-rules.js';
import {
  CROSSCHECK_OUTPUT_COUNT,
  CROSSCHECK_SIGNAL_COUNT,
  crosscheckSignals,
  parseCrosscheckSignals,
  type CrosscheckPublic,
} from '../../src/proofs/crosscheck-signals.js';
import { crosscheckInputs, type CrosscheckWitness } from '../../src/proofs/crosscheck-witness.js';
import { attackable, optimisedViolations, type Attackable } from '../helpers/circuit.js';
import type { Witness } from '../helpers/constraint-system.js';
import {
  BILL_OF_LADING,
  DECLARATION,
  EXAMPLE_CROSSCHECK,
  MANIFEST,
  RULES,
  side,
} from '../helpers/crosscheck-example.js';
import { EXAMPLE_BINDING } from '../helpers/register-example.js';
import { code } from '../helpers/vectors.js';

const PATIENCE = 180_000;
const LIMIT = 1n << 64n;

let circuit: Attackable;
let provedViolations: (witness: Witness) => number[];
let honest: CrosscheckInstance;

beforeAll(async () => {
  circuit = await attackable('circuits/main/crosscheck.circom');
  provedViolations = await optimisedViolations('circuits/main/crosscheck.circom');
  honest = await crosscheckInstance(EXAMPLE_CROSSCHECK, EXAMPLE_BINDING);
}, PATIENCE);

const element = (x: bigint | number): FieldElement => BigInt(x) as FieldElement;
const UNIT = 1_000_000n;

interface Lie {
  readonly public?: Partial<CrosscheckPublic>;
  readonly witness?: Partial<CrosscheckWitness>;
  /** Inputs as the circuit takes them, for what the type of the statement cannot hold. */
  readonly inputs?: Record<string, bigint[]>;
}

async function outcome(lie: Lie, of = honest) {
  const statement = { ...of.public, ...lie.public };
  const secrets = { ...of.witness, ...lie.witness };
  const witness = await circuit.witness({ ...crosscheckInputs(statement, secrets), ...lie.inputs });
  const places = circuit.system.broken(witness);
  expect(provedViolations(witness).length > 0).toBe(places.length > 0);
  return { places, witness, statement, secrets };
}

async function expectRefused(lie: Lie, guarantee: CrosscheckGuarantee, place: string, of = honest) {
  const { places, statement, secrets } = await outcome(lie, of);
  expect(places).toContain(place);
  expect(brokenCrosscheckGuarantees(statement, secrets)).toContain(guarantee);
}

describe('rules', () => {
  const slotName = fc.constantFrom(...SLOT_NAMES);
  const rule: fc.Arbitrary<ScalarRule> = fc
    .record({ op: fc.constantFrom(...RULE_OPS), slotA: slotName, slotB: slotName, t: fc.nat(2 ** 20 - 1) })
    .chain(({ op, t, ...slots }) =>
      fc.boolean().map((negative): ScalarRule => {
        if (op === 'off') return { op };
        if (op === 'within') return { op, ...slots, partsPerMillion: t };
        if (op === 'at-least') return { op, ...slots, partsPerMillion: negative && t > 0 ? -t : t };
        return { op, ...slots };
      }),
    );

  it('are encoded one way each, and back', () => {
    fc.assert(
      fc.property(rule, (given) => {
        expect(decodeScalarRule(encodeScalarRule(given))).toEqual(given);
      }),
    );
    for (const wrong of [6n, 7n, 1n << 32n, 8n, 1n | (1n << 11n), 4n | (1n << 11n), 5n | (1n << 11n)])
      expect(() => decodeScalarRule(wrong)).toThrow(expect.objectContaining(code('invalid_argument')));
    for (const partsPerMillion of [2 ** 20, -(2 ** 20), 0.5, NaN])
      expect(() =>
        encodeScalarRule({ op: 'at-least', slotA: 'amount', slotB: 'amount', partsPerMillion }),
      ).toThrow(expect.objectContaining(code('invalid_argument')));
    expect(() =>
      encodeScalarRule({ op: 'within', slotA: 'amount', slotB: 'amount', partsPerMillion: -1 }),
    ).toThrow(expect.objectContaining(code('invalid_argument')));
  });

  it(
    'are decided by the circuit as by the native relation, for any two documents',
    { timeout: PATIENCE },
    async () => {
      const NUMBERS: readonly SlotName[] = ['amount', 'quantity', 'packages', 'issueDate'];
      const small = fc.bigInt(0n, 40n);
      const number = fc.oneof(
        small,
        fc.bigInt(0n, LIMIT - 1n),
        fc.constantFrom(0n, 1n, LIMIT - 1n, LIMIT - 2n, UNIT, UNIT * 3n),
      );
      const values = fc.record(
        { amount: number, quantity: number, packages: number, issueDate: number },
        { requiredKeys: [] },
      );
      const rules = fc.array(
        fc
          .record({
            op: fc.constantFrom(...RULE_OPS.slice(1)),
            slotA: fc.constantFrom(...NUMBERS),
            slotB: fc.constantFrom(...NUMBERS),
            t: fc.oneof(fc.nat(2 ** 20 - 1), fc.constantFrom(0, 1, 50_000, 1_000_000, 2 ** 20 - 1)),
            negative: fc.boolean(),
          })
          .map(
            ({ op, t, negative, ...slots }) =>
              (op === 'within'
                ? { op, ...slots, partsPerMillion: t }
                : op === 'at-least'
                  ? { op, ...slots, partsPerMillion: negative ? -t : t }
                  : { op, ...slots }) as ScalarRule,
          ),
        { minLength: 8, maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(values, values, rules, async (valuesA, valuesB, scalar) => {
          const sides = [side(929, valuesA), side(705, valuesB)] as const;
          const instance = await crosscheckInstance({ sides, rules: { scalar } }, EXAMPLE_BINDING);
          const witness = await circuit.witness(instance.inputs);
          expect(circuit.system.violations(witness)).toEqual([]);
          expect(witness.slice(1, 1 + CROSSCHECK_SIGNAL_COUNT)).toEqual(instance.signals);
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each<[string, ScalarRule['op'], bigint, bigint, number, boolean]>([
    ['an insurance of exactly 110 %', 'at-least', 110n, 100n, 100_000, true],
    ['an insurance one unit short', 'at-least', 109_999_999n, 100_000_000n, 100_000, false],
    ['nothing against nothing', 'within', 0n, 0n, 0, true],
    ['the largest numbers', 'within', LIMIT - 1n, LIMIT - 1n, 0, true],
    ['the largest against 0', 'within', LIMIT - 1n, 0n, 2 ** 20 - 1, false],
    ['0 against the largest, which is 100 % off', 'within', 0n, LIMIT - 1n, 1_000_000, true],
    ['0 against the largest, one part less', 'within', 0n, LIMIT - 1n, 999_999, false],
    ['exactly the tolerance above', 'within', 105n, 100n, 50_000, true],
    ['exactly the tolerance below', 'within', 95n, 100n, 50_000, true],
    ['beyond the tolerance', 'within', 10_501n, 10_000n, 50_000, false],
    ['a share below -100 %', 'at-least', 0n, LIMIT - 1n, -(2 ** 20 - 1), true],
    ['the same day', 'less-than', 5n, 5n, 0, false],
    ['0 below the largest', 'less-than', 0n, LIMIT - 1n, 0, true],
    ['the largest at most 0', 'at-most', LIMIT - 1n, 0n, 0, false],
  ])('%s', async (_, op, a, b, partsPerMillion, holds) => {
    const rule = { op, slotA: 'amount', slotB: 'amount', partsPerMillion } as ScalarRule;
    const request = {
      sides: [side(530, { amount: a }), side(380, { amount: b })],
      rules: { scalar: [rule] },
    } as const;
    const instance = await crosscheckInstance(request, EXAMPLE_BINDING);
    expect(instance.public).toMatchObject({ pass: holds ? 1 : 0, comparable: 1 });
    const witness = await circuit.witness(instance.inputs);
    expect(circuit.system.violations(witness)).toEqual([]);
    expect(witness.slice(1, 3)).toEqual(instance.signals.slice(0, 2));
  });
});

describe('C1: the commitments', () => {
  it.each([0, 1])('refuse other contents of side %i', async (i) => {
    const w = honest.witness;
    const at = <T>(pair: readonly [T, T], value: T): readonly [T, T] =>
      i === 0 ? [value, pair[1]] : [pair[0], value];
    await expectRefused({ witness: { slots: at(w.slots, w.slots[i]!.with(12, element(1))) } }, 'C1', '');
    await expectRefused({ witness: { salt: at(w.salt, element(1)) } }, 'C1', '');
    await expectRefused({ public: { kind: at(honest.public.kind, 380) } }, 'C1', '');
    const wide = element(w.present[i]! + (1n << 16n));
    await expectRefused({ witness: { present: at(w.present, wide) } }, 'C1', `ToBits[${i}].Num2Bits`);
    // Committed to, and yet not allowed: a value in a slot that is absent.
    const slots = w.slots[i]!.with(15, element(3));
    const commitment = poseidon([
      2n,
      BigInt(honest.public.kind[i]!),
      w.present[i]!,
      poseidon(slots),
      w.salt[i]!,
    ]);
    await expectRefused(
      {
        public: { commitment: at(honest.public.commitment, commitment) },
        witness: { slots: at(w.slots, slots) },
      },
      'C1',
      `document[${i}]`,
    );
  });
});

describe('C2: the masks', () => {
  it('refuse to be anything but what the documents give', async () => {
    for (const mask of ['pass', 'comparable'] as const)
      for (let bit = 0; bit < 10; bit++) {
        const changed = { ...honest.public, [mask]: honest.public[mask] ^ (1 << bit) };
        const witness = await circuit.witness(honest.inputs);
        witness[mask === 'pass' ? 1 : 2] = BigInt(changed[mask]);
        expect(circuit.system.violations(witness)).not.toEqual([]);
        expect(brokenCrosscheckGuarantees(changed, honest.witness)).toEqual(['C2']);
      }
  });

  it('refuse an operation that is none, and a rule beyond its bits', async () => {
    const codes = crosscheckSignals(honest.public).slice(6, 14);
    for (const op of [6n, 7n]) {
      const { places } = await outcome({ inputs: { rule: codes.with(0, element(op)) } });
      expect(places).toContain('scalar[0]');
    }
    const { places } = await outcome({ inputs: { rule: codes.with(0, element(1n << 32n)) } });
    expect(places).toContain('scalar[0].ToBits.Num2Bits');
    const set = await outcome({ inputs: { setRule: [1n << 9n, 0n] } });
    expect(set.places).toContain('sets[0].ToBits.Num2Bits');
  });

  it('call nothing comparable, and passed, that one side does not have, though both are 0', async () => {
    const rules = { scalar: [{ op: 'equal', slotA: 'endDate', slotB: 'endDate' }] } as const;
    const instance = await crosscheckInstance(
      { sides: [DECLARATION, BILL_OF_LADING], rules },
      EXAMPLE_BINDING,
    );
    expect(instance.public).toMatchObject({ pass: 0, comparable: 0 });
  });
});

describe('C3: numbers', () => {
  it('refuse values of 2^64 and more, on either side, in any ordered rule', async () => {
    for (const op of ['at-most', 'less-than', 'within', 'at-least'] as const)
      for (const which of [0, 1]) {
        const rule = { op, slotA: 'amount', slotB: 'amount', partsPerMillion: 0 } as ScalarRule;
        for (const amount of [LIMIT, FIELD_ORDER - 1n]) {
          const sides = [side(929, { amount: 5n }), side(380, { amount: 5n })] as const;
          const wrong = side(929, { amount });
          const request = {
            sides: which === 0 ? ([wrong, sides[1]] as const) : ([sides[0], wrong] as const),
            rules: { scalar: [rule] },
          };
          await expect(crosscheckInstance(request, EXAMPLE_BINDING)).rejects.toMatchObject({
            code: 'invalid_argument',
            message: expect.stringContaining('C3') as string,
          });
          // The prover's own witness program, with whatever the masks then are.
          const fair = await crosscheckInstance({ sides, rules: request.rules }, EXAMPLE_BINDING);
          const commitment = request.sides.map(
            ({ kind, present, slots, salt }) =>
              poseidon([2n, BigInt(kind), BigInt(present), poseidon(slots), salt]) as FieldElement,
          );
          const lie: Lie = {
            public: {
              commitment: commitment as never,
              kind: request.sides.map(({ kind }) => kind) as never,
            },
            witness: {
              slots: request.sides.map(({ slots }) => slots) as never,
              salt: request.sides.map(({ salt }) => salt) as never,
            },
          };
          const { places } = await outcome(lie, fair);
          expect(places.filter((place) => place.startsWith('scalar[0].ToBits'))).toHaveLength(1);
          expect(places).not.toContain('');
        }
      }
  });

  it('leave texts to equality', async () => {
    const rules = { scalar: [{ op: 'equal', slotA: 'transport', slotB: 'transport' }] } as const;
    const instance = await crosscheckInstance(
      { sides: [DECLARATION, BILL_OF_LADING], rules },
      EXAMPLE_BINDING,
    );
    expect(instance.public).toMatchObject({ pass: 1, comparable: 1 });
  });
});

describe('C4: sets', () => {
  const nothing = {
    sides: [DECLARATION, side(705, { objects: ['CONTAINER|ZZZU0000001'], references: ['x'] })],
    rules: RULES,
  } as const;

  it('refuse an element that only one side has, with a path of another tree', async () => {
    const instance = await crosscheckInstance(nothing, EXAMPLE_BINDING);
    expect(instance.public.pass >> 8).toBe(0);
    for (const flag of [0, 1]) {
      const shown = [element(flag === 0 ? 1 : 0), element(flag)] as const;
      await expectRefused(
        {
          witness: {
            shown,
            element: honest.witness.element,
            elementSiblings: honest.witness.elementSiblings,
            elementIndex: honest.witness.elementIndex,
          },
        },
        'C4',
        flag === 0 ? 'member[1]' : 'member[2]',
        instance,
      );
    }
  });

  it('refuse the padding as an element of both', async () => {
    // Leaf 63 of either set is padding.
    const zero = {
      element: element(0),
      elementIndex: [element(63), element(63), honest.witness.elementIndex[2]!],
    };
    const { places } = await outcome({ witness: zero });
    expect(places).toContain('member[0]');
  });

  it('refuse a flag that is no bit, and a rule that is off to be shown', async () => {
    await expectRefused({ witness: { shown: [element(2), element(1)] } }, 'C4', 'Flag[0]');
    const others = { scalar: RULES.scalar, element: RULES.element! };
    await expectRefused({ public: { rules: others } }, 'C4', '');
  });

  it('refuse an absent set, whose root is 0', async () => {
    const rest = { transport: 'MSKU|MEDUXY123456', quantity: 5n };
    const instance = await crosscheckInstance(
      { sides: [DECLARATION, side(705, rest)], rules: RULES },
      EXAMPLE_BINDING,
    );
    expect((instance.public.comparable >> 8) & 1).toBe(0);
    await expectRefused({ witness: { shown: [element(1), element(0)] } }, 'C4', '', instance);
  });

  it('refuse an index beyond the tree', async () => {
    const elementIndex = honest.witness.elementIndex.with(0, element(honest.witness.elementIndex[0]! + 64n));
    await expectRefused({ witness: { elementIndex } }, 'C4', 'member[0].ToBits.Num2Bits');
  });

  it('may be left unshown: a set rule that does not pass says nothing', async () => {
    const { places, witness } = await outcome({ witness: { shown: [element(0), element(0)] } });
    expect(places).toEqual([]);
    expect(Number(witness[1]) >> 8).toBe(0);
    expect(Number(witness[2]) >> 8).toBe(3);
  });
});

describe('C5: the public signals', () => {
  it('are each held by a constraint, the binding among them, and named as the proofs name them', async () => {
    const witness = await circuit.witness(honest.inputs);
    expect(circuit.system.violations(witness)).toEqual([]);
    expect(circuit.system.publicCount).toBe(honest.signals.length);
    for (let wire = 1; wire <= honest.signals.length; wire++) {
      const changed = witness.with(wire, (witness[wire]! + 1n) % FIELD_ORDER);
      expect(circuit.system.violations(changed), circuit.system.names[wire]).not.toEqual([]);
      expect(provedViolations(changed), circuit.system.names[wire]).not.toEqual([]);
    }
    const names = circuit.system.names.slice(1, 1 + CROSSCHECK_SIGNAL_COUNT);
    expect([...new Set(names.map((name) => name.replace(/^main\.|\[\d\]$/g, '')))]).toEqual([
      'pass',
      'comparable',
      'commitment',
      'kind',
      'rule',
      'setRule',
      'binding',
    ]);
    expect(parseCrosscheckSignals(honest.signals)).toEqual(honest.public);
    expect(witness.slice(1, 1 + CROSSCHECK_OUTPUT_COUNT)).toEqual(honest.signals.slice(0, 2));
  });
});

describe('masks', () => {
  it('of the example', () => {
    expect(crosscheckMasks(RULES, asCompared(DECLARATION), asCompared(MANIFEST), BOTH)).toEqual({
      // transport equal; within 5 %; packages absent in the manifest; packages of A below quantity of B; at least 99 %;
      // not 110 %; no counterparty; a container in common; the bill among the references.
      comparable: 0b11_0011_1011,
      pass: 0b11_0001_1011,
    });
    expect(honest.public).toMatchObject({ comparable: 0b11_0011_1011, pass: 0b11_0001_1011 });
  });
});

const BOTH = { intersect: true, element: true };
const asCompared = ({ slots, present }: typeof DECLARATION) => ({ slots, present: BigInt(present) });
