import { beforeAll, describe, expect, it } from 'vitest';
import {
  fieldElement,
  FIELD_ORDER,
  initPoseidon,
  MerkleTree,
  multiply,
  pointFromAffine,
  poseidon,
  scalar,
  type FieldElement,
  memberIdOf,
  memberLeafOf,
} from '../../src/crypto/index.js';
import { registerInstance, registerOutputs, type RegisterInstance } from '../../src/proofs/register.js';
import { brokenGuarantees, checkRegister } from '../../src/proofs/register-relation.js';
import {
  parseRegisterSignals,
  REGISTER_SIGNAL_COUNT,
  registerSignals,
} from '../../src/proofs/register-signals.js';
import { openEscrow, sealEscrow } from '../../src/proofs/register-values.js';
import { EXAMPLE_BINDING, EXAMPLE_OUTPUTS, EXAMPLE_REQUEST } from '../helpers/register-example.js';
import { code, vectors } from '../helpers/vectors.js';

const vector = vectors('register');
let instance: RegisterInstance;
beforeAll(async () => {
  instance = await registerInstance(EXAMPLE_REQUEST, EXAMPLE_BINDING);
});

describe('register: values', () => {
  it('reproduces the vector', async () => {
    const outputs = await registerOutputs(EXAMPLE_REQUEST);
    expect(outputs.commitment).toBe(EXAMPLE_OUTPUTS.commitment);
    expect(outputs.tag).toEqual(EXAMPLE_OUTPUTS.tag);
    expect(outputs.nullifier).toBe(EXAMPLE_OUTPUTS.nullifier);
    expect(outputs.escrowPoint.equals(EXAMPLE_OUTPUTS.escrowPoint)).toBe(true);
    expect(outputs.escrow).toEqual(EXAMPLE_OUTPUTS.escrow);
    expect(instance.witness.M.map(([x, y]) => [`${x}`, `${y}`])).toEqual(
      vector.fingerprints.map((f: { eighth: string[] }) => f.eighth),
    );
    const memberId = memberIdOf(EXAMPLE_REQUEST.member.secret);
    expect(memberLeafOf(memberId, EXAMPLE_REQUEST.member.role)).toBe(BigInt(vector.member.leaf));
  });

  it('lets the auditors open the escrow', () => {
    const shared = multiply(instance.public.escrowPoint, scalar(BigInt(vector.escrow.auditorSecret)));
    expect(openEscrow(shared, instance.public.escrow)).toEqual({
      salt: EXAMPLE_REQUEST.salt,
      memberId: memberIdOf(EXAMPLE_REQUEST.member.secret),
    });
    expect(() =>
      sealEscrow(scalar(0n), EXAMPLE_REQUEST.auditorKey, EXAMPLE_REQUEST.salt, EXAMPLE_REQUEST.salt),
    ).toThrow(expect.objectContaining(code('invalid_argument')));
  });
});

describe('register: public signals', () => {
  it('go there and back', () => {
    expect(instance.signals).toHaveLength(REGISTER_SIGNAL_COUNT);
    expect(registerSignals(parseRegisterSignals(instance.signals))).toEqual(instance.signals);
  });

  it.each<[string, number, bigint, string]>([
    ['a signal that is not below p', 0, FIELD_ORDER, 'invalid_argument'],
    ['a negative signal', 23, -1n, 'invalid_argument'],
    ['an escrow point off the curve', 4, 1n, 'invalid_point'],
    ['an OPRF key off the curve', 11, 1n, 'invalid_point'],
    ['an auditors’ key off the curve', 21, 1n, 'invalid_point'],
    ['a role mask of 17 bits', 9, 1n << 16n, 'invalid_argument'],
    ['a skipped mask of 17 bits', 10, 1n << 16n, 'invalid_argument'],
    ['a mask of 17 bits', 17, 1n << 16n, 'invalid_argument'],
    ['another mask of 17 bits', 18, 1n << 16n, 'invalid_argument'],
    ['a kind of 33 bits', 13, 1n << 32n, 'invalid_argument'],
    ['a period of 33 bits', 19, 1n << 32n, 'invalid_argument'],
    ['a quota of 18 bits', 20, 1n << 17n, 'invalid_argument'],
  ])('refuse %s', (_, position, value, expected) => {
    const signals = instance.signals.with(position, value as FieldElement);
    expect(() => parseRegisterSignals(signals)).toThrow(expect.objectContaining(code(expected)));
  });

  it('refuse another number of signals, and the identity as a key', () => {
    for (const signals of [instance.signals.slice(1), [...instance.signals, 0n]])
      expect(() => parseRegisterSignals(signals)).toThrow(expect.objectContaining(code('invalid_argument')));
    const identityKey = instance.signals.with(11, 0n as FieldElement).with(12, 1n as FieldElement);
    expect(() => parseRegisterSignals(identityKey)).toThrow(expect.objectContaining(code('invalid_point')));
  });

  it('cannot be made of numbers that are not natural', () => {
    for (const quota of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => registerSignals({ ...instance.public, quota })).toThrow(
        expect.objectContaining(code('invalid_argument')),
      );
  });
});

describe('register: statements', () => {
  it('holds for the example', () => {
    expect(brokenGuarantees(instance.public, instance.witness)).toEqual([]);
    expect(() => checkRegister(instance.public, instance.witness)).not.toThrow();
  });

  it('has no witness of another shape', () => {
    const slots = instance.witness.slots.slice(1);
    expect(() => brokenGuarantees(instance.public, { ...instance.witness, slots })).toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
  });

  it('says nothing of a key outside the subgroup', () => {
    const { x, y } = instance.public.oprfKey.toAffine();
    const orderTwo = pointFromAffine(0n, FIELD_ORDER - 1n);
    const outside = pointFromAffine(x, y).add(orderTwo);
    for (const oprfKey of [orderTwo, outside])
      expect(() => brokenGuarantees({ ...instance.public, oprfKey }, instance.witness)).toThrow(
        expect.objectContaining(code('invalid_point')),
      );
  });

  it('names the slot that a fingerprint needs and the document lacks', async () => {
    const request = { ...EXAMPLE_REQUEST, present: EXAMPLE_REQUEST.present & ~(1 << 5) };
    await expect(registerInstance(request, EXAMPLE_BINDING)).rejects.toMatchObject({
      ...code('missing_field'),
      message: expect.stringContaining('slot 5') as string,
    });
  });

  it('names the guarantee that a request would break', async () => {
    const request = { ...EXAMPLE_REQUEST, index: EXAMPLE_REQUEST.quota };
    await expect(registerInstance(request, EXAMPLE_BINDING)).rejects.toMatchObject({
      ...code('invalid_argument'),
      message: expect.stringContaining('(R5)') as string,
    });
  });

  it('takes a path of a tree of members', async () => {
    await initPoseidon();
    const { secret } = EXAMPLE_REQUEST.member;
    const leaves = [fieldElement(7n), memberLeafOf(memberIdOf(secret), 9), poseidon([1n])];
    const tree = MerkleTree.of(16, leaves);
    const request = {
      ...EXAMPLE_REQUEST,
      member: { secret, role: 9, path: tree.path(1) },
      membersRoot: tree.root,
      roleMask: 1 << 9,
    };
    expect((await registerInstance(request, EXAMPLE_BINDING)).public.membersRoot).toBe(tree.root);
  });
});
