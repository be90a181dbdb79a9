import { beforeAll, describe, expect, it } from 'vitest';
import { BASE, fieldFromDecimal, initPoseidon, pointFromAffine, text } from '../../src/crypto/index.js';
import { registerBinding, RegisterSignals, skippableMask, usesNear } from '../../src/ledger/index.js';
import { REGISTER_SIGNAL_COUNT, registerSignals } from '../../src/proofs/index.js';
import { Author, fieldOf, testGenesis } from './helpers.js';

beforeAll(initPoseidon);
const point = ([x, y]: readonly [string, string]) =>
  pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y));

describe('the public signals of a register transaction', () => {
  it('are those of the statement, in its order', async () => {
    const genesis = testGenesis();
    const author = await Author.of(genesis);
    const tag = fieldOf('exact');
    const mask = skippableMask(705)!;
    for (const [claims, ids, masks] of [
      [author.claims('doc'), ['invoice/exact@1', 'invoice/near@1'], [3, 225]],
      [
        author.claims('doc', { purpose: 'carry', documentKind: 705, skippedMask: mask, tags: [tag, tag] }),
        ['transport/exact@1', 'transport/exact@1'],
        [512, 512],
      ],
    ] as const) {
      const rules = { roleMask: 0b10000001, quota: 1000 };
      const signals = new RegisterSignals(genesis).of(claims, rules);
      expect(signals).toHaveLength(REGISTER_SIGNAL_COUNT);
      expect(signals).toEqual(
        registerSignals({
          commitment: claims.commitment,
          tag: claims.tags,
          nullifier: claims.nullifier,
          escrowPoint: BASE,
          escrow: claims.escrow,
          membersRoot: claims.membersRoot,
          roleMask: rules.roleMask,
          skippedMask: claims.skippedMask,
          oprfKey: point(genesis.oprf.publicKey),
          kind: claims.documentKind,
          purpose: text(claims.purpose),
          fingerprintId: [text(ids[0]), text(ids[1])],
          mask: masks,
          period: claims.period,
          quota: rules.quota,
          auditorKey: point(genesis.auditors.publicKey),
          binding: registerBinding(genesis.networkId, claims),
        }),
      );
      expect(usesNear(claims)).toBe(claims.skippedMask === 0);
    }
  });
});
