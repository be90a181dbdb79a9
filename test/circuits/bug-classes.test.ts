import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT, sourcesOf } from '../../scripts/circuits.mjs';
import { FIELD_ORDER, initPoseidon, SUBGROUP_ORDER, type FieldElement } from '../../src/crypto/index.js';
import { registerInstance, type RegisterInstance } from '../../src/proofs/register.js';
import { brokenGuarantees } from '../../src/proofs/register-relation.js';
import { REGISTER_SIGNAL_COUNT } from '../../src/proofs/register-signals.js';
import { registerInputs, type RegisterWitness } from '../../src/proofs/register-witness.js';
import { attackable, optimisedViolations, withoutComments, type Attackable } from '../helpers/circuit.js';
import type { Witness } from '../helpers/constraint-system.js';
import { EXAMPLE_BINDING, EXAMPLE_REQUEST } from '../helpers/register-example.js';

// The classes of the public catalogues of bugs in circuits (0xPARC's zk-bug-tracker, zkbugs) against the constraints of
// `register` as they are, not against its sources: a wire that a prover can change is a bug whatever the source says.

const MAIN = 'circuits/main/register.circom';
let circuit: Attackable;
let proved: (witness: Witness) => number[];
let honest: RegisterInstance;
let witness: Witness;

beforeAll(async () => {
  await initPoseidon();
  circuit = await attackable(MAIN);
  proved = await optimisedViolations(MAIN);
  honest = await registerInstance(EXAMPLE_REQUEST, EXAMPLE_BINDING);
  witness = await circuit.witness(honest.inputs);
}, 180_000);

const element = (x: bigint) => x as FieldElement;
const lie = (change: Partial<RegisterWitness>, of: Partial<RegisterInstance['public']> = {}) =>
  circuit.witness(registerInputs({ ...honest.public, ...of }, { ...honest.witness, ...change }));
async function expectRefused(change: Partial<RegisterWitness>, of: Partial<RegisterInstance['public']> = {}) {
  const lying = await lie(change, of);
  expect(circuit.system.violations(lying)).not.toEqual([]);
  expect(proved(lying)).not.toEqual([]);
}
const sources = () =>
  [...sourcesOf(MAIN).values()].map((path) => ({ path, text: withoutComments(readFileSync(path, 'utf8')) }));
const own = () => sources().filter(({ path }) => !path.includes('node_modules'));

/** A class of bug, and what shows that it is not there. */
const CLASSES: Readonly<Record<string, () => Promise<void> | void>> = {
  'under-constrained signals: no wire of a witness can be changed alone': () => {
    // Every wire, in turn: what its constraints say of it does not hold for another value.
    const of = constraintsByWire();
    const free: string[] = [];
    for (let wire = 1; wire < witness.length; wire++) {
      const held = (of.get(wire) ?? []).some((index) => broken(index, wire, witness[wire]! + 1n));
      if (!held) free.push(circuit.system.names[wire]!);
    }
    // An inverse of 0 may be anything: 0·inverse says that the output is 1, and nothing else looks at it.
    const known = /^main\.skipped\.IsZero_\d+_\d+\.inv$/;
    expect(witness.length).toBeGreaterThan(40_000);
    expect(free.filter((name) => !known.test(name))).toEqual([]);
    expect(free).toHaveLength(2);
  },
  'unused outputs and inputs: each input and output is in a constraint of what is proved': () => {
    for (let wire = 1; wire <= REGISTER_SIGNAL_COUNT; wire++)
      expect(
        proved(witness.with(wire, (witness[wire]! + 1n) % FIELD_ORDER)),
        circuit.system.names[wire],
      ).not.toEqual([]);
  },
  'malleable public inputs: a public signal plus p is refused outside the circuit': async () => {
    // The circuit cannot see the difference: src/proofs/verify.ts refuses p and more, and the number of signals.
    const { parseRegisterSignals } = await import('../../src/proofs/register-signals.js');
    const signals = [...honest.signals];
    for (const at of [0, 3, 8, 23])
      expect(() => parseRegisterSignals(signals.with(at, element(signals[at]! + FIELD_ORDER)))).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      );
  },
  'aliasing: a decomposition has 253 bits at the most, or is strict': () => {
    for (const { path, text } of own())
      for (const [call, strict] of text.matchAll(/\bNum2Bits(_strict)?\(/g))
        if (!strict) expect(path, call).toMatch(/bits\.circom$/);
    const widths = own().flatMap(({ text }) =>
      [...text.matchAll(/\bToBits\(([^)]*)\)?/g)].map(([, width]) => width!),
    );
    expect(widths.length).toBeGreaterThan(8);
    expect(readFileSync(join(ROOT, 'circuits/lib/bits.circom'), 'utf8')).toContain(
      'assert(n >= 1 && n <= 253)',
    );
  },
  'aliasing of the challenge: another 254 bits of the same hash': async () => {
    const c = honest.witness.c;
    await expectRefused({ c: [element((c[0] + (1n << 128n)) % FIELD_ORDER), c[1]] });
  },
  'missing range checks: a value beyond each width': async () => {
    const w = honest.witness;
    const beyond: [keyof RegisterWitness, Partial<RegisterWitness>][] = [
      ['present', { present: element(w.present + (1n << 16n)) }],
      ['role', { role: element(w.role + 16n) }],
      ['pathIndex', { pathIndex: element(w.pathIndex + (1n << 16n)) }],
      ['index', { index: element(1n << 16n) }],
      ['s', { s: [element(w.s[0] + SUBGROUP_ORDER), w.s[1]] }],
      ['e', { e: element(w.e + 2n * SUBGROUP_ORDER) }],
    ];
    for (const [, change] of beyond) await expectRefused(change);
  },
  'comparators without ranged inputs: none of the circuits uses one': () => {
    for (const { path, text } of own())
      expect(text, path).not.toMatch(/\b(LessThan|LessEqThan|GreaterThan|GreaterEqThan)\b/);
  },
  'arithmetic over- and underflow: a negative index, and a quota of 0': async () => {
    await expectRefused({ index: element(FIELD_ORDER - 1n) });
    await expectRefused({ index: element(0n) }, { quota: 0 });
  },
  'missing subgroup checks: every multiplied point bears the tag, and the tag is given where it was checked':
    () => {
      const given = own().flatMap(({ path, text }) =>
        [...text.matchAll(/signal (?:output )?\{subgroup\} (\w+)/g)].map(
          ([, name]) => `${path.split('/').at(-1)} ${name}`,
        ),
      );
      // The two keys are the verifier's to check: genesis.ts does, and says `invalid_point`.
      expect(given.filter((name) => name.startsWith('register.circom'))).toEqual([
        'register.circom K',
        'register.circom auditors',
      ]);
      expect(given).toContain('cofactor.circom out');
    },
  'a point off the curve': async () => {
    const [[x, y], second] = honest.witness.M;
    await expectRefused({ M: [[x, element((y + 1n) % FIELD_ORDER)], second] });
  },
  'division by zero, and y = 0 on the Montgomery form': async () => {
    const { elligatorY } = honest.witness;
    await expectRefused({ elligatorY: [element(0n), elligatorY[1]] });
    const [, second] = honest.witness.M;
    await expectRefused({ M: [[element(0n), element(1n)], second] });
  },
  'unsafe `<--`: every hint is listed and pinned': () => {
    const hints = own().flatMap(({ text }) => [...text.matchAll(/<--/g)]);
    // Those of circomlib's templates are in the table of circuits/README.md, which gadgets.test.ts completes.
    expect(hints).toHaveLength(3);
  },
  'assigned but not constrained: `=` in the place of `<==` for a signal': () => {
    for (const { path, text } of own()) {
      const signals = [...text.matchAll(/\bsignal (?:input |output )?(?:\{\w+\} )?(\w+)/g)].map(
        ([, name]) => name!,
      );
      for (const name of signals)
        expect(text, `${path} ${name}`).not.toMatch(
          new RegExp(`(?:^|[;{}])\\s*${name}(?:\\[[^\\]]*\\])*\\s*=[^=]`, 'm'),
        );
    }
  },
  'non-deterministic nullifiers: one for each secret, period and index': async () => {
    const w = honest.witness;
    const nullifierWire = 4;
    const seen = [witness[nullifierWire]];
    // All that a prover may choose otherwise and still be accepted.
    for (const change of [
      { s: [w.s[0], element(w.s[1] + SUBGROUP_ORDER)] as const },
      { e: element(w.e + SUBGROUP_ORDER) },
      { e: element(5n) },
      { salt: element(7n) },
    ]) {
      const other = await lie(change);
      if (circuit.system.violations(other).length === 0) seen.push(other[nullifierWire]);
    }
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen).size).toBe(1);
  },
  'wrong lengths and mismatched parameters: sizes are named once': () => {
    const domains = readFileSync(join(ROOT, 'circuits/lib/domains.circom'), 'utf8');
    const size = (name: string) =>
      Number(new RegExp(`function ${name}\\(\\) \\{ return (\\d+)`).exec(domains)![1]);
    expect([
      size('SLOTS'),
      size('SCALAR_BITS'),
      size('CHALLENGE_BITS'),
      size('MEMBERS_DEPTH'),
      size('INDEX_BITS'),
    ]).toEqual([16, SUBGROUP_ORDER.toString(2).length, 128, 16, 16]);
    expect(honest.witness.slots).toHaveLength(size('SLOTS'));
    expect(honest.witness.pathSiblings).toHaveLength(size('MEMBERS_DEPTH'));
  },
  'an array index out of bounds: a role beyond the mask, a leaf beyond the tree': async () => {
    await expectRefused({ role: element(16n) }, { roleMask: 0xffff });
    await expectRefused({ pathIndex: element(1n << 16n) });
  },
  'missing output constraints of templates: an output of a component that nothing uses': () => {
    // Every component's output is somebody's input, or the compiler's `_`: one that is neither says nothing.
    for (const { path, text } of own())
      for (const [, name] of text.matchAll(
        /\bcomponent (\w+)(?:\[[^\]]*\])? = (?!Babycheck|BabyCheck|NonZero)/g,
      ))
        expect(
          [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length,
          `${path} ${name}`,
        ).toBeGreaterThan(1);
  },
  'hash collisions across uses: no two hashes of one arity share a domain': () => {
    const used = own().flatMap(({ text }) =>
      [...text.matchAll(/Poseidon\((\d+)\)\(\[\s*(DOMAIN_\w+)/g)].map(([, n, d]) => `${n} ${d}`),
    );
    expect(new Set(used).size).toBe(used.length);
    expect(used.length).toBeGreaterThan(8);
  },
  'proof malleability as an identity: nothing is found by the bytes of a proof': async () => {
    // A rerandomised proof verifies (test/proofs/verify.test.ts); it is signed with the transaction, and replays are
    // refused by their nullifier (test/ledger/attacks.test.ts).
    const keys = readFileSync(join(ROOT, 'src/ledger/state-keys.ts'), 'utf8');
    expect(withoutComments(keys)).not.toMatch(/proof/i);
    expect(brokenGuarantees(honest.public, honest.witness)).toEqual([]);
  },
  'trusted setup: keys of another circuit, or of nobody\u2019s ceremony': async () => {
    const { packageKeys, requireSetup } = await import('../../src/proofs/index.js');
    const key = await packageKeys.load({ id: 'register', version: 1 });
    expect(() => requireSetup(key, 'ceremony' as never)).toThrow(
      expect.objectContaining({ code: 'failed_precondition' }),
    );
  },
};

function constraintsByWire(): Map<number, number[]> {
  const of = new Map<number, number[]>();
  circuit.system.constraints.forEach((parts, index) => {
    for (const wire of new Set(parts.flatMap(({ wires }) => [...wires]))) {
      const list = of.get(wire);
      if (list) list.push(index);
      else of.set(wire, [index]);
    }
  });
  return of;
}
/** Whether a constraint is violated with one wire of the honest witness changed. */
function broken(index: number, wire: number, value: bigint): boolean {
  const [a, b, c] = circuit.system.constraints[index]!.map(({ wires, coefficients }) =>
    [...wires].reduce((sum, w, i) => sum + coefficients[i]! * (w === wire ? value : witness[w]!), 0n),
  ) as [bigint, bigint, bigint];
  return (a * b - c) % FIELD_ORDER !== 0n;
}
describe('known classes of bugs in circuits', () => {
  it.each(Object.keys(CLASSES))('%s', async (name) => {
    await CLASSES[name]!();
  });
});
