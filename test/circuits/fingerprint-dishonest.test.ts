import { beforeAll, describe, expect, it } from 'vitest';
import {
  encodeToCurve,
  FIELD_ORDER,
  MerkleTree,
  multiply,
  pointFromAffine,
  poseidon,
  randomScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
} from '../../src/crypto/index.js';
import { montgomeryY } from '../../src/proofs/elligator.js';
import {
  fingerprintIdentity,
  fingerprintInstance,
  type FingerprintInstance,
  type FingerprintRequest,
} from '../../src/proofs/fingerprint.js';
import { brokenFingerprintGuarantees, elementIdentityOf } from '../../src/proofs/fingerprint-relation.js';
import {
  FINGERPRINT_SIGNAL_COUNT,
  parseFingerprintSignals,
  type FingerprintPublic,
} from '../../src/proofs/fingerprint-signals.js';
import { fingerprintInputs, type FingerprintWitness } from '../../src/proofs/fingerprint-witness.js';
import { eighthOf, type ProvableEvaluation } from '../../src/proofs/provable-evaluation.js';
import { attackable, optimisedViolations, type Attackable } from '../helpers/circuit.js';
import { offCurveEighth, pointsOfOrder } from '../helpers/baby-jubjub-torsion.js';
import type { Witness } from '../helpers/constraint-system.js';
import { fingerprintRequest, ofObject, POSSESSION } from '../helpers/fingerprint-example.js';
import { judging } from '../helpers/lies.js';
import { EXAMPLE_BINDING, evaluateWith, OPRF_SECRET } from '../helpers/register-example.js';

// What a prover can do who writes a witness program of their own (protocol section 9): the method is that of
// register-dishonest.test.ts, and so are the gadgets. Here is what is new, and that the shared ones are wired.

let circuit: Attackable;
let provedViolations: (witness: Witness) => number[];
let possession: FingerprintRequest;
let honest: FingerprintInstance;
let convergent: FingerprintInstance;
let object: FingerprintInstance;

const instanceOf = (fields: Parameters<typeof fingerprintRequest>[0]) =>
  fingerprintInstance(fingerprintRequest(fields), EXAMPLE_BINDING);

beforeAll(async () => {
  circuit = await attackable('circuits/main/fingerprint.circom');
  provedViolations = await optimisedViolations('circuits/main/fingerprint.circom');
  possession = fingerprintRequest(POSSESSION);
  honest = await fingerprintInstance(possession, EXAMPLE_BINDING);
  convergent = await instanceOf({ ...POSSESSION, convergent: true });
  object = await instanceOf(ofObject(1));
}, 180_000);

const element = (x: bigint | number): FieldElement => BigInt(x) as FieldElement;

interface Lie {
  readonly public?: Partial<FingerprintPublic>;
  readonly witness?: Partial<FingerprintWitness>;
  /** Public signals by number, for what the type of the statement cannot hold. */
  readonly inputs?: Record<string, bigint>;
}

async function outcome(lie: Lie, of = honest) {
  const statement = { ...of.public, ...lie.public };
  const secrets = { ...of.witness, ...lie.witness };
  const witness = await circuit.witness({ ...fingerprintInputs(statement, secrets), ...lie.inputs });
  // The tag that the lie leads to, so that the native relation does not refuse it for its tag alone.
  const claimed = { ...statement, tag: witness[1] as FieldElement };
  const places = circuit.system.broken(witness);
  expect(provedViolations(witness).length > 0).toBe(places.length > 0);
  return { places, guarantees: brokenFingerprintGuarantees(claimed, secrets), witness };
}

const { expectRefused, expectAccepted } = judging(outcome);

/** The part of a witness that an evaluation fills in. */
function evaluated(
  identity: FieldElement,
  { challenge, response }: ProvableEvaluation,
  N: Point,
): Partial<FingerprintWitness> {
  return {
    elligatorY: montgomeryY(encodeToCurve(identity).elligator),
    M: eighthOf(N),
    c: element(challenge),
    s: element(response),
  };
}

/** An honest evaluation of another identity, as a lie about this one. */
function evaluationOf(identity: FieldElement, key = OPRF_SECRET): Partial<FingerprintWitness> {
  const evaluation = evaluateWith(key, encodeToCurve(identity).point);
  return evaluated(identity, evaluation, evaluation.evaluated);
}

const DLEQ = 'Evaluation.EqualDiscreteLogs';
const ELLIGATOR = 'Evaluation.EncodeToCurve.Elligator';

describe('an honest prover', () => {
  it('satisfies every constraint, of a document and of an element, convergent or not', async () => {
    for (const instance of [
      honest,
      convergent,
      object,
      await instanceOf({ ...ofObject(0), mask: 1 << 10 }),
    ]) {
      const witness = await expectAccepted({}, instance);
      expect(witness.slice(1, 1 + FINGERPRINT_SIGNAL_COUNT)).toEqual(instance.signals);
      expect(parseFingerprintSignals(instance.signals)).toEqual(instance.public);
    }
  });

  it('has freedoms that change no output: the choice of M, the size of s, the element where there is none', async () => {
    const same = async (witness: Partial<FingerprintWitness>, of = honest) =>
      expect((await expectAccepted({ witness }, of))[1]).toBe(of.public.tag);
    await same({ element: element(5), elementIndex: element(63) });
    for (const order of [2, 4, 8] as const) {
      const { x, y } = pointFromAffine(...honest.witness.M)
        .add(pointsOfOrder(order)[0]!)
        .toAffine();
      await same({ M: [element(x), element(y)] });
    }
    // One s in four is so small that it stays below 2^251 with l added.
    let small = honest;
    while (small.witness.s + SUBGROUP_ORDER >= 1n << 251n) small = await instanceOf(POSSESSION);
    await same({ s: element(small.witness.s + SUBGROUP_ORDER) }, small);
  });
});

describe('F1: the commitment', () => {
  it.each<[string, (w: FingerprintWitness) => Partial<FingerprintWitness>]>([
    ['another amount', (w) => ({ slots: w.slots.with(6, element(1)) })],
    ['another salt', (w) => ({ salt: element(w.salt + 1n) })],
    ['a slot of no fingerprint', (w) => ({ slots: w.slots.with(12, element(1)) })],
    ['another present mask', (w) => ({ present: element(w.present ^ (1n << 12n)) })],
  ])('refuses to open to %s', async (_, lie) => {
    const found = await outcome({ witness: lie(honest.witness) });
    expect(found.places).toContain('');
    expect(found.guarantees).toContain('F1');
  });

  it('refuses another kind', async () => {
    await expectRefused({ public: { kind: honest.public.kind + 1 } }, 'F1', ['']);
  });

  it('refuses a seventeenth bit of the present mask, and an absent slot that is not 0, though committed to', async () => {
    const commit = (slots: readonly FieldElement[], present: bigint) =>
      poseidon([2n, BigInt(honest.public.kind), present, poseidon(slots), honest.witness.salt]);
    const { slots, present } = honest.witness;
    const wide = element(present + (1n << 16n));
    await expectRefused({ public: { commitment: commit(slots, wide) }, witness: { present: wide } }, 'F1', [
      'ToBits.Num2Bits',
    ]);
    const hidden = slots.with(13, element(5));
    await expectRefused(
      { public: { commitment: commit(hidden, present) }, witness: { slots: hidden } },
      'F1',
      ['document'],
    );
  });
});

describe('F2: the tag', () => {
  it('refuses the evaluation of another document, of another fingerprint, under another key', async () => {
    const other = fingerprintIdentity({ ...possession, slots: possession.slots.with(6, element(1)) });
    const exact = fingerprintIdentity({ ...possession, mask: 3 });
    for (const identity of [other, exact])
      await expectRefused({ witness: evaluationOf(identity) }, 'F2', [ELLIGATOR, DLEQ].sort());
    const own = fingerprintIdentity(possession);
    await expectRefused({ witness: evaluationOf(own, randomScalar()) }, 'F2', [DLEQ]);
  });

  it('refuses a mask whose slot is absent, and one of 17 bits', async () => {
    // Slot 13 is absent, so 0: the identity is that of the mask without it, and only the presence is wrong.
    const mask = possession.mask | (1 << 13);
    await expectRefused({ public: { mask } }, 'F2', ['Identity']);
    const found = await outcome({ public: { mask: possession.mask + 2 ** 16 } });
    expect(found.places).toEqual(['Identity.ToBits.Num2Bits', 'one.ToBits.Num2Bits']);
    expect(found.guarantees).toContain('F2');
  });

  it('refuses another name of the fingerprint', async () => {
    await expectRefused({ public: { fingerprintId: element(7) } }, 'F2', [ELLIGATOR, DLEQ].sort());
  });

  it('refuses a flag that is neither 0 nor 1: a blend of two identities', async () => {
    for (const input of ['ofElement', 'convergent']) {
      const { places } = await outcome({ inputs: { [input]: 2n } }, object);
      expect(places).toContain('Flag');
    }
    // The blend can be any identity, such as that of a document of somebody else.
    const target = fingerprintIdentity({ ...possession, slots: possession.slots.with(0, element(99)) });
    const ofSlots = fingerprintIdentity(possession);
    const ofOne = elementIdentityOf(possession.fingerprintId, element(0), element(0));
    const inverse = modularInverse(ofOne - ofSlots);
    const flag = ((((target - ofSlots) * inverse) % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
    const { places } = await outcome({ witness: evaluationOf(target), inputs: { ofElement: flag } });
    expect(places).toContain('Flag');
    expect(places).not.toContain(DLEQ);
  });
});

describe('F3: the evaluated point', () => {
  it('refuses a second tag for one document: N plus a point of order 2 or 4 by an M off the curve', async () => {
    let found = 0;
    for (let number = 1n; found < 2; number++) {
      const request = fingerprintRequest({ ...POSSESSION, slots: possession.slots.with(1, element(number)) });
      const instance = await fingerprintInstance(request, EXAMPLE_BINDING);
      const { point: P } = encodeToCurve(fingerprintIdentity(request));
      for (const order of [2, 4] as const) {
        const claimed = multiply(P, OPRF_SECRET).add(pointsOfOrder(order)[0]!);
        const M = offCurveEighth(claimed);
        if (!M) continue;
        found += 1;
        const { challenge, response } = evaluateWith(OPRF_SECRET, P, {
          claimed,
          accept: (c) => c % BigInt(order) === 0n,
        });
        const lie = await outcome({ witness: { M, c: element(challenge), s: element(response) } }, instance);
        expect(lie.places).toEqual(['Evaluation.CurveCheck.check']);
        expect(lie.guarantees).toEqual(['F3']);
        expect(lie.witness[1]).not.toBe(instance.public.tag);
      }
    }
  });

  it('refuses the identity', async () => {
    await expectRefused({ witness: { M: [element(0), element(1)] } }, 'F3', [
      'Evaluation.ClearCofactor.notIdentity',
      DLEQ,
    ]);
  });
});

describe('F4: membership', () => {
  it('refuses a non-member, another role, and a role outside the mask', async () => {
    const { sk, role } = honest.witness;
    await expectRefused({ witness: { sk: element(sk + 1n) } }, 'F4', ['member']);
    await expectRefused({ public: { roleMask: 0xffff }, witness: { role: element(role ^ 1n) } }, 'F4', [
      'member',
    ]);
    await expectRefused({ public: { roleMask: 0xffff & ~(1 << Number(role)) } }, 'F4', ['member']);
    await expectRefused({ public: { membersRoot: element(1) } }, 'F4', ['member']);
  });
});

describe('F5: the convergent salt', () => {
  it('refuses the salt of the owner, and that of another nullifier', async () => {
    await expectRefused({ public: { convergent: true } }, 'F5', ['convergence']);
    await expectRefused(
      { public: { nullifier: element(convergent.public.nullifier + 1n) } },
      'F5',
      ['convergence'],
      convergent,
    );
  });

  it('refuses a salt that another fingerprint makes convergent', async () => {
    // The salt follows from the exact fingerprint, which whoever knows a number can have evaluated.
    const exact = fingerprintRequest({ ...POSSESSION, mask: 3, convergent: true });
    const weak = await instanceOf({ ...POSSESSION, salt: exact.salt });
    await expectRefused({ public: { convergent: true } }, 'F5', ['convergence'], weak);
  });
});

describe('F6: the element', () => {
  it('refuses what is not in the set, with its own evaluation', async () => {
    const stranger = element(4711);
    const { slots } = object.witness;
    const witness = {
      element: stranger,
      ...evaluationOf(elementIdentityOf(object.public.fingerprintId, stranger, slots[11]!)),
    };
    await expectRefused({ witness }, 'F6', ['one'], object);
  });

  it('refuses the padding', async () => {
    const { slots } = object.witness;
    const tree = MerkleTree.of(6, [leafOf(0), leafOf(1), leafOf(2), element(0)]);
    expect(tree.root).toBe(slots[10]);
    const path = tree.path(3);
    const witness = {
      element: element(0),
      elementSiblings: path.siblings,
      elementIndex: element(3),
      ...evaluationOf(elementIdentityOf(object.public.fingerprintId, element(0), slots[11]!)),
    };
    await expectRefused({ witness }, 'F6', ['one'], object);
  });

  it('refuses a node above the leaves: the path has six levels', async () => {
    const { element: leaf, elementSiblings, elementIndex, slots } = object.witness;
    const right = (elementIndex & 1n) === 1n;
    const parent = poseidon(right ? [elementSiblings[0]!, leaf] : [leaf, elementSiblings[0]!]);
    const witness = {
      element: parent,
      elementSiblings: [...elementSiblings.slice(1), element(0)],
      elementIndex: element(elementIndex >> 1n),
      ...evaluationOf(elementIdentityOf(object.public.fingerprintId, parent, slots[11]!)),
    };
    await expectRefused({ witness }, 'F6', ['one'], object);
  });

  it('refuses an index beyond the tree', async () => {
    const elementIndex = element(object.witness.elementIndex + 64n);
    await expectRefused({ witness: { elementIndex } }, 'F6', ['one.ToBits.Num2Bits'], object);
  });

  it('refuses a mask that is not one set, or one set and the class code', async () => {
    const { slots } = object.witness;
    const { fingerprintId } = object.public;
    // No set slot, whose root would be 0; two, whose roots would be added; another slot beside, which counts for nothing.
    for (const [mask, classCode] of [
      [1 << 11, slots[11]!],
      [(1 << 10) | (1 << 2), element(0)],
      [(1 << 10) | (1 << 8), element(0)],
      [(1 << 10) | (1 << 0), element(0)],
    ] as const) {
      const witness = evaluationOf(elementIdentityOf(fingerprintId, object.witness.element, classCode));
      const found = await outcome({ public: { mask }, witness }, object);
      expect(found.places, String(mask)).toContain('one');
      expect(found.places).not.toContain(DLEQ);
      expect(found.guarantees).toContain('F6');
    }
  });

  it('refuses the class code to be left out, or put in', async () => {
    const { slots, element: value } = object.witness;
    const without = evaluationOf(elementIdentityOf(object.public.fingerprintId, value, element(0)));
    await expectRefused({ witness: without }, 'F2', [ELLIGATOR, DLEQ].sort(), object);
    const bare = await instanceOf({ ...ofObject(1), mask: 1 << 10 });
    const put = evaluationOf(elementIdentityOf(object.public.fingerprintId, value, slots[11]!));
    await expectRefused({ witness: put }, 'F2', [ELLIGATOR, DLEQ].sort(), bare);
  });

  it('refuses to pass off an element as the document, and the document as an element', async () => {
    await expectRefused({ public: { ofElement: false } }, 'F2', [ELLIGATOR, DLEQ].sort(), object);
    const found = await outcome({ public: { ofElement: true } });
    expect(found.places).toContain('one');
    expect(found.guarantees).toContain('F6');
  });
});

describe('F7: the public signals', () => {
  it('are each held by a constraint, the binding among them', async () => {
    for (const instance of [honest, object, convergent]) {
      const witness = await circuit.witness(instance.inputs);
      expect(circuit.system.publicCount).toBe(instance.signals.length);
      for (let wire = 1; wire <= instance.signals.length; wire++) {
        const changed = witness.with(wire, (witness[wire]! + 1n) % FIELD_ORDER);
        expect(circuit.system.violations(changed), circuit.system.names[wire]).not.toEqual([]);
        expect(provedViolations(changed), circuit.system.names[wire]).not.toEqual([]);
      }
    }
  });

  it('have the names of the proofs, in their order', () => {
    const names = circuit.system.names.slice(1, 1 + FINGERPRINT_SIGNAL_COUNT);
    const grouped = [...new Set(names.map((name) => name.replace(/^main\.|\[\d\]$/g, '')))];
    expect(grouped).toEqual(Object.keys(parseFingerprintSignals(honest.signals)));
  });
});

const leafOf = (index: number): FieldElement => ofObject(index).element.value;

function modularInverse(x: bigint): bigint {
  let result = 1n;
  let base = ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
  for (let exponent = FIELD_ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD_ORDER;
    base = (base * base) % FIELD_ORDER;
  }
  return result;
}
