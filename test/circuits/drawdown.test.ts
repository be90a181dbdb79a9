import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as snarkjs from 'snarkjs';
import { ROOT } from '../../scripts/circuits.mjs';
import { DOMAIN, FIELD_ORDER, poseidon, reduceField, type FieldElement } from '../../src/crypto/index.js';
import { drawdownInstance, type DrawdownDraw, type DrawdownInstance } from '../../src/proofs/drawdown.js';
import { brokenDrawdownGuarantees, type DrawdownGuarantee } from '../../src/proofs/drawdown-relation.js';
import {
  DRAWDOWN_OUTPUT_COUNT,
  DRAWDOWN_SIGNAL_COUNT,
  parseDrawdownSignals,
  type DrawdownPublic,
} from '../../src/proofs/drawdown-signals.js';
import {
  capacityText,
  chainOf,
  headroomOf,
  openRemaining,
  SLOT_VALUE_LIMIT,
} from '../../src/proofs/drawdown-values.js';
import { drawdownInputs, type DrawdownWitness } from '../../src/proofs/drawdown-witness.js';
import { attackable, optimisedViolations, type Attackable } from '../helpers/circuit.js';
import { writeWitness, type Witness } from '../helpers/constraint-system.js';
import { DRAW, onChain, OPENING, slotValue, STATED } from '../helpers/drawdown-example.js';
import { EXAMPLE_BINDING } from '../helpers/register-example.js';
import { code } from '../helpers/vectors.js';

// What a prover can do who writes a witness program of their own (protocol section 10): the method is that of
// register-dishonest.test.ts.

let circuit: Attackable;
let provedViolations: (witness: Witness) => number[];
let opening: DrawdownInstance;
let draw: DrawdownInstance;

beforeAll(async () => {
  circuit = await attackable('circuits/main/drawdown.circom');
  provedViolations = await optimisedViolations('circuits/main/drawdown.circom');
  opening = await drawdownInstance(OPENING, EXAMPLE_BINDING);
  draw = await drawdownInstance(DRAW, EXAMPLE_BINDING);
}, 180_000);

const element = (x: bigint | number): FieldElement => reduceField(BigInt(x));
const instanceOf = (change: Partial<DrawdownDraw>) =>
  drawdownInstance({ ...DRAW, ...change }, EXAMPLE_BINDING);
const refused = (guarantee: DrawdownGuarantee) => ({
  ...code('invalid_argument'),
  message: expect.stringContaining(guarantee) as string,
});

interface Lie {
  readonly public?: Partial<DrawdownPublic>;
  readonly witness?: Partial<DrawdownWitness>;
  /** Public signals by name, for what the type of the statement cannot hold. */
  readonly inputs?: Record<string, bigint>;
}

async function outcome(of: DrawdownInstance, lie: Lie) {
  const statement = { ...of.public, ...lie.public };
  const secrets = { ...of.witness, ...lie.witness };
  const witness = await circuit.witness({ ...drawdownInputs(statement, secrets), ...lie.inputs });
  // The outputs that the lie leads to, so that the native relation does not refuse it for these alone.
  const [w, headroom, pad] = witness.slice(1, 1 + DRAWDOWN_OUTPUT_COUNT) as FieldElement[];
  const claimed = { ...statement, w: w!, headroom: headroom!, pad: pad! };
  const places = circuit.system.broken(witness);
  expect(provedViolations(witness).length > 0).toBe(places.length > 0);
  return { places, guarantees: brokenDrawdownGuarantees(claimed, secrets), witness };
}

async function expectRefused(of: DrawdownInstance, lie: Lie, guarantee: DrawdownGuarantee, places: string[]) {
  const found = await outcome(of, lie);
  expect(found.places).toEqual(places);
  expect(found.guarantees).toContain(guarantee);
}

async function expectAccepted(of: DrawdownInstance, lie: Lie = {}): Promise<Witness> {
  const found = await outcome(of, lie);
  expect(found.places).toEqual([]);
  expect(found.guarantees).toEqual([]);
  return found.witness;
}

/** The ranges of sized integers, by what the statement calls them. */
const RANGES = {
  present: 'ToBits.Num2Bits',
  slot: 'slotIndex.Num2Bits',
  before: 'beforeInRange.Num2Bits',
  remaining: 'remainingInRange.Num2Bits',
  drawn: 'drawnInRange.Num2Bits',
} as const;
const bits = (of: keyof typeof RANGES): string => RANGES[of];

describe('an honest prover', () => {
  it('satisfies every constraint, in an opening and in a draw, and its outputs are those of the relation', async () => {
    for (const instance of [opening, draw]) {
      const witness = await expectAccepted(instance);
      expect(witness.slice(1, 1 + DRAWDOWN_SIGNAL_COUNT)).toEqual(instance.signals);
      expect(parseDrawdownSignals(instance.signals)).toEqual(instance.public);
    }
    expect(opening.public.w).toBe(opening.public.chain);
    const { key } = onChain;
    expect(openRemaining(key, opening.public.w, opening.public.pad)).toBe(STATED);
    expect(openRemaining(key, draw.public.w, draw.public.pad)).toBe(STATED - DRAW.x);
    // Who does not know the document learns nothing from the pad.
    expect(openRemaining(element(key + 1n), draw.public.w, draw.public.pad)).toBeUndefined();
    // The head that the opening leaves is the one that the draw extends.
    expect(draw.public).toMatchObject({
      wPrevious: opening.public.w,
      headroomPrevious: opening.public.headroom,
    });
  });

  it('agrees with the circuit on draws of any amount from any headroom', async () => {
    const amount = fc.oneof(
      fc.bigInt(1n, SLOT_VALUE_LIMIT - 1n),
      fc.constantFrom(1n, 2n, SLOT_VALUE_LIMIT - 1n),
    );
    await fc.assert(
      fc.asyncProperty(amount, amount, fc.bigInt(0n, FIELD_ORDER - 1n), async (a, b, blind) => {
        const [x, remainingPrevious] = (a < b ? [a, b] : [b, a]).map(slotValue) as [never, never];
        await expectAccepted(await instanceOf({ x, remainingPrevious, blind: element(blind) }));
      }),
      { numRuns: 15 },
    );
  });

  it('has freedoms that change no output: a document in a draw, a blind and what was left before an opening', async () => {
    const { slots, present, salt } = opening.witness;
    const drawn = await expectAccepted(draw, { witness: { slots, present, salt } });
    expect(drawn.slice(1, 4)).toEqual(draw.signals.slice(0, 3));
    const opened = await expectAccepted(opening, {
      witness: { blind: element(5), remainingPrevious: element(-1) },
    });
    expect(opened.slice(1, 4)).toEqual(opening.signals.slice(0, 3));
  });
});

describe('D1: the chain', () => {
  it('refuses who does not know the key behind it, in an opening and in a draw', async () => {
    for (const instance of [opening, draw]) {
      const found = await outcome(instance, { witness: { key: element(7) } });
      expect(found.places).toContain('');
      expect(found.guarantees).toContain('D1');
    }
  });

  it('refuses a chain of another purpose, and another chain', async () => {
    await expectRefused(opening, { public: { capacity: capacityText('cover') } }, 'D1', ['']);
    await expectRefused(draw, { public: { capacity: capacityText('cover') } }, 'D1', ['']);
    await expectRefused(opening, { public: { chain: element(opening.public.chain + 1n) } }, 'D1', ['']);
  });
});

describe('D2: an opening', () => {
  it('refuses more than the document states: another amount, and another slot', async () => {
    const { slots } = opening.witness;
    await expectRefused(
      opening,
      { witness: { slots: slots.with(OPENING.slot, element(STATED + 1n)) } },
      'D2',
      [''],
    );
    await expectRefused(opening, { witness: { salt: element(1) } }, 'D2', ['']);
    await expectRefused(opening, { public: { kind: OPENING.kind + 1 } }, 'D2', ['']);
    // Another slot is another public signal, which the ledger fixes by the kind: the circuit takes any that is there.
    expect((await expectAccepted(opening, { public: { slot: 7 } }))[3]).not.toBe(opening.public.pad);
  });

  it('refuses an absent slot, a slot that is none, and a document that is none', async () => {
    await expectRefused(opening, { public: { slot: 13 } }, 'D2', ['']);
    const beyond = await outcome(opening, { public: { slot: 16 + OPENING.slot } });
    expect(beyond.places).toEqual([bits('slot')]);
    expect(beyond.guarantees).toContain('D2');
    const { slots, present, salt } = opening.witness;
    const commit = (values: readonly FieldElement[], mask: bigint) =>
      poseidon([DOMAIN.commitment, BigInt(OPENING.kind), mask, poseidon(values), salt]);
    const wide = element(present + (1n << 16n));
    await expectRefused(
      opening,
      { public: { commitment: commit(slots, wide) }, witness: { present: wide } },
      'D2',
      [bits('present')],
    );
    const hidden = slots.with(13, element(5));
    await expectRefused(
      opening,
      { public: { commitment: commit(hidden, present) }, witness: { slots: hidden } },
      'D2',
      ['document'],
    );
  });

  it('refuses to draw at once, also less than nothing', async () => {
    for (const x of [1n, -1n]) {
      const found = await outcome(opening, { witness: { x: element(x) } });
      expect(found.places).toContain('');
      expect(found.guarantees).toContain('D2');
    }
  });

  it('refuses a flag that is neither 0 nor 1: a blend of what a document states and of what was left', async () => {
    for (const instance of [opening, draw]) {
      const { places } = await outcome(instance, { inputs: { opening: 2n } });
      expect(places).toContain('Flag');
    }
    // The blend can be any number, such as a tenfold capacity.
    const flag = reduceField(
      (10n * STATED - DRAW.remainingPrevious + 7n) * inverse(STATED - DRAW.remainingPrevious + 7n),
    );
    const { places } = await outcome(opening, {
      inputs: { opening: flag },
      witness: { remainingPrevious: element(DRAW.remainingPrevious - 7n) },
    });
    expect(places).toContain('Flag');
    expect(places).not.toContain(bits('before'));
  });

  it('refuses what belongs to a draw, and a draw what belongs to an opening', async () => {
    await expectRefused(opening, { public: { wPrevious: element(1) } }, 'D3', ['']);
    await expectRefused(opening, { public: { headroomPrevious: element(1) } }, 'D3', ['']);
    for (const other of [{ commitment: element(1) }, { kind: 380 }, { slot: 6 }])
      await expectRefused(draw, { public: other }, 'D2', ['']);
    const { commitment, kind, slot } = opening.public;
    const { slots, present, salt } = opening.witness;
    const both = { public: { commitment, kind, slot }, witness: { slots, present, salt } };
    await expectRefused(draw, both, 'D2', ['']);
    // Bits of the mask are bits where nobody looks at the document.
    await expectRefused(draw, { witness: { present: element(1n << 16n) } }, 'D2', [bits('present')]);
    await expectRefused(draw, { witness: { slots: slots.map(() => element(1)) } }, 'D2', ['document']);
  });
});

describe('D3: the head', () => {
  it('refuses more than was left at it', async () => {
    await expectRefused(draw, { witness: { remainingPrevious: element(STATED + 1n) } }, 'D3', ['']);
  });

  it('refuses another head, another headroom, and the headroom of another chain', async () => {
    await expectRefused(draw, { public: { wPrevious: element(3) } }, 'D3', ['']);
    await expectRefused(draw, { public: { headroomPrevious: element(3) } }, 'D3', ['']);
    // A fresh invoice of one's own has as much headroom as one likes.
    const own = { key: element(99), capacity: onChain.capacity };
    const chain = chainOf(own.key, own.capacity);
    const headroomPrevious = headroomOf(chain, own.key, chain, STATED);
    await expectRefused(draw, { public: { wPrevious: chain, headroomPrevious } }, 'D3', ['']);
  });
});

describe('D4: the amounts', () => {
  const left = 1000n;
  /** A draw from a head at which 1000 are left, with a lie about it. */
  async function drawing(x: bigint, remaining = left) {
    const honest = await instanceOf({ x: slotValue(1n), remainingPrevious: slotValue(left) });
    const headroomPrevious = headroomOf(honest.public.chain, onChain.key, DRAW.wPrevious, element(remaining));
    return outcome(honest, {
      public: { headroomPrevious },
      witness: { x: element(x), remainingPrevious: element(remaining) },
    });
  }

  it.each<[string, bigint, bigint, ('before' | 'remaining' | 'drawn')[]]>([
    ['one more than is left', left + 1n, left, ['remaining']],
    ['nothing', 0n, left, ['drawn']],
    ['less than nothing, which would make headroom', -1n, left, ['drawn']],
    ['so little that what is left wraps around', -(SLOT_VALUE_LIMIT - left), left, ['drawn', 'remaining']],
    ['half of p', FIELD_ORDER / 2n, left, ['drawn', 'remaining']],
    ['something of 2^64', 1n, SLOT_VALUE_LIMIT, ['before']],
    ['something of p - 1', 1n, -1n, ['before', 'remaining']],
    ['all of what is more than 2^64', SLOT_VALUE_LIMIT + 5n, SLOT_VALUE_LIMIT + 5n, ['before', 'drawn']],
  ])('refuses to draw %s', async (_, x, remaining, places) => {
    const found = await drawing(x, remaining);
    expect(found.places).toEqual(places.map(bits).sort());
    expect(found.guarantees).toEqual(['D4']);
  });

  it('lets all be drawn, and nothing more', async () => {
    expect((await drawing(left)).places).toEqual([]);
    expect((await drawing(1n, 0n)).places).toEqual([bits('remaining')]);
    const all = await instanceOf({ x: STATED });
    expect(openRemaining(onChain.key, all.public.w, all.public.pad)).toBe(0n);
    await expect(instanceOf({ x: slotValue(STATED + 1n) })).rejects.toMatchObject(
      code('failed_precondition'),
    );
    await expect(instanceOf({ x: slotValue(0n) })).rejects.toMatchObject(refused('D4'));
  });

  it('refuses a document whose slot is no number below 2^64', async () => {
    const slots = OPENING.slots.with(OPENING.slot, element(SLOT_VALUE_LIMIT));
    await expect(drawdownInstance({ ...OPENING, slots }, EXAMPLE_BINDING)).rejects.toMatchObject(
      refused('D4'),
    );
    const commitment = poseidon([
      DOMAIN.commitment,
      BigInt(OPENING.kind),
      opening.witness.present,
      poseidon(slots),
      OPENING.salt,
    ]);
    await expectRefused(opening, { public: { commitment }, witness: { slots } }, 'D4', [
      bits('before'),
      bits('remaining'),
    ]);
  });
});

describe('D5, D6: the public signals', () => {
  it('are each held by a constraint, the binding among them', async () => {
    for (const instance of [opening, draw]) {
      const witness = await circuit.witness(instance.inputs);
      expect(circuit.system.publicCount).toBe(DRAWDOWN_SIGNAL_COUNT);
      for (let wire = 1; wire <= DRAWDOWN_SIGNAL_COUNT; wire++) {
        const changed = witness.with(wire, (witness[wire]! + 1n) % FIELD_ORDER);
        expect(circuit.system.violations(changed), circuit.system.names[wire]).not.toEqual([]);
        expect(provedViolations(changed), circuit.system.names[wire]).not.toEqual([]);
      }
      for (const output of ['w', 'headroom', 'pad'] as const) {
        const changed = { ...instance.public, [output]: element(instance.public[output] + 1n) };
        expect(brokenDrawdownGuarantees(changed, instance.witness)).toEqual(['D5']);
      }
    }
  });

  it('have the names of the proofs, in their order', () => {
    const names = circuit.system.names.slice(1, 1 + DRAWDOWN_SIGNAL_COUNT);
    expect(names.map((name) => name.replace(/^main\./, ''))).toEqual(
      Object.keys(parseDrawdownSignals(draw.signals)),
    );
  });

  it('are refused by snarkjs too where the witness lies', async () => {
    const quiet = { info: () => {}, debug: () => {}, warn: () => {}, error: () => {} };
    const file = (witness: Witness) => ({ type: 'mem' as const, data: writeWitness(witness) });
    const honest = await circuit.witness(draw.inputs);
    const lying = await circuit.witness({ ...draw.inputs, remainingPrevious: STATED + 1n });
    expect(await snarkjs.wtns.check(circuit.r1cs, file(honest), quiet)).toBe(true);
    expect(await snarkjs.wtns.check(circuit.r1cs, file(lying), quiet)).toBe(false);
  });
});

describe('the domain numbers of the gadget', () => {
  it('are those of the code', () => {
    const source = readFileSync(join(ROOT, 'circuits/lib/headroom.circom'), 'utf8');
    const found = [...source.matchAll(/function DOMAIN_(\w+)\(\) \{ return (\d+); \}/g)];
    expect(found.map(([, name, number]) => [name, BigInt(number!)])).toEqual([
      ['HEADROOM', DOMAIN.headroom],
      ['DRAW', DOMAIN.draw],
      ['HEADROOM_BLIND', DOMAIN.headroomBlind],
      ['HEADROOM_PAD', DOMAIN.headroomPad],
    ]);
  });
});

function inverse(x: bigint): bigint {
  let [result, base] = [1n, reduceField(x) as bigint];
  for (let exponent = FIELD_ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD_ORDER;
    base = (base * base) % FIELD_ORDER;
  }
  return result;
}
