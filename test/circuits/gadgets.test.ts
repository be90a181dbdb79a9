import { Field } from '@noble/curves/abstract/modular.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, ROOT, sourcesOf } from '../../scripts/circuits.mjs';
import {
  BASE,
  DOMAIN,
  encodeToCurve,
  FIELD_ORDER,
  IDENTITY,
  initPoseidon,
  multiply,
  poseidon,
  randomScalar,
  reduceScalar,
  SUBGROUP_ORDER,
  type FieldElement,
  type Point,
} from '../../src/crypto/index.js';
import type { CircuitInputs } from '../../src/proofs/prover.js';
import { montgomeryY } from '../../src/proofs/elligator.js';
import { attackable, withoutComments, type Attackable, type Tampering } from '../helpers/circuit.js';
import { pointsOfOrder } from '../helpers/baby-jubjub-torsion.js';
import { vectors } from '../helpers/vectors.js';

// Hints: what a prover puts in freely, template by template, and what refuses it. Small circuits, because each lie
// needs a witness program of its own.

const gadget = (name: string, tampering?: Tampering) =>
  attackable(`test/circuits/gadgets/${name}.circom`, tampering);
const F = Field(FIELD_ORDER);
const A = 168698n;
const PATIENCE = { timeout: 180_000 };

const decimals = (...xs: bigint[]) => xs.map(String);
const affine = (point: Point) => {
  const { x, y } = point.toAffine();
  return decimals(x, y);
};
async function places(circuit: Attackable, inputs: CircuitInputs): Promise<string[]> {
  return circuit.system.broken(await circuit.witness(inputs));
}

beforeAll(initPoseidon);

describe('EncodeToCurve', () => {
  const cases = vectors('encode-to-curve').cases as { u: string; y: string; x: string[] }[];
  const identity = BigInt(cases[0]!.u) as FieldElement;
  const root = (u: FieldElement) => montgomeryY(encodeToCurve(u).elligator);
  const curve = (x: bigint) => F.mul(x, F.add(F.mul(x, F.add(x, A)), 1n));
  const x1Of = (u: bigint) => F.neg(F.div(A, F.add(1n, F.mul(5n, F.sqr(u)))));

  it('agrees with the vectors, with either sign', PATIENCE, async () => {
    const circuit = await gadget('encoding');
    for (const { u, y, x } of cases) {
      const elligatorY = root(BigInt(u) as FieldElement);
      const found = [];
      for (const sign of [elligatorY, FIELD_ORDER - elligatorY]) {
        const witness = await circuit.witness({ u, y: String(sign) });
        expect(circuit.system.violations(witness)).toEqual([]);
        expect(String(witness[2])).toBe(y);
        found.push(String(witness[1]));
      }
      expect(found.sort()).toEqual([...x].sort());
    }
  });

  it('refuses the candidate whose right side is not a square', PATIENCE, async () => {
    const circuit = await gadget('encoding', {
      'encode-to-curve.circom': [['first <-- isSquare(', 'first <-- 1 - isSquare(']],
    });
    for (const { u } of cases)
      for (const y of [root(BigInt(u) as FieldElement), 1n, randomScalar()])
        expect(await places(circuit, { u, y: String(y) })).toContain('Elligator');
  });

  it('refuses a choice between the candidates that is not a bit, and so any point', PATIENCE, async () => {
    // With a free choice, x1 or x2 becomes any x: here the generator's, and the proof would be for any identity.
    const { x, y } = BASE.toAffine();
    const target = F.div(F.add(1n, y), F.sub(1n, y));
    const x1 = x1Of(identity);
    const choice = F.div(F.add(F.add(target, A), x1), F.add(F.mul(2n, x1), A));
    const tampering = [
      ['first <-- isSquare(x1 * x1 * x1 + A * x1 * x1 + x1);', `first <-- ${choice};`],
    ] as const;
    const circuit = await gadget('encoding', { 'encode-to-curve.circom': tampering });
    const inputs = { u: String(identity), y: String(F.div(target, x)) };
    expect(await places(circuit, inputs)).toEqual(['Elligator']);
    const { x: outX, y: outY } = multiply(BASE, reduceScalar(8n)).toAffine();
    expect((await circuit.witness(inputs)).slice(1, 3)).toEqual([outX, outY]);
  });

  it('refuses another x1, and so any point', PATIENCE, async () => {
    const { x, y } = BASE.toAffine();
    const target = F.div(F.add(1n, y), F.sub(1n, y));
    const tampering = [['x1 <-- -A / (1 + Z * square);', `x1 <-- ${target};`]] as const;
    const circuit = await gadget('encoding', { 'encode-to-curve.circom': tampering });
    expect(F.eql(curve(target), F.sqr(F.div(target, x)))).toBe(true);
    const inputs = { u: String(identity), y: String(F.div(target, x)) };
    expect(await places(circuit, inputs)).toEqual(['Elligator']);
  });

  it('refuses y = 0, where the conversion to Edwards form leaves x free', PATIENCE, async () => {
    const circuit = await gadget('encoding', {
      'encode-to-curve.circom': [['first <-- isSquare(x1 * x1 * x1 + A * x1 * x1 + x1);', 'first <-- 0;']],
      // Any x satisfies x·0 = 0: the prover takes one that is not 0, so that the result is not the identity.
      'montgomery.circom': [['out[0] <-- in[0] / in[1];', 'out[0] <-- 12345;']],
    });
    expect(await places(circuit, { u: '0', y: '0' })).toEqual(['Elligator.NonZero']);
  });
});

describe('MultiplyPoint', () => {
  let circuit: Attackable;
  beforeAll(async () => {
    circuit = await gadget('multiply-point');
  }, PATIENCE.timeout);

  const scalars = [
    ...[0n, 1n, 2n, 3n, (1n << 147n) - 1n, 1n << 147n, 1n << 148n, (1n << 148n) + 1n, (1n << 149n) - 1n],
    ...[SUBGROUP_ORDER - 1n, SUBGROUP_ORDER, SUBGROUP_ORDER + 1n, 1n << 250n, (1n << 251n) - 1n],
  ];

  it.each(scalars)('agrees with the curve at %d', async (scalar) => {
    for (const point of [BASE, multiply(BASE, randomScalar())]) {
      const witness = await circuit.witness({ scalar: String(scalar), point: affine(point) });
      expect(circuit.system.violations(witness)).toEqual([]);
      expect(decimals(...witness.slice(1, 3))).toEqual(affine(multiply(point, reduceScalar(scalar))));
    }
  });

  it('takes the identity', async () => {
    const witness = await circuit.witness({ scalar: '5', point: affine(IDENTITY) });
    expect(circuit.system.violations(witness)).toEqual([]);
    expect(decimals(...witness.slice(1, 3))).toEqual(affine(IDENTITY));
  });

  it('is wrong outside the subgroup: what the tag {subgroup} is for', PATIENCE, async () => {
    const [orderTwo] = pointsOfOrder(2);
    const witness = await circuit.witness({ scalar: '1', point: affine(orderTwo!) });
    expect(circuit.system.violations(witness)).toEqual([]);
    expect(decimals(...witness.slice(1, 3))).toEqual(affine(IDENTITY));
    for (const point of [...pointsOfOrder(4), ...pointsOfOrder(8)])
      expect(await places(circuit, { scalar: '1', point: affine(point) })).not.toEqual([]);

    const unchecked = compile(
      'test/circuits/gadgets/unchecked-point.circom',
      join(ROOT, '.cache/unchecked'),
      [],
    );
    await expect(unchecked).rejects.toThrow(/point requires tag subgroup/);
  });
});

describe('MultiplyGenerator', () => {
  it('agrees with the curve, but for one scalar of 249 low bits that has no witness', PATIENCE, async () => {
    const circuit = await gadget('multiply-generator');
    const scalars = [0n, 1n, 7n, 8n, SUBGROUP_ORDER - 1n, SUBGROUP_ORDER, (1n << 251n) - 1n, randomScalar()];
    for (const scalar of scalars) {
      const witness = await circuit.witness({ scalar: String(scalar) });
      expect(circuit.system.violations(witness)).toEqual([]);
      expect(decimals(...witness.slice(1, 3))).toEqual(affine(multiply(BASE, reduceScalar(scalar))));
    }
    const exceptional = SUBGROUP_ORDER - (1n << 250n) - (8n ** 83n - 1n) / 7n;
    for (const top of [0n, 1n, 2n, 3n])
      expect(await places(circuit, { scalar: String(exceptional + (top << 249n)) })).not.toEqual([]);
    expect(await places(circuit, { scalar: String(exceptional + 1n) })).toEqual([]);
  });
});

describe('bits', () => {
  it('are refused when they spell in + p', PATIENCE, async () => {
    // The bits of p itself, for in = 0: those of p - 1 with the lowest set.
    const lie = 'out[i] <-- n == 254 ? (i == 0 ? 1 : ((-1) >> i) & 1) : (in >> i) & 1;';
    const circuit = await gadget('strict-bits', { 'bitify.circom': [['out[i] <-- (in >> i) & 1;', lie]] });
    expect(await places(circuit, { in: '0' })).toEqual(['aliasCheck.compConstant']);
    expect(await places(await gadget('strict-bits'), { in: '0' })).toEqual([]);
    expect(await places(await gadget('strict-bits'), { in: String(FIELD_ORDER - 1n) })).toEqual([]);
  });

  it(
    'are refused in a path when they are not 0 or 1: else every leaf is in every tree',
    PATIENCE,
    async () => {
      // left + right = node + sibling for any "bit", so a suitable sibling and bit lead to the children of the root.
      const [left, right] = [poseidon([1n, 2n]), poseidon([3n, 4n])];
      const children = [poseidon([left, right]), 0n] as const;
      const leaf = 666n;
      const sibling = F.sub(F.add(left, right), leaf);
      const bit = F.div(F.sub(left, leaf), F.sub(sibling, leaf));
      const circuit = await gadget('merkle-path', {
        'bitify.circom': [['out[i] <-- (in >> i) & 1;', 'out[i] <-- i == 0 ? in : 0;']],
      });
      const inputs = { leaf: String(leaf), siblings: decimals(sibling, 0n), index: String(bit) };
      expect(await places(circuit, { ...inputs, root: String(poseidon(children)) })).toEqual([
        'ToBits.Num2Bits',
      ]);
    },
  );
});

describe('every other hint of the gadgets in use', () => {
  const u = 1n as FieldElement;
  const encode = { u: '1', y: '' };
  const product: CircuitInputs = { scalar: '11', point: affine(BASE) };
  beforeAll(() => {
    encode.y = String(montgomeryY(encodeToCurve(u).elligator));
  });

  it.each<[hint: string, gadget: string, inputs: CircuitInputs, file: string, from: string, to: string]>([
    ['NonZero.inverse', 'encoding', encode, 'nonzero.circom', '1 / in : 0', '1 / in + 1 : 0'],
    ['Montgomery2Edwards.out[0]', 'encoding', encode, 'montgomery.circom', 'in[0] / in[1];', 'in[1];'],
    ['Montgomery2Edwards.out[1]', 'encoding', encode, 'montgomery.circom', '(in[0] - 1) /', 'in[0] /'],
    ['BabyAdd.xout', 'encoding', encode, 'babyjub.circom', '(beta + gamma) / (1+ d*tau)', 'beta'],
    ['BabyAdd.yout', 'encoding', encode, 'babyjub.circom', 'gamma) / (1-d*tau)', 'gamma)'],
    [
      'Edwards2Montgomery.out[0]',
      'multiply-point-short',
      product,
      'montgomery.circom',
      '/ (1 - in[1])',
      '/ 2',
    ],
    [
      'Edwards2Montgomery.out[1]',
      'multiply-point-short',
      product,
      'montgomery.circom',
      'out[0] / in[0]',
      '1',
    ],
    ['MontgomeryAdd.lamda', 'multiply-point-short', product, 'montgomery.circom', '/ (in2[0] - in1[0])', ''],
    ['MontgomeryDouble.lamda', 'multiply-point-short', product, 'montgomery.circom', '/ (2*B*in[1])', ''],
    ['IsZero.inv', 'multiply-point-short', product, 'comparators.circom', '1/in : 0', '0 : 0'],
    ['Num2Bits.out', 'multiply-point-short', product, 'bitify.circom', '(in >> i) & 1', 'i == 0 ? in : 0'],
  ])('%s', PATIENCE, async (_, name, inputs, file, from, to) => {
    expect(await places(await gadget(name), inputs)).toEqual([]);
    expect(await places(await gadget(name, { [file]: [[from, to]] }), inputs)).not.toEqual([]);
  });

  it('IsZero.inv, to skip a fingerprint that the document could give', PATIENCE, async () => {
    const circuit = await gadget('skipped-mask', {
      'comparators.circom': [['inv <-- in!=0 ? 1/in : 0;', 'inv <-- 0;']],
    });
    expect(await places(circuit, { mask: '3', present: '3' })).toEqual(['SkippedMask.IsZero']);
    const honest = await gadget('skipped-mask');
    expect(await places(honest, { mask: '3', present: '3' })).toEqual(['SkippedMask']);
    for (const inputs of [
      { mask: '3', present: '2' },
      { mask: '0', present: '0' },
      { mask: '65535', present: '65534' },
    ])
      expect(await places(honest, inputs)).toEqual([]);
  });
});

describe('the table of hints', () => {
  /** template name -> its text, of a circuit's sources. */
  function templates(main: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const path of sourcesOf(`circuits/main/${main}`).values())
      for (const part of withoutComments(readFileSync(path, 'utf8')).split(/(?=\btemplate\s)/)) {
        const name = /^template\s+(\w+)/.exec(part)?.[1];
        if (name) found.set(name, part);
      }
    return found;
  }

  /** The hints of every template that a circuit is made of. */
  function hintsOf(main: string): string[] {
    const all = templates(main);
    const used = new Set([main[0]!.toUpperCase() + main.slice(1, -'.circom'.length)]);
    for (const name of used)
      for (const [, callee] of all.get(name)!.matchAll(/\b(\w+)\s*\(/g))
        if (all.has(callee!)) used.add(callee!);
    return [...used].flatMap((name) =>
      [...all.get(name)!.matchAll(/([\w[\]]+)\s*<--/g)].map(
        ([, signal]) => `${name}.${signal === 'out[i]' ? 'out' : signal}`,
      ),
    );
  }

  it('lists every hint of every template that a statement is made of, and no other', () => {
    const hints = readdirSync(join(ROOT, 'circuits/main')).flatMap(hintsOf);
    const readme = readFileSync(join(ROOT, 'circuits/README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `(\w+\.[\w[\]]+)`\s*\|/gm)].map(([, hint]) => hint!);
    expect(listed.sort()).toEqual([...new Set(hints)].sort());
    expect(hintsOf('register.circom').length).toBeGreaterThan(10);
    expect(hintsOf('drawdown.circom')).toEqual(['Num2Bits.out']);
  });
});

describe('domain numbers', () => {
  it('are those of the code', () => {
    const source = readFileSync(join(ROOT, 'circuits/lib/domains.circom'), 'utf8');
    const inCircuits = [...source.matchAll(/function DOMAIN_(\w+)\(\) \{ return (\d+); \}/g)];
    expect(inCircuits).toHaveLength(9);
    for (const [, name, number] of inCircuits) {
      const camel = name!.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      expect(DOMAIN[camel as keyof typeof DOMAIN]).toBe(BigInt(number!));
    }
  });
});
