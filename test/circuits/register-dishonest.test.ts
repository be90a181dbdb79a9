import * as snarkjs from 'snarkjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  encodeToCurve,
  FIELD_ORDER,
  MerkleTree,
  multiply,
  pointFromAffine,
  randomScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
  memberIdOf,
  memberLeafOf,
} from '../../src/crypto/index.js';
import type { ProvableEvaluation } from '../../src/proofs/provable-evaluation.js';
import { registerInstance, type RegisterInstance } from '../../src/proofs/register.js';
import { montgomeryY } from '../../src/proofs/elligator.js';
import { brokenGuarantees, type RegisterGuarantee } from '../../src/proofs/register-relation.js';
import {
  parseRegisterSignals,
  REGISTER_OUTPUT_COUNT,
  registerSignals,
  type RegisterPublic,
} from '../../src/proofs/register-signals.js';
import { identityOf, type Pair } from '../../src/proofs/register-values.js';
import { registerInputs, type RegisterWitness } from '../../src/proofs/register-witness.js';
import { attackable, optimisedViolations, type Attackable } from '../helpers/circuit.js';
import { offCurveEighth, pointsOfOrder } from '../helpers/baby-jubjub-torsion.js';
import { writeWitness, type Witness } from '../helpers/constraint-system.js';
import { judging } from '../helpers/lies.js';
import {
  EXAMPLE_BINDING,
  EXAMPLE_REQUEST,
  evaluateWith,
  OPRF_SECRET,
  requestFor,
} from '../helpers/register-example.js';

// What a prover can do who writes a witness program of their own (protocol section 6). Each lie must violate a
// constraint of the real circuit, at the place that is there to refuse it, and of its optimised form, which is what is
// proved; and be false in the native relation.

let circuit: Attackable;
let provedViolations: (witness: Witness) => number[];
let honest: RegisterInstance;

beforeAll(async () => {
  circuit = await attackable('circuits/main/register.circom');
  provedViolations = await optimisedViolations('circuits/main/register.circom');
  honest = await registerInstance(EXAMPLE_REQUEST, EXAMPLE_BINDING);
}, 180_000);

/** `wtns.check` crashes on a violated constraint when it has nobody to tell. */
const SILENT = { info() {}, debug() {}, warn() {}, error() {} };

const element = (x: bigint | number): FieldElement => BigInt(x) as FieldElement;
const first = <T>(value: T, [, second]: Pair<T>): Pair<T> => [value, second];

interface Lie {
  readonly public?: Partial<RegisterPublic>;
  readonly witness?: Partial<RegisterWitness>;
}

async function outcome(
  lie: Lie,
  of = honest,
): Promise<{ places: string[]; guarantees: RegisterGuarantee[]; witness: Witness }> {
  const statement = { ...of.public, ...lie.public };
  const secrets = { ...of.witness, ...lie.witness };
  const witness = await circuit.witness(registerInputs(statement, secrets));
  // The outputs that the lie leads to, so that the native relation does not refuse it for its outputs alone.
  const outputs = witness.slice(1, 1 + REGISTER_OUTPUT_COUNT);
  const claimed =
    outputs[4] === 0n
      ? statement
      : {
          ...statement,
          ...parseOutputs([...outputs, ...registerSignals(of.public).slice(REGISTER_OUTPUT_COUNT)]),
        };
  const places = circuit.system.broken(witness);
  expect(provedViolations(witness).length > 0).toBe(places.length > 0);
  return { places, guarantees: brokenGuarantees(claimed, secrets), witness };
}

function parseOutputs(signals: bigint[]) {
  const { commitment, tag, nullifier, escrowPoint, escrow } = parseRegisterSignals(signals);
  return { commitment, tag, nullifier, escrowPoint, escrow };
}

const { expectRefused, expectAccepted } = judging(outcome);

/** The part of a witness that an evaluation of the first fingerprint fills in; the second stays. */
function evaluated(
  identity: FieldElement,
  evaluation: ProvableEvaluation,
  M: Point,
): Partial<RegisterWitness> {
  const { x, y } = M.toAffine();
  const w = honest.witness;
  return {
    elligatorY: first(montgomeryY(encodeToCurve(identity).elligator), w.elligatorY),
    M: first([element(x), element(y)], w.M),
    c: first(element(evaluation.challenge), w.c),
    s: first(element(evaluation.response), w.s),
  };
}

const eighthOf = (N: Point): Point => multiply(N, ((7n * SUBGROUP_ORDER + 1n) / 8n) as never);
const exactIdentity = (slots = honest.witness.slots) =>
  identityOf(honest.public.fingerprintId[0], BigInt(honest.public.mask[0]), slots);

const DLEQ = 'fingerprint[0].Evaluation.EqualDiscreteLogs';

describe('an honest prover', () => {
  it('satisfies every constraint, by our reckoning and by that of snarkjs', async () => {
    const witness = await expectAccepted({});
    expect(witness.slice(1, 1 + honest.signals.length)).toEqual(honest.signals);
    const check = (w: Witness) =>
      snarkjs.wtns.check(circuit.r1cs, { type: 'mem', data: writeWitness(w) }, SILENT);
    expect(await check(witness)).toBe(true);
    const { witness: lie } = await outcome({ witness: { index: element(honest.public.quota) } });
    expect(await check(lie)).toBe(false);
  });

  it('has freedoms that change no output: the sign of P, the choice of M, the size of s and e', async () => {
    const w = honest.witness;
    const outputs = honest.signals.slice(0, REGISTER_OUTPUT_COUNT);
    const same = async (witness: Partial<RegisterWitness>) =>
      expect((await expectAccepted({ witness })).slice(1, 1 + REGISTER_OUTPUT_COUNT)).toEqual(outputs);

    const P = encodeToCurve(exactIdentity()).point.negate();
    const evaluation = evaluateWith(OPRF_SECRET, P);
    const elligatorY = first(element(FIELD_ORDER - w.elligatorY[0]), w.elligatorY);
    await same({ ...evaluated(exactIdentity(), evaluation, eighthOf(evaluation.evaluated)), elligatorY });

    const M = pointFromAffine(...w.M[0]);
    for (const torsion of [...pointsOfOrder(2), ...pointsOfOrder(4), ...pointsOfOrder(8)]) {
      const { x, y } = M.add(torsion).toAffine();
      await same({ M: first([element(x), element(y)], w.M) });
    }
    await same({ s: [w.s[0], element(w.s[1] + SUBGROUP_ORDER)] });
    await same({ e: element(w.e + SUBGROUP_ORDER) });
  });
});

describe('R1: the commitment', () => {
  it('refuses an absent slot that is not 0', async () => {
    const slots = honest.witness.slots.with(13, element(5));
    await expectRefused({ witness: { slots } }, 'R1', ['document']);
  });

  it('refuses a seventeenth bit of the present mask', async () => {
    const present = element(honest.witness.present + (1n << 16n));
    await expectRefused({ witness: { present } }, 'R1', ['ToBits.Num2Bits']);
  });
});

describe('R2: the tags', () => {
  it('refuse the evaluation of another document', async () => {
    const other = exactIdentity(honest.witness.slots.with(1, element(1)));
    const evaluation = evaluateWith(OPRF_SECRET, encodeToCurve(other).point);
    const witness = evaluated(other, evaluation, eighthOf(evaluation.evaluated));
    const { elligatorY } = honest.witness;
    await expectRefused({ witness: { ...witness, elligatorY } }, 'R2', [DLEQ]);
    await expectRefused({ witness }, 'R2', ['fingerprint[0].Evaluation.EncodeToCurve.Elligator', DLEQ]);
  });

  it('refuse an evaluation under another key', async () => {
    const identity = exactIdentity();
    const evaluation = evaluateWith(randomScalar(), encodeToCurve(identity).point);
    const witness = evaluated(identity, evaluation, eighthOf(evaluation.evaluated));
    await expectRefused({ witness }, 'R2', [DLEQ]);
  });

  it('refuse a mask whose slot is absent', async () => {
    const slots = honest.witness.slots.with(5, element(0));
    const request = requestFor({ slots, present: EXAMPLE_REQUEST.present & ~(1 << 5), skippedMask: 0 });
    const near = request.fingerprints[1];
    const identity = identityOf(near.id, BigInt(near.mask), slots);
    const { x, y } = eighthOf(near.evaluation.evaluated).toAffine();
    const w = honest.witness;
    const witness = {
      slots,
      present: element(request.present),
      elligatorY: [w.elligatorY[0], montgomeryY(encodeToCurve(identity).elligator)] as const,
      M: [w.M[0], [element(x), element(y)]] as const,
      c: [w.c[0], element(near.evaluation.challenge)] as const,
      s: [w.s[0], element(near.evaluation.response)] as const,
    };
    await expectRefused({ witness }, 'R2', ['fingerprint[1].Identity']);
  });

  it('refuse a seventeenth bit of a mask', async () => {
    const mask = [honest.public.mask[0] + 2 ** 16, honest.public.mask[1]] as const;
    await expectRefused({ public: { mask } }, 'R2', ['fingerprint[0].Identity.ToBits.Num2Bits']);
  });

  it('refuse to skip a near fingerprint that the document can give', async () => {
    const [exact] = EXAMPLE_REQUEST.fingerprints;
    const twice = await registerInstance(
      { ...EXAMPLE_REQUEST, fingerprints: [exact, exact] },
      EXAMPLE_BINDING,
    );
    await expectRefused({ public: { skippedMask: honest.public.mask[1] } }, 'R2', ['skipped'], twice);
    // One of its slots being absent, the same is true. Slot 13 is.
    await expectAccepted({ public: { skippedMask: honest.public.mask[1] | (1 << 13) } }, twice);
    await expectRefused(
      { public: { skippedMask: 2 ** 16 } },
      'R2',
      ['skipped', 'skipped.ToBits.Num2Bits'],
      twice,
    );
  });

  it('refuse another challenge or response', async () => {
    const { c, s } = honest.witness;
    await expectRefused({ witness: { c: first(element(c[0] ^ 1n), c) } }, 'R2', [DLEQ]);
    await expectRefused({ witness: { s: first(element(s[0] ^ 1n), s) } }, 'R2', [DLEQ]);
    await expectRefused({ witness: { c: [c[1], c[0]], s: [s[1], s[0]] } }, 'R2', [
      DLEQ,
      DLEQ.replace('0', '1'),
    ]);
  });

  it('refuse a challenge beyond 128 bits and a response beyond 251', async () => {
    const { c, s } = honest.witness;
    const bits = `${DLEQ}.ToBits.Num2Bits`;
    await expectRefused({ witness: { c: first(element(c[0] + (1n << 128n)), c) } }, 'R2', [DLEQ, bits]);
    // Equal modulo l, so that nothing but the range is wrong.
    await expectRefused({ witness: { s: first(element(s[0] + SUBGROUP_ORDER), s) } }, 'R2', [DLEQ, bits]);
  });

  it('refuse a root of something else on the way to the curve', async () => {
    const { elligatorY } = honest.witness;
    for (const y of [0n, elligatorY[0] + 1n]) {
      const found = await outcome({ witness: { elligatorY: first(element(y), elligatorY) } });
      expect(found.places).toContain('fingerprint[0].Evaluation.EncodeToCurve.Elligator');
      expect(found.guarantees).toContain('R2');
    }
    // -y alone: the point is -P, and the proof was for P.
    await expectRefused(
      { witness: { elligatorY: first(element(FIELD_ORDER - elligatorY[0]), elligatorY) } },
      'R2',
      [DLEQ],
    );
  });
});

describe('R3: the evaluated point', () => {
  it('refuses a second tag for one document: N plus a point of order 2 or 4', async () => {
    // The doubling formulas reach such an N from a pair M that is not on the curve, for every second document or so;
    // a challenge that the order divides then makes a proof for it. Nothing but the curve's equation stands between.
    let found = 0;
    for (let number = 1n; found < 2; number++) {
      const slots = honest.witness.slots.with(1, element(number));
      const instance = await registerInstance(requestFor({ slots }), EXAMPLE_BINDING);
      const identity = exactIdentity(slots);
      const { point: P } = encodeToCurve(identity);
      for (const order of [2, 4] as const) {
        const claimed = multiply(P, OPRF_SECRET).add(pointsOfOrder(order)[0]!);
        const M = offCurveEighth(claimed);
        if (!M) continue;
        found += 1;
        const evaluation = evaluateWith(OPRF_SECRET, P, { claimed, accept: (c) => c % BigInt(order) === 0n });
        const w = instance.witness;
        const witness = {
          M: first(M, w.M),
          c: first(element(evaluation.challenge), w.c),
          s: first(element(evaluation.response), w.s),
        };
        const lie = await outcome({ witness }, instance);
        expect(lie.places).toEqual(['fingerprint[0].Evaluation.CurveCheck.check']);
        expect(lie.guarantees).toEqual(['R3']);
        expect(lie.witness[2]).not.toBe(instance.public.tag[0]);
      }
    }
  });

  it('refuses N plus a point of any small order for every M on the curve', async () => {
    const identity = exactIdentity();
    const { point: P } = encodeToCurve(identity);
    for (const order of [2, 4, 8] as const) {
      const claimed = multiply(P, OPRF_SECRET).add(pointsOfOrder(order)[0]!);
      const evaluation = evaluateWith(OPRF_SECRET, P, { claimed, accept: (c) => c % BigInt(order) === 0n });
      await expectRefused(
        { witness: evaluated(identity, evaluation, eighthOf(multiply(P, OPRF_SECRET))) },
        'R2',
        [DLEQ],
      );
    }
  });

  it('refuses the identity, from itself and from points of order 2, 4 and 8', async () => {
    const { M } = honest.witness;
    const small = [...pointsOfOrder(2), ...pointsOfOrder(4), ...pointsOfOrder(8)].map((T) => T.toAffine());
    for (const { x, y } of [{ x: 0n, y: 1n }, ...small])
      await expectRefused({ witness: { M: first([element(x), element(y)], M) } }, 'R3', [
        'fingerprint[0].Evaluation.ClearCofactor.notIdentity',
        DLEQ,
      ]);
  });

  it('refuses a pair that is not on the curve', async () => {
    const { M } = honest.witness;
    const found = await outcome({ witness: { M: first([M[0][0], element(M[0][1] + 1n)], M) } });
    expect(found.places).toContain('fingerprint[0].Evaluation.CurveCheck.check');
    expect(found.guarantees).toContain('R3');
  });
});

describe('R4: membership', () => {
  it('refuses somebody who is not a member', async () => {
    await expectRefused({ witness: { sk: element(honest.witness.sk + 1n) } }, 'R4', ['member']);
  });

  it('refuses a role that the member does not have', async () => {
    const lie = { public: { roleMask: 0xffff }, witness: { role: element(2) } };
    await expectRefused(lie, 'R4', ['member']);
  });

  it('refuses a role that is not in the mask', async () => {
    for (const roleMask of [0, 0xffff & ~(1 << EXAMPLE_REQUEST.member.role)])
      await expectRefused({ public: { roleMask } }, 'R4', ['member']);
  });

  it('refuses a role or a role mask beyond its width, be it in the tree', async () => {
    const leaf = memberLeafOf(memberIdOf(honest.witness.sk), 17);
    const tree = MerkleTree.of(16, [leaf]);
    const lie = {
      public: { membersRoot: tree.root },
      witness: { role: element(17), pathSiblings: tree.path(0).siblings, pathIndex: element(0) },
    };
    await expectRefused(lie, 'R4', ['member.ToBits.Num2Bits']);
    const roleMask = EXAMPLE_REQUEST.roleMask + 2 ** 16;
    await expectRefused({ public: { roleMask } }, 'R4', ['member.ToBits.Num2Bits']);
  });

  it('refuses another place in the tree, and a place beyond it', async () => {
    const { pathIndex, pathSiblings } = honest.witness;
    await expectRefused({ witness: { pathIndex: element(pathIndex ^ 1n) } }, 'R4', ['member']);
    await expectRefused({ witness: { pathIndex: element(pathIndex + (1n << 16n)) } }, 'R4', [
      'member.ToBits.Num2Bits',
    ]);
    const siblings = pathSiblings.with(3, element(0));
    await expectRefused({ witness: { pathSiblings: siblings } }, 'R4', ['member']);
  });
});

describe('R5: the nullifier', () => {
  it.each([
    ['at the quota', BigInt(EXAMPLE_REQUEST.quota), EXAMPLE_REQUEST.quota],
    ['that is negative', FIELD_ORDER - 1n, EXAMPLE_REQUEST.quota],
    ['of 17 bits, under a quota of more', 1n << 16n, 2 ** 16 + 1],
    ['of 17 bits, below a quota of 16', 1n << 16n, 2 ** 16],
    ['under a quota of 0', 0n, 0],
  ])('refuses an index %s', async (_, index, quota) => {
    const lie = { public: { quota }, witness: { index: element(index) } };
    await expectRefused(lie, 'R5', ['use.ToBits.Num2Bits']);
  });

  it('takes the last index of the largest quota', async () => {
    await expectAccepted({ public: { quota: 2 ** 16 }, witness: { index: element(2 ** 16 - 1) } });
  });
});

describe('R6: the escrow', () => {
  it('refuses a point that opens to everybody: e = 0 modulo l', async () => {
    for (const e of [0n, SUBGROUP_ORDER])
      await expectRefused({ witness: { e: element(e) } }, 'R6', ['auditing.NonZero']);
  });

  it('refuses a scalar beyond 251 bits', async () => {
    const e = element(honest.witness.e + 2n * SUBGROUP_ORDER);
    await expectRefused({ witness: { e } }, 'R6', ['auditing.ToBits.Num2Bits']);
  });

  it.each<[string, Lie]>([
    ['another key', { public: { auditorKey: EXAMPLE_REQUEST.oprfKey } }],
    ['another salt', { witness: { salt: element(1) } }],
    ['another member', { witness: { sk: element(1) } }],
  ])('refuses an escrow for %s', async (_, lie) => {
    const elsewhere = (await outcome(lie)).witness;
    const witness = await circuit.witness(honest.inputs);
    const changed = [6, 7, 8].filter((wire) => {
      if (elsewhere[wire] === witness[wire]) return false;
      witness[wire] = elsewhere[wire]!;
      return true;
    });
    expect(changed).not.toEqual([]);
    expect(circuit.system.broken(witness)).not.toEqual([]);
    expect(provedViolations(witness)).not.toEqual([]);
    const statement = parseRegisterSignals(witness.slice(1, 1 + honest.signals.length));
    expect(brokenGuarantees(statement, honest.witness)).toEqual(['R6']);
  });
});

describe('R7: the public signals', () => {
  it('are each held by a constraint, the binding among them', async () => {
    const witness = await circuit.witness(honest.inputs);
    expect(circuit.system.publicCount).toBe(honest.signals.length);
    for (let wire = 1; wire <= honest.signals.length; wire++) {
      const changed = witness.with(wire, (witness[wire]! + 1n) % FIELD_ORDER);
      expect(circuit.system.violations(changed), circuit.system.names[wire]).not.toEqual([]);
      expect(provedViolations(changed), circuit.system.names[wire]).not.toEqual([]);
    }
  });
});
