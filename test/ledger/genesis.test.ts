import { describe, expect, it } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import {
  defaultSchema,
  genesisHash,
  networkOf,
  parseGenesis,
  roleMask,
  roleMaskOf,
  purposeOf,
} from '../../src/ledger/index.js';
import { genesisInput } from './helpers.js';

const input = genesisInput();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The genesis with the value at a path replaced. */
function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(input)) as Record<string, unknown>;
  const keys = path.split('.');
  let at = copy;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  return copy;
}

const failure = (value: unknown): CountersealError => {
  try {
    parseGenesis(value);
  } catch (error) {
    if (error instanceof CountersealError) return error;
    throw error;
  }
  throw new Error('the genesis was accepted');
};

const weak = `01${'00'.repeat(31)}`;
const share = input.oprf.publicShares[0]!;

describe('a genesis', () => {
  it('is read from text or value, and has one hash however it is laid out', () => {
    const genesis = parseGenesis(JSON.stringify(input));
    expect(parseGenesis(input)).toEqual(genesis);
    const reversed = Object.fromEntries(Object.entries(input).reverse());
    expect(hex(genesisHash(parseGenesis(JSON.stringify(reversed, null, 4))))).toBe(hex(genesisHash(genesis)));
    const other = parseGenesis(changed('networkId', 'other'));
    expect(hex(genesisHash(other))).not.toBe(hex(genesisHash(genesis)));
  });

  it.each([
    ['networkId', 'No Capitals'],
    ['networkId', '-starts-with-hyphen'],
    ['networkId', 'x'.repeat(51)],
    ['version', 2],
    ['time', -1],
    ['time', 1.5],
    ['setup', 'ceremony'],
    ['surplus', 1],
    ['schema.canon', 2],
    ['schema.purposes', []],
    ['schema.purposes', [...defaultSchema().purposes, defaultSchema().purposes[0]]],
    ['schema.purposes.0.name', 'Finance'],
    ['schema.purposes.0.quota', 65_537],
    ['schema.purposes.0.ttlDays', 0],
    ['schema.purposes.0.consults', ['unheard-of']],
    ['schema.purposes.0.kinds', [{ kind: 380, roles: [] }]],
    ['schema.purposes.0.kinds.0.roles', ['bank', 'bank']],
    ['schema.purposes.0.kinds.0.roles', ['pirate']],
    ['oprf.threshold', 1],
    ['oprf.threshold', 4],
    ['oprf.publicShares', [share]],
    ['oprf.publicShares.2', share],
    ['oprf.publicKey', share],
    ['oprf.evaluators', input.oprf.evaluators.slice(1)],
    ['oprf.evaluators.1.id', 3],
    ['oprf.evaluators.1.signingKey', input.oprf.evaluators[0]!.signingKey],
    ['oprf.evaluators.1.signingKey', weak],
    ['auditors.publicShares.1.0', '007'],
    ['administrators.threshold', 4],
    ['administrators.keys.0', input.administrators.keys[1]],
    ['administrators.keys.0', weak],
    ['members.0.memberId', '0'],
    ['members.0.memberId', `1${'0'.repeat(77)}`],
    ['members.0.memberId', input.members[1]!.memberId],
    ['members.0.roles', []],
    ['members.0.roles', ['bank', 'bank']],
    ['statements.register.verificationKey', 'AB'.repeat(32)],
    ['schema.purposes.0.name', 'goods'],
    ['schema.purposes.0.fingerprints', [{ name: 'exact' }]],
    ['schema.purposes.0.fingerprints', [{ name: 'goods' }, { name: 'goods', threshold: 2 }]],
    ['statements.fingerprint', undefined],
    ['operators', []],
    ['operators.0.checkpointKey', weak],
    ['operators.0.name', 'new\nline'],
  ])('is refused where %s is %j', (path, value) => {
    expect(failure(changed(path, value))).toMatchObject({ code: 'invalid_argument' });
  });

  it('is refused with points that are not in the subgroup, or no points', () => {
    // The generator of the full group, and the point of order 2.
    const full = [
      '995203441582195749578291179787384436505546430278305826713579947235728471134',
      '5472060717957818805561601436314318772137091100104008585924551046643952123905',
    ];
    const order2 = ['0', '21888242871839275222246405745257275088548364400416034343698204186575808495616'];
    for (const point of [full, order2, ['0', '1'], ['1', '1']])
      expect(failure(changed('oprf.publicKey', point))).toMatchObject({ code: 'invalid_point' });
  });

  it('is refused as text that is no JSON, and says where it is wrong', () => {
    expect(failure('{')).toMatchObject({ code: 'invalid_argument' });
    expect(failure(changed('members.0.roles', ['pirate']))).toMatchObject({ field: 'members.0.roles.0' });
  });

  it('is refused by a node whose documents do not have its kinds', async () => {
    const unknown = parseGenesis(changed('schema.purposes.0.kinds', [{ kind: 384, roles: ['bank'] }]));
    await expect(networkOf(unknown)).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('the default schema', () => {
  it('has the seven purposes, with kinds that exist', async () => {
    const schema = defaultSchema();
    expect(schema.purposes.map(({ name }) => name)).toEqual([
      'finance',
      'carry',
      'declare',
      'attest',
      'cover',
      'claim',
      'cede',
    ]);
    expect(
      schema.purposes.filter(({ saltPolicy }) => saltPolicy === 'convergent').map(({ name }) => name),
    ).toEqual(['carry', 'declare', 'attest']);
    expect((await networkOf(parseGenesis(input))).purposes.size).toBe(7);
  });

  it('has role masks by purpose and kind', () => {
    expect(roleMask(['bank', 'lender'])).toBe(0b10000001);
    const finance = purposeOf(defaultSchema(), 'finance');
    expect(roleMaskOf(finance, 380)).toBe(0b10000001);
    expect(roleMaskOf(finance, 381)).toBeUndefined();
    expect(() => purposeOf(defaultSchema(), 'x')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});
